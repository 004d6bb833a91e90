"""Judges a scene by the facts of a prompt: wholly right, or what is wrong with it."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations, permutations
from typing import Any

from animathic.v1 import scene_pb2
from evals.local.deeds import Names, find, unasked
from evals.local.facts import kind_of, mismatches
from evals.local.happenings import elements_of, ever_shown, happenings
from evals.local.positions import holds, near_edge, snapshot

_MOST_CASTINGS = 3000


def score(record: dict[str, Any], scene: scene_pb2.Scene) -> list[str]:
    """Returns the failures of a scene that is valid; none means wholly right.

    The elements that a prompt names are looked for among those of the scene in every possible casting, and
    the casting with the fewest failures counts.

    Args:
        record: One line of the prompts, as read.
        scene: What a model made of its prompt.
    """
    expect = record["expect"]
    best: list[str] | None = None
    for tried, casting in enumerate(_castings(expect["elements"], scene)):
        if tried >= _MOST_CASTINGS:
            break
        failures = _judge(expect, scene, casting)
        if best is None or len(failures) < len(best):
            best = failures
        if not best:
            break
    return best if best is not None else _missing(expect["elements"], scene)


def _missing(expected: list[dict[str, Any]], scene: scene_pb2.Scene) -> list[str]:
    shown = ever_shown(scene)
    kinds = sorted(kind_of(e) for e in scene.elements if e.name in shown)
    wanted = sorted(e["kind"] for e in expected for _ in range(e.get("count", 1)))
    return [f"shows {', '.join(kinds) or 'nothing'}; asked for {', '.join(wanted)}"]


def _castings(expected: list[dict[str, Any]], scene: scene_pb2.Scene) -> Iterator[Names]:
    """Every way to find the expected elements among those of the scene that are ever shown."""
    shown = ever_shown(scene)
    pool = [e for e in scene.elements if e.name in shown and e.WhichOneof("kind") != "group"]

    def rest(index: int, taken: tuple[str, ...]) -> Iterator[dict[str, tuple[str, ...]]]:
        if index == len(expected):
            yield {}
            return
        wish = expected[index]
        fits = [e for e in pool if e.name not in taken and kind_of(e) == wish["kind"]]
        # The better candidates first, so that a right casting is found at once.
        fits.sort(key=lambda e: len(mismatches(e, wish, scene)))
        count = wish.get("count", 1)
        picks = combinations(fits, count) if count > 1 else permutations(fits, 1)
        for pick in picks:
            chosen = tuple(e.name for e in pick)
            for others in rest(index + 1, taken + chosen):
                yield {wish["ref"]: chosen, **others}

    yield from rest(0, ())


def _judge(expect: dict[str, Any], scene: scene_pb2.Scene, names: Names) -> list[str]:
    failures: list[str] = []
    elements = elements_of(scene)
    for wish in expect["elements"]:
        for name in names[wish["ref"]]:
            failures += mismatches(elements[name], wish, scene)
    events = happenings(scene)
    actions = expect.get("actions", [])
    missing, used = find(actions, expect.get("together", []), events, names, scene)
    failures += missing
    if expect["exact"]:
        cast = {name for group in names.values() for name in group}
        failures += [
            f"{kind_of(elements[n])} {n} was not asked for" for n in sorted(ever_shown(scene) - cast)
        ]
        failures += unasked(events, used, names, actions)
    for relation in expect.get("relations", []):
        failures += _relation(relation, scene, names)
    return failures


def _relation(relation: dict[str, Any], scene: scene_pb2.Scene, names: Names) -> list[str]:
    a_names = names[relation["a"]]
    b_names = names[relation["b"]] if "b" in relation else ()
    boxes = snapshot(scene, (*a_names, *b_names))
    other = relation.get("b") or relation.get("edge")
    said = f"{relation['a']} {relation['relation']} {other}"
    if boxes is None:
        return [f"{said}: never seen together"]
    for a in a_names:
        if relation["relation"] == "at_edge":
            if not near_edge(boxes[a], relation["edge"]):
                return [f"{said} does not hold"]
        elif not all(holds(relation["relation"], boxes[a], boxes[b]) for b in b_names):
            return [f"{said} does not hold"]
    return []
