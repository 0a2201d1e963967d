"""The displayed lines of a document: of plain text, LaTeX and Markdown, each as it would be typed. Checks nothing."""

from __future__ import annotations

import re


def text_lines(text: str) -> list[str]:
    """The lines of a derivation in plain text that was written without breaking a row."""
    found: list[str] = []
    for row in text.splitlines():
        if row.startswith("  ") and not row.startswith("   "):
            found.append(row.strip())
        elif found and row.startswith("   ") and row.strip()[:2] in ("= ", "≈ "):
            found[-1] += f" {row.strip()}"
    return found


def tex_lines(source: str, environment: str) -> list[str]:
    """The lines of the displays of a LaTeX or Markdown source, as plain text."""
    found: list[str] = []
    pattern = re.escape(f"\\begin{{{environment}}}") + "(.*?)" + re.escape(f"\\end{{{environment}}}")
    for block in re.findall(pattern, source, re.S):
        rows = re.split(
            r" \\\\(?:\[4pt\])?\n", re.sub(r" (\\notag|\\label\{[^}]*\})(?= \\\\\n|$)", "", block.strip(), flags=re.M)
        )
        for row in (each.strip() for each in rows):
            if found and row.startswith(("&=", r"&\approx", r"&\quad")):
                found[-1] += " " + row.removeprefix("&").removeprefix(r"\quad").strip().removeprefix("{}").strip()
            else:
                found.append(row.replace("&", " ", 1) if not row.startswith("&") else row[1:])
    return [plain(each) for each in found]


def plain(tex: str) -> str:
    """A formula in TeX as it would be typed."""
    tex = re.sub(r"\\(left|right|displaystyle|quad)(?![A-Za-z]) ?", "", tex)
    for command, text in (*PLAIN, (r"\{", "{"), (r"\}", "}")):
        tex = tex.replace(command, text)
    tex = re.sub(r"\\begin\{cases\}(.*?)\\end\{cases\}", _cases, tex, flags=re.S)
    return " ".join(_read(tex, 0, "")[0].split())


PLAIN = (
    (r"\mathrm{e}{-", "e-{"), (r"{,}", ","), (r"\approx", "≈"), (r"\cdot", "*"), (r"\times", "*"), (r"\ast", "*"),
    (r"\,", " "), (r"\le ", "≤ "), (r"\ge ", "≥ "), (r"\pi", " pi "), (r"\ln", " log"), (r"\sigma", " σ"),
    (r"\text{ if }", " if "), (r"\max", " max"), (r"\min", " min"), (r"\exp", " exp"), (r"\tanh", " tanh"),
    (r"\log", " log"), (r"\cosh", " cosh"), (r"\sinh", " sinh"), (r"\sin", " sin"), (r"\cos", " cos"), (r"\_", "_"),
)  # fmt: skip


def _cases(found: re.Match[str]) -> str:
    rows = found[1].replace("&", " ").split(r"\\")
    return r"\braced{" + "; ".join(row.replace(r"\text{if }", " if ").strip() for row in rows) + "}"


def _read(tex: str, place: int, end: str) -> tuple[str, int]:
    """TeX up to a closing brace as plain text, and where it ends."""
    text = ""
    while place < len(tex):
        if end and tex.startswith(end, place):
            return text, place + len(end)
        if tex.startswith((r"\frac", r"\dfrac"), place):
            above, place = _argument(tex, tex.index("c", place) + 1)
            below, place = _argument(tex, place)
            text += f" (({above}) / ({below})) "
        elif tex.startswith(r"\sqrt", place):
            inner, place = _argument(tex, place + 5)
            text += f" sqrt({inner})"
        elif tex.startswith(r"\braced", place):
            inner, place = _argument(tex, place + 7)
            text += f" {{{inner}}}"
        elif found := re.match(r"\\(operatorname|mathrm|mathit|text|mathbf)", tex[place:]):
            inner, place = _argument(tex, place + found.end())
            text += f" {inner}"
        elif tex.startswith("e^", place) and not text[-1:].isalnum():
            inner, place = _argument(tex, place + 2)
            text += f" exp({inner})"
        elif tex[place] == "^":
            inner, place = _argument(tex, place + 1)
            text += f"^({inner})" if not inner.lstrip("-").isdigit() else f"^{inner}"
        elif tex[place] == "{":
            inner, place = _read(tex, place + 1, "}")
            text += inner
        else:
            text, place = text + tex[place], place + 1
    return text, place


def _argument(tex: str, place: int) -> tuple[str, int]:
    while tex[place] == " ":
        place += 1
    return _read(tex, place + 1, "}") if tex[place] == "{" else (tex[place], place + 1)
