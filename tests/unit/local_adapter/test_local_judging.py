from __future__ import annotations

import math

import pytest

from animathic.scene import Code
from services.local_adapter.confidence import confidence
from services.local_adapter.storyboard import StoryboardReader, begins_storyboard


def judged(*lines: str) -> tuple[StoryboardReader, list[tuple[Code, int | None]]]:
    reader = StoryboardReader()
    found = [(issue.code, issue.line) for line in lines for issue in reader.read([line])]
    return reader, found


def test_a_valid_storyboard_becomes_a_scene() -> None:
    reader, found = judged("a = circle red", "", "create a")
    answer = reader.judge()
    assert found == []
    assert answer.scene is not None
    assert answer.scene.elements[0].name == "a"
    assert answer.storyboard == "a = circle red\n\ncreate a"


def test_issues_come_with_their_line_and_again_at_the_end() -> None:
    reader, found = judged("a = circel", "create a")
    assert found == [(Code.UNKNOWN_KIND, 1)]
    answer = reader.judge()
    assert answer.scene is None
    assert [(issue.code, issue.line) for issue in answer.issues] == [(Code.UNKNOWN_KIND, 1)]


def test_what_only_the_whole_shows_comes_at_the_end() -> None:
    reader, found = judged("a = circle", "create a", "create b")
    assert found == []
    answer = reader.judge()
    assert answer.scene is None
    assert [(issue.code, issue.line) for issue in answer.issues] == [(Code.UNDEFINED_ELEMENT, 3)]


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ('decline "I only draw."', "I only draw."),
        ('decline "it says ""no"""', 'it says "no"'),
        ("decline: this is no animation", "this is no animation"),
        ("Decline", "the model says that it cannot show this"),
        ('decline "' + "x" * 1000 + '"', "x" * 300),
    ],
)
def test_declining_is_an_answer(line: str, reason: str) -> None:
    reader, found = judged("", line)
    answer = reader.judge()
    assert found == []
    assert answer.scene is None
    assert answer.declined == reason


def test_an_element_may_be_called_decline_only_by_defining_it() -> None:
    assert begins_storyboard("decline = circle")
    reader, _ = judged("decline = circle", "create decline")
    assert reader.judge().declined == ""


def test_an_empty_answer_is_invalid() -> None:
    answer = StoryboardReader().judge()
    assert answer.scene is None
    assert answer.issues


@pytest.mark.parametrize(
    ("line", "begins"),
    [
        ("a = circle", True),
        ("create a", True),
        ("fade_in a", True),
        ('scene "Hello"', True),
        ("canvas 9:16", True),
        ("lag 0.2: create a & create b", True),
        ("Here is the storyboard:", False),
        ("Sure!", False),
        ("", False),
    ],
)
def test_what_a_storyboard_begins_with(line: str, begins: bool) -> None:
    assert begins_storyboard(line) is begins


def test_confidence_is_the_product_of_the_tokens() -> None:
    assert confidence([math.log(0.5), math.log(0.8)]) == pytest.approx(0.4)
    assert confidence([0.0, 0.0]) == 1
    assert confidence([]) is None
    assert confidence([math.nan]) is None
    assert confidence([0.1]) == 1, "rounding on the server's side"
    assert confidence([-math.inf]) == 0
