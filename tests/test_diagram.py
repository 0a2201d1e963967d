"""Diagrams: what stands where, and what is named."""

from __future__ import annotations

import xml.etree.ElementTree as ElementTree
from collections import Counter
from itertools import combinations

import pytest

from symbackprop.derivation import derive
from symbackprop.diagram import picture_of, svg
from symbackprop.diagram.marks import Box, Label, Picture
from symbackprop.network import Network
from symbackprop.notation.lettering import Name, plain
from symbackprop.printing.numbers import ShownNumber
from symbackprop.quantities import every_index
from symbackprop.values import evaluate
from tests.examples import EXAMPLES
from tests.pictures import LARGE, MORE, NAMESPACE, SIZES, derived, pictures, sized


def names_in(label: Label) -> list[str]:
    return [plain(piece) for piece in label.pieces if isinstance(piece, Name)]


@pytest.mark.parametrize("kind", [*EXAMPLES, *MORE, *SIZES], ids=str)
def test_no_label_overlaps_another_or_a_node_that_is_not_its_own(kind: str | tuple[int, ...]) -> None:
    for picture in pictures(kind):
        labels = list(picture.labels)
        wrong = [
            (first.pieces, second.pieces)
            for first, second in combinations(labels, 2)
            if not _in_one_node(picture, first, second) and _inner(first).meets(_inner(second))
        ]
        assert wrong == []
        edge_labels = [edge.label for edge in picture.edges if edge.label is not None]
        free = [*edge_labels, *picture.texts]
        assert [label.pieces for label in free for node in picture.nodes if _inner(label).meets(node.box)] == []


def _inner(label: Label) -> Box:
    """The measured box; of a text above or below another its line alone."""
    return label.box if label.halo else Box(*(label.box.left, label.y - 6), *(label.box.right, label.y + 6))


def _in_one_node(picture: Picture, first: Label, second: Label) -> bool:
    return any(first in node.labels and second in node.labels for node in picture.nodes)


@pytest.mark.parametrize("kind", [*EXAMPLES, *MORE], ids=str)
def test_nodes_do_not_overlap_and_hold_their_labels(kind: str) -> None:
    for picture in pictures(kind):
        assert not [pair for pair in combinations(picture.nodes, 2) if pair[0].box.meets(pair[1].box)]
        for node in picture.nodes:
            for label in node.labels:
                assert label.width < node.width
                assert node.box.top < label.y < node.box.bottom


@pytest.mark.parametrize(
    "kind", ["kadakia", "happydustbunny", "math-note", "esuli", "russo", "xor", "softmax-classifier", "tied", *SIZES],
    ids=str,
)  # fmt: skip
def test_every_weight_and_bias_is_named_once_for_each_place(kind: str | tuple[int, ...]) -> None:
    derivation = derived(kind)
    arrays = [*derivation.arrays.weights, *(each for each in derivation.arrays.biases if each is not None)]
    expected = Counter(
        plain(derivation.notation.entry(array, "", indices)) for array in arrays for indices in every_index(array)
    )
    for picture in pictures(kind):
        labels = [edge.label for edge in picture.edges if edge.label is not None] + list(picture.texts)
        assert Counter(name for label in labels for name in names_in(label)) == expected


@pytest.mark.parametrize("kind", ["math-note", "russo", (6, 6)], ids=str)
def test_an_edges_label_stands_on_its_edge_between_the_right_units(kind: str | tuple[int, ...]) -> None:
    derivation = derived(kind)
    picture = picture_of(derivation)
    weights = {
        (f"l{array.layer - 1}u{indices[1] + 1}", f"l{array.layer}u{indices[0] + 1}"): plain(
            derivation.notation.entry(array, "", indices)
        )
        for array in derivation.arrays.weights
        if array.layer is not None
        for indices in every_index(array)
    }
    found = {
        (edge.source.identity, edge.target.identity): names_in(edge.label)[0]
        for edge in picture.edges
        if edge.label is not None and edge.source.kind != "bias"
    }
    assert found == weights
    for edge in picture.edges:
        if edge.label is not None:
            assert edge.along(edge.at) == pytest.approx((edge.label.x, edge.label.y))


def test_labels_of_a_small_network_stand_at_30_percent() -> None:
    picture = picture_of(derived("happydustbunny"))
    assert Counter(edge.at for edge in picture.edges if edge.label is not None).most_common(1)[0][0] == 0.3


def test_a_large_layer_is_summarised_with_its_count() -> None:
    picture = picture_of(derived(LARGE))
    texts = ["".join(map(str, label.pieces)) for label in picture.texts]
    assert texts.count("⋮") == 3
    assert {"784 inputs", "128 units, tanh", "10 units, tanh", "W^(1): 128 × 784", "b^(2): 10"} <= set(texts)
    assert [edge for edge in picture.edges if edge.label is not None] == []
    assert len(svg(derived(LARGE))) < 6_000


def test_a_deep_network_shows_its_outer_layers() -> None:
    picture = picture_of(derived("20 layers"))
    assert ("16 more layers",) in [label.pieces for label in picture.texts]
    assert {node.identity.partition("u")[0] for node in picture.nodes if node.kind in ("given", "unit")} == {
        *("l0", "l1", "l2", "l19", "l20")
    }


def test_every_bias_node_leads_somewhere() -> None:
    for picture in pictures("20 layers", "russo", LARGE):
        sources = {edge.source.identity for edge in picture.edges}
        biases = {node.identity for node in picture.nodes if node.kind == "bias"}
        assert biases
        assert biases <= sources


def test_names_that_find_no_room_give_way_to_the_matrix(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("symbackprop.diagram.layout.MOST_GAP", 100.0)
    picture = picture_of(derive(sized(4, 4)))
    assert [edge for edge in picture.edges if edge.label is not None] == []
    assert "W^(1): 4 × 4" in ["".join(map(str, label.pieces)) for label in picture.texts]


def test_a_shared_bias_is_named_once_and_leads_to_every_unit() -> None:
    picture = picture_of(derived("russo"))
    assert [names_in(label) for label in picture.texts if names_in(label)] == [["b_1"], ["b_2"]]
    assert Counter(edge.source.identity for edge in picture.edges if edge.source.kind == "bias") == {"b1": 3, "b2": 3}


def test_bias_nodes_are_dashed() -> None:
    circles = list(ElementTree.fromstring(svg(derived("esuli"))).iter(f"{NAMESPACE}circle"))
    dashed = [node.attrib["r"] for node in circles if "stroke-dasharray" in node.attrib]
    others = [node.attrib["r"] for node in circles if "stroke-dasharray" not in node.attrib]
    assert set(dashed) == {"18"}
    assert others
    assert "18" not in others


def test_numbers_stand_beside_names_exact_ones_with_an_equals_sign() -> None:
    derivation = derived("tied")
    picture = picture_of(derivation, evaluate(derivation))
    shown = {
        names_in(edge.label)[0]: "".join(
            piece.plain().text if isinstance(piece, ShownNumber) else piece
            for piece in edge.label.pieces[1:]
            if not isinstance(piece, Name)
        )
        for edge in picture.edges
        if edge.label is not None
    }
    assert shown == {"w_shared": " = 0.1", "w_2": " = 0.25", "w_3": " ≈ 0.3333", "c": " = 0.3", "b_2": " = 0.1"}


def test_what_has_no_number_keeps_its_name() -> None:
    derivation = derived("happydustbunny")
    picture = picture_of(derivation, evaluate(derivation))
    assert [label.pieces for edge in picture.edges if (label := edge.label) and len(label.pieces) > 1] == []


def test_a_program_shows_each_variable_and_each_use() -> None:
    picture = picture_of(derived("recurrent"))
    names = {node.identity: plain(node.labels[0].pieces[0]) for node in picture.nodes}  # type: ignore[arg-type]
    uses = {(names[edge.source.identity], names[edge.target.identity]) for edge in picture.edges}
    assert uses == {
        *(("x_1", "h_1"), ("u", "h_1"), ("b", "h_1")),
        *(("h_1", "h_2"), ("w", "h_2"), ("u", "h_2"), ("x_2", "h_2"), ("b", "h_2")),
        *(("h_2", "h_3"), ("w", "h_3"), ("u", "h_3"), ("x_3", "h_3"), ("b", "h_3")),
        *(("v", "y"), ("h_3", "y"), ("y", "E"), ("target", "E")),
    }
    assert all(edge.source.x < edge.target.x for edge in picture.edges)


@pytest.mark.parametrize("kind", ["batchnorm", "convolution", "recurrent"])
def test_no_use_in_a_program_runs_through_another_variable(kind: str) -> None:
    picture = picture_of(derived(kind))
    for edge in picture.edges:
        for x, y in edge.points:
            inside = Box(x - 0.1, y - 0.1, x + 0.1, y + 0.1)
            assert not any(node.box.meets(inside) for node in picture.nodes)


def test_a_long_program_is_summarised() -> None:
    lines = [("v_0", "x^2"), *((f"v_{each}", f"v_{each - 1} + x") for each in range(1, 60))]
    network = Network(equations=lines, loss="v_59", inputs={"x": [1]})
    picture = picture_of(derive(network))
    assert [label.pieces for node in picture.nodes for label in node.labels][:2] == [("1 input",), ("60 equations",)]
