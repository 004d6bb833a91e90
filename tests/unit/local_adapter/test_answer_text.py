from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.local_adapter.answer_text import MAX_LINE_CHARACTERS, AnswerText
from services.local_adapter.storyboard import begins_storyboard

STORYBOARD = "a = circle red\nb = square\n\ncreate a\ntransform a b 2s"


def kept(answer: str, size: int = 7) -> str:
    text = AnswerText(begins_storyboard)
    lines: list[str] = []
    for start in range(0, len(answer), size):
        lines += text.feed(answer[start : start + size])
    return "\n".join([*lines, *text.finish()])


@pytest.mark.parametrize(
    "answer",
    [
        STORYBOARD,
        f"```\n{STORYBOARD}\n```",
        f"```story\n{STORYBOARD}\n```\nI hope this helps!",
        f"Here is the storyboard:\n\n```\n{STORYBOARD}\n```\n\n```\nb = another\n```",
        f"Sure! Here is what you asked for.\n{STORYBOARD}",
        f"<think>\nThe user wants a = circle.\ncreate\n</think>\n\n{STORYBOARD}",
        f"<think>short</think>\n{STORYBOARD}",
        STORYBOARD.replace("\n", "\r\n"),
        f"\n\n{STORYBOARD}",
    ],
    ids=[
        "plain",
        "fence",
        "named fence",
        "two fences",
        "politeness",
        "thoughts",
        "one thought",
        "crlf",
        "blank",
    ],
)
def test_the_storyboard_is_taken_out(answer: str) -> None:
    assert kept(answer) == STORYBOARD


@pytest.mark.parametrize(
    "wrong",
    ["crete a\ncreate b", "I cannot draw that.", "a: circle red", "draw a red circle", "= circle", "😀"],
)
def test_what_is_wrong_does_not_vanish(wrong: str) -> None:
    assert kept(wrong) == wrong


def test_comments_and_declining_are_answers() -> None:
    assert kept("# two shapes\na = circle") == "# two shapes\na = circle"
    assert kept('decline "I draw."') == 'decline "I draw."'


def test_an_endless_line_is_too_long() -> None:
    text = AnswerText(begins_storyboard)
    text.feed("x" * MAX_LINE_CHARACTERS)
    assert not text.too_long
    text.feed("x")
    assert text.too_long


def test_the_closing_fence_completes_the_answer() -> None:
    text = AnswerText(begins_storyboard)
    text.feed("```\na = circle\n")
    assert not text.complete
    text.feed("```\n")
    assert text.complete


@given(st.text(), st.integers(1, 20))
def test_how_it_is_cut_makes_no_difference(answer: str, size: int) -> None:
    assert kept(answer, size) == kept(answer, len(answer) + 1)
