from __future__ import annotations

import re
from pathlib import Path

import pytest

from animathic.scene import LIMITS, check
from animathic.scene.tables import statement_tables

PAGE = (Path(__file__).parents[3] / "docs" / "scene-language.md").read_text(encoding="utf-8")
FENCED = re.findall(r"^```(\w*)\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
SNIPPETS = [body for language, body in FENCED if not language]


def test_the_tables_are_generated() -> None:
    assert PAGE.endswith(statement_tables())


@pytest.mark.parametrize("snippet", SNIPPETS)
def test_every_storyboard_of_the_page_can_be_read(snippet: str) -> None:
    assert [str(issue) for issue in check(snippet).errors if issue.code != "empty_scene"] == []


def test_the_limits_are_those_of_the_page() -> None:
    for number in (LIMITS.elements, LIMITS.steps, LIMITS.nesting, LIMITS.expression_length):
        assert str(number) in PAGE
    assert f"{LIMITS.letters:,} of all texts and formulas" in PAGE
    assert f"{LIMITS.chain} elements that hang" in PAGE
    assert f"{LIMITS.seconds:.0f} seconds ({LIMITS.frames:,} frames" in PAGE
