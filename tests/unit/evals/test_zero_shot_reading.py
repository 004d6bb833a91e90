"""The base model's JSON becomes a storyboard, so that both models are judged alike."""

from __future__ import annotations

from animathic.scene import check
from evals.local.zero_shot import storyboard_from


def test_json_becomes_a_valid_storyboard() -> None:
    said = {
        "elements": [
            {"name": "a", "kind": "circle", "color": "red", "filled": True},
            {"name": "b", "kind": "text", "content": 'say "hi"', "place": "below", "place_of": "a"},
            {"name": "c", "kind": "plot", "content": "y = x^2"},
        ],
        "actions": [
            {"do": "create", "target": "a"},
            {"do": "write", "target": "b", "with_previous": True},
            {"do": "create", "target": "c"},
            {"do": "shift", "target": "a", "value": "up"},
            {"do": "wait", "number": 2},
        ],
    }
    storyboard = storyboard_from(said)
    assert check(storyboard).ok, storyboard
    assert storyboard.splitlines()[1:] == [
        "a = circle red fill_opacity=1",
        'b = text "say hi" below=a',
        "c = plot z x^2",
        "create z",
        "create a & write b",
        "create c",
        "shift a up 2",
        "wait 2s",
    ]
