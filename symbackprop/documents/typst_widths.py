"""About how wide a formula in Typst will be. What may not fit is measured by Typst; this spares it all else."""

from __future__ import annotations

import re

TOKEN = re.compile(r'"((?:[^"\\]|\\.)*)"|(\\.)|([A-Za-z]+(?:\.[a-z]+)*)|([0-9.]+)|(\S)')
# Widths in points of 10 pt type.
LETTERS = {"i": 3.5, "j": 4.2, "l": 3.1, "t": 3.7, "f": 5.5, "r": 4.7, "m": 8.8, "w": 7.2, "M": 9.8, "W": 9.6}
SIGNS = {
    "+": 12.3, "-": 12.3, "=": 13.4, "<": 13.4, ">": 13.4, ",": 4.5, "(": 4.5, ")": 4.5, "[": 3.0, "]": 3.0, "|": 3.0,
    "&": 0.0, ";": 4.5, "/": 5.0, "dot": 7.3, "times": 12.3, "ast": 9.5, "dot.o": 12.3, "approx": 13.4, "thin": 1.7,
    "thick": 2.8, "quad": 10.0, "partial": 5.9, "prime": 2.8, "sum": 16.2, "top": 7.8, "dots.c": 13.4, "oo": 10.0,
}  # fmt: skip
WORDS = frozenset(
    ["ln", "exp", "sin", "cos", "tan", "sinh", "cosh", "tanh", "max", "min", "arcsin", "arccos", "arctan"]
)
PLAIN = frozenset(["italic", "upright", "bold", "cal", "op", "lr", "hat", "macron", "tilde", "arrow"])
EXTRA = {"sqrt": 9.0, "abs": 6.0}
SCRIPT = 0.75
LETTER, CAPITAL, GREEK, DIGIT, TEXT = 5.5, 7.2, 5.9, 5.0, 5.4
Token = tuple[str, str, str, str, str]


def width(formula: str) -> float:
    """About how many points the formula is wide in 10 pt type, in a display.

    >>> 40 < width('w_("1") thin x_("1") + b') < 55
    True
    """
    return _Estimate(TOKEN.findall(formula)).row()


class _Estimate:
    def __init__(self, tokens: list[Token]) -> None:
        self.tokens, self.place = tokens, 0

    def row(self, *ends: str) -> float:
        """The width up to one of the signs, which is left standing."""
        total = scripts = 0.0
        while self.place < len(self.tokens):
            sign = self.tokens[self.place][4]
            if sign and sign in ends:
                break
            self.place += 1
            if sign in ("_", "^") and sign:
                script = SCRIPT * self.argument() + 0.5
                total, scripts = total - scripts, max(scripts, script)
                total += scripts
                continue
            scripts = 0.0
            total += self.token(self.tokens[self.place - 1])
        return total

    def argument(self) -> float:
        """What is raised or lowered: a sign, or all that stands in brackets, which are not shown."""
        if self.place >= len(self.tokens):
            return 0.0
        self.place += 1
        if self.tokens[self.place - 1][4] != "(":
            return self.token(self.tokens[self.place - 1])
        inside = self.row(")")
        self.place += 1
        return inside

    def token(self, token: Token) -> float:
        quoted, escaped, word, digits, sign = token
        if word:
            return self.word(word)
        if digits:
            return DIGIT * len(digits)
        if sign == "(":
            inside = self.row(")")
            self.place += 1
            return inside + 2 * SIGNS["("]
        if sign or escaped:
            return SIGNS.get(sign or escaped[1], GREEK)
        return TEXT * len(quoted)

    def word(self, word: str) -> float:
        called = self.place < len(self.tokens) and self.tokens[self.place][4] == "("
        if called and word in PLAIN:
            return self.argument() + 1.7
        if called and word in EXTRA:
            return self.argument() + EXTRA[word]
        if called and word in ("frac", "cases"):
            return max(self.listed()) + (2.4 if word == "frac" else 12.0)
        if called and word == "mat":
            return sum(self.listed()) + 20.0
        if word in SIGNS:
            return SIGNS[word]
        if len(word) == 1:
            return LETTERS.get(word, CAPITAL if word.isupper() else LETTER)
        return TEXT * len(word) + 1.7 if word in WORDS else GREEK

    def listed(self) -> list[float]:
        """The widths of a call's arguments."""
        found: list[float] = []
        while self.place < len(self.tokens) and (not found or self.tokens[self.place][4] in (",", ";")):
            self.place += 1
            found.append(self.row(",", ";", ")"))
        self.place += 1
        return found
