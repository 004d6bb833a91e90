"""Things on the stage: how they are spoken of, and how they are defined."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from random import Random

from .formulas import pick_formula
from .functions import pick_function
from .quotes import pick_text
from .vocabulary import CLOSED, SHAPES, SHORT_NOUNS, number, pick_color, pick_shape
from .wording import article, listing, plural

NAMES = "abcdefghijklmnop"
# What people add in brackets when they doubt that a word is known.
EXPLAINED = {
    "pentagon": "five sides", "hexagon": "six sides", "heptagon": "seven sides", "octagon": "eight sides",
    "star": "five points", "ellipse": "an oval", "line": "a straight one",
}  # fmt: skip


@dataclass(frozen=True)
class Thing:
    """One thing, or several equal ones, that a prompt speaks of."""

    kind: str
    """The first words of its definition: `circle`, `star 6`, `text "Hi"`."""
    noun: str
    """What it is called: `circle`, `six-pointed star`; of a text or formula how it is quoted."""
    color: str = ""
    color_word: str = ""
    before: str = ""
    """Adjectives other than the colour."""
    words: tuple[str, ...] = ()
    """Further words of its definition."""
    after: str = ""
    """What follows the noun: `with a radius of 2`."""
    count: int = 1

    @property
    def literal(self) -> bool:
        """Whether it is quoted text or a formula."""
        return self.kind.startswith(("text ", "math "))

    @property
    def written(self) -> bool:
        """Whether it is introduced by writing."""
        return self.literal


def pick_thing(
    rng: Random,
    *,
    colored: float = 0.55,
    among: frozenset[str] | None = None,
    filled: float = 0.04,
    sized: float = 0.02,
    avoid: tuple[Thing, ...] = (),
) -> Thing:
    """Returns a random shape that differs in kind or colour from those to avoid."""
    while True:
        kind, noun = pick_shape(rng, among)
        thing = Thing(kind, noun)
        if rng.random() < colored:
            word, color = pick_color(rng)
            thing = replace(thing, color=color, color_word=word)
        if all((other.kind, other.color) != (kind, thing.color) for other in avoid):
            break
    if kind in CLOSED and rng.random() < filled:
        solid = rng.choice(["filled", "solid", "filled", "solid", "filled-in"])
        thing = replace(thing, before=solid, words=(*thing.words, "fill_opacity=1"))
    if rng.random() < sized:
        thing = _sized(thing, rng)
    return thing


def _sized(thing: Thing, rng: Random) -> Thing:
    measures = {
        "circle": ("radius", "radius"),
        "square": ("side", "side length"),
        "triangle": ("radius", "radius"),
    }
    if thing.kind in measures and rng.random() < 0.4:
        keyword, spoken = measures[thing.kind]
        value = rng.choice(["0.5", "1.5", "2", "2.5", "3"])
        after = rng.choice(["with {s} {v}", "of {s} {v}", "with a {s} of {v}"]).format(s=spoken, v=value)
        return replace(thing, after=after, words=(*thing.words, f"{keyword}={value}"))
    if thing.kind == "rectangle" and rng.random() < 0.5:
        width, height = rng.sample(["1", "2", "3", "4", "5", "6"], 2)
        after = rng.choice(
            ["{w} wide and {h} high", "with width {w} and height {h}", "of width {w} and height {h}"]
        )
        words = (*thing.words, f"width={width}", f"height={height}")
        return replace(thing, after=after.format(w=width, h=height), words=words)
    word, factor = rng.choice(
        [
            ("small", "0.5"),
            ("big", "1.5"),
            ("large", "1.5"),
            ("tiny", "0.3"),
            ("huge", "2"),
            ("little", "0.5"),
        ]
    )
    if thing.kind == "dot" and factor != "0.5":
        factor = {"0.3": "0.5"}.get(factor, "2")
    before = f"{word} {thing.before}".strip()
    return replace(thing, before=before, words=(*thing.words, f"scale={factor}"))


def pick_words(rng: Random, *, colored: float = 0.15) -> Thing:
    """Returns a quoted text."""
    text, quoted = pick_text(rng)
    noun = rng.choice(
        [quoted] * 5
        + [
            "the word[s] {q}",
            "the text {q}",
            "the text {q}",
            "the title {q}",
            "the label {q}",
            "the caption {q}",
        ]
        + [
            "the message {q}",
            "text saying {q}",
            "a label {q}",
            "a title that says {q}",
            "a text that reads {q}",
        ]
        + ["the phrase {q}", "a heading {q}", "the headline {q}", "a caption saying {q}", "the label {q}"]
    )
    noun = noun.replace("[s]", "s" if " " in text else "").replace("{q}", quoted)
    thing = Thing(f'text "{text}"', noun)
    return _maybe_colored(thing, rng, colored)


def pick_math(rng: Random, *, colored: float = 0.15) -> Thing:
    """Returns a formula."""
    latex, spoken = pick_formula(rng)
    noun = rng.choice(
        ["{q}"] * 5
        + ["the formula {q}", "the equation {q}", "the expression {q}", "the formula {q}", "the equation {q}"]
        + ["{q} as a formula", "the maths {q}", "the term {q}", "{q} in LaTeX"]
    ).replace("{q}", spoken)
    if "=" not in latex:
        noun = noun.replace("equation", "expression")
    return _maybe_colored(Thing(f'math "{latex}"', noun), rng, colored)


def _maybe_colored(thing: Thing, rng: Random, share: float) -> Thing:
    if rng.random() >= share:
        return thing
    word, color = pick_color(rng)
    return replace(thing, color=color, color_word=word)


def pick_any(
    rng: Random, avoid: tuple[Thing, ...] = (), *, literal: float = 0.2, colored: float = 0.55
) -> Thing:
    """Returns a shape, or sometimes a text or a formula."""
    roll = rng.random()
    if roll < literal * 0.6:
        return pick_words(rng)
    if roll < literal:
        return pick_math(rng)
    return pick_thing(rng, colored=colored, avoid=avoid)


def pick_number_line(rng: Random) -> Thing:
    """Returns a number line with its range."""
    low, high = rng.choice([(0, rng.randint(3, 12)), (-rng.randint(1, 10), rng.randint(1, 10))])
    after = rng.choice(["from {a} to {b}", "from {a} to {b}", "{a} to {b}", "between {a} and {b}"])
    words = (f"x=[{low},{high}]",)
    return Thing("number_line", "number line", after=after.format(a=low, b=high), words=words)


def pick_plot(rng: Random) -> Thing:
    """Returns the graph of a function; its axes are the scene's."""
    expression, spoken = pick_function(rng)
    return _maybe_colored(Thing(f"plot AXES {expression}", spoken), rng, 0.45)


@dataclass
class Cast:
    """The things of one prompt in the order they are mentioned, and what they were called last."""

    rng: Random
    things: list[Thing]
    manner: str = "a"
    """How things are introduced: `a`, `the`, or without an article."""
    names: dict[int, list[str]] = field(default_factory=dict)
    last: tuple[int, ...] = ()
    axes: str = ""
    """The name of the axes, once there are any."""
    own_axes: bool = False
    """The axes are there only because a plot needs them."""
    _taken: int = 0

    def known(self, index: int) -> bool:
        """Whether the thing has been mentioned."""
        return index in self.names

    def meet(self, index: int) -> None:
        """Gives the thing its names, in order of mention."""
        if index not in self.names:
            thing = self.things[index]
            if thing.kind.startswith("plot") and not self.axes:
                said = next((i for i, t in enumerate(self.things) if t.kind.startswith("axes")), None)
                if said is None:
                    self.axes, self.own_axes = NAMES[self._taken], True
                    self._taken += 1
                else:
                    self.meet(said)
            count = thing.count
            self.names[index] = list(NAMES[self._taken : self._taken + count])
            self._taken += count
            if thing.kind.startswith("axes"):
                self.axes = self.names[index][0]

    def introduce(self, index: int) -> str:
        """Returns the full noun phrase of a thing that is new to the reader."""
        thing, rng = self.things[index], self.rng
        before = [self.things[i] for i in self.names if i != index]
        self.meet(index)
        self.last = (index,)
        alike = any(t.kind == thing.kind and t.count == 1 for t in before)
        if alike and thing.color_word and thing.count == 1 and not thing.literal and rng.random() < 0.5:
            return rng.choice([article(f"{thing.color_word} one"), f"another one in {thing.color_word}"])
        said = noun_phrase(thing, rng, self.manner)
        if thing.kind in EXPLAINED and rng.random() < 0.05:
            said += (
                rng.choice([" ({e})", " ({e})", " (so {e})", ", that is {e},"])
                .format(e=EXPLAINED[thing.kind])
                .rstrip(",")
            )
        return said

    def short(self, index: int) -> str:
        """Returns a definite noun phrase that tells the thing from the others of the cast."""
        thing = self.things[index]
        the = "" if self.manner == "" else "the "
        if thing.literal:
            options = ("text", "words", "text") if thing.kind.startswith("text") else ("formula", "equation")
            same = [t for i, t in enumerate(self.things) if i in self.names and t.kind[:4] == thing.kind[:4]]
            return thing.noun if len(same) > 1 else "the " + self.rng.choice(options)
        if thing.kind.startswith("plot"):
            return "the " + self.rng.choice(["graph", "curve", "plot"])
        noun = SHORT_NOUNS.get(thing.kind, SHAPES.get(thing.kind, (thing.noun,))[0])
        others = [t for i, t in enumerate(self.things) if i != index]
        if thing.count > 1:
            noun = plural(noun)
        if any(t.kind.split()[0] == thing.kind.split()[0] for t in others):
            if not thing.color_word or any(t.color == thing.color for t in others):
                return the + f"{thing.color_word} {thing.noun}".strip()
            if self.rng.random() < 0.5:
                return the + thing.color_word + (" ones" if thing.count > 1 else " one")
            return the + f"{thing.color_word} {noun}"
        if thing.color_word and self.rng.random() < 0.25:
            return the + f"{thing.color_word} {noun}"
        return the + noun

    def mention(self, indices: tuple[int, ...], *, subject: bool = False) -> str:
        """Returns what the things are called here: in full, by a pronoun, or in short."""
        rng = self.rng
        if len(indices) > 1:
            if all(self.known(i) for i in indices):
                many = len(indices) + sum(self.things[i].count - 1 for i in indices)
                both = (
                    ["both", "both of them", "the two"]
                    if many == 2
                    else ["all of them", "everything", "them all"]
                )
                if set(self.last) == set(indices):
                    both += ["they" if subject else "them"] * 3
                everyone = set(indices) == set(self.names)
                if everyone and rng.random() < 0.75:
                    self.last = indices
                    pick = rng.choice(both)
                    return {"them all": "they all"}.get(pick, pick) if subject else pick
            words = [self.introduce(i) if not self.known(i) else self.short(i) for i in indices]
            self.last = indices
            return listing(words, rng)
        (index,) = indices
        if not self.known(index):
            return self.introduce(index)
        thing = self.things[index]
        if self.last == indices and rng.random() < 0.65:
            if thing.count > 1:
                return "they" if subject else rng.choice(["them", "them", "them all", "all of them"])
            return "it"
        self.last = indices
        return self.short(index)

    def plural(self, indices: tuple[int, ...]) -> bool:
        """Whether the things take a plural verb."""
        return len(indices) > 1 or self.things[indices[0]].count > 1


def noun_phrase(thing: Thing, rng: Random, manner: str = "a", *, bare: bool = False) -> str:
    """Returns the full noun phrase: `a red circle`, `a circle in red`, `three filled stars`.

    Args:
        thing: What is spoken of.
        rng: Decides between the ways to say it.
        manner: The article: `a`, `the`, or empty for none.
        bare: No article whatever the manner, for lists such as `first a circle`.
    """
    if thing.literal:
        if not thing.color_word:
            return thing.noun
        return thing.noun + rng.choice(
            [" in {c}", " in {c}", " coloured {c}", " in {c} letters", ", {c},"]
        ).format(c=thing.color_word).rstrip(",")
    if thing.kind.startswith("plot"):
        forms = [" in {c}", " in {c}", " in {c}", " coloured {c}", " drawn in {c}", " as a {c} curve"]
        return thing.noun + (rng.choice(forms).format(c=thing.color_word) if thing.color_word else "")
    color, after = thing.color_word, thing.after
    noun = plural(thing.noun) if thing.count > 1 else thing.noun
    tail = ""
    if color and rng.random() < 0.2 and " with " not in noun:
        verb = "are" if thing.count > 1 else "is"
        form = rng.choice(
            [" in {c}", " in {c}", " in {c}", " that {v} {c}", ", {c}", " ({c})", " coloured {c}"]
        )
        tail, color = form.format(c=color, v=verb), ""
    middle = [thing.before, color]
    if thing.before and color and rng.random() < 0.15:
        middle.reverse()
    phrase = " ".join(w for w in (*middle, noun, after) if w) + tail
    if thing.count > 1:
        count = "a pair of" if thing.count == 2 and rng.random() < 0.2 else number(thing.count, rng)
        return f"{count} {phrase}"
    if bare or manner == "":
        return phrase
    if manner == "the":
        return f"the {phrase}"
    if rng.random() < 0.05:
        return f"{rng.choice(['one', 'a single', 'some'])} {phrase}".replace("some ", "one ")
    return article(phrase)
