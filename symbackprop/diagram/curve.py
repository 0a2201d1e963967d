"""The curve of a training's losses as PNG or SVG, drawn by matplotlib. Never trains.

Both formats come from one library: axes that round their numbers well are matplotlib's work, and a PNG needs it anyway.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Sequence
from importlib.util import find_spec
from io import BytesIO

from symbackprop.errors import OutsideError

FORMATS = ("png", "svg")
INSTALL = "a curve is drawn by matplotlib, which is not installed: pip install 'symbackprop[plot]'"
MOST_POINTS = 4_000  # more lie on the same dots of a screen
STEEP = 100  # largest over smallest loss, from which the axis is logarithmic


def ready() -> None:
    """Raises OutsideError where a curve cannot be drawn: better before a training than after it."""
    if find_spec("matplotlib") is None:
        raise OutsideError(INSTALL)


def drawn(losses: Sequence[float], form: str, *, title: str = "") -> bytes:
    """The picture: the loss before the first step and after each. The same losses give the same bytes."""
    ready()
    import matplotlib
    from matplotlib.figure import Figure

    points = thinned([(step, loss) for step, loss in enumerate(losses) if math.isfinite(loss)])
    figure = Figure(figsize=(6.4, 4), layout="constrained")
    axes = figure.subplots()
    axes.plot(*zip(*points, strict=True) if points else ([], []), linewidth=1.2, marker="o" * (len(points) == 1))
    values = [loss for _, loss in points]
    axes.set(xlabel="step", ylabel="loss", yscale="log" if is_steep(values) else "linear")
    axes.set_title(title, parse_math=False)
    axes.grid(visible=True, alpha=0.3)
    result = BytesIO()
    with matplotlib.rc_context({"svg.hashsalt": "symbackprop"}), warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Glyph .* missing")  # a title may be in any script
        figure.savefig(result, format=form, dpi=150, metadata={"Date": None} if form == "svg" else {"Software": None})
    return result.getvalue()


def is_steep(losses: Sequence[float]) -> bool:
    """Whether the losses are positive and so far apart that a linear axis would hide the small ones."""
    return bool(losses) and min(losses) > 0 and max(losses) / min(losses) > STEEP


def thinned(points: Sequence[tuple[int, float]]) -> Sequence[tuple[int, float]]:
    """As many points as can be seen: of each stretch of steps its lowest and highest loss, and both ends.

    >>> thinned([(0, 3.0), (1, 2.0)])
    [(0, 3.0), (1, 2.0)]
    """
    if len(points) <= MOST_POINTS:
        return points
    stretch = math.ceil(2 * len(points) / MOST_POINTS)
    kept = {points[0], points[-1]}
    for start in range(0, len(points), stretch):
        among = points[start : start + stretch]
        kept |= {min(among, key=lambda point: point[1]), max(among, key=lambda point: point[1])}
    return sorted(kept)
