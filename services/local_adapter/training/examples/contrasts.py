# ruff: noqa: E501 - lists of wordings read better in long lines
"""Short prompts that differ in one thing that matters: how many, in which order or at once, plotted or written.

The second stage of training adds them to the other families: what a small model confuses longest.
"""

from __future__ import annotations

import re
from dataclasses import replace
from random import Random

from .acts import Act, fade_in, fade_out, grow, hide, indicate, recolor, rotate, scale, shift, show, write
from .board import Board
from .formulas import make_formula
from .functions import pick_function
from .shapes import Pair
from .story import Step, declarative, imperative, one_then_other, tell, together
from .things import Cast, Thing, pick_any, pick_thing
from .vocabulary import COLORS, number, pick_color
from .wording import article, listing, plural

_ASKS = (
    "{x}",
    "{x}",
    "{x}",
    "show {x}",
    "draw {x}",
    "{x}, please",
    "I want {x}",
    "I need {x}",
    "can I have {x}?",
    "just {x}",
    "put up {x}",
    "display {x}",
    "let me see {x}",
    "{x} on screen",
)
_ONE_BY_ONE = ("one by one", "one after the other", "one after another", "one at a time", "in turn")


def how_many(rng: Random) -> Pair:
    """A number of a thing, or one of a colour and some of another."""
    base = pick_thing(rng, colored=0.4, sized=0, filled=0)
    if rng.random() < 0.35:
        first, second = rng.sample(COLORS, 2)
        counts = rng.choice([(1, 2), (1, 2), (2, 1), (1, 3), (2, 2), (3, 1), (1, 4), (3, 2), (1, 1)])
        things = [
            replace(base, color=c, color_word=c, count=n)
            for c, n in zip((first, second), counts, strict=True)
        ]
        said = []
        for place, (color, count) in enumerate(zip((first, second), counts, strict=True)):
            noun = base.noun if count == 1 else plural(base.noun)
            if place and rng.random() < 0.75:
                noun = "one" if count == 1 else "ones"
            said.append(
                article(f"{color} {noun}")
                if count == 1 and rng.random() < 0.5
                else f"{'one' if count == 1 else number(count, rng)} {color} {noun}"
            )
        words = rng.choice([f"{said[0]} and {said[1]}", f"{said[0]}, {said[1]}", f"{said[0]} plus {said[1]}"])
    else:
        count = rng.choice([2, 2, 3, 3, 4, 5])
        things = [replace(base, count=count)]
        kind = (
            rng.choice(["", "", "", "parallel ", "separate ", "identical ", "equal ", "different "])
            if not base.color
            else ""
        )
        words = f"{number(count, rng)} {kind}{base.color_word} {plural(base.noun)}".replace("  ", " ")
    cast = Cast(rng, things, "a")
    for index in range(len(things)):
        cast.meet(index)
    board = Board(cast)
    if len(things) == 1 and rng.random() < 0.35:
        act = rng.choice([show(written=False), show(written=False), fade_in(), grow()])
        verb, verbs = {
            "create": ("appear", "appear"),
            "fade_in": ("fade in", "fade in"),
            "grow": ("grow", "grow"),
        }[act.statement.split()[0]]
        turn = rng.choice(_ONE_BY_ONE)
        board.run([[Step(act, (0,))]], stagger="lines")
        prompt = rng.choice(
            [
                "{x} {v} {t}",
                "{x} should {v} {t}",
                "let {x} {v} {t}",
                "{x} {v}, {t}",
                "I want {x} to {v} {t}",
                "{t} {x} {v}",
                "make {x} {v} {t}",
            ]
        )
        if verb == "appear" and rng.random() < 0.4:
            return rng.choice(
                ["show {x} {t}", "draw {x} {t}", "{x}, {t}", "{x} should show up {t}", "{x} show up {t}"]
            ).format(x=words, t=turn), board.text()
        return prompt.format(x=words, v=verbs, t=turn), board.text()
    board.show(range(len(things)))
    return rng.choice(_ASKS).format(x=words), board.text()


def order_or_at_once(rng: Random) -> Pair:
    """Two short steps, told as one after the other or as simultaneous."""
    a = pick_any(rng, (), literal=0.15)
    b = pick_any(rng, (a,), literal=0.2)
    cast = Cast(rng, [a, b], rng.choice(["a", "a", "a", "the"]))

    def enter(thing: Thing) -> Act:
        return (
            rng.choice([write(), write(), fade_in()])
            if thing.written
            else rng.choice([show(written=False), fade_in(), fade_in(), grow()])
        )

    def change(thing: Thing) -> Act:
        return rng.choice(
            [
                shift(rng),
                shift(rng),
                rotate(rng),
                recolor(rng, thing.color),
                scale(rng),
                indicate(rng),
                fade_out(),
                hide(),
            ]
        )

    kind = rng.randrange(6)
    place = (rng.choice(["below", "below", "above", "left", "right"]), 0) if rng.random() < 0.5 else None
    if kind <= 2:
        first, second = Step(enter(a), (0,)), Step(enter(b), (1,), place=place)
    elif kind == 3:
        first, second = Step(enter(a), (0,)), Step(rng.choice([fade_out(), hide()]), (1,))
    elif kind == 4:
        first, second = Step(change(a), (0,)), Step(change(b), (1,))
    else:
        first, second = Step(enter(a), (0,)), Step(change(a), (0,))
    board = Board(cast)
    if rng.random() < 0.5 and kind != 5:
        prompt = together(cast, [first, second], opening=True)
        board.run([[first, second]])
        return prompt, board.text()
    prompt = one_then_other(cast, first, second)
    board.run([[first], [second]])
    return prompt, board.text()


def then_at_once(rng: Random) -> Pair:
    """One step, and then two at the same time."""
    a = pick_any(rng, (), literal=0.1)
    b = pick_any(rng, (a,), literal=0.4)
    cast = Cast(rng, [a, b], "a")
    board = Board(cast)
    enter = show(written=a.written)
    change = rng.choice(
        [recolor(rng, a.color), recolor(rng, a.color), shift(rng), rotate(rng), indicate(rng)]
    )
    come = Step(
        write() if b.written else rng.choice([fade_in(), show(written=False)]),
        (1,),
        place=(rng.choice(["above", "below", "left", "right"]), 0),
    )
    pair = [come, Step(change, (0,))]
    if rng.random() < 0.4:
        pair.reverse()
    groups = [[Step(enter, (0,))], pair]
    if rng.random() < 0.3:
        prompt = tell(cast, groups)
    else:
        head = imperative(cast, groups[0][0])
        said = [imperative(cast, s) for s in pair]
        when = rng.choice(["at the same time", "simultaneously", "together", "at once", "in parallel"])
        prompt = rng.choice(
            [f"{head}. Then, {when}, {said[0]} and {said[1]}", f"first {head}. Then {said[0]} and {said[1]} {when}", f"{head}; then {when} {said[0]} and {said[1]}", f"first {head}, then {when} {said[0]} and {said[1]}",
             f"{head}, then {said[0]} while {declarative(cast, pair[1])}", f"{head}. Next, {said[0]} and, {when}, {said[1]}", f"{head}. After that {said[0]} and {said[1]} {when}"]
        )  # fmt: skip
    board.run(groups)
    return prompt, board.text()


def over_and_under(rng: Random) -> Pair:
    """Relations in telegram style: `square over circle, circle over line`."""
    count = rng.choice([2, 3, 3])
    things: list[Thing] = []
    for _ in range(count):
        things.append(pick_thing(rng, colored=0.25, sized=0, filled=0, avoid=tuple(things)))
    cast = Cast(rng, things, rng.choice(["", "", "a", "the"]))
    said = [cast.introduce(i) for i in range(count)]
    again = [cast.short(i) if rng.random() < 0.5 else said[i] for i in range(count)]
    word, relation = rng.choice(
        [
            ("over", "above"),
            ("above", "above"),
            ("on top of", "above"),
            ("under", "below"),
            ("below", "below"),
            ("beneath", "below"),
            ("left of", "left"),
            ("to the left of", "left"),
            ("right of", "right"),
            ("to the right of", "right"),
        ]
    )
    board = Board(cast)
    for index in range(count - 1):
        board.place(index, f"{relation}={{{index + 1}}}")
    board.show(range(count))
    pairs = [f"{said[0] if i == 0 else again[i]} {word} {said[i + 1]}" for i in range(count - 1)]
    joint = rng.choice([", ", ", ", "; ", " and ", ", and "])
    prompt = (
        joint.join(pairs)
        if count == 2 or rng.random() < 0.75
        else f"{said[0]} {word} {said[1]} {word} {said[2]}"
    )
    return rng.choice(["{x}", "{x}", "{x}", "show {x}", "draw {x}", "put {x}"]).format(x=prompt), board.text()


def plotted_or_written(rng: Random) -> Pair:
    """A function is plotted, unless it is to be written."""
    expression, _ = pick_function(rng)
    typed = expression if rng.random() < 0.4 else re.sub(r"(?<=\d)\*(?=[a-z(])", "", expression)
    left = rng.choice(["", "", "y=", "f(x)=", "y = ", "f(x) = ", "g(x)="])
    tail, color = "", ""
    if rng.random() < 0.3:
        word, color = pick_color(rng)
        tail = rng.choice([f" in {word}", f", {word}", f" in {word}"])
    if rng.random() < 0.7:
        noun = (
            rng.choice(
                [
                    "",
                    "",
                    "",
                    "the function ",
                    "the curve ",
                    "the graph of ",
                    "the bell-shaped curve ",
                    "the wave ",
                    "the smooth curve ",
                ]
            )
            if not left
            else rng.choice(["", "", "", "the function ", "the curve "])
        )
        if "bell" in noun and "exp" not in expression:
            noun = "the curve "
        ask = rng.choice(
            [
                "draw {x}",
                "draw {x}",
                "plot {x}",
                "graph {x}",
                "show {x}",
                "sketch {x}",
                "I want to see {x}",
                "could you draw {x}?",
            ]
        )
        if not left and not noun and ask.startswith(("show", "I want")):
            ask = "plot {x}"
        prompt = ask.format(x=f"{noun}{left}{typed}{tail}")
        lines = ["a = axes", f"b = plot a {expression} {color}".rstrip(), "create a", "create b"]
    else:
        ask = rng.choice(
            [
                "write {x}",
                "write {x}",
                "typeset {x}",
                "the formula {x}",
                "show {x} as a formula",
                "write the equation {x}",
                "write down {x}",
                "LaTeX: {x}",
            ]
        )
        prompt = (
            ask.format(x=f"{left}{typed}{tail}") if " as a " not in ask else ask.format(x=f"{left}{typed}")
        )
        color = color if " as a " not in ask else ""
        lines = [f'a = math "{left}{typed}" {color}'.rstrip(), "write a"]
    return prompt, "\n".join(lines)


def copied(rng: Random) -> Pair:
    """Short formulas that nobody knows by heart, to be copied letter by letter."""
    letters = "abcdefghkmnpqrstuvwxyzABCDEFGHKLMNPQRSTUVWXYZ"

    def word() -> str:
        return "".join(rng.choice(letters) for _ in range(rng.choice([1, 1, 2, 2, 3])))

    latex = rng.choice(
        [
            f"{word()}={word()}",
            f"{word()}={word()}",
            f"{word()}={word()}{rng.choice('+-')}{word()}",
            f"{word()}^2+{word()}^2={word()}^2",
            f"{rng.randint(2, 9)}{word()}={rng.randint(2, 99)}",
            f"{word()}={rng.randint(2, 9)}{word()}",
        ]
    )
    if rng.random() < 0.25:
        latex = make_formula(rng)
    tail, color = "", ""
    if rng.random() < 0.4:
        name, color = pick_color(rng)
        tail = rng.choice(
            [f" in {name}", f", in {name}", f", {name}", f", typeset as math, in {name}", f" coloured {name}"]
        )
    noun = rng.choice(["", "", "the equation ", "the formula "])
    ask = rng.choice(
        [
            "write {x}",
            "show {x}",
            "{x}",
            "just {x}",
            "typeset {x}",
            "display {x}",
            "I need {x}",
            "put {x} on screen",
        ]
    )
    if not noun and ask == "{x}":
        noun = "the equation "
    return ask.format(x=f"{noun}{latex}{tail}"), "\n".join(
        [f'a = math "{latex}" {color}'.rstrip(), "write a"]
    )


def row_of_colors(rng: Random) -> Pair:
    """Several of a kind by order of colour."""
    base = pick_thing(rng, colored=0, sized=0, filled=0)
    count = rng.choice([2, 3, 3])
    colors = rng.sample(COLORS, count)
    cast = Cast(rng, [replace(base, color=c, color_word=c) for c in colors], "a")
    for index in range(count):
        cast.meet(index)
    board = Board(cast)
    across = rng.random() < 0.7
    for index in range(1, count):
        board.place(index, f"{'right' if across else 'below'}={{{index - 1}}}")
    board.show(range(count))
    way = (
        rng.choice(["left to right", "from left to right", "in a row"])
        if across
        else rng.choice(["top to bottom", "from top to bottom"])
    )
    ordinals = ["first", "second", "third"]
    told = rng.choice(
        [
            ", ".join(f"{o} {c}" for o, c in zip(ordinals, colors, strict=False)),
            listing(colors, rng),
            ", ".join(f"{o} one {c}" for o, c in zip(ordinals, colors, strict=False)),
        ]
    )
    nouns = plural(base.noun)
    prompt = rng.choice(
        [
            f"{number(count, rng)} {nouns}, {told}, {way}",
            f"{way}: {number(count, rng)} {nouns}, {told}",
            f"show {number(count, rng)} {nouns} {way}: {told}",
            f"{number(count, rng)} {nouns} {way}, {told}",
        ]
    )
    return prompt, board.text()
