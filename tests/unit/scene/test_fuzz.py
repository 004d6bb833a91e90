"""Damaged storyboards: always an answer, quickly, and never a crash."""

from __future__ import annotations

import random

import pytest
from google.protobuf.message import DecodeError

from animathic.scene import LIMITS, check, parse, print_scene, validate
from animathic.scene.reference import EXAMPLES
from animathic.scene.registry import language
from animathic.v1 import scene_pb2

LANGUAGE = language()
STATEMENTS = [*LANGUAGE.elements.values(), *LANGUAGE.steps.values(), LANGUAGE.canvas, LANGUAGE.heading]
SEEDS = [storyboard for _, storyboard in EXAMPLES]
SEEDS += ["\n".join(example for s in STATEMENTS for example in s.notation.examples)]
PIECES = [
    *"\"'()[]{}=&:#,.@^*/+-_ \t\n\\$%\x00é“”’∞𝔸",
    *(
        "  ",
        "\n\n",
        '""',
        "=(",
        "1e999",
        "nan",
        "inf",
        "-0",
        "0x10",
        "__import__('os')",
        "${x}",
        "..",
        "2s",
        "90deg",
    ),
    *("all", "a", "red", "right", "linear", "together:", "lag", "decline", "x" * 50, "9" * 50),
]


def damaged(text: str, dice: random.Random) -> str:
    for _ in range(dice.randint(1, 6)):
        at, end = sorted(dice.randrange(len(text) + 1) for _ in range(2))
        match dice.randrange(5):
            case 0:
                text = text[:at] + text[min(end, at + 8) :]
            case 1:
                text = text[:at] + dice.choice(PIECES) + text[at:]
            case 2:
                text = text[:at] + text[at : at + 12] * 2 + text[at + 12 :]
            case 3:
                lines = text.split("\n")
                dice.shuffle(lines)
                text = "\n".join(lines)
            case 4:
                words = text.split(" ")
                words[dice.randrange(len(words))] = dice.choice(PIECES)
                text = " ".join(words)
    return text


def check_one(text: str) -> None:
    result = check(text)
    for issue in (*result.errors, *result.notes):
        assert str(issue)
        assert issue.message
        assert issue.line is None or 1 <= issue.line <= text.count("\n") + 1
        assert issue.column is None or 1 <= issue.column <= LIMITS.line_length + 1
    if result.ok:
        assert parse(print_scene(result.scene)) == result.scene


@pytest.mark.parametrize("seed", range(4))
def test_damaged_storyboards(seed: int) -> None:
    dice = random.Random(seed)
    for _ in range(100):
        check_one(damaged(dice.choice(SEEDS), dice))


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize("seed", range(100, 110))
def test_many_damaged_storyboards(seed: int) -> None:
    dice = random.Random(seed)
    for _ in range(3_000):
        check_one(damaged(dice.choice(SEEDS), dice))


def test_damaged_messages() -> None:
    dice = random.Random(5)
    base = [validate(parse(text)).scene.SerializeToString() for text in SEEDS[:-1]]
    read = 0
    for _ in range(400):
        data = bytearray(dice.choice(base))
        for _ in range(dice.randint(1, 4)):
            data[dice.randrange(len(data))] = dice.randrange(256)
        scene = scene_pb2.Scene()
        try:
            scene.ParseFromString(bytes(data))
        except DecodeError:
            continue
        read += 1
        result = validate(scene)
        printed = print_scene(scene)
        if result.ok:
            assert print_scene(parse(printed)) == printed
    assert read > 50
