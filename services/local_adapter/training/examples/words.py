# ruff: noqa: E501 - lists of wordings read better in long lines
"""Families of prompts about texts, formulas and plots."""

from __future__ import annotations

import re
from dataclasses import replace
from random import Random

from .acts import Act, fade_in, fade_out, hide, indicate, recolor, shift, show, to_border, unwrite, write
from .board import Board
from .delivery import ask
from .formulas import solving_steps
from .functions import pick_function
from .shapes import Pair, _border
from .story import Groups, Step, tell
from .things import Cast, Thing, pick_math, pick_plot, pick_thing, pick_words
from .vocabulary import pick_color
from .wording import article, expand, listing

_TEXT_ASKS = (
    "show {x}", "write {x}", "write {x}", "write {x} on [the|] screen", "display {x}", "put {x} on [the|] screen", "put up {x}", "I want to read {x}", "type {x}", "{x}", "{x} on [the|] screen",
    "say {x}", "let it say {x}", "have {x} written", "I'd like {x} written", "I need {x} written out", "{x} should be written", "{x}, please", "could you write {x}?", "can you show {x}?", "would you show {x}?",
    "please display {x}", "make {x} appear", "show just {x}", "write {x} for me", "the screen says {x}", "the screen should read {x}", "spell out {x}", "a screen that reads {x}", "I want {x} as text", "render {x}",
    "bring up {x}", "print {x}", "only {x}, written", "just write {x}", "present {x}", "create {x}", "add {x}", "begin by writing {x}", "{x} is written", "{x} gets written", "let's write {x}",
)  # fmt: skip


def _styled(thing: Thing, rng: Random) -> Thing:
    """Bold, italic, big or small letters."""
    spoken, words = rng.choice(
        [("in bold", "bold"), ("in italics", "italic"), ("in bold letters", "bold"), ("in big letters", "size=72"),
         ("in large letters", "size=72"), ("in small letters", "size=24")]
    )  # fmt: skip
    return replace(thing, noun=f"{thing.noun} {spoken}", words=(*thing.words, words))


def text(rng: Random) -> Pair:
    """Quoted words."""
    roll = rng.random()
    count = 1 if roll < 0.75 else 2
    things = [pick_words(rng, colored=0.22) for _ in range(count)]
    if rng.random() < 0.06:
        things[0] = _styled(things[0], rng)
    cast = Cast(rng, things, "a")
    board = Board(cast)
    if count == 2:
        return _two_texts(cast, rng)
    if roll < 0.28:
        groups = _life_of_words(rng, "text")
        prompt = tell(cast, groups)
        board.run(groups)
        return prompt, board.text()
    words = cast.introduce(0)
    if rng.random() < 0.14:
        where, place = _border(rng)
        words += " " + where
        board.place(0, place)
    if rng.random() < 0.2:
        groups = [[Step(rng.choice([fade_in(), fade_in(), write()]), (0,))]]
        prompt = expand(rng.choice(groups[0][0].act.trans), rng).format(x=words)
        if rng.random() < 0.4:
            prompt = f"{words} {'fades in' if 'fade' in groups[0][0].act.statement else 'is written'}"
        board.run(groups)
        return prompt, board.text()
    board.show([0])
    prompt = expand(rng.choice(_TEXT_ASKS), rng).format(x=words)
    if not things[0].color_word and "=" not in board.text().split('"')[-1] and rng.random() < 0.14:
        return _colored_after(prompt, cast, rng)
    return prompt, board.text()


def _life_of_words(rng: Random, kind: str) -> Groups:
    """Introduced, then something happens to it."""
    del kind
    first = rng.choice([write(), write(), write(), fade_in(), show(written=True)])
    rest = rng.sample(
        [
            fade_out(),
            fade_out(),
            hide(),
            unwrite(),
            indicate(rng),
            indicate(rng),
            recolor(rng),
            shift(rng),
            to_border(rng),
        ],
        rng.choice([1, 1, 2]),
    )
    rest.sort(key=lambda a: a.hides)
    if sum(a.hides for a in rest) > 1:
        rest = rest[:1]
    return [[Step(a, (0,))] for a in (first, *rest)]


def _two_texts(cast: Cast, rng: Random) -> Pair:
    """Two texts, one placed by the other or one after the other."""
    board = Board(cast)
    kind = rng.randrange(4)
    if kind == 0:
        said = [cast.introduce(0), cast.introduce(1)]
        board.show([0, 1])
        return ask(listing(said, rng), rng), board.text()
    relation = rng.choice(["below", "below", "below", "above", "left", "right"])
    if kind == 1:
        said = [cast.introduce(0), cast.introduce(1)]
        adv = {
            "below": ["underneath", "below it", "under it", "below"],
            "above": ["above it", "above"],
            "left": ["to its left"],
            "right": ["to its right", "next to it", "beside it"],
        }[relation]
        prompt = rng.choice(
            [
                "{a} with {b} {adv}",
                "show {a} and {adv} {b}",
                "{a}, {adv} {b}",
                "write {a} and {adv} {b}",
                "the title {a}, {adv} the subtitle {b}"
                if cast.things[0].noun[0] in "\"'“" and cast.things[1].noun[0] in "\"'“"
                else "{a}; {adv}: {b}",
            ]
        )
        board.place(1, f"{relation}={{0}}")
        board.show([0, 1])
        return prompt.format(a=said[0], b=said[1], adv=rng.choice(adv)), board.text()
    act = write() if rng.random() < 0.7 else fade_in()
    second = Step(act, (1,), place=(relation, 0) if rng.random() < 0.6 else None)
    groups: Groups = [[Step(act, (0,))], [second]]
    prompt = tell(cast, groups)
    board.run(groups)
    return prompt, board.text()


_MATH_ASKS = (
    "show {x}", "write {x}", "write {x}", "display {x}", "typeset {x}", "render {x}", "LaTeX: {x}", "latex {x}", "formula: {x}", "equation: {x}", "math: {x}", "show {x} as a formula", "show {x} as math",
    "{x} as a formula", "typeset {x} as math", "write {x} as an equation", "put {x} on [the|] screen", "put up {x}", "I need {x}", "I'd like to see {x}", "I want {x} on screen", "could you write {x}?", "can you typeset {x}?",
    "would you show {x}?", "can we see {x}?", "{x}", "{x}", "just {x}", "only {x}, nicely typeset", "{x}, typeset", "please write {x}", "let's write down {x}", "write down {x}", "state {x}", "{x} should be written",
    "I'd like {x} written", "in LaTeX: {x}", "show the class {x}", "write in math {x}", "write {x} on the board", "print {x}", "bring up {x}", "show me {x}", "{x} please", "present {x}", "set {x} in LaTeX", "I want to see {x} typeset",
)  # fmt: skip


_FUNCTION = re.compile(r'math "\w(\([a-z]\))? ?=.*x')
_FORMULA_ASKS = tuple(
    t for t in _MATH_ASKS if re.search(r"[Ww]rit|formula|ypeset|[Ll]a[Tt]e[Xx]|math|equation|state", t)
)


def maths(rng: Random) -> Pair:
    """Formulas."""
    roll = rng.random()
    if roll < 0.18:
        return _derivation(rng)
    if roll < 0.3:
        groups = _life_of_words(rng, "math")
        cast = Cast(rng, [pick_math(rng)], "a")
        prompt = tell(cast, groups)
        board = Board(cast)
        board.run(groups)
        return prompt, board.text()
    if roll < 0.42:
        title = pick_words(rng, colored=0.1)
        cast = Cast(rng, [title, pick_math(rng)], "a")
        board = Board(cast)
        said = [cast.introduce(0), cast.introduce(1)]
        if rng.random() < 0.5:
            board.place(1, "below={0}")
            template = rng.choice(
                [
                    "{a} with {b} under it",
                    "show {a} with {b} below it",
                    "{a} and underneath {b}",
                    "write {a} and below it {b}",
                    "{a}, below it {b}",
                    "show {a}, and {b} underneath",
                    "{a} and {b} beneath it",
                ]
            )
        else:
            board.place(0, "above={1}")
            template = rng.choice(
                ["{a} above {b}", "write {a} above {b}", "show {a} above {b}", "put {a} over {b}"]
            )
        board.show([0, 1])
        return template.format(a=said[0], b=said[1]), board.text()
    count = 1 if roll < 0.92 else 2
    things = [pick_math(rng, colored=0.2) for _ in range(count)]
    cast = Cast(rng, things, "a")
    words = listing([cast.introduce(i) for i in range(count)], rng)
    board = Board(cast)
    if count == 2 and rng.random() < 0.5:
        board.place(1, "below={0}")
        words += rng.choice(
            [", one below the other", " underneath each other", ", stacked", " one under the other"]
        )
    if rng.random() < 0.16:
        board.run([[Step(fade_in(), tuple(range(count)))]])
        return rng.choice(
            ["fade in {x}", "let {x} fade in", "fade {x} in", "{x} fades in" if count == 1 else "fade in {x}"]
        ).format(x=words), board.text()
    if count == 1 and rng.random() < 0.08:
        where, place = _border(rng)
        board.place(0, place)
        words += " " + where
    board.show(range(count))
    # `f(x)=…` is plotted unless the prompt says that the formula itself is meant.
    plain = not any(
        _FUNCTION.match(t.kind) and "formula" not in t.noun and "equation" not in t.noun for t in things
    )
    prompt = expand(rng.choice(_MATH_ASKS if plain else _FORMULA_ASKS), rng).format(x=words)
    if count == 1 and not things[0].color_word and rng.random() < 0.16:
        return _colored_after(prompt, cast, rng)
    return prompt, board.text()


def _colored_after(prompt: str, cast: Cast, rng: Random) -> Pair:
    """The colour is named last: `write "Hi", in red`."""
    word, color = pick_color(rng)
    cast.things[0] = replace(cast.things[0], color=color, color_word=word)
    tail = rng.choice(
        [
            " in {c}",
            ", in {c}",
            ", {c}",
            ", coloured {c}",
            " ({c})",
            ", {c} colour",
            " - in {c}",
            ", all in {c}",
        ]
    ).format(c=word)
    prompt = prompt[:-1] + tail + "?" if prompt.endswith("?") else prompt + tail
    board = Board(cast)
    board.show([0])
    return prompt, board.text()


def _derivation(rng: Random) -> Pair:
    """An equation becomes another."""
    from .acts import transform

    steps = solving_steps(rng)
    things = [Thing(f'math "{s}"', s) for s in steps]
    if rng.random() < 0.2:
        things[0] = replace(
            things[0],
            noun=f"the equation {things[0].noun}"
            if "=" in things[0].noun
            else f"the expression {things[0].noun}",
        )
    cast = Cast(rng, things, "a")
    groups: Groups = [[Step(transform(), (i,), i + 1)] for i in range(len(things) - 1)]
    if rng.random() < 0.4:
        groups.insert(0, [Step(write(), (0,))])
    if rng.random() < 0.15:
        groups.append([Step(rng.choice([indicate(rng), fade_out()]), (len(things) - 1,))])
    board = Board(cast)
    if len(things) == 2 and len(groups) == 1 and rng.random() < 0.25:
        a, b = cast.introduce(0), cast.introduce(1)
        prompt = rng.choice(
            [
                "{a} becomes {b}",
                "{a} -> {b}",
                "go from {a} to {b}",
                "simplify {a} to {b}",
                "solve {a} to {b}",
                "rewrite {a} as {b}",
                "from {a} we get {b}",
                "morph {a} to {b}",
                "show how {a} turns into {b}",
                "show the step from {a} to {b}",
            ]
        ).format(a=a, b=b)
    else:
        prompt = tell(cast, groups)
    board.run(groups)
    return prompt, board.text()


_PLOT_ASKS = (
    "plot {x}", "plot {x}", "plot {x}", "plot {x}", "graph {x}", "graph {x}", "draw {x}", "draw {x}", "draw the graph of {x}", "show {x}", "show the graph of {x}", "sketch {x}", "sketch the graph of {x}", "plot {x} on axes",
    "plot {x} on a pair of axes", "draw {x} on axes", "draw {x} on a coordinate system", "graph {x} on axes", "show {x} on axes", "axes with {x}", "axes and {x}", "the graph of {x}", "a plot of {x}", "a graph of {x}", "plot of {x}",
    "{x} plotted on axes", "can you plot {x}?", "could you graph {x}?", "could you plot {x} please?", "please plot {x}", "I want to see {x} plotted", "I'd like a graph of {x}", "I need a plot of {x}", "what does {x} look like?",
    "what does {x} look like on axes?", "how does {x} look?", "what's the graph of {x}?", "visuali[s|z]e {x}", "show me how {x} looks", "draw a coordinate system with {x}", "put {x} on a coordinate system", "let's plot {x}",
    "{x} as a graph", "{x} in a coordinate system", "show what {x} looks like", "make a plot of {x}", "display {x} on a set of axes", "I want to see {x}", "create axes and plot {x}", "draw axes and {x}", "show axes with {x} on them",
)  # fmt: skip


def _strip(noun: str, template: str) -> str:
    """`the graph of the graph of` is never said."""
    if "graph" in template or "plot of" in template or "graph" in noun:
        for lead in ("the graph of ",):
            if noun.startswith(lead) and ("graph" in template or "plot" in template):
                return noun[len(lead) :]
    return noun


_RANGES = ("from {a} to {b}", "from {a} to {b}", "for x from {a} to {b}", "for x between {a} and {b}", "between {a} and {b}", "between x = {a} and x = {b}", "on [{a},{b}]", "on the interval [{a}, {b}]",
           "over the range {a} to {b}", "for x in [{a}, {b}]", "from x={a} to x={b}", "over [{a}, {b}]", "with x going from {a} to {b}", "on the interval from {a} to {b}", "where x runs from {a} to {b}")  # fmt: skip


def plots(rng: Random) -> Pair:
    """Axes and functions."""
    roll = rng.random()
    if roll < 0.3:
        return _two_plots(rng)
    if roll < 0.5:
        return _plot_story(rng)
    if roll < 0.58:
        return _ranged_axes(rng)
    thing = pick_plot(rng)
    template = expand(rng.choice(_PLOT_ASKS), rng)
    noun = _strip(thing.noun, template)
    if thing.color_word:
        color = rng.choice(
            [
                " in {c}",
                " in {c}",
                ", {c}",
                ", in {c}",
                ", coloured {c}",
                " ({c})",
                ", {c} colour",
                ", drawn in {c}",
            ]
        ).format(c=thing.color_word)
        before = rng.random() < 0.25
    else:
        color, before = "", True
    spread = ""
    words: tuple[str, ...] = ()
    if rng.random() < 0.24:
        low, high = rng.choice(
            [
                (-rng.randint(1, 6), rng.randint(1, 6)),
                (0, rng.randint(2, 10)),
                (-rng.randint(1, 5), 0),
                (1, rng.randint(3, 9)),
                (-10, 10),
            ]
        )
        spread = " " + _format_range(rng, low, high)
        words = (f"x=[{low},{high}]",)
    thing = replace(thing, words=words)
    cast = Cast(rng, [thing], "a")
    cast.meet(0)
    if before:
        prompt = template.format(x=noun + color + spread)
    else:
        prompt = template.format(x=noun + spread)
        prompt = prompt[:-1] + color + "?" if prompt.endswith("?") else prompt + color
    if (
        color
        and before
        and template.startswith(("plot {x}", "draw {x}", "graph {x}", "show {x}"))
        and rng.random() < 0.2
    ):
        prompt = template.format(
            x=article(
                f"{thing.color_word} {rng.choice(['graph', 'plot', 'curve'])} of {_strip(thing.noun, 'graph')}{spread}"
            )
        )
    board = Board(cast)
    if rng.random() < 0.08:
        board.run([[Step(fade_in(), (0,))]])
        return (
            f"fade in {rng.choice(['the graph of ', 'a plot of ', ''])}{_strip(noun, 'graph')}{color}",
            board.text(),
        )
    board.show([0])
    return prompt, board.text()


def _format_range(rng: Random, low: int, high: int) -> str:
    return rng.choice(_RANGES).format(a=low, b=high)


def _two_plots(rng: Random) -> Pair:
    """Two functions on one pair of axes."""
    first, second = pick_plot(rng), pick_plot(rng)
    while first.kind == second.kind:
        second = pick_plot(rng)
    if rng.random() < 0.4:
        (w1, c1), (w2, c2) = rng.sample(
            [
                ("red", "red"),
                ("blue", "blue"),
                ("green", "green"),
                ("yellow", "yellow"),
                ("orange", "orange"),
                ("purple", "purple"),
                ("pink", "pink"),
                ("teal", "teal"),
                ("white", "white"),
            ],
            2,
        )
        first, second = replace(first, color=c1, color_word=w1), replace(second, color=c2, color_word=w2)
    first = replace(first, noun=_strip(first.noun, "graph"))
    second = replace(second, noun=_strip(second.noun, "graph"))
    spoken_axes = rng.random() < 0.3
    things = [first, second]
    if spoken_axes:
        things.append(Thing("axes", "axes"))
    cast = Cast(rng, things, "a")
    if spoken_axes:
        cast.meet(2)
    a, b = cast.introduce(0), cast.introduce(1)
    board = Board(cast)
    kind = rng.random()
    if kind < 0.55:
        tail = rng.choice(
            [
                "",
                "",
                " on the same axes",
                " on one coordinate system",
                " in one coordinate system",
                " together",
                " in the same plot",
                " in one graph",
                " on one set of axes",
            ]
        )
        if tail == " together" or spoken_axes:
            tail = " on the same axes" if not spoken_axes else ""
        lead = (
            rng.choice(["draw axes, then plot ", "draw axes and plot ", "show axes and graph ", "axes with "])
            if spoken_axes
            else rng.choice(
                [
                    "plot ",
                    "plot ",
                    "graph ",
                    "draw ",
                    "show ",
                    "draw both ",
                    "plot both ",
                    "sketch ",
                    "the graphs of ",
                    "I want to see ",
                ]
            )
        )
        joint = rng.choice(
            [" and ", " and ", " and also ", " and ", " as well as ", " plus ", " together with "]
        )
        prompt = f"{lead}{a}{joint}{b}{tail}"
        board.show([2] if spoken_axes else [])
        board.show([0, 1])
        return prompt, board.text()
    if kind < 0.75:
        groups: Groups = [[Step(_draw_plot(), (0,)), Step(_draw_plot(), (1,))]]
        said = rng.choice(
            [
                "{a} and {b}, both [drawn|being drawn] [at the same time|simultaneously|at once]",
                "{a} and {b} [at the same time|simultaneously]",
                "{a} while {b} is drawn",
                "{a} and {b}, both graphs [at once|together]",
                "simultaneously {a} and {b}",
                "{a} and at the same time {b}",
            ]
        )
        prompt = ("draw axes. Plot " if spoken_axes else rng.choice(["plot ", "draw ", "graph "])) + expand(
            said, rng
        ).format(a=a, b=b)
        if spoken_axes:
            board.show([2])
        board.run(groups)
        return prompt, board.text()
    groups = [[Step(_draw_plot(), (0,))], [Step(_draw_plot(), (1,))]]
    lead = (
        "draw axes, then plot" if spoken_axes else rng.choice(["plot", "first plot", "graph", "first draw"])
    )
    prompt = f"{lead} {a}{rng.choice([', then ', ', then add ', '. Then plot ', ', and then ', ', after that ', '; next plot ', '. Afterwards add ', ' followed by '])}{b}"
    if spoken_axes:
        board.show([2])
    board.run(groups)
    return prompt, board.text()


def _draw_plot() -> Act:
    trans = (
        "plot {x}",
        "plot {x}",
        "graph {x}",
        "draw {x}",
        "draw {x}",
        "add {x}",
        "show {x}",
        "sketch {x}",
        "add the graph of {x}",
    )
    return Act(
        "create {names}", trans, ("be plotted", "be drawn", "appear", "be graphed", "get drawn"), shows=True
    )


def _plot_story(rng: Random) -> Pair:
    """Axes, a graph, and what happens next."""
    from .acts import along, transform, uncreate

    plot = pick_plot(rng)
    plot = replace(plot, noun=_strip(plot.noun, "graph"))
    axes = Thing(
        "axes",
        rng.choice(["axes", "the axes", "coordinate axes", "a coordinate system", "a pair of axes", "axes"]),
    )
    kind = rng.randrange(7)
    things = [axes, plot]
    draw = _draw_plot()
    explicit = rng.random() < 0.6
    cast = Cast(rng, things, "")
    if explicit:
        cast.meet(0)
    groups: Groups = [[Step(draw, (1,))]]
    if kind == 0:
        groups.append([Step(indicate(rng), (1,))])
    elif kind == 1:
        groups.append([Step(rng.choice([fade_out(), hide(), uncreate()]), (1,))])
    elif kind == 2:
        things.append(pick_words(rng, colored=0.1))
        spot = _border(rng)
        groups.append([Step(write(), (2,), spot=spot if rng.random() < 0.8 else None)])
    elif kind == 3:
        things.append(replace(pick_plot(rng), color="", color_word=""))
        things[2] = replace(things[2], noun=_strip(things[2].noun, "graph"))
        groups.append([Step(transform(), (1,), 2)])
    elif kind == 4:
        things.append(replace(pick_thing(rng, among=frozenset({"dot"}), sized=0)))
        groups.append([Step(along(), (2,), 1)])
    elif kind == 5:
        groups.append([Step(recolor(rng, plot.color), (1,))])
    body_cast = cast
    lead = ""
    board = Board(cast)
    if explicit:
        lead = rng.choice(
            [
                "draw {a}, then ",
                "draw {a}. Then ",
                "first {a}, then ",
                "show {a}, then ",
                "create {a}; ",
                "start with {a}, then ",
                "draw {a} and ",
                "make {a} and ",
                "put up {a}, ",
            ]
        ).format(a=axes.noun)
        board.show([0])
    prompt = lead + tell(body_cast, groups)
    for word in ("First, ", "First ", "first ", "To begin with, ", "To start, ", "At first "):
        if explicit:
            prompt = prompt.replace(lead + word, lead)
    board.run(groups)
    return prompt, board.text()


def _ranged_axes(rng: Random) -> Pair:
    """Axes with a range, and a graph on them."""
    low, high = rng.choice(
        [(0, 10), (-5, 5), (-3, 3), (0, 5), (-2, 2), (-10, 10), (0, 8), (-1, 6), (-4, 4), (0, 6)]
    )
    expression, noun = pick_function(rng)
    noun = _strip(noun, "graph")
    color = ""
    words = ""
    if rng.random() < 0.3:
        word, color = pick_color(rng)
        words = f" in {word}"
    a = rng.choice(
        [
            f"axes from {low} to {high}",
            f"axes with x from {low} to {high}",
            f"an x axis from {low} to {high}",
            f"axes with x range [{low},{high}]",
            f"axes where x goes from {low} to {high}",
        ]
    )
    template = rng.choice(
        [
            "draw {a} and plot {f}",
            "{a} with {f}",
            "draw {a}, then plot {f}",
            "plot {f} on {a}",
            "show {f} on {a}",
            "make {a} and graph {f} on them",
            "on {a}, plot {f}",
            "{a}. Plot {f} on them.",
        ]
    )
    lines = [
        f"a = axes x=[{low},{high}]",
        f"b = plot a {expression} {color}".rstrip(),
        "create a",
        "create b",
    ]
    return template.format(a=a, f=noun + words), "\n".join(lines)
