"""Frames, rows and lengths: what is known before anything is drawn."""

from __future__ import annotations

import pytest

from animathic.scene import parse
from animathic.v1 import animation_pb2, scene_pb2
from services.render.compiler.frame import frame_for
from services.render.compiler.plan import estimate_frames, plan

_PRESETS = {
    "480": animation_pb2.QUALITY_PRESET_480P15,
    "720": animation_pb2.QUALITY_PRESET_720P30,
    "1080": animation_pb2.QUALITY_PRESET_1080P60,
}


@pytest.mark.parametrize(
    ("aspect", "preset", "pixels"),
    [
        (scene_pb2.ASPECT_UNSPECIFIED, "480", (854, 480)),
        (scene_pb2.ASPECT_WIDE, "720", (1280, 720)),
        (scene_pb2.ASPECT_TALL, "480", (480, 854)),
        (scene_pb2.ASPECT_TALL, "1080", (1080, 1920)),
        (scene_pb2.ASPECT_SQUARE, "720", (720, 720)),
        (scene_pb2.ASPECT_CLASSIC, "480", (640, 480)),
    ],
)
def test_sizes(aspect: scene_pb2.Aspect.ValueType, preset: str, pixels: tuple[int, int]) -> None:
    frame = frame_for(
        scene_pb2.Canvas(aspect=aspect), animation_pb2.AnimationOptions(quality_preset=_PRESETS[preset])
    )
    assert (frame.pixel_width, frame.pixel_height) == pixels
    assert frame.width / frame.height == pytest.approx(pixels[0] / pixels[1], rel=2e-3)
    assert max(frame.width, frame.height) == pytest.approx(
        8 if aspect == scene_pb2.ASPECT_SQUARE else 128 / 9
    )


def test_the_options_shape_goes_before_the_canvas() -> None:
    options = animation_pb2.AnimationOptions(aspect_ratio=animation_pb2.ASPECT_RATIO_1_1)
    assert frame_for(scene_pb2.Canvas(aspect=scene_pb2.ASPECT_TALL), options).width == 8


def _seats(storyboard: str) -> list[list[list[str]]]:
    return [[list(seat) for seat in row.seats] for row in plan(parse(storyboard)).rows]


def test_what_is_visible_together_shares_a_row() -> None:
    assert _seats("a = circle\nb = square\ncreate a\ncreate b") == [[["a"], ["b"]]]


def test_what_comes_after_another_has_gone_does_not() -> None:
    assert _seats("a = circle\nb = square\ncreate a\nfade_out a\ncreate b") == [[["a"]], [["b"]]]


def test_those_that_never_meet_share_a_seat() -> None:
    text = 't = text "x"\na = circle\nb = square\nadd t\ncreate a\nfade_out a\ncreate b\nfade_out b'
    assert _seats(text) == [[["t"], ["a", "b"]]]


def test_a_target_takes_its_sources_place() -> None:
    assert _seats("a = circle\nb = square\ncreate a\ntransform a b") == [[["a"]]]
    assert _seats("a = circle\nb = square\ncreate a\nreplace a b") == [[["a"]]]


def test_placed_elements_and_members_are_in_no_row() -> None:
    text = "a = circle at=(1,1)\nb = square\nc = dot\ng = group b c arrange=right\ncreate a\ncreate g"
    assert _seats(text) == [[["g"]]]


@pytest.mark.parametrize(
    ("storyboard", "frames"),
    [
        ("a = circle\ncreate a", 15 + 7),
        ("a = circle\ncreate a\nwait 2", 45),
        ("a = circle\ncreate a\nfade_out a", 30),
        ("a = circle\nadd a", 7),
        ("a = circle\nb = square\ncreate a & create b 2s\nwait", 45),
        ("a = circle\nb = square\nlag 0.5:\n  create a\n  create b\nwait 0.5s", 23 + 7),
        ('t = text "a rather long text"\nwrite t\nwait', 45),
    ],
)
def test_estimated_frames(storyboard: str, frames: int) -> None:
    assert estimate_frames(parse(storyboard), 15) == frames


def _companions(storyboard: str) -> dict[str, tuple[str, ...]]:
    return dict(plan(parse(storyboard)).companions)


def test_what_stands_next_to_something_is_placed_with_it() -> None:
    text = 'a = circle\nb = square right=a\nl = text "x" above=b\ncreate a\ncreate b\nwrite l'
    assert _companions(text) == {"a": ("b", "l")}


@pytest.mark.parametrize(
    "storyboard",
    [
        'a = circle\nl = text "x" above=a\ncreate a\nshift a left 3\nwrite l',
        'a = circle\nb = square\nl = text "x" above=a\ncreate a\ntransform a b\nwrite l',
        'a = circle at=(1,1)\nl = text "x" above=a\ncreate a\nwrite l',
        'a = circle\nl = text "x" above=a\ncreate a\nfade_out a\nwrite l',
    ],
)
def test_but_not_after_something_has_moved_or_where_the_place_is_given(storyboard: str) -> None:
    assert _companions(storyboard) == {}
