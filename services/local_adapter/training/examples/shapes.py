# ruff: noqa: E501 - lists of wordings read better in long lines
"""Families of prompts about things that are just there: objects, colours, counts, layout."""

from __future__ import annotations

from dataclasses import replace
from random import Random

from .acts import CORNERS, OF_FRAME, SIDES, Act, create, fade_in, grow, show
from .board import Board
from .delivery import ask
from .story import NEXT_TO, RELATIONS, Step, tell
from .things import Cast, Thing, noun_phrase, pick_any, pick_math, pick_number_line, pick_thing, pick_words
from .vocabulary import CLOSED, SHAPES, number, pick_color
from .wording import article, expand, listing, plural

Pair = tuple[str, str]


def _manner(rng: Random) -> str:
    return rng.choices(["a", "the", ""], [80, 7, 13])[0]


def _shown(cast: Cast, indices: list[int], rng: Random, phrase: str, entry: float = 0.35) -> Pair:
    """Asks for the things, sometimes with a way of introducing them."""
    board = Board(cast)
    if rng.random() < entry:
        act = rng.choice([fade_in(), fade_in(), grow(), create(), create(), show(written=False)])
        groups = [[Step(act, tuple(indices))]]
        fresh = Cast(rng, cast.things, cast.manner)
        prompt = tell(fresh, groups)
        board = Board(fresh)
        board.run(groups)
        return prompt, board.text()
    board.show(indices)
    return ask(phrase, rng), board.text()


def objects(rng: Random) -> Pair:
    """One to three things appear."""
    roll = rng.random()
    if roll < 0.08:
        return _number_line(rng)
    if roll < 0.12:
        return _bare_axes(rng)
    count = rng.choices([1, 2, 3], [60, 30, 10])[0]
    things: list[Thing] = []
    for _ in range(count):
        things.append(pick_thing(rng, colored=0.12, avoid=tuple(things)))
    cast = Cast(rng, things, _manner(rng))
    words = listing([cast.introduce(i) for i in range(count)], rng)
    if count == 2 and rng.random() < 0.15:
        words = rng.choice(["both {x}", "{x}, both of them", "two shapes: {x}", "{x} together"]).format(
            x=words
        )
    return _shown(cast, list(range(count)), rng, words, 0.4)


def _number_line(rng: Random) -> Pair:
    line = pick_number_line(rng)
    if rng.random() < 0.2:
        line = replace(
            line,
            words=(*line.words, "numbers"),
            after=line.after
            + rng.choice([" with numbers", " with the numbers shown", " with labelled ticks"]),
        )
    if rng.random() < 0.2:
        word, color = pick_color(rng)
        line = replace(line, color=color, color_word=word)
    cast = Cast(rng, [line], _manner(rng))
    return _shown(cast, [0], rng, cast.introduce(0), 0.3)


def _bare_axes(rng: Random) -> Pair:
    axes = Thing(
        "axes",
        rng.choice(
            [
                "axes",
                "coordinate axes",
                "coordinate system",
                "pair of axes",
                "set of axes",
                "x-y axes",
                "coordinate axes",
            ]
        ),
    )
    if rng.random() < 0.25:
        low, high = rng.choice([(0, 10), (-5, 5), (-3, 3), (0, 5), (-2, 2), (-10, 10)])
        axes = replace(axes, words=(f"x=[{low},{high}]",), after=f"with x from {low} to {high}")
    elif rng.random() < 0.2:
        axes = replace(axes, words=("numbers",), after="with numbers")
    noun = axes.noun if "axes" in axes.noun and " of " not in axes.noun else article(axes.noun)
    noun = f"{noun} {axes.after}".strip()
    cast = Cast(rng, [axes], "")
    cast.meet(0)
    board = Board(cast)
    if rng.random() < 0.3:
        board.run([[Step(rng.choice([fade_in(), create()]), (0,))]])
        verb = "fade in {x}" if "fade" in board.lines[-1] else "draw {x}"
        return verb.format(x=noun), board.text()
    board.show([0])
    return ask(noun, rng), board.text()


def colours(rng: Random) -> Pair:
    """Things with colours and fills."""
    roll = rng.random()
    if roll < 0.26:
        return _outline(rng)
    count = rng.choices([1, 2, 3, 4], [45, 32, 18, 5])[0]
    things: list[Thing] = []
    for _ in range(count):
        things.append(pick_thing(rng, colored=0.96, filled=0.14, avoid=tuple(things)))
    cast = Cast(rng, things, _manner(rng))
    if roll < 0.5 and count > 1:
        return _color_list(cast, rng)
    words = listing([cast.introduce(i) for i in range(count)], rng)
    return _shown(cast, list(range(count)), rng, words, 0.3)


def _outline(rng: Random) -> Pair:
    """Filled, hollow, or colour told apart from the noun."""
    thing = pick_thing(rng, colored=0.9, among=CLOSED, filled=0, sized=0)
    filled = rng.random() < 0.5
    noun, color = thing.noun, thing.color_word
    named = f"{color} {noun}".strip()
    if filled:
        words = rng.choice(
            ["a filled {n}", "a solid {n}", "{an}, filled", "{an} that is filled in", "{an}, filled in completely", "{an}, completely filled", "a filled-in {n}",
             "{an} with a solid fill", "{an} filled with colour", "{an}, not just its outline", "a fully filled {n}", "{an}: solid"]
            + (["{am} filled with {c}", "{am}, {c}, filled", "{am}: {c}, solid", "{am} filled in {c}", "{am} with {c} fill", "a solid {c} {m}", "{am} which is solid {c}",
                "the {m} of {c} colour, filled"] if color else [])
        )  # fmt: skip
        thing = replace(thing, words=("fill_opacity=1",))
    else:
        words = rng.choice(
            ["the outline of {an}", "only the outline of {an}", "{an}, just the outline", "{an} without fill", "{an}, not filled", "an unfilled {n}", "a hollow {n}",
             "{an}, outline only", "an empty {n}", "{an} with no fill", "only the outline of {an}, no fill", "just the border of {an}", "{an}, unfilled", "{an} (outline only)"]
            + (["{am} with {a_c} outline", "{am} outlined in {c}", "the {c} outline of {am}", "{am} with {a_c} border and no fill"] if color else [])
        )  # fmt: skip
    phrase = words.format(
        n=named, an=article(named), m=noun, am=article(noun), c=color, a_c=article(color) if color else ""
    )
    cast = Cast(rng, [thing], "a")
    board = Board(cast)
    board.show([0])
    return ask(phrase, rng), board.text()


def _color_list(cast: Cast, rng: Random) -> Pair:
    """Lists in other orders than adjective and noun."""
    count = len(cast.things)
    style = rng.randrange(6)
    names = []
    for i, thing in enumerate(cast.things):
        cast.meet(i)
        noun, color = f"{thing.before} {thing.noun}".strip(), thing.color_word or "plain"
        if not thing.color_word:
            names.append(article(noun))
        else:
            names.append(
                [
                    f"{article(noun)} ({color})",
                    f"{noun}: {color}",
                    f"{article(noun)} in {color}",
                    f"{noun} {color}",
                    f"{article(noun)}, {color}",
                    f"{color} {noun}",
                ][style]
            )
        if thing.after:
            names[-1] += f" {thing.after}"
    joined = (
        "; ".join(names)
        if style == 4
        else ", ".join(names)
        if rng.random() < 0.5 or style in (1, 3)
        else listing(names, rng)
    )
    if style == 5 and rng.random() < 0.5:
        joined = " + ".join(names)
    board = Board(cast)
    board.show(range(count))
    return (ask(joined, rng) if style not in (1, 3) else joined), board.text()


def counts(rng: Random) -> Pair:
    """Two to five of a thing."""
    roll = rng.random()
    if roll < 0.14:
        return _each_colored(rng)
    if roll < 0.26:
        return _mixed_colors(rng)
    thing = pick_thing(rng, colored=0.5, sized=0.06, filled=0.04)
    thing = replace(thing, count=rng.choice([2, 3, 4, 5]), after="" if "of" in thing.after else thing.after)
    things = [thing]
    if rng.random() < 0.3:
        other = pick_thing(rng, colored=0.45, avoid=(thing,))
        while other.kind == thing.kind:
            other = pick_thing(rng, colored=0.45, avoid=(thing,))
        things.append(replace(other, count=rng.choice([1, 1, 2, 3])))
        if rng.random() < 0.4:
            things.reverse()
    if sum(t.count for t in things) > 7:
        things = things[:1]
    cast = Cast(rng, things, "a")
    if len(things) == 1 and rng.random() < 0.62:
        return _arranged(cast, rng)
    words = listing([cast.introduce(i) for i in range(len(things))], rng)
    if len(things) == 1 and rng.random() < 0.1:
        words = rng.choice(
            [
                "{x}, all the same",
                "exactly {x}",
                "{x}, identical",
                "{x}, all of them",
                "a set of {x}",
                "a group of {x}",
                "{x} at once",
            ]
        ).format(x=words)
    return _shown(cast, list(range(len(things))), rng, words, 0.3)


_ROW = ("{x} side by side", "{x} in a row", "a row of {x}", "{x} in a line", "{x} lined up", "{x} next to each other", "{x} beside each other", "a line of {x}",
        "{x} arranged in a row", "{x} from left to right", "{x} standing side by side", "{x}, one next to the other", "a horizontal row of {x}", "{x} arranged horizontally")  # fmt: skip
_COLUMN = (
    "{x} in a column",
    "a column of {x}",
    "{x} stacked",
    "{x} on top of each other",
    "a stack of {x}",
    "{x} one below the other",
    "{x} from top to bottom",
    "{x} arranged vertically",
    "{x} stacked vertically",
    "{x}, one under the other",
    "a vertical row of {x}",
)
_STAGGER = (
    "one by one",
    "one by one",
    "one after another",
    "one after the other",
    "one at a time",
    "in turn",
    "each a moment after the last",
    "successively",
    "one following the other",
    "in succession",
)
_LAG = (
    "in a staggered way",
    "with a slight delay between them",
    "staggered",
    "with a small lag",
    "in a cascade",
    "in quick succession",
    "slightly delayed one after another",
)


def _arranged(cast: Cast, rng: Random) -> Pair:
    """In a row or column, or entering one by one."""
    words = cast.introduce(0)
    board = Board(cast)
    row = rng.random()
    if row < 0.4:
        template = rng.choice(_ROW)
        words = template.format(x=words)
        board.row(0)
    elif row < 0.52:
        words = rng.choice(_COLUMN).format(x=words)
        board.row(0, "below")
    if row > 0.45 or rng.random() < 0.15:
        lag = rng.random() < 0.22
        how = rng.choice(_LAG if lag else _STAGGER)
        act: Act = rng.choice(
            [show(written=False)] * 3 + [fade_in(), fade_in(), grow(), grow(), create(), create()]
        )
        board.run([[Step(act, (0,))]], stagger="lag" if lag else "lines")
        verb = expand(rng.choice(act.trans), rng) if rng.random() < 0.5 else ""
        if (
            verb
            and "{x}" in verb
            and "itself" not in verb
            and " it" not in verb
            and "outline" not in verb
            and "a point" not in verb
        ):
            return f"{verb.format(x=words)} {how}", board.text()
        intrans = expand(rng.choice([t for t in act.intrans if "itself" not in t]), rng).replace(
            " its ", " their "
        )
        intrans = intrans.replace("be ", "are ", 1) if intrans.startswith("be ") else intrans
        prompt = rng.choice(
            [
                "{x} {i} {h}",
                "{x} should {b} {h}",
                "let {x} {b} {h}",
                "{h}, {x} {i}",
                "make {x} {b} {h}",
                "I want {x} to {b} {h}",
                "{x} {i}, {h}",
                "can {x} {b} {h}?",
            ]
        )
        base = intrans.replace("are ", "be ", 1) if intrans.startswith("are ") else intrans
        return prompt.format(x=words, i=intrans, b=base, h=how), board.text()
    board.show([0])
    return ask(words, rng), board.text()


def _each_colored(rng: Random) -> Pair:
    """Several of a kind, a colour each: `three circles: red, green and blue`."""
    base = pick_thing(rng, colored=0, sized=0, filled=0)
    count = rng.choice([2, 3, 3, 4])
    colors: list[tuple[str, str]] = []
    while len(colors) < count:
        pick = pick_color(rng)
        if pick not in colors:
            colors.append(pick)
    things = [replace(base, color=c, color_word=w) for w, c in colors]
    cast = Cast(rng, things, "a")
    for i in range(count):
        cast.meet(i)
    board = Board(cast)
    said = [w for w, _ in colors]
    nouns, many = plural(base.noun), number(count, rng)
    order = rng.random()
    ordinals = ["first", "second", "third", "fourth"]
    if order < 0.35:
        way = rng.choice(
            [
                "left to right",
                "from left to right",
                "in a row",
                "side by side",
                "next to each other",
                "in this order from left to right",
            ]
        )
        for i in range(1, count):
            board.place(i, f"right={{{i - 1}}}")
    elif order < 0.5:
        way = rng.choice(
            ["top to bottom", "from top to bottom", "one below the other", "stacked from top to bottom"]
        )
        for i in range(1, count):
            board.place(i, f"below={{{i - 1}}}")
    else:
        way = ""
    spoken = rng.choice(
        [
            f"{many} {nouns}: {listing(said, rng)}",
            f"{many} {nouns}, {listing([f'one {c}' for c in said], rng)}",
            f"{many} {nouns}, {', '.join(f'{o} {c}' for o, c in zip(ordinals, said, strict=False))}",
            f"{listing(said, rng)} {nouns}",
            f"{many} {nouns} ({', '.join(said)})",
            f"{many} {nouns}, the first {said[0]}, {listing([f'the {o} {c}' for o, c in zip(ordinals[1:], said[1:], strict=False)], rng)}",
            f"{many} {nouns} in {listing(said, rng)}",
            listing(
                [article(f"{c} {base.noun}") if i == 0 else f"a {c} one" for i, c in enumerate(said)], rng
            ).replace("a orange", "an orange"),
            f"{many} {nouns} coloured {listing(said, rng)}",
        ]
    )
    if way:
        spoken = f"{spoken}, {way}" if rng.random() < 0.7 else f"{way}: {spoken}"
    board.show(range(count))
    return ask(spoken, rng), board.text()


def _mixed_colors(rng: Random) -> Pair:
    """`one red circle and two blue ones`."""
    base = pick_thing(rng, colored=0, sized=0, filled=0)
    (w1, c1), (w2, c2) = rng.sample(
        [pick_color(rng), *(((c, c)) for c in ("red", "blue", "green", "yellow", "white", "pink"))], 2
    )
    if c1 == c2:
        w2 = c2 = "orange" if c1 != "orange" else "teal"
    n1, n2 = rng.choice([(1, 2), (2, 1), (2, 2), (1, 3), (3, 1), (2, 3), (3, 2), (1, 4)])
    things = [
        replace(base, color=c1, color_word=w1, count=n1),
        replace(base, color=c2, color_word=w2, count=n2),
    ]
    cast = Cast(rng, things, "a")
    cast.meet(0)
    cast.meet(1)
    board = Board(cast)
    board.show([0, 1])

    def many(n: int) -> str:
        return "one" if n == 1 else number(n, rng)

    first = f"{many(n1)} {w1} {base.noun if n1 == 1 else plural(base.noun)}"
    second = rng.choice(
        [
            f"{many(n2)} {w2} {base.noun if n2 == 1 else plural(base.noun)}",
            f"{many(n2)} {w2} {'one' if n2 == 1 else 'ones'}",
            f"{many(n2)} {w2} {'one' if n2 == 1 else 'ones'}",
        ]
    ).replace("one blue one", "a blue one")
    total = n1 + n2
    spoken = rng.choice(
        [
            f"{first} and {second}",
            f"{first}, {second}",
            f"{number(total, rng)} {plural(base.noun)}, {many(n1)} {w1} and {many(n2)} {w2}",
            f"{number(total, rng)} {plural(base.noun)}: {many(n1)} {w1}, {many(n2)} {w2}",
            f"{first} plus {second}",
        ]
    )
    return ask(spoken, rng), board.text()


_PLACED = (
    "{a} {rel} {b}", "{a} {rel} {b}", "place {a} {rel} {b}", "put {a} {rel} {b}", "draw {a} {rel} {b}", "show {a} {rel} {b}", "can you put {a} {rel} {b}?",
    "I want {a} {rel} {b}", "{a} sits {rel} {b}", "{a} should be {rel} {b}", "could you draw {a} {rel} {b}?", "create {a} {rel} {b}", "I'd like {a} {rel} {b}",
    "{a} that is {rel} {b}", "position {a} {rel} {b}", "{a}, placed {rel} {b}", "{a} goes {rel} {b}", "let {a} stand {rel} {b}", "we need {a} {rel} {b}",
    "{a} located {rel} {b}", "{a} is {rel} {b}", "make {a} and put it {rel} {b}", "add {a} {rel} {b}", "{a} positioned {rel} {b}", "display {a} {rel} {b}",
)  # fmt: skip
_TURNED = (
    "{rel} {b}, {a}", "{rel} {b} there is {a}", "{rel} {b}, draw {a}", "{rel} {b} I want {a}", "{rel} {b} put {a}", "{rel} {b}: {a}",
)  # fmt: skip
_WITH = (
    "{b} with {a} {adv}", "show {b} with {a} {adv}", "draw {b} with {a} {adv}", "draw {b} and {adv} {a}", "{b}, and {adv} {a}", "{b}. {adv}, {a}",
    "first {b}, then {a} {adv}", "draw {b} and put {a} {adv}", "show {b}; put {a} {adv}", "{b} and {a} {adv}", "there is {b}, {adv} is {a}", "{b} has {a} {adv}",
    "show {b}, and {a} {adv}", "I want {b} with {a} {adv}", "put {a} {adv_of} {b}",
)  # fmt: skip


def layout(rng: Random) -> Pair:
    """Relations, edges and corners."""
    roll = rng.random()
    if roll < 0.26:
        return _at_border(rng)
    if roll < 0.42:
        return _row_of_different(rng)
    if roll < 0.55:
        return _opposite(rng)
    if roll < 0.6:
        return _connected(rng)
    relation = rng.choice(["left", "right", "above", "below", "inside", "left", "right", "above", "below"])
    b = pick_thing(rng, colored=0.5, among=CLOSED if relation == "inside" else None)
    a = pick_any(rng, (b,), literal=0.25, colored=0.5)
    if relation != "inside" and rng.random() < 0.1:
        a, b = b, a
    cast = Cast(rng, [a, b], _manner(rng))
    board = Board(cast)
    style = rng.random()
    words = rng.choice(RELATIONS[relation])
    if relation == "right" and rng.random() < 0.15:
        words = rng.choice(NEXT_TO)
    if style < 0.62:
        said_a = cast.introduce(0)
        said_b = cast.introduce(1)
        prompt = expand(rng.choice(_PLACED), rng).format(a=said_a, rel=words.replace(" {r}", ""), b=said_b)
        board.place(0, f"{relation}={{1}}")
    elif style < 0.75:
        said_b, said_a = cast.introduce(1), cast.introduce(0)
        prompt = rng.choice(_TURNED).format(rel=words.replace(" {r}", ""), a=said_a, b=said_b)
        board.place(0, f"{relation}={{1}}")
    else:
        said_b, said_a = cast.introduce(1), cast.introduce(0)
        adverb = rng.choice(
            {"left": ["to its left", "on its left", "to the left of it", "left of it", "on the left"], "right": ["to its right", "on its right", "to the right of it", "right of it", "next to it", "beside it"],
             "above": ["above it", "above", "on top of it", "over it", "on top"], "below": ["below it", "below", "underneath", "under it", "underneath it", "beneath it"],
             "inside": ["inside it", "inside", "in it", "in its middle", "within it"]}[relation]
        )  # fmt: skip
        template = rng.choice([t for t in _WITH if "adv_of" not in t])
        prompt = template.format(a=said_a, b=said_b, adv=adverb)
        board.place(0, f"{relation}={{1}}")
    if rng.random() < 0.2 and not cast.things[0].written and not cast.things[1].written:
        act = rng.choice([fade_in(), create(), grow()])
        prompt = rng.choice(
            [
                f"{prompt}, both {'fading in' if 'fade' in act.statement else 'growing' if 'grow' in act.statement else 'drawn'}"
            ]
        )
        board.run([[Step(act, tuple(cast.names))]])
    else:
        # Shapes come first, then words, each kind in order of mention.
        board.show(cast.names)
    return prompt, board.text()


def _border(rng: Random) -> tuple[str, str]:
    """Returns words for an edge or corner and the placement."""
    if rng.random() < 0.5:
        corner, words = rng.choice(list(CORNERS.items()))
        word = rng.choice(words)
        place = rng.choice(
            [
                f"in the {word} corner",
                f"in the {word} corner",
                f"in the {words[0]}",
                f"at the {words[0]}",
                f"into the {word} corner",
                f"at the {word} corner",
            ]
        )
        if "-hand" in place and "corner" not in place:
            place += " corner"
        return place + rng.choice(OF_FRAME), f"corner={corner}"
    side, words = rng.choice(list(SIDES.items()))
    edge = rng.choice(words)
    place = rng.choice(
        [
            f"at {edge}",
            f"at {edge}",
            f"on {edge}",
            f"against {edge}",
            f"along {edge}",
            f"close to {edge}",
            f"right at {edge}",
            f"by {edge}",
        ]
    )
    if side in ("left", "right") and rng.random() < 0.25:
        place = rng.choice(
            [f"on the {side}", f"on the far {side}", f"at the far {side}", f"all the way to the {side}"]
        )
    return place + rng.choice(OF_FRAME), f"edge={side}"


def _at_border(rng: Random) -> Pair:
    """At an edge or in a corner."""
    count = rng.choices([1, 2], [72, 28])[0]
    things: list[Thing] = []
    for _ in range(count):
        things.append(pick_any(rng, tuple(things), literal=0.3, colored=0.5))
    cast = Cast(rng, things, _manner(rng))
    board = Board(cast)
    said = []
    used: set[str] = set()
    for i in range(count):
        words, place = _border(rng)
        while place in used:
            words, place = _border(rng)
        used.add(place)
        board.place(i, place)
        name = cast.introduce(i)
        said.append(
            rng.choice(
                [
                    f"{name} {words}",
                    f"{name} {words}",
                    f"{name} {words}",
                    f"{words}, {name}",
                    f"{words}: {name}",
                ]
            )
            if count == 1
            else f"{name} {words}"
        )
    if count == 1 and rng.random() < 0.6:
        words = said[0]
        if words.startswith(
            ("at ", "in ", "on ", "against ", "along ", "close ", "right ", "by ", "into ", "all ")
        ):
            prompt = words
        else:
            prompt = rng.choice(
                [
                    "put {x}",
                    "place {x}",
                    "show {x}",
                    "draw {x}",
                    "stick {x}",
                    "position {x}",
                    "set {x}",
                    "can you put {x}?",
                    "I want {x}",
                    "pin {x}",
                    "display {x}",
                    "{x}",
                    "could you place {x}?",
                    "there should be {x}",
                    "fade in {x}",
                    "keep {x}",
                ]
            ).format(x=words)
            if prompt.startswith("fade in"):
                board.run([[Step(fade_in(), (0,))]])
                return prompt, board.text()
    else:
        prompt = rng.choice(["{x}", "put {x}", "show {x}", "place {x}", "draw {x}"]).format(
            x=listing(said, rng)
        )
    board.show(range(count))
    return prompt, board.text()


def _row_of_different(rng: Random) -> Pair:
    """Different things in a given order."""
    count = rng.choice([2, 3, 3, 4])
    things: list[Thing] = []
    for _ in range(count):
        things.append(pick_thing(rng, colored=0.35, avoid=tuple(things)))
    cast = Cast(rng, things, _manner(rng))
    said = [cast.introduce(i) for i in range(count)]
    board = Board(cast)
    kind = rng.randrange(3)
    if kind == 2:
        bare = [t.split(" ", 1)[1] if t.startswith(("a ", "an ")) and rng.random() < 0.6 else t for t in said]
        word, relation = rng.choice(
            [
                ("over", "above"),
                ("above", "above"),
                ("on top of", "above"),
                ("left of", "left"),
                ("under", "below"),
                ("below", "below"),
                ("right of", "right"),
                ("to the left of", "left"),
            ]
        )
        pairs = [f"{bare[i]} {word} {bare[i + 1]}" for i in range(count - 1)]
        prompt = rng.choice([", ", "; ", " and "]).join(pairs) if count > 2 else pairs[0]
        for i in range(count - 1):
            board.place(i, f"{relation}={{{i + 1}}}")
    else:
        across = kind == 0 or rng.random() < 0.5
        items = listing(said, rng)
        if across:
            prompt = rng.choice(["from left to right draw {x}", "from left to right: {x}", "left to right: {x}", "{x}, from left to right", "{x} in a row", "draw {x} in a row", "a row with {x}", "{x} side by side", "show {x} next to each other",
                                 "line up {x}", "put {x} in a row", "in a row: {x}", "draw {x} from left to right", "{x} in that order, left to right", "arrange {x} from left to right", "starting at the left: {x}"])  # fmt: skip
        else:
            prompt = rng.choice(
                [
                    "from top to bottom: {x}",
                    "top to bottom: {x}",
                    "{x}, from top to bottom",
                    "stack {x} from top to bottom",
                    "a column of {x}",
                    "{x} in a column",
                    "draw {x} one below the other",
                    "{x} from top to bottom",
                    "{x}, one under the other",
                    "starting at the top: {x}",
                ]
            )
        for i in range(1, count):
            board.place(i, f"{'right' if across else 'below'}={{{i - 1}}}")
        prompt = prompt.format(x=items)
    board.show(range(count))
    return prompt, board.text()


def _opposite(rng: Random) -> Pair:
    """One thing on one side, another on the other."""
    a = pick_any(rng, (), literal=0.12, colored=0.45)
    b = pick_any(rng, (a,), literal=0.12, colored=0.45)
    cast = Cast(rng, [a, b], _manner(rng))
    sides = rng.choice(
        [("left", "right"), ("left", "right"), ("right", "left"), ("top", "bottom"), ("bottom", "top")]
    )
    said_a, said_b = cast.introduce(0), cast.introduce(1)
    prep = "on the" if sides[0] in ("left", "right") else "at the"
    s, t = sides
    prompt = rng.choice(
        [f"{said_a} {prep} {s}, {said_b} {prep} {t}", f"{said_a} {prep} {s} and {said_b} {prep} {t}", f"{s}: {said_a}. {t}: {said_b}", f"{s}: {said_a}, {t}: {said_b}",
         f"{prep} {s} {said_a}, {prep} {t} {said_b}", f"put {said_a} {prep} {s} and {said_b} {prep} {t}", f"show {said_a} {prep} {s} side and {said_b} {prep} {t}" if s in ("left", "right") else f"show {said_a} {prep} {s} and {said_b} {prep} {t}",
         f"{prep} {s} there is {said_a}, {prep} {t} there is {said_b}", f"draw {said_a} {prep} {s} and {said_b} {prep} {t}", f"{said_a} ({s}) and {said_b} ({t})", f"{said_a} {s}, {said_b} {t}",
         f"{prep} {s} I want {said_a} and {prep} {t} {said_b}"]
    )  # fmt: skip
    board = Board(cast)
    board.place(0, f"edge={s}")
    board.place(1, f"edge={t}")
    board.show([0, 1])
    return prompt, board.text()


def _connected(rng: Random) -> Pair:
    """A line or an arrow from one thing to another."""
    a = pick_thing(rng, among=CLOSED | {"dot"}, colored=0.4)
    b = pick_thing(rng, among=CLOSED | {"dot"}, colored=0.4, avoid=(a,))
    kind = rng.choice(["arrow", "arrow", "line"])
    link = Thing(f"{kind} {{0}} {{1}}", kind)
    color = ""
    if rng.random() < 0.3:
        word, color = pick_color(rng)
        color_word = word + " "
    else:
        color_word = ""
    cast = Cast(rng, [a, b, link], "a")
    said = [cast.introduce(0), cast.introduce(1)]
    cast.meet(2)
    noun = article(color_word + kind)
    shorts = [cast.short(0), cast.short(1)]
    prompt = rng.choice(
        [f"{noun} from {said[0]} to {said[1]}", f"{said[0]} and {said[1]} with {noun} from {shorts[0]} to {shorts[1]}", f"draw {said[0]} and {said[1]}, then {noun} from the first to the second",
         f"{said[0]} and {said[1]}, connected by {noun}", f"show {noun} that points from {said[0]} to {said[1]}" if kind == "arrow" else f"connect {said[0]} and {said[1]} with {noun}",
         f"draw {said[0]} and {said[1]} and connect them with {noun}", f"{noun} pointing from {said[0]} to {said[1]}" if kind == "arrow" else f"join {said[0]} and {said[1]} by {noun}"]
    )  # fmt: skip
    names = cast.names
    lines = []
    places = ["at=(-3,0)", "at=(3,0)"]
    for i in range(2):
        thing = cast.things[i]
        lines.append(
            f"{names[i][0]} = " + " ".join(w for w in (thing.kind, thing.color, *thing.words, places[i]) if w)
        )
    lines.append(f"{names[2][0]} = {kind} {names[0][0]} {names[1][0]} {color}".rstrip())
    lines += [f"create {names[0][0]} {names[1][0]}", f"create {names[2][0]}"]
    return prompt, "\n".join(lines)


def labelled(rng: Random) -> Pair:
    """A thing with words or a formula next to it."""
    b = pick_thing(rng, colored=0.5)
    a = pick_words(rng, colored=0.08) if rng.random() < 0.75 else pick_math(rng, colored=0.08)
    cast = Cast(rng, [a, b], "a")
    relation = rng.choice(["above", "below", "below", "above", "left", "right", "inside"])
    said_b, said_a = cast.introduce(1), cast.introduce(0)
    if said_a.startswith(('"', "'", "“")) and rng.random() < 0.4:
        said_a = rng.choice(["the label ", "the caption ", "the word ", "a label ", "the text "]) + said_a
    adverb = {"above": ["above it", "above", "on top", "over it"], "below": ["below it", "underneath", "under it", "beneath it", "below", "underneath it"],
              "left": ["to its left", "to the left of it", "on its left"], "right": ["to its right", "next to it", "to the right of it", "beside it"], "inside": ["inside it", "inside", "in it", "in its centre"]}  # fmt: skip
    adv = rng.choice(adverb[relation])
    prompt = rng.choice(
        [f"{said_b} with {said_a} {adv}", f"show {said_b} with {said_a} {adv}", f"draw {said_b} and write {said_a} {adv}", f"draw {said_b}, then write {said_a} {adv}", f"{said_b} labelled {said_a} {adv}",
         f"put {said_a} {adv} after drawing {said_b}", f"{said_b}; {adv} it says {said_a}", f"draw {said_b}. Write {said_a} {adv}.", f"{said_b}, {said_a} {adv}"]
    )  # fmt: skip
    board = Board(cast)
    board.place(0, f"{relation}={{1}}")
    board.show([1])
    board.show([0])
    return prompt, board.text()


def bare_nouns(rng: Random) -> Pair:
    """A noun and nothing else, so that terse prompts are no surprise."""
    kind = rng.choice(list(SHAPES))
    thing = Thing(kind, rng.choice(SHAPES[kind]))
    if rng.random() < 0.5:
        word, color = pick_color(rng)
        thing = replace(thing, color=color, color_word=word)
    cast = Cast(rng, [thing], rng.choice(["", "a", "the"]))
    said = noun_phrase(thing, rng, cast.manner)
    cast.meet(0)
    board = Board(cast)
    board.show([0])
    return said, board.text()
