# ruff: noqa: E501 - a case a line
"""The scorer tells wholly right scenes from nearly right ones."""

from __future__ import annotations

from typing import Any

import pytest

from animathic.scene import parse
from evals.local.scorer import score
from evals.local.statistics import wilson

CIRCLE = {"ref": "A", "kind": "circle", "color": "red"}
SQUARE = {"ref": "B", "kind": "square", "color": "blue"}
MORPH = {
    "elements": [CIRCLE, SQUARE],
    "actions": [{"verb": "transform", "target": "A", "into": "B"}],
    "exact": True,
}


def failures(expect: dict[str, Any], *lines: str) -> list[str]:
    return score({"expect": {"exact": True, **expect}}, parse("\n".join(lines)))


@pytest.mark.parametrize(
    ("expect", "lines"),
    [
        (MORPH, ["a = circle red", "b = square blue", "create a", "transform a b"]),
        (MORPH, ["x1 = square blue_d", "k = circle", "add k", "replace k x1"]),
        (
            {"elements": [{"ref": "A", "kind": "star", "count": 3}], "actions": [{"verb": "show", "target": "A", "staggered": True}]},
            ["a = star", "b = star", "c = star", "lag 0.2:", "  grow a", "  grow b", "  grow c"],
        ),
        (
            {"elements": [{"ref": "A", "kind": "dot"}, {"ref": "B", "kind": "circle"}], "actions": [{"verb": "move_along", "target": "A", "along": "B"}]},
            ["a = dot", "b = circle", "create a b", "move a along=b"],
        ),
        (
            {"elements": [{"ref": "A", "kind": "axes"}, {"ref": "B", "kind": "plot", "function": "2*x+1", "x_range": [0, 3]}]},
            ["a = axes x=[0,3]", "b = plot a 1+2x", "create a", "create b"],
        ),
        (
            {"elements": [{"ref": "A", "kind": "math", "latex": "x^{2}+1"}], "actions": [{"verb": "write", "target": "A"}, {"verb": "hide", "target": "A"}]},
            ['a = math "x^2 + 1"', "write a", "wait 2s", "uncreate a"],
        ),
        (
            {"elements": [CIRCLE, SQUARE], "relations": [{"a": "A", "relation": "left_of", "b": "B"}]},
            ["a = circle red", "b = square blue right=a", "create a b"],
        ),
        (
            {"elements": [{"ref": "A", "kind": "dot"}], "relations": [{"a": "A", "relation": "at_edge", "edge": "top_right"}]},
            ["a = dot corner=ur", "create a"],
        ),
        (
            {"elements": [{"ref": "A", "kind": "dot"}, {"ref": "B", "kind": "square"}], "relations": [{"a": "A", "relation": "inside", "b": "B"}]},
            ["a = dot inside=b", "b = square", "create b a"],
        ),
        (
            {
                "elements": [CIRCLE, SQUARE],
                "actions": [{"verb": "fade_in", "target": "A"}, {"verb": "rotate", "target": "B", "angle_degrees": 90, "clockwise": True}],
                "together": [[0, 1]],
            },
            ["a = circle red", "b = square blue", "create b", "fade_in a & rotate b -90deg"],
        ),
    ],
)  # fmt: skip
def test_a_right_scene_has_no_failures(expect: dict[str, Any], lines: list[str]) -> None:
    assert failures(expect, *lines) == []


@pytest.mark.parametrize(
    ("expect", "lines", "said"),
    [
        (MORPH, ["a = circle blue", "b = square red", "create a", "transform a b"], "instead of red"),
        (MORPH, ["a = circle red", "b = square blue", "create a b"], "transform A"),
        (MORPH, ["a = circle red", "b = square blue", "create b", "transform b a"], "transform A"),
        (MORPH, ["a = circle red", "b = triangle blue", "create a", "transform a b"], "asked for circle, square"),
        (MORPH, ["a = circle red", "b = square blue", "c = dot", "create a c", "transform a b"], "dot c was not asked for"),
        (MORPH, ["a = circle red", "b = square blue", "create a", "transform a b", "fade_out b"], "fade_out b was not asked"),
        (
            {"elements": [{"ref": "A", "kind": "star", "count": 2}], "actions": [{"verb": "show", "target": "A", "staggered": True}]},
            ["a = star", "b = star", "create a b"],
            "not staggered",
        ),
        (
            {"elements": [CIRCLE], "actions": [{"verb": "rotate", "target": "A", "angle_degrees": 90, "clockwise": True}]},
            ["a = circle red", "create a", "rotate a 90deg"],
            "rotate A",
        ),
        (
            {"elements": [CIRCLE], "actions": [{"verb": "scale", "target": "A", "factor": 2}, {"verb": "move", "target": "A", "direction": "left"}]},
            ["a = circle red", "create a", "shift a left 2", "scale a 2"],
            "move A",
        ),
        (
            {
                "elements": [CIRCLE, SQUARE],
                "actions": [{"verb": "fade_in", "target": "A"}, {"verb": "fade_in", "target": "B"}],
                "together": [[0, 1]],
            },
            ["a = circle red", "b = square blue", "fade_in a", "fade_in b"],
            "not at the same time",
        ),
        (
            {"elements": [CIRCLE, SQUARE], "actions": [{"verb": "fade_in", "target": "A"}, {"verb": "fade_in", "target": "B"}]},
            ["a = circle red", "b = square blue", "fade_in a b"],
            "fade_in B",
        ),
        (
            {"elements": [CIRCLE, SQUARE], "relations": [{"a": "A", "relation": "above", "b": "B"}]},
            ["a = circle red", "b = square blue above=a", "create a b"],
            "A above B",
        ),
        (
            {"elements": [CIRCLE, SQUARE], "relations": [{"a": "A", "relation": "left_of", "b": "B"}]},
            ["a = circle red", "b = square blue", "create a b"],
            "A left_of B",
        ),
        ({"elements": [{"ref": "A", "kind": "triangle", "filled": True}]}, ["a = triangle", "create a"], "not filled"),
        (
            {"elements": [{"ref": "A", "kind": "axes"}, {"ref": "B", "kind": "plot", "function": "x^2"}]},
            ["a = axes", "b = plot a x^3", "create a b"],
            "function",
        ),
        ({"elements": [{"ref": "A", "kind": "text", "text": "Hello"}]}, ['a = text "hello"', "write a"], "text"),
        ({"elements": [{"ref": "A", "kind": "math", "latex": r"\frac{a}{b}"}]}, [r'a = math "\frac{b}{a}"', "write a"], "formula"),
        ({"elements": [{"ref": "A", "kind": "regular_polygon", "sides": 6}]}, ["a = octagon", "create a"], "8 sides"),
    ],
)  # fmt: skip
def test_a_wrong_scene_says_what_is_wrong(expect: dict[str, Any], lines: list[str], said: str) -> None:
    found = failures(expect, *lines)
    assert any(said in failure for failure in found), found


def test_after_a_transform_either_name_means_what_is_on_the_stage() -> None:
    expect = {**MORPH, "actions": [*MORPH["actions"], {"verb": "fade_out", "target": "B"}]}  # type: ignore[misc]
    for name in ("a", "b"):
        assert (
            failures(
                expect, "a = circle red", "b = square blue", "create a", "transform a b", f"fade_out {name}"
            )
            == []
        )


def test_what_the_prompt_leaves_open_is_free_where_it_says_so() -> None:
    lines = ["a = circle red", "b = dot", "create a b", "scale b 2"]
    assert failures({"elements": [CIRCLE]}, *lines)
    assert failures({"elements": [CIRCLE], "exact": False}, *lines) == []


def test_wilson_interval_of_a_known_share() -> None:
    low, high = wilson(90, 100)
    assert (round(low, 3), round(high, 3)) == (0.826, 0.945)
