"""What was measured, as RESULTS.md and pictures. Measures nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from benchmarks.measure import RUNS, Curves, Ratio, Skipped, machine

HEAD = f"""# Benchmarks

`make bench` measures all of this; `make bench ONLY=deriving` one section. Ours and the peer's take turns; a time is the
median of {RUNS} runs (5 of a program that is started anew, 3 to 11 of what is long), in brackets the middle half of
them. Times are the processor's, and every library has one thread. A ratio is ours over the peer's: read ratios, not
times. A load above the number of cores says that other programs ran beside: their caches and clocks are in the spread.
"""
COLOURS, DASHES = 10, ("-", "--", ":")  # of the lines of a plot: so many colours, then other dashes
COLUMNS = ["| what | ours | peer | its time | ratio | limit | holds |", "| --- | --- | --- | --- | --- | --- | --- |"]


def with_section(
    text: str, headings: Mapping[str, str], name: str, found: Sequence[Ratio | Skipped], pictures: Sequence[Path]
) -> str:
    """The document with this group's section put in place of the old one, in the order of the headings."""
    sections = _sections(text)
    sections[headings[name]] = section(found, pictures)
    kept = [(heading, sections[heading]) for heading in headings.values() if heading in sections]
    return "\n".join([HEAD, *(f"## {heading}\n\n{body.strip()}\n" for heading, body in kept)])


def _sections(text: str) -> dict[str, str]:
    parts = f"\n{text}".split("\n## ")[1:]
    return {part.partition("\n")[0].strip(): part.partition("\n")[2] for part in parts}


def section(found: Sequence[Ratio | Skipped], pictures: Sequence[Path]) -> str:
    """A table of ratios, what was left out and why, notes, and pictures."""
    noted = [each for each in found if isinstance(each, Ratio) and each.note]
    whose = {
        note: [each.what for each in noted if each.note == note] for note in dict.fromkeys(each.note for each in noted)
    }
    notes = [f"- {what[0]}{' and those like it' if len(what) > 1 else ''}: {note}." for note, what in whose.items()]
    left = dict.fromkeys(f"- Left out: {each.what}: {each.why}." for each in found if isinstance(each, Skipped))
    images = [f"![{path.stem.replace('-', ' ')}](pictures/{path.name})" for path in pictures]
    table = [*COLUMNS, *(line(each) for each in found if isinstance(each, Ratio))]
    parts = [f"Machine: {machine()}.", "\n".join(table), "\n".join([*notes, *left]), *images]
    return "\n\n".join(part for part in parts if part)


def line(each: Ratio | Skipped) -> str:
    """One row of the table."""
    if isinstance(each, Skipped):
        return f"| {each.what} | left out: {each.why} |"
    holds = {True: "yes", False: "**no**", None: ""}[each.holds]
    limit = "" if each.limit is None else _ratio(each.limit)
    times = [f"{_shown(timing.median)} ({timing.spread})" for timing in (each.ours, each.theirs)]
    return f"| {each.what} | {times[0]} | {each.peer} | {times[1]} | {_ratio(each.value)} | {limit} | {holds} |"


def _ratio(value: float) -> str:
    return f"{value:.3g}" if value >= 0.1 else f"1/{1 / value:,.3g}" if value > 0.001 else f"1/{1 / value:,.0f}"


def _shown(seconds: float) -> str:
    for unit, size in (("s", 1.0), ("ms", 1e-3), ("µs", 1e-6)):
        if seconds >= size:
            return f"{seconds / size:.3g} {unit}"
    return f"{seconds / 1e-9:.3g} ns"


def drawn(curves: Curves, folder: Path) -> Path:
    """The growth plot as an SVG of that name: time against size, both axes logarithmic."""
    import matplotlib

    matplotlib.use("svg")
    matplotlib.rcParams["svg.hashsalt"] = curves.name
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(figsize=(8.5, 4.2))
    for number, (name, points) in enumerate(curves.lines.items()):
        dashes = DASHES[number // COLOURS % len(DASHES)]
        axes.plot(*zip(*sorted(points), strict=True), marker="o", markersize=3, linestyle=dashes, label=name)
    axes.set(xscale="log", yscale="log", xlabel=curves.across, ylabel=curves.up, title=curves.title)
    axes.grid(visible=True, which="major", alpha=0.3)
    axes.legend(fontsize=8, loc="center left", bbox_to_anchor=(1, 0.5))
    figure.tight_layout()
    folder.mkdir(exist_ok=True)
    path = folder / f"{curves.name}.svg"
    figure.savefig(path, metadata={"Date": None})
    pyplot.close(figure)
    return path
