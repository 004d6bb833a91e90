from __future__ import annotations

import re

import pytest
from hypothesis import HealthCheck, given, settings

from animathic.scene import parse, print_scene
from animathic.scene.answer import Declined, print_declined
from animathic.scene.grammar import scene_grammar, trie
from animathic.scene.registry import Statement, language
from animathic.v1 import scene_pb2
from tests.unit.scene.gbnf import Grammar
from tests.unit.scene.strategies import scenes

GRAMMAR = Grammar(scene_grammar())
STATEMENTS = [*language().elements.values(), *language().steps.values()]
SMALL = settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))


def rounded(text: str) -> str:
    """Numbers as models write them: at most six decimals; expressions without blanks."""
    return re.sub(r"(\d+\.\d{1,6})\d*", r"\1", text)


def test_every_rule_is_defined_and_used() -> None:
    assert GRAMMAR.undefined() == set()
    assert GRAMMAR.rules.keys() - GRAMMAR.used() == {"root"}


def test_counted_repetitions_are_small() -> None:
    assert max(map(int, re.findall(r"[{,](\d+)}", scene_grammar()))) <= 32


@pytest.mark.parametrize("statement", STATEMENTS, ids=lambda s: s.keyword)
def test_accepts_every_example(statement: Statement) -> None:
    for example in statement.notation.examples:
        scene = parse(example)
        if not scene.steps:
            scene.steps.add().create.targets.add(name=scene.elements[-1].name)
        assert GRAMMAR.accepts(print_scene(scene)), print_scene(scene)


@SMALL
@given(scenes(max_elements=4, max_steps=4, blanks=False))
def test_accepts_what_is_printed(scene: scene_pb2.Scene) -> None:
    text = rounded(print_scene(scene))
    if max((len(line) - len(line.lstrip()) for line in text.splitlines()), default=0) <= 4:
        assert GRAMMAR.accepts(text), text


def test_accepts_declining() -> None:
    assert GRAMMAR.accepts(print_declined(Declined('no "3D" yet')))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "a = circle red\n",
        "a = circle red\n\ncreate a",
        "a = cirlce\n\ncreate a\n",
        "a = circle sied=2\n\ncreate a\n",
        "a = circle redd\n\ncreate a\n",
        "a = circle\n\nfly a\n",
        "a = circle\n\nrotate a 90\n",
        "a = circle\n\ncreate a 2\n",
        "import os\n",
        "a = plot ax __import__('os')\n\ncreate a\n",
        "decline because\n",
    ],
)
def test_refuses_anything_else(text: str) -> None:
    assert not GRAMMAR.accepts(text)


def test_a_trie_says_the_same_words() -> None:
    words = ["red", "red_a", "red_b", "blue", "black", "b"]
    grammar = Grammar(f"root ::= {trie(words)}\n")
    for word in words:
        assert grammar.accepts(word)
    for other in ("", "re", "red_", "bl", "bluee", "red_c"):
        assert not grammar.accepts(other)
