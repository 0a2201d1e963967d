"""A printed name as a structure, and the ways to write it: plain text, ASCII, TeX. Never knows what it stands for.

Texts inside a name are plain: Greek letters are themselves (``δ``), a script may hold a further subscript
(``H_1``). Names are made from checked patterns (`patterns`), so that none can break the document it is printed in.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

GREEK = {
    "alpha": "α", "beta": "β", "gamma": "γ", "delta": "δ", "epsilon": "ϵ", "varepsilon": "ε", "zeta": "ζ", "eta": "η",
    "theta": "θ", "iota": "ι", "kappa": "κ", "lambda": "λ", "mu": "μ", "nu": "ν", "xi": "ξ", "pi": "π", "rho": "ρ",
    "sigma": "σ", "tau": "τ", "upsilon": "υ", "phi": "ϕ", "varphi": "φ", "chi": "χ", "psi": "ψ", "omega": "ω",
    "Gamma": "Γ", "Delta": "Δ", "Theta": "Θ", "Lambda": "Λ", "Xi": "Ξ", "Pi": "Π", "Sigma": "Σ", "Upsilon": "Υ",
    "Phi": "Φ", "Psi": "Ψ", "Omega": "Ω", "ell": "ℓ",
}  # fmt: skip
LETTER_OF = {letter: word for word, letter in GREEK.items()}
ACCENTS = {"hat": "\u0302", "bar": "\u0304", "tilde": "\u0303", "vec": "\u20d7", "dot": "\u0307"}
WHOLE_ACCENTS = {("hat", "y"): "ŷ", ("hat", "a"): "â", ("hat", "o"): "ô", ("tilde", "y"): "ỹ", ("bar", "y"): "ȳ"}
FACES = {"upright": "mathrm", "bold": "mathbf", "calligraphic": "mathcal"}
GRADIENT = "∇"  # in place of a derivative's letter: the vector of the derivatives by all parameters
WORD = 3  # letters in a script that make a word
_RUN = re.compile("[A-Za-z]+")
_BRACKETED = re.compile(r"\([^()]*\)|\[[^\[\]]*\]")
_ARITHMETIC = re.compile(r".[-+*].")
_BLANK = re.compile(r"(\\[A-Za-z]+) (?![A-Za-z])")  # the blank behind a command that no letter follows


@dataclass(frozen=True, slots=True)
class Name:
    """A quantity's or an array's printed name.

    ``accent`` is a word of `ACCENTS`; ``face`` is empty or one of `FACES`; ``mark`` says that the value is a new
    one: ``'`` stands behind the base, a mark in round brackets behind the subscript, any other as a superscript.
    ``observation`` is the number (or letter) of the observation where there are several; ``argument`` is whose
    optimiser state it is.
    """

    base: str
    subscript: str = ""
    superscript: str = ""
    accent: str = ""
    mark: str = ""
    face: str = ""
    observation: str = ""
    argument: Name | None = None

    def __str__(self) -> str:
        return plain(self)


@dataclass(frozen=True, slots=True)
class DerivativeName:
    """The name of a derivative: ``of`` by ``wrt``.

    ``observation`` marks one observation's share of a derivative by something that all observations have in
    common; ``letter`` is ∂, d or, for a derivative by the vector of all parameters, ∇; ``use`` is the number, from 1,
    of one use of a tied parameter; ``direct`` means the slope of a program's equation by one variable in it, the
    others held fast.
    """

    of: Name
    wrt: Name
    letter: str = "∂"
    observation: str = ""
    use: str = ""
    direct: bool = False

    def __str__(self) -> str:
        return plain(self)


AnyName = Name | DerivativeName


def plain(name: AnyName) -> str:
    """The name in plain text, Greek letters as themselves; a derivative is written with d.

    >>> plain(Name("w", "00", "(1)")), plain(Name("y", "1", accent="hat")), plain(Name("z", "3", mark="'"))
    ('w_00^(1)', 'ŷ_1', "z'_3")
    >>> plain(DerivativeName(Name("E", "total"), Name("w", "10")))
    'dE_total/dw_10'
    """
    if isinstance(name, DerivativeName):
        return _plain_derivative(name, plain)
    return _plain(name, name.base, WHOLE_ACCENTS.get((name.accent, name.base)))


def ascii_name(name: AnyName) -> str:
    """The name in ASCII: Greek letters spelt, an accent behind the base.

    >>> ascii_name(Name("δ", "0", "(2)")), ascii_name(Name("y", "1", accent="hat"))
    ('delta_0^(2)', 'yhat_1')
    """
    if isinstance(name, DerivativeName):
        return _plain_derivative(name, ascii_name)
    base = spelt(name.base)
    text = _plain(name, base, base + name.accent if name.accent else None)
    return text if text.isascii() else spelt(text)


def spelt(text: str) -> str:
    """The text with each Greek letter as its word."""
    return text if text.isascii() else "".join(LETTER_OF.get(letter, letter) for letter in text)


def tex(name: AnyName) -> str:
    r"""The name in TeX; words of several letters are one word, not a product of letters.

    >>> print(tex(Name("w", "10")), tex(Name("net", "h1")), tex(Name("δ", "0", "(2)")), tex(Name("E", "total")))
    w_{10} \mathit{net}_{h1} \delta_{0}^{(2)} E_{\mathrm{total}}
    >>> print(tex(DerivativeName(Name("E"), Name("w", "5", mark="(new)"))))
    \frac{\partial E}{\partial w_{5(\mathrm{new})}}
    """
    if isinstance(name, DerivativeName):
        return _tex_derivative(name)
    subscript = script_tex(name.subscript)
    marks = [script_tex(name.superscript)]
    match name.mark:
        case "" | "'":
            pass
        case mark if _bracketed(mark):
            subscript += script_tex(mark)
        case mark:
            marks.append(script_tex(mark))
    if name.observation:
        marks.append(rf"\langle {script_tex(name.observation)}\rangle")
    if name.argument is not None:
        subscript = ",".join(each for each in (subscript, tex(name.argument)) if each)
    superscript = "".join(marks)
    prime = name.mark == "'"
    if prime and superscript:
        superscript, prime = r"\prime" + superscript, False
    return (
        _base_tex(name)
        + ("'" if prime else "")
        + (f"_{{{subscript}}}" if subscript else "")
        + (f"^{{{superscript}}}" if superscript else "")
    )


def script_tex(text: str) -> str:
    """A script's text in TeX: words upright, a further subscript lowered."""
    outer, _, inner = text.partition("_")
    return _words_tex(outer) + (f"_{{{script_tex(inner)}}}" if inner else "")


def _plain(name: Name, base: str, accented: str | None) -> str:
    if accented is not None:
        base = accented
    elif name.accent and base == name.base:
        base = base + ACCENTS[name.accent] if len(base) == 1 else base + name.accent
    mark = name.mark
    text = base + "'" if mark == "'" else base
    if name.subscript:
        text = f"{text}_{_grouped(name.subscript)}"
    if mark and mark[0] == "(":
        text, mark = text + mark, ""
    if name.argument is not None:
        text = f"{text}({ascii_name(name.argument) if base.isascii() else plain(name.argument)})"
    superscript = name.superscript + mark if mark and mark != "'" else name.superscript
    if superscript:
        text = f"{text}^{_grouped(superscript)}"
    return f"{text}@{name.observation}" if name.observation else text


def _grouped(script: str) -> str:
    """A script of a plain name, in braces where it would be read as arithmetic: ``w^{L-1}``."""
    return f"{{{script}}}" if _ARITHMETIC.search(_BRACKETED.sub("", script)) else script


def _plain_derivative(name: DerivativeName, write: Callable[[Name], str]) -> str:
    if name.letter == GRADIENT:
        return (GRADIENT if write is plain else "grad ") + write(name.of)
    observation = name.observation or name.wrt.observation or name.of.observation
    use = f"[{name.use}]" if name.use else ""
    sign, direct = ("∂", "") if name.direct and write is plain else ("d", "direct:" if name.direct else "")
    whole = f"{direct}{sign}{write(_without_observation(name.of))}/{sign}{write(_without_observation(name.wrt))}{use}"
    return f"{whole}@{observation}" if observation else whole


def _without_observation(name: Name) -> Name:
    if not name.observation:
        return name
    return Name(name.base, name.subscript, name.superscript, name.accent, name.mark, name.face, "", name.argument)


def _tex_derivative(name: DerivativeName) -> str:
    if name.letter == GRADIENT:
        return rf"\nabla {tex(name.of)}"
    sign = r"\partial " if name.letter == "∂" else "d"
    below = tex(name.wrt)
    if name.use:
        below = rf"{{{below}}}^{{[{name.use}]}}" if "^" in below or "'" in below else rf"{below}^{{[{name.use}]}}"
    fraction = rf"\frac{{{sign}{tex(name.of)}}}{{{sign}{below}}}"
    if not name.observation:
        return fraction
    return rf"\left({fraction}\right)^{{\langle {script_tex(name.observation)}\rangle}}"


def _base_tex(name: Name) -> str:
    base = letters_tex(name.base)
    if name.face:
        face = "boldsymbol" if name.face == "bold" and base.startswith("\\") else FACES[name.face]
        base = rf"\{face}{{{base}}}"
    elif len(name.base) > 1 and not base.startswith("\\"):
        base = rf"\mathit{{{base}}}"
    return rf"\{name.accent}{{{base}}}" if name.accent else base


def letters_tex(word: str) -> str:
    """A word, a letter or a Greek letter (as itself or by its name) in TeX."""
    if word in GREEK:
        return "\\" + word
    if word.isascii():
        return word
    return _BLANK.sub(r"\1", "".join("\\" + LETTER_OF[each] + " " if each in LETTER_OF else each for each in word))


def _words_tex(text: str) -> str:
    """Runs of three letters and more are words and stand upright; shorter ones are letters, such as indices."""
    if len(text) <= 1 or text.isdecimal():
        return letters_tex(text)
    written = _RUN.sub(lambda run: _run_tex(run[0]), text)
    return _BLANK.sub(r"\1", "".join("\\" + LETTER_OF[each] + " " if each in LETTER_OF else each for each in written))


def _run_tex(run: str) -> str:
    if run in GREEK:
        return f"\\{run} "
    return run if len(run) < WORD else rf"\mathrm{{{run}}}"


def _bracketed(text: str) -> bool:
    return text.startswith("(") and text.endswith(")")
