# ruff: noqa: E501 - lists of wordings read better in long lines
"""Families of prompts in which something happens: transforms, motion, emphasis, sequences, things at the same time."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from random import Random

from .acts import (
    CORNERS,
    Act,
    along,
    back_to_size,
    create,
    fade_in,
    fade_out,
    grow,
    hide,
    indicate,
    recolor,
    rotate,
    scale,
    shift,
    show,
    to_border,
    to_center,
    to_other,
    transform,
    uncreate,
    unwrite,
    wait,
    write,
)
from .board import Board
from .shapes import Pair
from .story import Groups, Step, present, tell, together
from .things import Cast, Thing, pick_any, pick_number_line, pick_thing, pick_words
from .vocabulary import CLOSED, pick_color
from .wording import article, listing

_TEMPI = (
    ("over {n} seconds", 0),
    ("in {n} seconds", 0),
    ("taking {n} seconds", 0),
    ("for {n} seconds", 0),
    ("within {n} seconds", 0),
)


def _manner(rng: Random) -> str:
    return rng.choices(["a", "the", ""], [80, 12, 8])[0]


def _tempo(step: Step, rng: Random) -> Step:
    if step.act.statement.startswith("wait") or rng.random() > 0.015:
        return step
    n = rng.choice(["2", "3", "4", "5", "1.5"])
    return replace(step, tempo=(rng.choice(_TEMPI)[0].format(n=n), f"{n}s"))


def _told(cast: Cast, groups: Groups, rng: Random, presented: tuple[int, ...] = ()) -> Pair:
    groups = [[_tempo(s, rng) if len(g) == 1 and s.targets else s for s in g] for g in groups]
    board = Board(cast)
    prompt = tell(cast, groups, presented=presented)
    if presented:
        board.show(presented)
    board.run(groups)
    return prompt, board.text()


def _intro(thing: Thing, rng: Random) -> Act:
    """A way of introducing the thing."""
    if thing.written:
        return rng.choice([write(), write(), write(), fade_in(), show(written=True)])
    return rng.choice(
        [show(written=False), show(written=False), create(), create(), fade_in(), fade_in(), grow()]
    )


def _farewell(thing: Thing, rng: Random) -> Act:
    """A way of removing the thing."""
    return rng.choice(
        [fade_out(), fade_out(), fade_out(), hide(), hide(), unwrite() if thing.written else uncreate()]
    )


def transforms(rng: Random) -> Pair:
    """One thing becomes another, perhaps a third."""
    roll = rng.random()
    if roll < 0.11:
        return _keeping_color(rng)
    count = rng.choices([2, 3, 4], [74, 22, 4])[0]
    things: list[Thing] = []
    literal = 0.5 if rng.random() < 0.2 else 0.06
    for _ in range(count):
        things.append(pick_any(rng, tuple(things), literal=literal, colored=0.5))
    if rng.random() < 0.05:
        things[0] = pick_number_line(rng)
    if rng.random() < 0.05 and things[0].kind in CLOSED:
        things[0] = replace(things[0], count=1)
    cast = Cast(rng, things, _manner(rng))
    groups: Groups = [[Step(transform(), (i,), i + 1)] for i in range(count - 1)]
    presented: tuple[int, ...] = ()
    if roll < 0.4:
        groups.insert(0, [Step(_intro(things[0], rng), (0,))])
    elif roll < 0.5:
        presented = (0,)
    last = count - 1
    extra = rng.random()
    if extra < 0.12:
        groups.append([Step(_farewell(things[last], rng), (last,))])
    elif extra < 0.2:
        groups.append(
            [
                Step(
                    rng.choice(
                        [
                            indicate(rng),
                            shift(rng),
                            scale(rng),
                            rotate(rng),
                            recolor(rng, things[last].color),
                            wait(rng),
                        ]
                    ),
                    (last,),
                )
            ]
        )
    if rng.random() < 0.08 and len(groups) > 1:
        groups.insert(-1, [Step(wait(rng))])
    groups = [
        [replace(s, targets=()) if s.act.statement.startswith("wait") else s for s in g] for g in groups
    ]
    if not presented and count == 3 and len(groups) == 2 and rng.random() < 0.4:
        return _relative_chain(cast, groups, rng)
    if not presented and rng.random() < 0.12 and len(groups) == 1:
        a, b = cast.introduce(0), cast.introduce(1)
        words = rng.choice(["{a} -> {b}", "{a} to {b}", "from {a} to {b}", "a morph from {a} to {b}", "start with {a} and end with {b}", "transformation of {a} into {b}", "{a}, which becomes {b}", "{a} that becomes {b}",
                            "transform: {a} into {b}", "a transformation from {a} to {b}", "start with {a} and let it change into {b}", "begin with {a} and turn it into {b}", "show how {a} becomes {b}", "{a} morphing into {b}",
                            "can {a} become {b}?", "first there is {a}, then it becomes {b}", "what was {a} becomes {b}", "animate {a} turning into {b}", "{a} turns slowly into {b}", "{a} → {b}"])  # fmt: skip
        board = Board(cast)
        board.run(groups)
        return words.format(a=a, b=b), board.text()
    return _told(cast, groups, rng, presented)


def _keeping_color(rng: Random) -> Pair:
    """The colour stays while the shape changes."""
    first = pick_thing(rng, colored=1, sized=0, filled=0)
    second = replace(
        pick_thing(rng, colored=0, sized=0, filled=0, avoid=(replace(first, color=""),)), color=first.color
    )
    cast = Cast(rng, [first, second], "a")
    groups: Groups = [[Step(transform(), (0,), 1)]]
    board = Board(cast)
    prompt = tell(cast, groups)
    color = first.color_word
    prompt += rng.choice(
        [
            ", keeping it {c}",
            " of the same colour",
            ", still {c}",
            ", also {c}",
            ", which stays {c}",
            ", keeping its colour",
            ", in the same colour",
            " that is {c} as well",
            ", {c} too",
            " with the same color",
        ]
    ).format(c=color)
    board.run(groups)
    return prompt, board.text()


def _relative_chain(cast: Cast, groups: Groups, rng: Random) -> Pair:
    """A thing that becomes another that becomes a third."""
    names = [cast.introduce(i) for i in range(3)]
    verb = rng.choice(["becomes", "turns into", "morphs into", "transforms into", "changes into"])
    a, b, c = names
    prompt = rng.choice([f"{a} that {verb} {b} that {verb} {c}", f"{a} which {verb} {b} which then {verb} {c}", f"{a} {verb} {b}, which {verb} {c}", f"{a} to {b} to {c}", f"{a}, then {b}, then {c}, each turning into the next",
                         f"{a} -> {b} -> {c}", f"{a} {verb} {b} and then {c}", f"{a} {verb} first {b}, then {c}", f"transform {a} into {b} and then into {c}", f"turn {a} into {b}, then that into {c}", f"morph {a} into {b} and {b.replace('a ', 'the ', 1)} into {c}",
                         f"{a} {verb} {b} before it becomes {c}", f"{a} becomes {b} and finally {c}"])  # fmt: skip
    board = Board(cast)
    board.run(groups)
    return prompt, board.text()


def motion(rng: Random) -> Pair:
    """Move, rotate, scale, along a path."""
    roll = rng.random()
    if roll < 0.16:
        return _along(rng)
    if roll < 0.24:
        return _towards(rng)
    if roll < 0.3:
        return there_and_back(rng)
    thing = (
        pick_any(rng, (), literal=0.1, colored=0.5)
        if rng.random() < 0.9
        else replace(pick_thing(rng), count=rng.choice([2, 3]))
    )
    makers: list[Callable[[], Act]] = [
        lambda: shift(rng),
        lambda: shift(rng),
        lambda: rotate(rng),
        lambda: rotate(rng),
        lambda: scale(rng),
        lambda: scale(rng),
        lambda: to_border(rng),
        lambda: to_border(rng),
        to_center,
    ]
    count = rng.choices([1, 2, 3], [66, 26, 8])[0]
    acts = [rng.choices(makers, [14, 14, 14, 12, 14, 12, 9, 9, 1.5])[0]() for _ in range(count)]
    if thing.count > 1:
        acts = [a for a in acts if not a.statement.startswith("move")] or [shift(rng)]
    cast = Cast(rng, [thing], _manner(rng))
    groups: Groups = [[Step(a, (0,))] for a in acts]
    presented: tuple[int, ...] = ()
    second = rng.random()
    if second < 0.14:
        groups.insert(0, [Step(_intro(thing, rng), (0,))])
    elif second < 0.24:
        presented = (0,)
    return _told(cast, groups, rng, presented)


def _along(rng: Random) -> Pair:
    mover = pick_thing(
        rng, among=frozenset({"dot"}) if rng.random() < 0.65 else None, colored=0.4, sized=0.02
    )
    path = pick_thing(rng, among=CLOSED | {"line"}, colored=0.35, avoid=(mover,), sized=0.06)
    while path.kind == mover.kind:
        path = pick_thing(rng, among=CLOSED | {"line"}, colored=0.35, sized=0.06)
    cast = Cast(rng, [mover, path], _manner(rng))
    act = along()
    if path.kind == "line":
        act = replace(
            act,
            trans=tuple(t for t in act.trans if "around" not in t),
            intrans=tuple(t for t in act.intrans if "around" not in t),
        )
    groups: Groups = [[Step(act, (0,), 1)]]
    presented: tuple[int, ...] = ()
    roll = rng.random()
    if roll < 0.12:
        presented = (0, 1)
    elif roll < 0.3:
        groups.insert(0, [Step(_intro(path, rng), (1,))])
    elif roll < 0.38:
        groups.append([Step(rng.choice([_farewell(mover, rng), indicate(rng)]), (0,))])
    return _told(cast, groups, rng, presented)


def _towards(rng: Random) -> Pair:
    a = pick_thing(rng, colored=0.5)
    b = pick_thing(rng, colored=0.4, avoid=(a,))
    cast = Cast(rng, [a, b], _manner(rng))
    groups: Groups = [[Step(to_other(rng), (0,), 1)]]
    presented = (0, 1) if rng.random() < 0.35 else ()
    return _told(cast, groups, rng, presented)


def there_and_back(rng: Random) -> Pair:
    """A change and its undoing."""
    thing = pick_any(rng, (), literal=0.08)
    cast = Cast(rng, [thing], _manner(rng))
    roll = rng.random()
    if roll < 0.5:
        factor = rng.choice(["2", "2", "3", "4", "5", "0.5", "0.25", "2.5"])
        first, second = scale(rng, factor), back_to_size(factor, rng)
    elif roll < 0.8:
        one, two = rng.choice([("left", "right"), ("right", "left"), ("up", "down"), ("down", "up")])
        first, second = shift(rng, one), shift(rng, two)
        while first.statement.split()[-1] != "2":
            first = shift(rng, one)
        back = (
            f"move back {two}",
            f"go back {two}",
            f"return {two}",
            f"move {two} again",
            f"come back {two}",
        )
        second = Act(
            f"shift {{names}} {two} 2",
            (
                f"move {{x}} back {two}",
                f"bring {{x}} back {two}",
                f"shift {{x}} back {two}",
                "move {x} back",
                "bring {x} back",
            ),
            (*back, "move back", "come back", "return", "go back to where it was", "return to its place"),
        )
    else:
        word, color = pick_color(rng)
        start_word, start = pick_color(rng)
        thing = replace(thing, color=start, color_word=start_word)
        cast = Cast(rng, [thing], "a")
        first = recolor(rng, start)
        second = Act(
            f"color {{names}} {start}",
            (
                f"turn {{x}} {start_word} again",
                f"make {{x}} {start_word} again",
                f"change {{x}} back to {start_word}",
            ),
            (f"turn {start_word} again", f"turn back to {start_word}", f"become {start_word} again"),
        )
        del word, color
    groups: Groups = [[Step(first, (0,))], [Step(second, (0,))]]
    if rng.random() < 0.15:
        groups.insert(0, [Step(_intro(thing, rng), (0,))])
    return _told(cast, groups, rng)


def emphasis(rng: Random) -> Pair:
    """Indicate, recolour, fade out, uncreate."""
    roll = rng.random()
    if roll < 0.12:
        return was_before(rng)
    if roll < 0.27:
        return _pair_emphasis(rng)
    thing = pick_any(rng, (), literal=0.22, colored=0.5)
    if rng.random() < 0.06:
        thing = replace(pick_thing(rng), count=rng.choice([2, 3, 4]))
    cast = Cast(rng, [thing], _manner(rng))
    act = rng.choice(
        [
            indicate(rng),
            indicate(rng),
            indicate(rng),
            recolor(rng, thing.color),
            recolor(rng, thing.color),
            fade_out(),
            fade_out(),
            hide(),
            unwrite() if thing.written else uncreate(),
            unwrite() if thing.written else uncreate(),
        ]
    )
    groups: Groups = [[Step(act, (0,))]]
    presented: tuple[int, ...] = ()
    second = rng.random()
    if second < 0.38 or (act.hides and second < 0.6):
        groups.insert(0, [Step(_intro(thing, rng), (0,))])
    elif second < 0.7:
        presented = (0,)
    if rng.random() < 0.12 and not act.hides:
        groups.append([Step(_farewell(thing, rng), (0,))])
    if (
        rng.random() < 0.04
        and act.statement.startswith("indicate")
        and act.statement.endswith("}") is not False
    ):
        groups.append([Step(indicate(rng), (0,))])
    return _told(cast, groups, rng, presented)


def was_before(rng: Random) -> Pair:
    """The colour before is told apart from the colour after."""
    thing = pick_thing(rng, colored=1, sized=0, filled=0)
    word, color = pick_color(rng)
    while color == thing.color:
        word, color = pick_color(rng)
    noun, start = thing.noun, thing.color_word
    prompt = rng.choice(
        [f"{article(noun)} goes from {start} to {word}", f"{article(noun)} changes from {start} to {word}", f"change the colour of {article(noun)} from {start} to {word}", f"make the {noun} {word}. It was {start} before.",
         f"the {noun} is {start} at first and {word} later", f"turn {article(noun)} from {start} to {word}", f"{article(noun)}, first {start}, then {word}", f"recolour the {noun} {word}, it starts out {start}", f"{article(noun)} fades from {start} to {word}",
         f"{article(f'{start} {noun}')}, recoloured to {word}", f"the colour of {article(noun)} changes from {start} to {word}", f"{article(f'{start} {noun}')} should end up {word}", f"{article(noun)} starts {start} and ends {word}",
         f"{article(noun)} that is {start} and then turns {word}", f"paint the {start} {noun} {word}",
         f"{start} {noun}, make it {word}", f"{article(f'{start} {noun}')} switches its color to {word}", f"start with {article(f'{start} {noun}')} and recolor it {word}", f"{article(noun)} which was {start} becomes {word}"]
    )  # fmt: skip
    cast = Cast(rng, [thing], "a")
    cast.meet(0)
    board = Board(cast)
    board.show([0])
    board.lines.append(f"color {cast.names[0][0]} {color}")
    return prompt, board.text()


def _pair_emphasis(rng: Random) -> Pair:
    """Of two things, one is pointed out, or both in turn."""
    a = pick_any(rng, (), literal=0.12, colored=0.4)
    b = pick_any(rng, (a,), literal=0.12, colored=0.4)
    cast = Cast(rng, [a, b], _manner(rng))
    sided = rng.random() < 0.4
    board = Board(cast)
    acts = [
        rng.choice(
            [
                indicate(rng),
                indicate(rng),
                recolor(rng),
                fade_out(),
                hide(),
                uncreate(),
                rotate(rng),
                scale(rng),
                shift(rng),
            ]
        )
        for _ in range(2)
    ]
    order = rng.choice([(0, 1), (1, 0), (0,), (1,)])
    if sided:
        said = [cast.introduce(0), cast.introduce(1)]
        placed = rng.random() < 0.5
        names = ["left", "right"]
        if placed:
            s0, s1 = said
            intro = rng.choice(
                [
                    f"left: {s0}, right: {s1}. ",
                    f"{s0} on the left, {s1} on the right. ",
                    f"{s0} on the left and {s1} on the right: ",
                    f"show {s0} on the left and {s1} on the right. ",
                    f"left {s0.split(' ', 1)[-1] if s0.startswith(('a ', 'an ')) else s0}, right {s1.split(' ', 1)[-1] if s1.startswith(('a ', 'an ')) else s1}: ",
                    f"{s0} (left), {s1} (right). ",
                ]
            )
            board.place(0, "edge=left")
            board.place(1, "edge=right")
        else:
            intro = rng.choice(
                [
                    f"{said[0]} left of {said[1]}. ",
                    f"{said[0]} to the left of {said[1]}. ",
                    f"put {said[0]} left of {said[1]}. ",
                ]
            )
            board.place(0, "left={1}")
        board.show([0, 1])
        clauses = []
        for position, index in enumerate(order):
            act = acts[position]
            call = rng.choice(
                [
                    f"the left {'one' if rng.random() < 0.7 else 'shape'}" if index == 0 else "the right one",
                    f"the {names[index]} one",
                    cast.short(index),
                ]
            )
            from .wording import expand

            clauses.append(expand(rng.choice(act.trans), rng).format(x=call))
        joint = rng.choice([", then ", ", afterwards ", ". Then ", ", and then ", ", after that "])
        prompt = intro + joint.join(clauses)
        board.run([[Step(acts[p], (i,))] for p, i in enumerate(order)])
        return prompt, board.text()
    groups: Groups = [[Step(acts[p], (i,))] for p, i in enumerate(order)]
    if len(order) == 1 or rng.random() < 0.75:
        return _told(cast, groups, rng, (0, 1))
    groups.insert(0, [Step(_intro(a, rng), (0, 1))]) if not (a.written or b.written) else groups
    return _told(cast, groups, rng, () if not (a.written or b.written) else (0, 1))


def _change(thing: Thing, rng: Random) -> Act:
    makers = [
        shift(rng),
        shift(rng),
        to_border(rng),
        rotate(rng),
        rotate(rng),
        scale(rng),
        recolor(rng, thing.color),
        recolor(rng, thing.color),
        indicate(rng),
        indicate(rng),
    ]
    return rng.choice(makers)


def sequences(rng: Random) -> Pair:
    """Two to four steps."""
    roll = rng.random()
    if roll < 0.4:
        return _one_life(rng)
    if roll < 0.55:
        return _one_after_another(rng)
    if roll < 0.7:
        return _placed_second(rng)
    things = [pick_any(rng, (), literal=0.15)]
    things.append(pick_any(rng, tuple(things), literal=0.18))
    cast = Cast(rng, things, _manner(rng))
    groups: Groups = [[Step(_intro(things[0], rng), (0,))]]
    pattern = rng.randrange(6)
    if pattern == 0:
        groups += [[Step(_change(things[0], rng), (0,))], [Step(_intro(things[1], rng), (1,))]]
    elif pattern == 1:
        groups += [
            [Step(_intro(things[1], rng), (1,))],
            [Step(_change(things[rng.randrange(2)], rng), (rng.randrange(2),))],
        ]
    elif pattern == 2:
        groups += [
            [Step(transform(), (0,), 1)],
            [Step(rng.choice([_farewell(things[1], rng), _change(things[1], rng)]), (1,))],
        ]
    elif pattern == 3:
        groups += [[Step(_change(things[0], rng), (0,))], [Step(transform(), (0,), 1)]]
    elif pattern == 4:
        groups += [[Step(_farewell(things[0], rng), (0,))], [Step(_intro(things[1], rng), (1,))]]
    else:
        groups += [
            [Step(_intro(things[1], rng), (1,))],
            [Step(rng.choice([fade_out(), hide(), indicate(rng), scale(rng), shift(rng)]), (0, 1))],
        ]
    if rng.random() < 0.15:
        groups.insert(rng.randrange(1, len(groups)), [Step(wait(rng))])
    if rng.random() < 0.25 and not any(s.act.shows for s in groups[0] if len(groups) < 2):
        groups = (
            groups[1:]
            if not groups[1][0].act.statement.startswith("wait") and 0 in groups[1][0].targets
            else groups
        )
    return _told(cast, groups, rng)


def _one_life(rng: Random) -> Pair:
    """One thing comes, does something, goes."""
    thing = pick_any(rng, (), literal=0.16)
    count = rng.choices([1, 2, 3], [45, 42, 13])[0]
    acts = [_change(thing, rng) for _ in range(count)]
    groups: Groups = [[Step(a, (0,))] for a in acts]
    if rng.random() < 0.78:
        groups.insert(0, [Step(_intro(thing, rng), (0,))])
    if rng.random() < 0.55 or len(groups) == 1:
        groups.append([Step(_farewell(thing, rng), (0,))])
    if rng.random() < 0.22 and len(groups) < 4:
        groups.insert(rng.randrange(1, len(groups) + 1), [Step(wait(rng))])
    cast = Cast(rng, [thing], _manner(rng))
    return _told(cast, groups, rng)


def _one_after_another(rng: Random) -> Pair:
    """Several things enter in turn, or leave."""
    count = rng.choice([2, 2, 3])
    things: list[Thing] = []
    for _ in range(count):
        things.append(pick_any(rng, tuple(things), literal=0.16, colored=0.4))
    cast = Cast(rng, things, _manner(rng))
    same = _intro(things[0], rng)
    groups: Groups = [
        [
            Step(
                same
                if rng.random() < 0.6 and things[i].written == things[0].written
                else _intro(things[i], rng),
                (i,),
            )
        ]
        for i in range(count)
    ]
    roll = rng.random()
    if roll < 0.2:
        groups.append([Step(rng.choice([fade_out(), hide()]), tuple(range(count)))])
    elif roll < 0.35:
        groups.append([Step(_farewell(things[0], rng), (0,))])
    elif roll < 0.5:
        groups.insert(1, [Step(wait(rng))])
    return _told(cast, groups, rng)


def _placed_second(rng: Random) -> Pair:
    """The second thing comes next to the first, or to an edge."""
    a = pick_any(rng, (), literal=0.15)
    b = pick_any(rng, (a,), literal=0.4)
    if rng.random() < 0.15 and not a.written:
        b = replace(a, color=(c := pick_color(rng))[1], color_word=c[0])
        if b.color == a.color:
            b = replace(
                b,
                color="teal" if a.color != "teal" else "red",
                color_word="teal" if a.color != "teal" else "red",
            )
    cast = Cast(rng, [a, b], _manner(rng))
    relation = rng.choice(
        [
            "left",
            "right",
            "above",
            "below",
            "below",
            "above",
            "right",
            "inside" if a.kind in CLOSED else "below",
        ]
    )
    second = Step(_intro(b, rng), (1,), place=(relation, 0))
    if rng.random() < 0.25:
        corner, words = rng.choice(list(CORNERS.items()))
        second = Step(_intro(b, rng), (1,), spot=(f"in the {rng.choice(words)} corner", f"corner={corner}"))
    groups: Groups = [[Step(_intro(a, rng), (0,))], [second]]
    roll = rng.random()
    if roll < 0.2:
        groups.append([Step(_change(a, rng), (rng.randrange(2),))])
    elif roll < 0.3:
        groups.append([Step(rng.choice([fade_out(), hide()]), (0, 1))])
    return _told(cast, groups, rng)


def at_once(rng: Random) -> Pair:
    """Simultaneous steps."""
    roll = rng.random()
    if roll < 0.16:
        return _one_thing_at_once(rng)
    if roll < 0.32:
        return _joint(rng)
    if roll < 0.42:
        return _gapped(rng)
    things = [pick_any(rng, (), literal=0.14)]
    things.append(pick_any(rng, tuple(things), literal=0.18))
    cast = Cast(rng, things, _manner(rng))
    kind = rng.randrange(6)
    presented: tuple[int, ...] = ()
    groups: Groups
    if kind == 0:
        groups = [[Step(_intro(things[i], rng), (i,)) for i in range(2)]]
    elif kind == 1:
        groups = [
            [
                Step(_intro(things[0], rng), (0,)),
                Step(rng.choice([_farewell(things[1], rng), _change(things[1], rng)]), (1,)),
            ]
        ]
    elif kind == 2:
        groups = [[Step(_change(things[i], rng), (i,)) for i in range(2)]]
        if rng.random() < 0.3:
            presented = (0, 1)
    elif kind == 3:
        same = rng.choice([shift, rotate])
        groups = [[Step(same(rng), (i,)) for i in range(2)]]
    elif kind == 4:
        b = things[1]
        place = (rng.choice(["above", "below", "left", "right", "below"]), 0)
        groups = [[Step(_intro(things[0], rng), (0,)), Step(_intro(b, rng), (1,), place=place)]]
    else:
        b = things[1]
        place = (rng.choice(["above", "below", "left", "right"]), 0)
        groups = [
            [Step(_intro(things[0], rng), (0,))],
            [Step(_intro(b, rng), (1,), place=place), Step(_change(things[0], rng), (0,))],
        ]
        if rng.random() < 0.5:
            groups[1].reverse()
    if rng.random() < 0.12:
        groups.append(
            [Step(rng.choice([fade_out(), hide()]), (0, 1))]
            if not any(s.act.hides for g in groups for s in g)
            else [Step(wait(rng))]
        )
    if len(groups) == 1 and not presented:
        board = Board(cast)
        prompt = together(cast, groups[0], opening=True)
        board.run(groups)
        return prompt, board.text()
    return _told(cast, groups, rng, presented)


def _gapped(rng: Random) -> Pair:
    """One verb for both: `move the circle left and the square right at the same time`."""
    things = [pick_any(rng, (), literal=0.1)]
    things.append(pick_any(rng, tuple(things), literal=0.1))
    cast = Cast(rng, things, _manner(rng))
    presented = rng.random() < 0.25
    head = present(cast, (0, 1)) if presented else ""
    kind = rng.randrange(5)
    if kind == 0:
        verb = rng.choice(["move", "shift", "slide", "push"])
        pairs = [_direction(rng) for _ in range(2)]
        statements = [f"shift {{n}} {d} 2" for _, d in pairs]
        tails = [words for words, _ in pairs]
    elif kind == 1:
        verb = rng.choice(["rotate", "spin", "turn", "rotate"])
        angles = [rng.choice(["90", "180", "45", "60", "360", "30", "270", "120"]) for _ in range(2)]
        unit = rng.choice([" degrees", " degrees", "°", " deg"])
        by = rng.choice(["", "by ", "by ", "through "])
        statements = [f"rotate {{n}} {a}deg" for a in angles]
        tails = [f"{by}{a}{unit}" for a in angles]
    elif kind == 2:
        verb = rng.choice(["turn", "make", "paint", "colour", "color", "recolor"])
        colors = [pick_color(rng) for _ in range(2)]
        statements = [f"color {{n}} {c}" for _, c in colors]
        tails = [w for w, _ in colors]
    elif kind == 3:
        verb = rng.choice(["scale", "resize", "scale"])
        factors = [rng.choice(["2", "3", "0.5", "1.5", "4"]) for _ in range(2)]
        by = rng.choice(["by ", "by a factor of "])
        statements = [f"scale {{n}} {f}" for f in factors]
        tails = [f"{by}{f}" for f in factors]
    else:
        verb = rng.choice(["move", "send", "take", "bring"])
        sides = [rng.choice(["left", "right", "top", "bottom"]) for _ in range(2)]
        noun = rng.choice([" edge", " edge", " side"]) if not {"top", "bottom"} & set(sides) else " edge"
        statements = [f"move {{n}} edge={s}" for s in sides]
        tails = [f"to the {s}{noun}" for s in sides]
    said = [cast.short(i) if cast.known(i) else cast.introduce(i) for i in range(2)]
    body = f"{verb} {said[0]} {tails[0]} and {said[1]} {tails[1]}"
    when = rng.choice(["at the same time", "simultaneously", "at once", "in parallel", "at the same moment"])
    body = rng.choice(
        [f"{body} {when}", f"{body}, {when}", f"{when} {body}", f"{when}, {body}", f"{body}, both {when}"]
    )
    board = Board(cast)
    board.show((0, 1))
    board.lines.append(" & ".join(s.format(n=cast.names[i][0]) for i, s in enumerate(statements)))
    return head + (body[0].upper() + body[1:] if head.rstrip().endswith(".") else body), board.text()


def _direction(rng: Random) -> tuple[str, str]:
    direction = rng.choice(["left", "right", "up", "down"])
    return rng.choice(
        {
            "left": ["left", "to the left"],
            "right": ["right", "to the right"],
            "up": ["up", "upwards"],
            "down": ["down", "downwards"],
        }[direction]
    ), direction


def _joint(rng: Random) -> Pair:
    """The same happens to several things at once: one statement with several targets."""
    count = rng.choice([2, 2, 2, 3])
    things: list[Thing] = []
    for _ in range(count):
        things.append(pick_thing(rng, avoid=tuple(things)))
    cast = Cast(rng, things, _manner(rng))
    everyone = tuple(range(count))
    presented: tuple[int, ...] = ()
    if rng.random() < 0.5:
        act = rng.choice([fade_in(), fade_in(), grow(), create(), show(written=False)])
    else:
        act = rng.choice(
            [fade_out(), shift(rng), rotate(rng), scale(rng), indicate(rng), recolor(rng), hide(), uncreate()]
        )
        presented = everyone if rng.random() < 0.45 else ()
    act = replace(
        act,
        trans=tuple(t for t in act.trans if " it" not in t and "itself" not in t) or act.trans,
        intrans=tuple(t for t in act.intrans if "its" not in t) or act.intrans,
    )
    groups: Groups = [[Step(act, everyone)]]
    prompt, board = _told(cast, groups, rng, presented)
    if rng.random() < 0.75 and not prompt.endswith((".", "?")):
        words = rng.choice(
            [
                " together",
                " at the same time",
                " simultaneously",
                " at once",
                ", both at once" if count == 2 else ", all at once",
                " in parallel",
                ", at the same time",
            ]
        )
        prompt += words
    return prompt, board


def _one_thing_at_once(rng: Random) -> Pair:
    """Two changes of one thing at the same time."""
    thing = pick_any(rng, (), literal=0.1)
    makers: list[Callable[[], Act]] = [
        lambda: shift(rng),
        lambda: rotate(rng),
        lambda: scale(rng),
        lambda: recolor(rng, thing.color),
    ]
    first, second = rng.sample(makers, 2)
    cast = Cast(rng, [thing], _manner(rng))
    groups: Groups = [[Step(first(), (0,)), Step(second(), (0,))]]
    if rng.random() < 0.3:
        groups.insert(0, [Step(_intro(thing, rng), (0,))])
        return _told(cast, groups, rng)
    board = Board(cast)
    prompt = together(cast, groups[0], opening=True)
    board.run(groups)
    return prompt, board.text()


def lists(rng: Random) -> Pair:
    """Things with a stated way to enter, told as a list."""
    things = [pick_any(rng, (), literal=0.15)]
    things.append(pick_any(rng, tuple(things), literal=0.15))
    cast = Cast(rng, things, "a")
    said = [cast.introduce(0), cast.introduce(1)]
    act = rng.choice([fade_in(), grow(), create()]) if not any(t.written for t in things) else fade_in()
    board = Board(cast)
    board.run([[Step(act, (0,))], [Step(act, (1,))]])
    verb = {"fade_in": "fade in", "grow": "grow", "create": "draw"}[act.statement.split()[0]]
    prompt = rng.choice(
        [
            f"{verb} {said[0]}, then {said[1]}",
            f"{verb} first {said[0]}, then {said[1]}",
            f"{verb} {listing(said, rng)}, one after the other",
            f"{verb} {said[0]} and then {said[1]}",
            f"{verb} {said[0]} before {said[1]}",
        ]
    )
    return prompt, board.text()


def word_swaps(rng: Random) -> Pair:
    """A text becomes another text."""
    a, b = pick_words(rng, colored=0.1), pick_words(rng, colored=0.1)
    cast = Cast(rng, [a, b], "a")
    groups: Groups = [[Step(transform(), (0,), 1)]]
    if rng.random() < 0.35:
        groups.insert(0, [Step(write(), (0,))])
    if rng.random() < 0.3:
        groups.append([Step(_farewell(b, rng), (1,))])
    return _told(cast, groups, rng)
