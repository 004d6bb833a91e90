from __future__ import annotations

import pytest

from animathic.scene import Code, check, parse
from animathic.scene.stage import Stage, leaves_of
from animathic.scene.timing import scene_seconds

DEFINITIONS = "a = circle\nb = square\nc = star\ng = group a b\n"


def staged(steps: str) -> Stage:
    scene = parse(DEFINITIONS + steps)
    stage = Stage(leaves_of(scene.elements))
    for index, step in enumerate(scene.steps):
        stage.apply(step, f"steps[{index}]")
    return stage


@pytest.mark.parametrize(
    ("steps", "visible"),
    [
        ("create a b", ("a", "b")),
        ("create b\ncreate a", ("b", "a")),
        ("create g", ("a", "b")),
        ("create a\nfade_out a", ()),
        ("create a b c\nfade_out g", ("c",)),
        ("create a b c\nremove all", ()),
        ("create a\ntransform a b", ("a",)),
        ("create a b\ntransform a b", ("a",)),
        ("create a\ntransform a b\nfade_out b", ()),
        ("create a\ntransform a b\ncreate b", ("a", "b")),
        ("create a\nreplace a b", ("b",)),
        ("create a\ntransform a b\ntransform b c\nfade_out a", ()),
        ("transform a c", ("a",)),
        ("shift c up", ("c",)),
        ("create g\nreplace g c", ("c",)),
    ],
)
def test_what_is_visible(steps: str, visible: tuple[str, ...]) -> None:
    assert staged(steps).visible == visible


def test_after_transform_both_names_mean_what_is_there() -> None:
    stage = staged("create a\ntransform a b")
    assert stage.means("a") == stage.means("b") == ("a",)
    assert staged("create a\ntransform a b\ncreate b").means("b") == ("b",)
    assert staged("create a\nreplace a b").is_shown("a") is False


def test_what_leaves_cannot_leave_again() -> None:
    assert [i.code for i in check(DEFINITIONS + "create a\nreplace a b\nfade_out a").errors] == [
        Code.NOT_SHOWN
    ]
    assert check(DEFINITIONS + "create a\ntransform a b\nfade_out b\ncreate b\nfade_out b").ok


@pytest.mark.parametrize(
    ("steps", "seconds"),
    [
        ("create a", 1),
        ("add a", 0),
        ("create a 2s\nwait\nwait 0.5s", 3.5),
        ("create a & create b 3s", 3),
        ("together 1.5s: create a & create b 3s", 1.5),
        ("lag 0.5: create a & create b & create c", 2),
        ("lag 1: create a 2s & create b", 3),
        ("together:\n  sequence:\n    create a\n    indicate a\n  create b", 2),
    ],
)
def test_seconds(steps: str, seconds: float) -> None:
    assert scene_seconds(parse(DEFINITIONS + steps)) == pytest.approx(seconds)


def test_long_texts_are_written_slowly() -> None:
    assert scene_seconds(parse('t = text "a rather long sentence"\nwrite t')) == 2
