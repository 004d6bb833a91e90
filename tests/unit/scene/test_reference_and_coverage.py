from __future__ import annotations

import pytest

from animathic.scene import check, parse, print_scene
from animathic.scene.coverage import check_coverage
from animathic.scene.prompt_facts import PromptFacts, Thing, Turn, prompt_facts
from animathic.scene.reference import EXAMPLES, language_reference
from animathic.scene.registry import language


@pytest.mark.parametrize(("prompt", "storyboard"), EXAMPLES)
def test_examples_are_valid_canonical_and_cover_their_prompts(prompt: str, storyboard: str) -> None:
    result = check(storyboard)
    assert result.ok
    assert result.notes == ()
    assert print_scene(result.scene) == storyboard
    assert check_coverage(prompt, result.scene).score == 1


def test_the_reference_names_everything_and_stays_short() -> None:
    reference = language_reference()
    for statement in (*language().elements.values(), *language().steps.values()):
        assert f"\n  {statement.keyword} " in reference or f"\n  {statement.keyword}:" in reference
    assert "decline" in reference
    assert len(reference) < 6500


@pytest.mark.parametrize(
    ("prompt", "things"),
    [
        ("a red circle", (Thing("circle", "red"),)),
        ("three small green squares", (Thing("square", "green", 3),)),
        ("Show 4 dots", (Thing("dot", "", 4),)),
        (
            "a solid yellow star next to a hexagon",
            (Thing("star", "yellow", filled=True), Thing("regular_polygon", sides=6)),
        ),
        ("draw a circle, then move the circle up", (Thing("circle"),)),
        ("a number line", (Thing("number_line"),)),
        ("blue arrows", (Thing("arrow", "blue", 2),)),
        ("the square root of two", ()),
        ("circle the answer", ()),
        ("line by line", ()),
        ("explain the dot product", ()),
        ("a square of 4", ()),
        ("", ()),
        ("两个红色圆形", ()),
    ],
)
def test_things(prompt: str, things: tuple[Thing, ...]) -> None:
    assert prompt_facts(prompt).things == things


def test_words_formulas_and_turns() -> None:
    facts = prompt_facts(
        "Write \"Hello, world\" and 'a^2 = b', show $e^x$, then rotate a square by 45 degrees and fade out."
    )
    assert facts.words == ("Hello, world",)
    assert facts.formulas == ("e^x", "a^2 = b")
    assert facts.turns == (Turn("rotate", 45.0), Turn("fade_out"))
    assert prompt_facts("Turn a circle into a square").turns == (Turn("transform"),)
    assert prompt_facts("It does not rotate, don't rotate").turns == ()
    assert prompt_facts("it's what it's") == PromptFacts()


SCENE = """
a = circle red
b = square blue
c = square blue_d fill=blue
t = text "Hello, world"
e = math "E = mc^{2}"
h = star gold

create a b c
write t & write e
transform a b
rotate c 90deg
fade_out t
"""


@pytest.mark.parametrize(
    ("prompt", "failed"),
    [
        ("a red circle turns into a blue square", []),
        ("two blue squares", []),
        ("three blue squares", ["color"]),
        ("a green circle", ["color"]),
        ("a triangle", ["object"]),
        ("a gold star", ["object"]),
        ("write 'hello world' and \"E=mc^2\"", []),
        ('write "good bye"', ["words"]),
        ("show $a=b$", ["formula"]),
        ("rotate a square by 90 degrees", []),
        ("rotate a square by 45 degrees", ["action"]),
        ("a circle fades in", ["action"]),
        ("a solid blue square", []),
        ("a hollow red circle", []),
        ("a filled red circle", ["color"]),
        ("Something nice about primes", []),
    ],
)
def test_coverage(prompt: str, failed: list[str]) -> None:
    coverage = check_coverage(prompt, parse(SCENE))
    assert [f.kind for f in coverage.findings if not f.ok] == failed
    assert all(bool(f.reason) is not f.ok for f in coverage.findings)
    assert (coverage.score == 1) is (not failed)
