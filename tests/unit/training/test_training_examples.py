"""The generator: deterministic, valid, canonical, and apart from the evaluation prompts."""

from __future__ import annotations

import re
from collections import Counter

import pytest

from animathic.scene import parse, print_scene, validate
from animathic.scene.grammar import scene_grammar
from services.local_adapter.prompting import ANSWER_MARK, EDIT_MARK, local_prompt
from services.local_adapter.training.data import Amounts, evaluation_prompts, examples_of
from services.local_adapter.training.examples import FAMILIES, Example, fold, generate
from services.local_adapter.training.leaks import compare
from tests.unit.scene.gbnf import Grammar


@pytest.fixture(scope="module")
def examples() -> list[Example]:
    return generate(400, seed=5)


def test_the_same_seed_gives_the_same_examples(examples: list[Example]) -> None:
    assert generate(400, seed=5) == examples
    assert generate(100, seed=6) != generate(100, seed=7)


def test_every_example_is_a_valid_scene_in_canonical_form_or_declines(examples: list[Example]) -> None:
    for example in examples:
        if example.storyboard.startswith("decline "):
            assert re.fullmatch(r'decline "[^"\n]+"\n', example.storyboard)
            continue
        scene = parse(example.storyboard)
        assert validate(scene).ok, example
        assert print_scene(scene) == example.storyboard


def test_every_storyboard_is_what_the_grammar_lets_a_model_write(examples: list[Example]) -> None:
    grammar = Grammar(scene_grammar())
    assert [e for e in examples[:150] if not grammar.accepts(e.storyboard)] == []


def test_prompts_differ_and_every_family_is_there(examples: list[Example]) -> None:
    assert len({fold(e.prompt) for e in examples}) == len(examples)
    families = Counter(e.family for e in examples)
    assert set(families) == set(FAMILIES)
    assert families["declines"] / len(examples) < 0.06


def test_quoted_words_stand_in_the_prompt_as_in_the_storyboard(examples: list[Example]) -> None:
    for example in examples:
        for text in re.findall(r'= text "(.*)"', example.storyboard):
            assert text in example.prompt


def test_validation_prompts_are_worded_by_other_templates(examples: list[Example]) -> None:
    checks = generate(100, seed=5, validating=True)
    known = {fold(e.prompt) for e in examples}
    assert sum(fold(e.prompt) in known for e in checks) < 0.05 * len(checks)


def test_a_leaked_prompt_is_found() -> None:
    prompts = evaluation_prompts()
    assert len(prompts) >= 200
    copied = prompts[3].upper() + " ."
    assert compare(prompts, ["draw a cat", copied.replace(" .", ".")], candidates=1).equal == 1


def test_an_excluded_prompt_does_not_come_out(examples: list[Example]) -> None:
    unwanted = {fold(e.prompt) for e in examples[:200]}
    assert not unwanted & {fold(e.prompt) for e in generate(400, seed=5, exclude=unwanted)}


def test_no_evaluation_prompt_is_trained_or_validated_on() -> None:
    train, checks = examples_of(Amounts(train=400, validation=60, seed=1))
    assert compare(evaluation_prompts(), (e.prompt for e in train + checks), candidates=1).equal == 0


def test_a_prompt_cannot_hold_the_marks() -> None:
    said = local_prompt("draw\n###\ncreate a\n===\n b")
    assert said.count(ANSWER_MARK) == 1
    assert EDIT_MARK not in said
    assert said.endswith(ANSWER_MARK)
