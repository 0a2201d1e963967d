"""``symbackprop audit``: which printed numbers are wrong, and what they come from."""

from __future__ import annotations

import json
from argparse import ArgumentParser, Namespace

from symbackprop.commands.entry import Command, WrongUsage
from symbackprop.terminal import say, say_words

DIFFERENCE = 1


def arguments(parser: ArgumentParser) -> None:
    """The options of ``audit``."""
    parser.add_argument(
        "claims",
        metavar="CLAIMS",
        help="CLAIMS.toml, or a filled-in form (.csv, .xlsx); or NET.toml with claims behind it",
    )
    parser.add_argument("said", metavar="NAME=NUMBER", nargs="*", help="claims without a file: w_5=0.0822 dE/dw_1=0.1")
    parser.add_argument("--network", metavar="NET.toml", help="the network's description, where the claims name none")
    parser.add_argument("--json", action="store_true", help="print JSON")


def run(options: Namespace) -> int:
    """Prints the verdicts; 1 where a claim is wrong."""
    from symbackprop.checking.audit import audit
    from symbackprop.checking.claims import Claims, network_beside, read_claims, said_of
    from symbackprop.checking.findings import as_table, as_text
    from symbackprop.network import Network

    if options.said:
        network = Network.read(options.claims)
        claims = Claims(said_of(network, [_split(text) for text in options.said]))
    else:
        claims = read_claims(options.claims)
        network = Network.read(options.network or network_beside(claims, options.claims))
    findings = audit(claims, network)
    if options.json:
        say(json.dumps(as_table(findings), indent=2, ensure_ascii=False))
    else:
        say_words(as_text(findings))
    return DIFFERENCE if any(finding.verdict == "wrong" for finding in findings) else 0


def _split(text: str) -> tuple[str, str]:
    name, equals, number = text.partition("=")
    if not equals or not name.strip() or not number.strip():
        raise WrongUsage(f"{text!r} is not NAME=NUMBER, such as w_5=0.0822")
    return name.strip(), number.strip()


COMMAND = Command("audit", "judge printed numbers and formulas: right, wrong, and from what", arguments, run)
