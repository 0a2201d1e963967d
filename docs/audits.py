"""Writes docs/audits.md: what the audit finds in the examples of examples/claims/. Run it from the checkout."""

from __future__ import annotations

from pathlib import Path

from symbackprop.checking.audit import audit
from symbackprop.checking.claims import network_beside, read_claims
from symbackprop.checking.findings import VERDICTS, Finding, shown
from symbackprop.network import Network

ROOT = Path(__file__).resolve().parent.parent
HEAD = """# Audits of published examples

What `symbackprop audit` finds in the worked examples of `examples/claims/`. A number is *ok* if the right one rounds to
it, *truncated* if it is cut, *rounding* if it follows from rounded numbers printed before it. A wrong one either stands
by itself, or follows from an earlier wrong one. `python docs/audits.py` writes this page.
"""


def page() -> str:
    """The whole page."""
    paths = sorted((ROOT / "examples" / "claims").glob("*.toml"))
    return HEAD + "".join(section(path) for path in paths)


def section(path: Path) -> str:
    """What is found in one file of claims."""
    claims = read_claims(str(path))
    network = Network.read(network_beside(claims, str(path)))
    findings = audit(claims, network)
    counts = {verdict: sum(finding.verdict == verdict for finding in findings) for verdict in VERDICTS}
    said = ", ".join(f"{count} {verdict}" for verdict, count in counts.items() if count)
    lines = [
        f"\n## {network.title}\n",
        f"`symbackprop audit examples/claims/{path.name}`: {len(findings)} claims, {said}.\n",
    ]
    roots = [finding for finding in findings if finding.is_root]
    consequences = [finding for finding in findings if finding.verdict == "wrong" and finding.because_of]
    if roots:
        lines += ["| where | wrong | right | what it comes from |", "| --- | --- | --- | --- |"]
        lines += [
            f"| {finding.claim.where} | {claim_of(finding)} | {right(finding)} | {cause(finding)} |"
            for finding in roots
        ]
        lines.append("")
    if consequences:
        lines += ["Carried on from these:\n", "| where | wrong | right | because of |", "| --- | --- | --- | --- |"]
        for finding in consequences:
            causes = ", ".join(f"`{findings[number].claim.quantity}`" for number in finding.because_of)
            lines.append(f"| {finding.claim.where} | {claim_of(finding)} | {right(finding)} | {causes} |")
        lines.append("")
    if not roots and not consequences:
        lines.append("Nothing is wrong.\n")
    return "\n".join(lines)


def claim_of(finding: Finding) -> str:
    """A claim as it stands in a table."""
    claim = finding.claim
    if claim.printed:
        return f"`{claim.quantity}` = {claim.printed}"
    if claim.relation:
        return f"`{claim.relation}`"
    formula = claim.formula if isinstance(claim.formula, str) else "; ".join(", ".join(row) for row in claim.formula)
    return f"`{claim.quantity} = {text(formula)}`"


def right(finding: Finding) -> str:
    """The right number."""
    return shown(finding) if finding.claim.printed and finding.value is not None else ""


def cause(finding: Finding) -> str:
    """What a wrong claim comes from."""
    return text(finding.diagnosis or "not known")


def text(sentence: str) -> str:
    """A sentence in a table's cell."""
    return sentence.replace("|", "\\|")


if __name__ == "__main__":
    (ROOT / "docs" / "audits.md").write_text(page(), encoding="utf-8", newline="\n")
