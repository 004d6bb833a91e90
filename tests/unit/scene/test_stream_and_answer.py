from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from animathic.scene import Code, SceneError, check, parse
from animathic.scene.answer import (
    Declined,
    parse_answer,
    print_declined,
    restore_backslashes,
    storyboard_of,
)
from animathic.scene.stream import StoryboardStream

GOOD = 'a = circle red\nt = text "Hi" above=a\n\ncreate a & write t\nlag 0.2:\n  shift a up\n  indicate t\n'
BAD = 'a = cirlce red\nb = square side=0\ncreate b c\nfly b\n rotate b 9\nt = text "x\nfade_out b\nfade_out b'


@given(st.lists(st.integers(1, len(BAD) - 1), max_size=8))
def test_a_stream_ends_like_the_whole(cuts: list[int]) -> None:
    for text in (GOOD, BAD, GOOD.replace("\n", "\r\n")):
        stream = StoryboardStream()
        places = [0, *sorted(cuts), len(text)]
        for start, end in pairwise(places):
            stream.feed(text[start:end])
        result, whole = stream.close(), check(text)
        assert result.errors == whole.errors
        assert result.notes == whole.notes
        assert result.scene == whole.scene


def test_errors_come_with_their_line() -> None:
    stream = StoryboardStream()
    assert stream.feed("a = cirlce") == []
    assert [(i.code, i.line) for i in stream.feed(" red\nb = square side=-1\n")] == [
        (Code.UNKNOWN_KIND, 1),
        (Code.OUT_OF_RANGE, 2),
    ]
    assert stream.feed("create c\n") == []
    assert [(i.code, i.line, i.column) for i in stream.feed("rotate b 90\n")] == [(Code.ANGLE_UNIT, 4, 10)]
    assert stream.lines == 4
    assert [i.code for i in stream.close().errors] == [
        Code.UNKNOWN_KIND,
        Code.OUT_OF_RANGE,
        Code.UNDEFINED_ELEMENT,
        Code.ANGLE_UNIT,
    ]


def test_a_wrong_kind_is_seen_at_once() -> None:
    stream = StoryboardStream()
    assert [i.code for i in stream.feed("a = circle\nf = plot a x\n")] == [Code.WRONG_KIND]


def test_an_endless_stream_is_stopped() -> None:
    stream = StoryboardStream()
    reported = [issue for _ in range(100) for issue in stream.feed("x" * 10_000)]
    assert [i.code for i in reported] == [Code.TOO_LONG]
    assert stream.feed("a\n") == []
    assert not stream.close().ok


def test_answers() -> None:
    assert parse_answer(GOOD) == parse(GOOD)
    assert parse_answer('\n decline "I cannot draw in 3D."\n') == Declined("I cannot draw in 3D.")
    assert parse_answer("decline") == Declined("")
    assert parse_answer("decline too hard") == Declined("too hard")
    assert parse_answer(f"Here it is:\n```story\n{GOOD}```\nEnjoy!") == parse(GOOD)
    assert parse_answer(f"```\n{GOOD}") == parse(GOOD)
    assert storyboard_of(GOOD) == GOOD


@given(st.text(st.characters(exclude_categories=("Cc", "Cs", "Zl", "Zp"), codec="utf-8"), max_size=60))
def test_declining_keeps_the_reason(reason: str) -> None:
    assert parse_answer(print_declined(Declined(reason))) == Declined(reason)


@pytest.mark.parametrize("text", ['decline "', 'decline "' + "x" * 400 + '"', "I would rather not.", ""])
def test_answers_that_are_neither(text: str) -> None:
    if text:
        with pytest.raises(SceneError):
            parse_answer(text)
    else:
        assert parse_answer(text) == parse("")


def test_damaged_latex_is_restored() -> None:
    assert restore_backslashes('e = math "\frac{\theta}{\beta} \nabla \rho \vec{x}"') == (
        r'e = math "\frac{\theta}{\beta} \nabla \rho \vec{x}"'
    )
    assert restore_backslashes("a = circle") == "a = circle"
