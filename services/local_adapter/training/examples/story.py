# ruff: noqa: E501 - lists of wordings read better in long lines
"""Steps that happen to the things of a cast: told in one of many manners, and written as a storyboard."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from random import Random

from .acts import Act
from .things import Cast
from .wording import capital, expand, first_word, gerund, listing, participle, third

RELATIONS = {
    "left": (
        "to the left of {r}",
        "left of {r}",
        "on the left of {r}",
        "to the left of {r}",
        "on the left side of {r}",
    ),
    "right": (
        "to the right of {r}",
        "right of {r}",
        "on the right of {r}",
        "to the right of {r}",
        "on the right side of {r}",
    ),
    "above": (
        "above {r}",
        "above {r}",
        "above {r}",
        "over {r}",
        "on top of {r}",
        "directly above {r}",
        "just above {r}",
    ),
    "below": (
        "below {r}",
        "below {r}",
        "below {r}",
        "under {r}",
        "underneath {r}",
        "beneath {r}",
        "right below {r}",
        "just under {r}",
    ),
    "inside": (
        "inside {r}",
        "inside {r}",
        "in {r}",
        "within {r}",
        "inside of {r}",
        "in the middle of {r}",
        "in the centre of {r}",
    ),
}
NEXT_TO = ("next to {r}", "beside {r}", "next to {r}", "by the side of {r}", "alongside {r}")
ADVERBS = {
    "left": ("to its left", "on its left", "to the left", "left of it"),
    "right": ("to its right", "on its right", "to the right", "right of it", "next to it", "beside it"),
    "above": ("above", "above it", "on top", "over it", "above that"),
    "below": (
        "below",
        "below it",
        "underneath",
        "under it",
        "beneath it",
        "underneath it",
        "below that",
        "under that",
    ),
    "inside": ("inside it", "inside", "in it", "within it", "in its centre"),
}


@dataclass(frozen=True)
class Step:
    """An act, to whom, and where it happens."""

    act: Act
    targets: tuple[int, ...] = ()
    other: int | None = None
    place: tuple[str, int] | None = None
    """(relation, to which thing): where the thing that is shown stands."""
    spot: tuple[str, str] | None = None
    """(words, placement): `("in the upper left corner", "corner=ul")`."""
    tempo: tuple[str, str] | None = None
    """(words, run time): `("over two seconds", "2s")`."""


Groups = list[list[Step]]


def _tail(cast: Cast, step: Step) -> str:
    tail = ""
    if step.place is not None:
        relation, to = step.place
        rng = cast.rng
        if to in cast.names and rng.random() < 0.4 and cast.things[to].count == 1:
            tail += " " + rng.choice(ADVERBS[relation])
        else:
            words = rng.choice(
                NEXT_TO if relation == "right" and rng.random() < 0.15 else RELATIONS[relation]
            )
            tail += " " + words.format(r=cast.short(to) if cast.known(to) else cast.introduce(to))
    if step.spot is not None:
        tail += " " + step.spot[0]
    if step.tempo is not None:
        tail += " " + step.tempo[0]
    return tail


def _fill(cast: Cast, step: Step, template: str, x: str | None) -> str:
    """Fills a clause; things are mentioned in the order in which they stand in it."""
    parts = re.split(r"(\{[xy]\})", template)
    out = []
    for part in parts:
        if part == "{x}":
            out.append(cast.mention(step.targets) if x is None else x)
        elif part == "{y}":
            assert step.other is not None
            known = cast.known(step.other)
            out.append(cast.short(step.other) if known else cast.introduce(step.other))
            if not step.act.becomes:
                cast.last = step.targets
        else:
            out.append(part)
    text = "".join(out) + _tail(cast, step)
    if step.act.becomes and step.other is not None:
        cast.last = (step.other,)
    return text


def imperative(cast: Cast, step: Step) -> str:
    """`fade it out`, `let it fade out`."""
    rng = cast.rng
    if step.targets and rng.random() < 0.18:
        x = cast.mention(step.targets)
        lead = rng.choice(["let", "let", "make", "have"])
        return f"{lead} {x} {_fill(cast, step, expand(rng.choice(step.act.intrans), rng), '')}"
    return _fill(cast, step, expand(rng.choice(step.act.trans), rng), None)


def predicate(cast: Cast, step: Step, form: str) -> str:
    """The clause without its subject: form is base, third, plural, gerund or participle."""
    rng = cast.rng
    template = expand(rng.choice(step.act.intrans), rng)
    if form in ("third", "plural", "gerund"):
        if template.startswith("be "):
            be = {"third": rng.choice(["is", "is", "gets"]), "plural": "are", "gerund": "being"}[form]
            template = be + template[2:]
        elif form != "plural":
            lead = re.match(r"(slowly|gradually|briefly|gently) ", template)
            start = lead.end() if lead else 0
            template = template[:start] + first_word(template[start:], third if form == "third" else gerund)
    if form == "plural" or (step.targets and cast.plural(step.targets)):
        template = template.replace(" its ", " their ").replace(" itself", " themselves")
    return _fill(cast, step, template, "")


_PASSIVE = re.compile(r"^([\w-]+)((?: (?:in|out|up|down|the outline of))?) \{x\}(.*)$")
_NO_PASSIVE = {"let", "make", "have", "give", "get", "draw the", "put", "call", "direct"}


def passive(cast: Cast, step: Step) -> str | None:
    """`faded out`, for `is faded out` and for `a circle, faded out`; None if the act has no such form."""
    rng = cast.rng
    fits = [
        t
        for t in (expand(t, rng) for t in step.act.trans)
        if (m := _PASSIVE.match(t)) and m[1] not in _NO_PASSIVE
    ]
    if not fits:
        return None
    match = _PASSIVE.match(rng.choice(fits))
    assert match is not None
    return _fill(cast, step, f"{participle(match[1])}{match[2]}{match[3]}", "")


def declarative(cast: Cast, step: Step, *, elide: bool = False) -> str:
    """`a red circle fades out`, `it is faded out`, or without its subject."""
    rng = cast.rng
    if not step.targets:
        return (
            rng.choice(["nothing happens for a while", expand(rng.choice(step.act.trans), rng)])
            if step.act.statement == "wait"
            else expand(rng.choice(step.act.trans), rng)
        )
    many = cast.plural(step.targets)
    x = "" if elide else cast.mention(step.targets, subject=True) + " "
    roll = rng.random()
    if roll < 0.12:
        said = passive(cast, step)
        if said is not None:
            return f"{x}{'are' if many else rng.choice(['is', 'is', 'gets'])} {said}"
    if roll < 0.22 and not elide:
        modal = rng.choice(
            ["should", "should", "will", "must", "shall", "has to", "is to", "ought to", "needs to", "can"]
        )
        modal = (
            {"has to": "have to", "is to": "are to", "needs to": "need to"}.get(modal, modal)
            if many
            else modal
        )
        return f"{x}{modal} {predicate(cast, step, 'base')}"
    return x + predicate(cast, step, "plural" if many else "third")


_THEN = (
    ", then {s}", ", then {s}", ", then {s}", " and then {s}", ", and then {s}", "; then {s}", ". Then {s}", ". Then {s}",
    ". Next, {s}", ". After that, {s}", ", after that {s}", ". Afterwards, {s}", ", next {s}", "; {s}", "; after that, {s}",
    ". {s}", ", afterwards {s}", ". Then, {s}", " and afterwards {s}", ", followed by {g}", "; next {s}", " -> {s}", ", {s}",
    ". After this, {s}", ". Once that is done, {s}", ". Now {s}", ". When that's done {s}",
)  # fmt: skip
_LAST = (
    ", and finally {s}", ". Finally, {s}", ", finally {s}", " and finally {s}", ". Lastly, {s}", ", and at the end {s}", ", and last {s}",
    ". In the end, {s}", "; finally, {s}", ". To finish, {s}", " and {s}", ", and {s}", ", then {s}", ". At the end, {s}", ", lastly {s}",
)  # fmt: skip
_FIRST = (
    "First, {s}",
    "First {s}",
    "first {s}",
    "To begin with, {s}",
    "To start, {s}",
    "At first {s}",
    "{s}",
)


def _chain(clauses: list[str], rng: Random, *, same: bool = False) -> str:
    """Strings clauses together so that it is clear that one follows the other."""
    said = rng.choice(_FIRST).format(s=clauses[0]) if len(clauses) > 1 and rng.random() < 0.22 else clauses[0]
    joint = rng.choice([j for j in _THEN if "{g}" not in j])
    steady = rng.random() < 0.45
    for i, clause in enumerate(clauses[1:], 1):
        if not steady:
            joint = rng.choice([j for j in _THEN if "{g}" not in j])
        use = joint
        if i == len(clauses) - 1 and (i > 1 or same) and rng.random() < 0.5:
            use = rng.choice(_LAST if same else [j for j in _LAST if j not in (" and {s}", ", and {s}")])
        if use.startswith(". {s}"):
            clause = capital(clause)
        said += use.format(s=clause)
    return said


def _one_by_one(cast: Cast, groups: Groups) -> str:
    rng = cast.rng
    style = rng.choice(["plain", "Step 1: ", "1. ", "1) ", "Step 1 - ", "First: ", "(1) ", "a) "])
    said = [_told(cast, g) for g in groups]
    if style == "plain":
        return ". ".join(capital(s) for s in said)
    words = ["First", "Then", "Then", "Finally"]
    out = []
    for i, clause in enumerate(said):
        head = (
            style.replace("1", str(i + 1))
            if style != "First: "
            else f"{words[-1] if i == len(said) - 1 and i else words[min(i, 2)]}: "
        )
        head = head.replace("a) ", "abcd"[min(i, 3)] + ") ")
        out.append(head + clause)
    return rng.choice([". ", ". ", ", ", "; ", " "]).join(out)


def _told(cast: Cast, group: list[Step]) -> str:
    """One group in whichever manner."""
    if len(group) > 1:
        return together(cast, group)
    return imperative(cast, group[0]) if cast.rng.random() < 0.6 else declarative(cast, group[0])


_WITH = ("at the same time", "at the same time", "at the same time", "simultaneously", "simultaneously", "together", "at once", "in parallel",
         "at the same moment", "concurrently", "in sync", "in step")  # fmt: skip
_WITH_END = (", both at once", ", both at the same time", " - at the same time", ", simultaneously", ", all at the same time", ", in parallel", " (at the same time)",
             ". Both at once", ". Do it simultaneously", ", both together", ". Both happen at the same time", " in one go", ", both starting together")  # fmt: skip


def together(cast: Cast, group: list[Step], *, opening: bool = False) -> str:
    """Several steps that happen at the same time."""
    rng = cast.rng
    roll = rng.random()
    if len(group) == 2 and roll < 0.5:
        first, second = group
        kind = rng.randrange(10 if opening else 8)
        if kind == 0:
            return f"while {declarative(cast, first)}, {_told(cast, [second])}"
        if kind == 1:
            return f"as {declarative(cast, first)}, {_told(cast, [second])}"
        if kind == 2:
            return f"{_told(cast, [first])} as {declarative(cast, second)}"
        if kind in (3, 4, 5):
            return f"{_told(cast, [first])}{rng.choice([',', ''])} while {declarative(cast, second)}"
        if kind == 6:
            return f"{_told(cast, [first])} while {_gerund(cast, second)}"
        if kind == 7:
            return f"{_told(cast, [first])}{rng.choice(['. Meanwhile, ', '; meanwhile ', ', meanwhile ', '. At the same time, ', ', and at the same time ', ' and simultaneously ', ' and, at the same time, '])}{_told(cast, [second])}"
        if kind == 8:
            return f"{rng.choice(['just as', 'whilst', 'during the time that', 'at the moment when'])} {declarative(cast, first)}, {_told(cast, [second])}"
        return f"{_told(cast, [first])}, and {rng.choice(_WITH)} {_told(cast, [second])}"
    style = imperative if rng.random() < 0.55 else declarative
    clauses = [style(cast, s) for s in group]
    joined = listing(clauses, rng)
    if roll < 0.62:
        return f"{rng.choice(_WITH)}{rng.choice([',', '', ':'])} {joined}"
    if roll < 0.85:
        return f"{joined} {rng.choice(_WITH)}"
    if roll < 0.93 and opening:
        return f"{rng.choice(['together', 'all at once', 'in parallel', 'at the same time', 'simultaneously', 'both at once', 'together, please'])}: {joined}"
    return joined + (
        rng.choice(_WITH_END)
        if len(group) == 2
        else rng.choice([", all at once", ", all at the same time", " all together", ", everything at once"])
    )


def _gerund(cast: Cast, step: Step) -> str:
    """`fading it out`."""
    return first_word(
        _fill(
            cast,
            step,
            expand(cast.rng.choice([t for t in step.act.trans if not t.startswith("briefly")]), cast.rng),
            None,
        ),
        gerund,
    )


def _reversed(cast: Cast, first: Step, second: Step) -> str:
    """Two steps told with the order in a subordinate clause."""
    rng = cast.rng
    kind = rng.randrange(9)
    if kind == 0:
        return f"after {_gerund(cast, first)}, {imperative(cast, second)}"
    if kind == 1:
        return f"{rng.choice(['once', 'after', 'when', 'as soon as'])} {declarative_perfect(cast, first)}, {_told(cast, [second])}"
    if kind == 2:
        return f"{imperative(cast, first)} before {_gerund(cast, second)}"
    if kind == 3 and first.targets == second.targets:
        return f"{declarative(cast, first)} before {predicate(cast, second, 'gerund')}"
    if kind == 4 and first.targets == second.targets and not first.act.becomes:
        # The later step is told first.
        x = cast.mention(second.targets)
        cast.last = second.targets
        said = expand(rng.choice(second.act.trans), rng)
        return f"{_fill(cast, second, said, x)} after {_gerund(cast, first)}"
    if kind == 5 and first.targets == second.targets:
        return (
            f"{declarative(cast, first)} and {rng.choice(['then ', 'afterwards ', 'after that '])}{declarative(cast, second, elide=True)}"
            if not first.act.becomes
            else f"{declarative(cast, first)}, which then {predicate(cast, replace(second, targets=(first.other or 0,)), 'third')}"
        )
    if kind == 6:
        return f"{imperative(cast, first)} and {rng.choice(['as soon as', 'once', 'when'])} {rng.choice(['that is done', 'it is done', 'that has happened'])} {imperative(cast, second)}"
    if kind == 7 and first.targets == second.targets:
        x = cast.mention(first.targets, subject=True)
        many = cast.plural(first.targets)
        return f"{x} {predicate(cast, first, 'plural' if many else 'third')}, and {rng.choice(['after that ', 'then ', 'next '])}{predicate(cast, second, 'plural' if many else 'third')}"
    return f"{imperative(cast, first)}, {rng.choice(['followed by', 'before finally', 'before'])} {_gerund(cast, second)}"


def declarative_perfect(cast: Cast, step: Step) -> str:
    """`the circle has faded in`."""
    x = cast.mention(step.targets, subject=True)
    have = "have" if cast.plural(step.targets) else "has"
    template = expand(
        cast.rng.choice(
            [t for t in step.act.intrans if not re.match("slowly|gradually|gently|get |briefly", t)]
        ),
        cast.rng,
    )
    template = f"been {template[3:]}" if template.startswith("be ") else first_word(template, participle)
    return f"{x} {have} {_fill(cast, step, template, '')}"


def one_then_other(cast: Cast, first: Step, second: Step) -> str:
    """Two steps that clearly follow one another, often with the order in a subordinate clause."""
    if cast.rng.random() < 0.6:
        return _reversed(cast, first, second)
    return tell(cast, [[first], [second]])


def single_subject(cast: Cast, steps: list[Step]) -> str:
    """Steps of one and the same thing, told as what it does."""
    rng = cast.rng
    many = cast.plural(steps[0].targets)
    form = "plural" if many else "third"
    kind = rng.randrange(12)
    x = cast.mention(steps[0].targets, subject=True)

    def chained(said: list[str]) -> str:
        if len(said) == 1:
            return said[0]
        joint = rng.choice([", then ", ", then ", " and then ", ", and then ", ", next ", ", after that "])
        head = joint.join(said[:-1]) if rng.random() < 0.5 else ", ".join(said[:-1])
        return (
            head
            + rng.choice(
                [
                    ", then ",
                    " and then ",
                    " and ",
                    " and finally ",
                    ", and finally ",
                    ", and then ",
                    ", and afterwards ",
                    " and afterwards ",
                ]
            )
            + said[-1]
        )

    if kind <= 2:
        return f"{x} {chained([predicate(cast, s, form) for s in steps])}"
    if kind == 3 and x not in ("it", "they"):
        return f"{x} {rng.choice(['that', 'which'])} {chained([predicate(cast, s, form) for s in steps])}"
    if kind == 4:
        lead = rng.choice(
            [
                "show ",
                "animate ",
                "show ",
                "display ",
                "",
                "an animation of ",
                "a clip of ",
                "create an animation of ",
                "depict ",
            ]
        )
        return f"{lead}{x} {chained([predicate(cast, s, 'gerund') for s in steps])}"
    if kind == 5:
        want = rng.choice(
            [
                "I want",
                "I would like",
                "I'd like",
                "we need",
                "I want to see how",
                "show how",
                "show me how",
                "I need",
            ]
        )
        if want.endswith("how"):
            return f"{want} {x} {chained([predicate(cast, s, form) for s in steps])}"
        return f"{want} {x} to {chained([predicate(cast, s, 'base') for s in steps])}"
    if kind == 6:
        return f"{rng.choice(['let', 'let', 'make', 'have'])} {x} {chained([predicate(cast, s, 'base') for s in steps])}"
    if kind == 7:
        return f"{rng.choice(['can', 'could', 'can', 'would', 'will'])} {x} {chained([predicate(cast, s, 'base') for s in steps])}?"
    if kind == 8:
        modal = rng.choice(
            ["should", "should", "must", "will", "is supposed to" if not many else "are supposed to", "shall"]
        )
        return f"{x} {modal} {chained([predicate(cast, s, 'base') for s in steps])}"
    if kind == 9:
        said = [passive(cast, s) for s in steps]
        if all(said):
            return f"{x}{rng.choice([', ', ', ', ' being ', ', first '])}{chained([s for s in said if s])}".replace(
                ", first ", ", first " if len(steps) > 1 else ", "
            )
    if kind == 10:
        lead = rng.choice(
            [
                "I want to see",
                "I'd like to see",
                "show me",
                "let me see",
                "could you show me",
                "can we see",
                "we want to see",
            ]
        )
        end = "?" if lead.startswith(("could", "can")) else ""
        return f"{lead} {x} {chained([predicate(cast, s, 'gerund') for s in steps])}{end}"
    return f"{rng.choice(['make an animation where', 'a scene in which', 'animate this:', 'an animation in which', 'make a clip in which', 'scene:', 'I need an animation where'])} {x} {chained([predicate(cast, s, form) for s in steps])}"


_PRESENT = (
    "There is {x}.", "there's {x}.", "Start with {x}.", "Begin with {x}.", "Given {x},", "Take {x}.", "Show {x}.", "Draw {x}.", "Here is {x}.", "Put {x} on screen.", "{x}.",
    "We have {x}.", "We start with {x}.", "Starting with {x},", "On screen: {x}.", "With {x} on screen,", "{x}:", "We begin with {x}.", "Set up {x}.", "Place {x} on the screen.",
)  # fmt: skip


def present(cast: Cast, indices: tuple[int, ...]) -> str:
    """A sentence that puts things on the stage before anything happens."""
    rng = cast.rng
    words = rng.choice(_PRESENT)
    known = [cast.introduce(i) for i in indices]
    said = listing(known, rng)
    if cast.plural(indices):
        words = (
            words.replace("There is", "There are")
            .replace("there's", "there are")
            .replace("Here is", "Here are")
        )
    cast.last = indices
    return words.format(x=said) + " "


def tell(cast: Cast, groups: Groups, *, presented: tuple[int, ...] = ()) -> str:
    """Tells the steps in one of many manners.

    Args:
        cast: The things; it remembers what has been mentioned.
        groups: What happens, one group after another; the steps of a group happen together.
        presented: Things that are introduced before anything happens.
    """
    rng = cast.rng
    head = present(cast, presented) if presented else ""
    flat = [g[0] for g in groups if len(g) == 1]
    plain = len(flat) == len(groups)
    one = plain and all(
        s.targets == flat[0].targets and s.targets and s.act.statement.split()[0] != "wait" for s in flat
    )
    steady = one and not any(s.act.becomes for s in flat[:-1])
    if steady and rng.random() < 0.5:
        body = single_subject(cast, flat)
    elif plain and len(flat) == 2 and rng.random() < 0.2 and all(s.targets for s in flat):
        body = _reversed(cast, *flat)
    elif len(groups) > 1 and rng.random() < 0.12:
        body = _one_by_one(cast, groups)
    else:
        roll = rng.random()
        clauses = []
        previous: tuple[int, ...] | None = None
        for i, group in enumerate(groups):
            if len(group) > 1:
                clauses.append(together(cast, group, opening=i == 0))
                previous = None
                continue
            step = group[0]
            if roll < 0.55 or not step.targets:
                clauses.append(imperative(cast, step))
            elif roll < 0.85:
                clauses.append(declarative(cast, step, elide=previous == step.targets and rng.random() < 0.4))
            else:
                clauses.append(_told(cast, group))
            previous = (step.other,) if step.act.becomes and step.other is not None else step.targets
        body = _chain(clauses, rng, same=one)
    return head + (capital(body) if head.rstrip().endswith(".") else body)
