"""Imports point one way, outputs know nothing of each other, and what is heavy loads only when it is used."""

from __future__ import annotations

import ast
from functools import cache
from pathlib import Path

import pytest

from tests.running import loaded_after

PACKAGE = "symbackprop"
ROOT = Path(__file__).resolve().parent.parent
EXAMPLE = ROOT / "examples" / "russo.toml"

# A unit is a module or a folder of the package. It may import its own parts, and units of its own or earlier stages; at
# the top of a module, that is: what a function imports when it is called does not count, except between outputs.
STAGES = (
    {"errors", "limits"},
    {"expressions", "quantities"},
    {"archives", "balls", "files", "functions", "ordering", "terms"},
    {"calculus", "formulas", "instances", "primitives"},
    {"system"},
    {"catalogue", "contraction", "rounding"},
    {"exactness", "notation"},
    {"arithmetic"},
    {"network"},
    {"description", "shares", "sweep"},
    {"forward"},
    {"conditions", "rewriting", "updating"},
    {"derivation"},
    {"algebra", "evaluation", "given", "polynomials"},
    {"ratios", "values"},
    {"identities"},
    {"vanishing"},
    {"proof", "training"},
    {"forms", "report"},
    {"printing"},
    {"checking", "compiled", "diagram", "documents", "structure", "workbook"},
    {"excerpts"},
    {"public"},
    {"adapters", "testing"},
    {"fixtures"},
    {"terminal"},
    {"commands"},
    {"cli"},
    {"__main__"},
)
OUTPUTS = {"checking", "compiled", "diagram", "documents", "structure", "workbook"}


class _Imports(ast.NodeVisitor):
    """The modules that a file imports, at its top and inside of functions; those for type checkers are left out."""

    def __init__(self) -> None:
        self.top: set[str] = set()
        self.late: set[str] = set()
        self.depth = 0

    def visit_FunctionDef(self, node: ast.FunctionDef) -> None:
        self.depth += 1
        self.generic_visit(node)
        self.depth -= 1

    def visit_If(self, node: ast.If) -> None:
        if "TYPE_CHECKING" not in ast.dump(node.test):
            self.generic_visit(node)

    def visit_Import(self, node: ast.Import) -> None:
        (self.late if self.depth else self.top).update(alias.name for alias in node.names)

    def visit_ImportFrom(self, node: ast.ImportFrom) -> None:
        assert node.level == 0, "imports are absolute"
        assert node.module is not None
        found = {node.module}
        if node.module == PACKAGE:
            found = {f"{PACKAGE}.{alias.name}" for alias in node.names}
        (self.late if self.depth else self.top).update(found)


def unit_of(module: str) -> str:
    """The module or folder of the package that a dotted name belongs to."""
    return module.split(".")[1]


@cache
def imports() -> dict[Path, _Imports]:
    found = {}
    for path in sorted((ROOT / PACKAGE).rglob("*.py")):
        visitor = _Imports()
        visitor.visit(ast.parse(path.read_text(encoding="utf-8")))
        found[path.relative_to(ROOT / PACKAGE)] = visitor
    return found


def stage(unit: str) -> int:
    for number, units in enumerate(STAGES):
        if unit in units:
            return number
    raise AssertionError(f"{unit}: say in STAGES where it belongs")


def test_imports_point_one_way() -> None:
    names = {Path(path.parts[0]).stem for path in imports()} - {"__init__"}
    wrong = []
    for path, found in imports().items():
        unit = Path(path.parts[0]).stem
        for module in found.top:
            target = unit_of(module) if module.startswith(f"{PACKAGE}.") else ""
            if target in names and target != unit and unit != "__init__" and stage(target) >= stage(unit):
                wrong.append(f"{path} imports {module}")
    assert wrong == []


def test_every_unit_has_a_stage() -> None:
    for path in imports():
        if path.stem != "__init__" or len(path.parts) > 1:
            stage(Path(path.parts[0]).stem)


def test_an_output_imports_no_other_output() -> None:
    wrong = []
    for path, found in imports().items():
        unit = Path(path.parts[0]).stem
        others = {unit_of(each) for each in found.top | found.late if each.startswith(f"{PACKAGE}.")} & OUTPUTS - {unit}
        if unit in OUTPUTS and others:
            wrong.append(f"{path} imports {', '.join(sorted(others))}")
    assert wrong == []


def test_a_format_of_documents_imports_no_other_format() -> None:
    formats = {f"{PACKAGE}.documents.{each}" for each in ("text", "latex", "markdown", "typst")}
    wrong = []
    for each in formats:
        found = imports()[Path("documents", f"{each.rpartition('.')[2]}.py")]
        wrong += [f"{each} imports {other}" for other in (found.top | found.late) & formats]
    assert wrong == []


DERIVED = f"import symbackprop as sb; d = sb.derive(sb.Network.read({str(EXAMPLE)!r}))"
USES = {
    "importing": ("import symbackprop", set()),
    "deriving": (DERIVED, set()),
    "evaluating": (f"{DERIVED}; d.evaluate()['loss']", set()),
    "evaluating exactly": (f"{DERIVED}; d.evaluate(exact=True)['loss']", set()),
    "evaluating to 50 digits": (f"{DERIVED}; d.evaluate(precision=50)['loss']", set()),
    "text": (f"{DERIVED}; d.to_text()", set()),
    "latex": (f"{DERIVED}; d.to_latex()", set()),
    "markdown": (f"{DERIVED}; d.to_markdown()", set()),
    "a closed form": (f"{DERIVED}; d.gradient('w_10').closed_form", {"sympy"}),
    "help": ("from symbackprop.cli import main\ntry: main(['--help'])\nexcept SystemExit: pass", set()),
}


@pytest.mark.parametrize("what", USES)
def test_a_heavy_package_loads_only_when_it_is_used(what: str) -> None:
    code, allowed = USES[what]
    assert loaded_after(code) <= allowed


def test_a_workbook_needs_no_sympy() -> None:
    assert "sympy" not in loaded_after(f"{DERIVED}; d.to_workbook()")
