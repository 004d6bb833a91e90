from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from animathic.scene import check, parse, print_scene, validate
from animathic.scene.reading import read_number
from animathic.scene.registry import Statement, language
from animathic.scene.writing import write_number
from animathic.v1 import scene_pb2
from tests.unit.scene.strategies import scenes

CALM = settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
STATEMENTS = [
    *language().elements.values(),
    *language().steps.values(),
    language().canvas,
    language().heading,
]


@CALM
@given(scenes())
def test_printing_and_parsing_a_valid_scene_gives_it_back(scene: scene_pb2.Scene) -> None:
    result = validate(scene)
    assert [str(i) for i in result.errors if i.code not in ("not_finite", "too_long")] == []
    text = print_scene(scene)
    again = parse(text)
    assert again == scene, text
    assert print_scene(again) == text


@CALM
@given(scenes())
def test_a_scene_validates_alike_before_and_after_printing(scene: scene_pb2.Scene) -> None:
    direct = validate(scene)
    printed = check(print_scene(scene))
    assert [(i.code, i.path) for i in printed.errors] == [(i.code, i.path) for i in direct.errors]
    assert sorted((i.code, i.path) for i in printed.notes) == sorted((i.code, i.path) for i in direct.notes)
    assert printed.seconds == direct.seconds


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_numbers_keep_their_value(value: float) -> None:
    text = write_number(value)
    assert "e" not in text
    assert float(text) == value
    assert read_number(text) == value


@pytest.mark.parametrize(
    ("value", "text"),
    [(2.0, "2"), (0.5, "0.5"), (-3.25, "-3.25"), (100.0, "100"), (1e-7, "0.0000001"), (0.1, "0.1")],
)
def test_numbers_are_printed_shortest(value: float, text: str) -> None:
    assert write_number(value) == text


@pytest.mark.parametrize("statement", STATEMENTS, ids=lambda s: s.keyword)
def test_every_example_is_canonical_and_valid(statement: Statement) -> None:
    assert statement.notation.examples
    assert statement.notation.doc
    for example in statement.notation.examples:
        lines = [line for line in print_scene(parse(example)).splitlines() if line]
        assert lines == example.splitlines()
        assert [str(i) for i in check(example).errors if i.code != "empty_scene"] == []
