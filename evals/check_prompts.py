#!/usr/bin/env python3
"""Validate the evaluation prompts and print a table of families and splits.

Usage: python evals/check_prompts.py [file.jsonl ...]      (default: evals/prompts/*.jsonl)
Exit status 1 if anything is wrong. Standard library only.
"""

from __future__ import annotations

import json
import re
import sys
from collections import Counter
from pathlib import Path

HERE = Path(__file__).resolve().parent

FAMILIES = (
    "objects",
    "colours",
    "counts",
    "layout",
    "text",
    "maths",
    "plots",
    "transforms",
    "motion",
    "emphasis",
    "sequences",
    "together",
)
SPLITS = ("dev", "held_out")
MIN_TOTAL, MIN_FAMILY = 260, 22
DEV_SHARE = (0.25, 0.42)  # allowed share of dev, overall and in each family

KINDS = {
    "circle",
    "square",
    "rectangle",
    "ellipse",
    "triangle",
    "regular_polygon",
    "star",
    "dot",
    "line",
    "arrow",
    "text",
    "math",
    "axes",
    "plot",
    "number_line",
}
COLOURS = {
    "red",
    "blue",
    "green",
    "yellow",
    "orange",
    "purple",
    "pink",
    "teal",
    "white",
    "gray",
    "gold",
    "maroon",
}
EDGES = {
    "top",
    "bottom",
    "left",
    "right",
    "top_left",
    "top_right",
    "bottom_left",
    "bottom_right",
}
RELATIONS = {"left_of", "right_of", "above", "below", "inside", "at_edge"}
DIRECTIONS = {"up", "down", "left", "right"}

EXPECT_FIELDS = {"elements", "actions", "together", "relations", "exact"}
ELEMENT_FIELDS = {
    "ref",
    "kind",
    "color",
    "count",
    "text",
    "latex",
    "function",
    "sides",
    "filled",
    "x_range",
}
# verb -> (fields it must have, fields it may have), besides "verb" and "target"
VERBS: dict[str, tuple[set[str], set[str]]] = {
    "show": (set(), {"staggered"}),
    "create": (set(), {"staggered"}),
    "write": (set(), {"staggered"}),
    "fade_in": (set(), {"staggered"}),
    "grow": (set(), {"staggered"}),
    "fade_out": (set(), {"staggered"}),
    "uncreate": (set(), {"staggered"}),
    "hide": (set(), {"staggered"}),
    "transform": ({"into"}, set()),
    "move": (set(), {"to", "direction"}),  # exactly one of the two
    "rotate": ({"angle_degrees"}, {"clockwise"}),
    "scale": ({"factor"}, set()),
    "set_color": ({"color"}, set()),
    "indicate": (set(), {"color"}),
    "move_along": ({"along"}, set()),
    "wait": (set(), {"seconds"}),
}
# What the project's own demo says: never an evaluation prompt.
RESERVED = {"a red circle transforms into a blue square"}


def fold(prompt: str) -> str:
    """Case, spacing and closing punctuation do not make a prompt a different one."""
    return re.sub(r"\s+", " ", prompt).strip().casefold().rstrip(".!? ")


def is_number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def is_range(value: object) -> bool:
    return (
        isinstance(value, list)
        and len(value) == 2
        and all(is_number(v) for v in value)
        and value[0] < value[1]
    )


def check_elements(expect: dict, prompt: str) -> tuple[list[str], dict[str, dict]]:
    errors: list[str] = []
    refs: dict[str, dict] = {}
    spoken = prompt.casefold().replace("grey", "gray")
    elements = expect.get("elements")
    if not isinstance(elements, list) or not elements:
        return ["elements: missing or empty"], refs
    for i, element in enumerate(elements):
        at = f"elements[{i}]"
        for field in element.keys() - ELEMENT_FIELDS:
            errors.append(f"{at}: unknown field {field}")
        for field in [k for k, v in element.items() if v is None]:
            errors.append(f"{at}: {field} is null, leave it out")
        ref, kind = element.get("ref"), element.get("kind")
        if not isinstance(ref, str) or not re.fullmatch(r"[A-Z]", ref):
            errors.append(f"{at}: ref must be one capital letter")
        elif ref in refs:
            errors.append(f"{at}: ref {ref} used twice")
        else:
            refs[ref] = element
        if kind not in KINDS:
            errors.append(f"{at}: unknown kind {kind}")
        if "color" in element:
            if element["color"] not in COLOURS:
                errors.append(f"{at}: unknown colour {element['color']}")
            elif element["color"] not in spoken:
                errors.append(f"{at}: the prompt never says {element['color']}")
        if "count" in element and element["count"] not in (2, 3, 4, 5):
            errors.append(f"{at}: count must be 2 to 5, or left out for one")
        for field, owner in (("text", "text"), ("latex", "math"), ("function", "plot")):
            if (kind == owner) != (field in element):
                errors.append(f"{at}: {field} belongs to {owner}, and is required there")
        for field in ("text", "latex"):
            if field in element and element[field] not in prompt:
                errors.append(f"{at}: {field} is not in the prompt as spelled")
        if (kind == "regular_polygon") and "sides" not in element:
            errors.append(f"{at}: a regular polygon needs its sides")
        if "sides" in element and (
            kind not in ("regular_polygon", "star") or element["sides"] not in range(5, 13)
        ):
            errors.append(f"{at}: bad sides")
        if "filled" in element and not isinstance(element["filled"], bool):
            errors.append(f"{at}: filled must be true or false")
        if "x_range" in element and not (
            kind in ("axes", "plot", "number_line") and is_range(element["x_range"])
        ):
            errors.append(f"{at}: bad x_range")
    kinds = Counter(e.get("kind") for e in elements)
    if kinds["plot"] and not kinds["axes"]:
        errors.append("elements: a plot needs axes")
    return errors, refs


def check_actions(expect: dict, refs: dict[str, dict], prompt: str) -> list[str]:
    errors: list[str] = []
    spoken = prompt.casefold().replace("grey", "gray")
    actions = expect.get("actions", [])
    if "actions" in expect and not actions:
        errors.append("actions: empty, leave it out")
    gone: set[str] = set()
    for i, action in enumerate(actions):
        at = f"actions[{i}]"
        verb = action.get("verb")
        if verb not in VERBS:
            errors.append(f"{at}: unknown verb {verb}")
            continue
        required, optional = VERBS[verb]
        fields = action.keys() - {"verb", "target"}
        for field in required - fields:
            errors.append(f"{at}: {verb} needs {field}")
        for field in fields - required - optional:
            errors.append(f"{at}: {verb} has no field {field}")
        for field in [k for k, v in action.items() if v is None]:
            errors.append(f"{at}: {field} is null, leave it out")
        target = action.get("target")
        targets = target if isinstance(target, list) else [target]
        if verb == "wait":
            if "target" in action:
                errors.append(f"{at}: wait has no target")
            targets = []
        elif isinstance(target, list) and len(target) < 2:
            errors.append(f"{at}: a list of targets holds at least two")
        for t in targets:
            if t not in refs:
                errors.append(f"{at}: target {t} is not an element")
            elif t in gone:
                errors.append(f"{at}: {t} is no longer on stage")
        if verb == "write" and any(refs.get(t, {}).get("kind") not in ("text", "math") for t in targets):
            errors.append(f"{at}: only text and math are written")
        if verb == "move":
            if len(fields & {"to", "direction"}) != 1:
                errors.append(f"{at}: move needs either to or direction")
            if "to" in action and action["to"] not in EDGES and action["to"] not in refs:
                errors.append(f"{at}: bad to {action['to']}")
            if "direction" in action and action["direction"] not in DIRECTIONS:
                errors.append(f"{at}: bad direction {action['direction']}")
        for field in ("into", "along"):
            if field in action and (action[field] not in refs or action[field] in targets):
                errors.append(f"{at}: bad {field} {action[field]}")
        for field in ("angle_degrees", "factor", "seconds"):
            if field in action and not (is_number(action[field]) and action[field] > 0):
                errors.append(f"{at}: {field} must be a positive number")
        for field in ("clockwise", "staggered"):
            if field in action and not isinstance(action[field], bool):
                errors.append(f"{at}: {field} must be true or false")
        if "color" in action:
            if action["color"] not in COLOURS:
                errors.append(f"{at}: unknown colour {action['color']}")
            elif action["color"] not in spoken:
                errors.append(f"{at}: the prompt never says {action['color']}")
        if verb in ("fade_out", "uncreate", "hide", "transform"):
            gone.update(t for t in targets if t)

    used: set[int] = set()
    for group in expect.get("together", []):
        if not isinstance(group, list) or len(group) < 2:
            errors.append("together: a group holds at least two actions")
            continue
        if any(not isinstance(k, int) or not 0 <= k < len(actions) for k in group):
            errors.append(f"together: {group} points outside the actions")
        elif group != list(range(group[0], group[0] + len(group))):
            errors.append(f"together: {group} must be neighbouring actions in order")
        if used & set(group):
            errors.append(f"together: {group} overlaps another group")
        used |= set(group)
    return errors


def check_relations(expect: dict, refs: dict[str, dict]) -> list[str]:
    errors: list[str] = []
    for i, relation in enumerate(expect.get("relations", [])):
        at = f"relations[{i}]"
        name = relation.get("relation")
        if name not in RELATIONS:
            errors.append(f"{at}: unknown relation {name}")
            continue
        other = "edge" if name == "at_edge" else "b"
        if set(relation) != {"a", "relation", other}:
            errors.append(f"{at}: {name} takes a and {other}, nothing else")
            continue
        if relation["a"] not in refs:
            errors.append(f"{at}: a is not an element")
        if other == "edge" and relation["edge"] not in EDGES:
            errors.append(f"{at}: unknown edge {relation['edge']}")
        if other == "b" and (relation["b"] not in refs or relation["b"] == relation["a"]):
            errors.append(f"{at}: b is not another element")
    return errors


def check_item(item: dict) -> list[str]:
    if set(item) != {"id", "family", "split", "prompt", "expect"}:
        return [f"fields are {sorted(item)}"]
    errors: list[str] = []
    if item["family"] not in FAMILIES:
        errors.append(f"unknown family {item['family']}")
    if not re.fullmatch(re.escape(item["family"]) + r"-\d{3}", item["id"]):
        errors.append("id must be family-NNN")
    if item["split"] not in SPLITS:
        errors.append(f"unknown split {item['split']}")
    prompt, expect = item["prompt"], item["expect"]
    if not prompt.strip() or prompt != prompt.strip() or "\n" in prompt or len(prompt) > 300:
        errors.append("prompt must be one trimmed line of at most 300 characters")
    if fold(prompt) in RESERVED:
        errors.append("prompt is the demo's own")
    for field in expect.keys() - EXPECT_FIELDS:
        errors.append(f"expect: unknown field {field}")
    if not isinstance(expect.get("exact"), bool):
        errors.append("expect: exact must be true or false")
    found, refs = check_elements(expect, prompt)
    return errors + found + check_actions(expect, refs, prompt) + check_relations(expect, refs)


def main(arguments: list[str]) -> int:
    paths = [Path(a) for a in arguments] or sorted((HERE / "prompts").glob("*.jsonl"))
    errors: list[str] = []
    items: list[dict] = []
    ids: dict[str, str] = {}
    prompts: dict[str, str] = {}
    for path in paths:
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            where = f"{path.name}:{number}"
            try:
                item = json.loads(line)
            except ValueError as error:
                errors.append(f"{where}: not JSON: {error}")
                continue
            items.append(item)
            errors += [f"{where}: {item.get('id')}: {e}" for e in check_item(item)]
            for seen, key in ((ids, item.get("id")), (prompts, fold(item.get("prompt", "")))):
                if key in seen:
                    errors.append(f"{where}: {key!r} is already at {seen[key]}")
                seen[key] = where

    table = Counter((i.get("family"), i.get("split")) for i in items)
    print(f"{'family':<12}{'dev':>6}{'held_out':>10}{'total':>7}")
    for family in FAMILIES:
        dev, held = (table[family, s] for s in SPLITS)
        print(f"{family:<12}{dev:>6}{held:>10}{dev + held:>7}")
        if dev + held < MIN_FAMILY:
            errors.append(f"family {family}: {dev + held} prompts, at least {MIN_FAMILY} wanted")
        elif not DEV_SHARE[0] <= dev / (dev + held) <= DEV_SHARE[1]:
            errors.append(f"family {family}: {dev} of {dev + held} prompts are dev")
    dev, held = (sum(table[f, s] for f in FAMILIES) for s in SPLITS)
    print(f"{'all':<12}{dev:>6}{held:>10}{dev + held:>7}")
    if len(items) < MIN_TOTAL:
        errors.append(f"{len(items)} prompts, at least {MIN_TOTAL} wanted")

    kinds = Counter(e.get("kind") for i in items for e in i["expect"].get("elements", []))
    verbs = Counter(a.get("verb") for i in items for a in i["expect"].get("actions", []))
    relations = Counter(r.get("relation") for i in items for r in i["expect"].get("relations", []))
    colours = Counter(
        x["color"]
        for i in items
        for x in i["expect"].get("elements", []) + i["expect"].get("actions", [])
        if "color" in x
    )
    for title, known, counter in (
        ("kinds", KINDS, kinds),
        ("verbs", set(VERBS), verbs),
        ("relations", RELATIONS, relations),
        ("colours", COLOURS, colours),
    ):
        print(f"\n{title}: " + ", ".join(f"{k} {n}" for k, n in counter.most_common()))
        for unused in sorted(known - set(counter)):
            errors.append(f"{title}: {unused} is never used")

    for error in errors:
        print(error, file=sys.stderr)
    print(f"\n{len(errors)} problems" if errors else "\nok")
    return 1 if errors else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
