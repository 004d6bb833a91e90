# ruff: noqa: E501 - lists of wordings read better in long lines
"""What can happen to a thing: how it is said, with and without an object, and the statement that it means.

Templates: `{x}` the thing, `{y}` what it becomes or goes to. In statements `{names}` are the targets' names.
A template's first word is a verb in its base form, so that it can be inflected.
"""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

from .vocabulary import NUMBERS, number, pick_color


@dataclass(frozen=True)
class Act:
    """One kind of thing that happens."""

    statement: str
    trans: tuple[str, ...]
    """With the thing as object: `fade {x} out`."""
    intrans: tuple[str, ...]
    """With the thing as subject: `fade out`."""
    shows: bool = False
    hides: bool = False
    becomes: bool = False
    """The thing turns into `{y}`."""
    uses: bool = False
    """`{y}` has to be on the stage, too."""


SHOW_TRANS = (
    "show {x}", "show {x}", "display {x}", "put {x} on [the|] screen", "put up {x}", "bring up {x}", "present {x}",
    "add {x}", "make {x} appear", "place {x} on [the|] [screen|stage]", "introduce {x}", "bring in {x}", "draw {x}",
    "draw {x}", "draw {x}", "create {x}", "create {x}", "make {x}", "sketch {x}", "render {x}", "reveal {x}",
    "let {x} appear", "give me {x}",
)  # fmt: skip
SHOW_INTRANS = (
    "appear", "appear", "appear on [the|] screen", "show up", "come up", "come into view", "enter [the|] [screen|scene]",
    "turn up", "be shown",
)  # fmt: skip


def show(*, written: bool) -> Act:
    """Any way of introducing: shapes are created, words are written."""
    return Act("write {names}" if written else "create {names}", SHOW_TRANS, SHOW_INTRANS, shows=True)


def create() -> Act:
    """Drawn, for shapes."""
    trans = ("draw {x}", "draw {x}", "create {x}", "sketch {x}", "trace {x}", "trace out {x}", "draw {x} stroke by stroke",
             "draw the outline of {x}", "construct {x}", "draw {x} step by step")  # fmt: skip
    intrans = (
        "be drawn",
        "get drawn",
        "be created",
        "draw itself",
        "be drawn stroke by stroke",
        "be sketched",
    )
    return Act("create {names}", trans, intrans, shows=True)


def write() -> Act:
    """Written, for texts and formulas."""
    trans = ("write {x}", "write {x}", "write {x}", "write out {x}", "write down {x}", "type {x}", "write {x} on [the|] screen",
             "spell out {x}", "put {x} in writing", "handwrite {x}", "write {x} out", "pen {x}", "jot down {x}")  # fmt: skip
    intrans = (
        "be written",
        "get written",
        "be written out",
        "write itself",
        "be typed",
        "be written on screen",
    )
    return Act("write {names}", trans, intrans, shows=True)


def fade_in() -> Act:
    """Faded in."""
    trans = ("fade in {x}", "fade {x} in", "fade {x} in", "fade in {x}", "bring in {x} with a fade", "fade {x} into view",
             "show {x} by fading [it|] in", "introduce {x} with a fade-in", "blend in {x}")  # fmt: skip
    intrans = ("fade in", "fade in", "fade in", "fade into view", "appear by fading in", "gradually fade in",
               "come in with a fade", "fade in gently", "slowly fade in")  # fmt: skip
    return Act("fade_in {names}", tuple(t.replace("[it|] ", "") for t in trans), intrans, shows=True)


def grow() -> Act:
    """Grown from nothing."""
    trans = ("grow {x}", "grow {x} from nothing", "grow {x} from [its|the] cent[er|re]", "grow {x} out of a point",
             "pop {x} up", "grow {x} in", "introduce {x} by growing it", "grow {x} from zero size")  # fmt: skip
    intrans = ("grow", "grow from nothing", "grow from [its|the] cent[er|re]", "grow out of nothing", "pop up", "pop in",
               "grow into view", "grow from a point", "grow from zero", "grow onto the screen", "appear by growing")  # fmt: skip
    return Act("grow {names}", trans, intrans, shows=True)


def fade_out() -> Act:
    """Faded out."""
    trans = ("fade {x} out", "fade {x} out", "fade out {x}", "fade out {x}", "fade {x} away", "dissolve {x}",
             "fade {x} to nothing", "remove {x} with a fade", "fade {x} from view", "fade {x} out again")  # fmt: skip
    intrans = ("fade out", "fade out", "fade out", "fade away", "fade away", "dissolve", "fade from view", "fade out again",
               "slowly fade out", "fade to nothing", "gently fade away")  # fmt: skip
    return Act("fade_out {names}", trans, intrans, hides=True)


def hide() -> Act:
    """Gone, whichever way."""
    trans = ("remove {x}", "hide {x}", "make {x} disappear", "make {x} vanish", "take {x} away", "get rid of {x}",
             "let {x} disappear", "clear {x}", "delete {x}", "take {x} off [the|] screen", "let {x} vanish", "make {x} go away",
             "remove {x} from the screen", "clear {x} away")  # fmt: skip
    intrans = ("disappear", "disappear", "vanish", "vanish", "go away", "disappear again", "leave the [screen|stage|scene]",
               "disappear from [the screen|view]", "be removed", "be gone")  # fmt: skip
    return Act("fade_out {names}", trans, intrans, hides=True)


def uncreate() -> Act:
    """Drawn backwards."""
    trans = ("undraw {x}", "un-draw {x}", "uncreate {x}", "erase {x}", "erase {x}", "wipe {x} away", "rub {x} out",
             "undraw {x} again", "erase {x} again", "un-create {x}", "draw {x} backwards until [it is gone|nothing is left]")  # fmt: skip
    intrans = (
        "be erased",
        "get erased",
        "be undrawn",
        "undraw itself",
        "be un-drawn",
        "uncreate",
        "be uncreated",
        "erase itself",
    )
    return Act("uncreate {names}", trans, intrans, hides=True)


def unwrite() -> Act:
    """Writing undone."""
    trans = (
        "unwrite {x}",
        "un-write {x}",
        "erase {x}",
        "wipe {x} out",
        "erase {x} again",
        "rub {x} out",
        "undo the writing of {x}",
    )
    intrans = ("be erased", "get erased", "be unwritten", "unwrite itself", "be wiped away")
    return Act("uncreate {names}", trans, intrans, hides=True)


def indicate(rng: Random, *, colored: float = 0.15) -> Act:
    """Emphasised for a moment."""
    trans = ["highlight {x}", "highlight {x}", "highlight {x}", "indicate {x}", "indicate {x}", "emphasi[s|z]e {x}",
             "draw attention to {x}", "flash {x}", "make {x} flash", "make {x} pulse", "point out {x}", "stress {x}",
             "call attention to {x}", "put emphasis on {x}", "briefly highlight {x}", "let {x} flash once",
             "make {x} stand out for a moment", "highlight {x} briefly", "let {x} light up", "put the focus on {x}",
             "accentuate {x}", "give {x} a bit of emphasis", "make {x} blink", "direct attention to {x}", "pulse {x}",
             "focus on {x}", "draw the eye to {x}", "mark {x} as important", "place emphasis on {x}", "wiggle {x}",
             "make {x} wiggle", "call out {x}", "emphasi[s|z]e {x} for a moment"]  # fmt: skip
    intrans = ["flash", "flash", "pulse", "light up", "be highlighted", "get highlighted", "be indicated", "get emphasi[s|z]ed",
               "flash briefly", "pulse once", "light up for a moment", "get some emphasis", "be emphasi[s|z]ed", "blink",
               "be highlighted briefly", "flash for a moment", "get a highlight", "stand out for a moment", "flash once",
               "be pointed out", "receive emphasis", "wiggle"]  # fmt: skip
    if rng.random() >= colored:
        return Act("indicate {names}", tuple(trans), tuple(intrans))
    word, color = pick_color(rng)
    trans = [f"highlight {{x}} in {word}", f"flash {{x}} [in|] {word}", f"make {{x}} flash {word}", f"indicate {{x}} in {word}",
             f"briefly highlight {{x}} in {word}", f"emphasi[s|z]e {{x}} with {word}", f"let {{x}} light up in {word}",
             f"indicate {{x}} with [the colo[u|]r|] {word}", f"highlight {{x}} with {word}"]  # fmt: skip
    intrans = [f"flash {word}", f"flash in {word}", f"light up in {word}", f"be highlighted in {word}", f"get highlighted in {word}",
               f"pulse in {word}", f"be indicated in {word}", f"blink {word}", f"flash {word} for a moment"]  # fmt: skip
    return Act(f"indicate {{names}} {color}", tuple(trans), tuple(intrans))


def recolor(rng: Random, avoid: str = "") -> Act:
    """Another colour."""
    word, color = pick_color(rng)
    while color == avoid:
        word, color = pick_color(rng)
    trans = ("turn {x} {c}", "turn {x} {c}", "make {x} {c}", "colo[u|]r {x} {c}", "paint {x} {c}", "change {x} to {c}",
             "recolo[u|]r {x} [to|in|] {c}", "change the colo[u|]r of {x} to {c}", "switch {x} to {c}", "set {x} to {c}",
             "set the colo[u|]r of {x} to {c}", "give {x} a {c} colo[u|]r", "tint {x} {c}", "dye {x} {c}",
             "repaint {x} [in|] {c}", "let {x} turn {c}", "let {x} become {c}", "change {x} from its colo[u|]r to {c}",
             "make the colo[u|]r of {x} {c}", "shade {x} {c}", "fade {x} to {c}")  # fmt: skip
    intrans = ("turn {c}", "turn {c}", "turn {c}", "become {c}", "become {c}", "change [its colo[u|]r|colo[u|]r] to {c}",
               "go {c}", "change to {c}", "switch to {c}", "be painted {c}", "be colo[u|]red {c}", "get recolo[u|]red [to|in|] {c}",
               "take on a {c} colo[u|]r", "be recolo[u|]red [to|] {c}", "turn to {c}", "fade to {c}", "get painted {c}")  # fmt: skip

    def fill(templates: tuple[str, ...]) -> tuple[str, ...]:
        said = (t.replace("{c}", word) for t in templates)
        return tuple(t.replace("a orange", "an orange").replace("a indigo", "an indigo") for t in said)

    return Act(f"color {{names}} {color}", fill(trans), fill(intrans))


def scale(rng: Random, factor: str | None = None) -> Act:
    """Another size."""
    factor = factor or rng.choice(
        [
            "2",
            "2",
            "2",
            "3",
            "3",
            "0.5",
            "0.5",
            "0.5",
            "1.5",
            "4",
            "5",
            "0.25",
            "0.3333",
            "0.75",
            "2.5",
            "1.2",
            "0.2",
            "0.8",
            "10",
            "1.25",
        ]
    )
    named = {
        "2": (["double {x} [in size|]", "double the size of {x}", "make {x} twice as [big|large]", "make {x} double the size",
               "scale {x} to twice its size", "scale {x} up to double", "enlarge {x} to twice its size", "blow {x} up to twice its size",
               "make {x} two times [bigger|larger]", "grow {x} to twice its size", "make {x} twice its size"],
              ["double in size", "double its size", "grow to twice its size", "become twice as [big|large]", "get twice as [big|large]",
               "grow to double [its|the] size", "swell to twice its size", "double", "grow twice as [big|large]", "expand to double its size"]),
        "3": (["triple {x} [in size|]", "triple the size of {x}", "make {x} three times as [big|large]", "make {x} three times [bigger|larger]",
               "scale {x} to three times its size", "enlarge {x} threefold", "grow {x} to three times its size"],
              ["triple in size", "triple its size", "grow to three times its size", "become three times as [big|large]", "get three times as [big|large]", "grow threefold"]),
        "4": (["quadruple {x} in size", "make {x} four times as [big|large]", "scale {x} to four times its size", "quadruple the size of {x}"],
              ["quadruple in size", "grow to four times its size", "become four times as [big|large]", "grow fourfold"]),
        "5": (["make {x} five times as [big|large]", "scale {x} to five times its size", "enlarge {x} fivefold"],
              ["grow to five times its size", "become five times as [big|large]"]),
        "10": (["make {x} ten times as [big|large]"], ["grow to ten times its size", "become ten times as [big|large]"]),
        "1.5": (["make {x} half again as [big|large]", "make {x} one and a half times as [big|large]", "make {x} 50% [bigger|larger]"],
                ["grow by half", "become one and a half times as [big|large]", "grow by 50%", "grow to 1.5 times its size", "grow to 150%"]),
        "1.2": (["make {x} 20% [bigger|larger]", "enlarge {x} by 20 percent"], ["grow by 20%", "grow by 20 percent"]),
        "1.25": (["make {x} 25% [bigger|larger]"], ["grow by a quarter", "grow by 25%"]),
        "2.5": (["make {x} two and a half times as [big|large]"], ["grow to 2.5 times its size"]),
        "0.5": (["halve {x} [in size|]", "halve the size of {x}", "make {x} half as [big|large]", "make {x} half the size", "shrink {x} to half its size",
                 "shrink {x} by half", "scale {x} down to half [its size|]", "reduce {x} to half its size", "make {x} half its size", "cut the size of {x} in half",
                 "shrink {x} to half", "scale {x} to 50%"],
                ["halve in size", "shrink to half its size", "shrink to half [the size|]", "become half as [big|large]", "shrink by half", "get half as [big|large]",
                 "be halved in size", "halve its size", "shrink to 50%", "get reduced to half its size"]),
        "0.25": (["shrink {x} to a quarter [of its size|]", "make {x} a quarter of its size", "scale {x} down to a quarter", "make {x} four times smaller"],
                 ["shrink to a quarter of its size", "shrink to one quarter", "become four times smaller", "shrink to 25%"]),
        "0.3333": (["shrink {x} to a third [of its size|]", "make {x} three times smaller", "scale {x} down to one third", "make {x} a third of its size"],
                   ["shrink to a third of its size", "shrink to one third", "become three times smaller"]),
        "0.2": (["shrink {x} to a fifth of its size", "make {x} five times smaller"], ["shrink to a fifth of its size", "shrink to 20%"]),
        "0.75": (["shrink {x} to three quarters of its size", "scale {x} to 75%"], ["shrink to three quarters", "shrink to 75%", "shrink by a quarter"]),
        "0.8": (["shrink {x} to 80%", "make {x} 20% smaller"], ["shrink to 80%", "shrink by 20%"]),
    }  # fmt: skip
    shown = factor
    if factor == "0.3333":
        shown = "1/3"
    elif factor in NUMBERS.values() or (factor.isdigit() and rng.random() < 0.4):
        shown = NUMBERS.get(int(factor), factor)
    verb, intransitive = ("enlarge", "grow") if float(factor) > 1 else ("shrink", "shrink")
    trans, intrans = named.get(factor, ([], []))
    if rng.random() < 0.4 or not trans:
        trans = [f"scale {{x}} by [a factor of |]{shown}", f"{verb} {{x}} by a factor of {shown}", f"resize {{x}} by [a factor of |]{shown}",
                 f"scale {{x}} [up|] [by|to] {shown}x" if float(factor) > 1 else f"scale {{x}} down by [a factor of |]{shown}",
                 f"apply a scale [factor|] of {shown} to {{x}}", f"scale {{x}} to {shown} times its size"]  # fmt: skip
        intrans = [f"scale by {shown}", f"scale by a factor of {shown}", f"{intransitive} by a factor of {shown}",
                   f"be scaled by {shown}", f"be scaled by a factor of {shown}", f"get scaled by a factor of {shown}",
                   f"be {verb.rstrip('e')}{'ed' if verb != 'shrink' else ''} by a factor of {shown}".replace("be shrink ", "be shrunk ")]  # fmt: skip
    return Act(f"scale {{names}} {factor}", tuple(trans), tuple(intrans))


def back_to_size(factor: str, rng: Random) -> Act:
    """The size before the last change."""
    inverse = {
        "2": "0.5",
        "3": "0.3333",
        "4": "0.25",
        "5": "0.2",
        "0.5": "2",
        "0.25": "4",
        "0.3333": "3",
        "0.2": "5",
        "2.5": "0.4",
    }[factor]
    verb = "shrink" if float(factor) > 1 else "grow"
    trans = ("bring {x} back to its original size", "scale {x} back to its original size", "scale {x} back", f"{verb} {{x}} back",
             "return {x} to its original size", "scale {x} back down again" if verb == "shrink" else "scale {x} back up again")  # fmt: skip
    intrans = (f"{verb} back", f"{verb} back to its original size", f"{verb} back to normal", "return to its original size",
               f"{verb} back to the size it had", f"{verb} to its original size again", "go back to its first size", "get back to its old size")  # fmt: skip
    del rng
    return Act(f"scale {{names}} {inverse}", trans, intrans)


def rotate(rng: Random) -> Act:
    """A turn."""
    angle = rng.choice(
        [
            "90",
            "90",
            "90",
            "180",
            "180",
            "180",
            "360",
            "360",
            "45",
            "45",
            "30",
            "60",
            "120",
            "270",
            "135",
            "720",
            "15",
            "72",
            "10",
            "20",
            "150",
            "540",
        ]
    )
    way = rng.choice(
        [
            "",
            "",
            "",
            "",
            "clockwise",
            "clockwise",
            "counterclockwise",
            "counter-clockwise",
            "anticlockwise",
            "anti-clockwise",
        ]
    )
    amounts = [
        f"{angle} degrees",
        f"{angle} degrees",
        f"by {angle} degrees",
        f"by {angle} degrees",
        f"{angle}°",
        f"by {angle}°",
        f"through {angle} degrees",
        f"{angle} deg",
    ]
    named = {
        "90": ["by a quarter turn", "a quarter turn", "by a right angle", "a quarter of a turn", "by ninety degrees"],
        "180": ["by half a turn", "half a turn", "by a half turn", "halfway around", "by one hundred and eighty degrees"],
        "360": ["once around", "a full turn", "by a full turn", "all the way around", "once", "one full revolution", "by one full turn", "a full circle", "once around itself"],
        "45": ["by forty-five degrees", "an eighth of a turn"],
        "270": ["by three quarters of a turn", "three quarter turns"],
        "720": ["twice", "two full turns", "twice around", "by two full revolutions"],
        "60": ["by sixty degrees"], "30": ["by thirty degrees"], "120": ["by a third of a turn"], "540": ["one and a half turns"],
    }  # fmt: skip
    turn = angle
    word = {"90": "a quarter turn", "180": "a half turn", "360": "a full turn", "720": "two full turns"}.get(
        angle
    )
    options = amounts + named.get(angle, []) * 2
    trans, intrans = [], []
    for _ in range(8):
        amount = rng.choice(options)
        tail = f"{amount} {way}".strip() if rng.random() < 0.75 or not way else f"{way} {amount}"
        verb = rng.choice(["rotate", "rotate", "rotate", "turn", "turn", "spin", "spin", "swivel", "twist"])
        trans.append(f"{verb} {{x}} {tail}")
        intrans.append(
            rng.choice(
                [
                    f"{verb} {tail}",
                    f"{verb} {tail}",
                    f"be {'spun' if verb == 'spin' else verb.rstrip('e') + 'ed'} {tail}".replace(
                        "swiveled", "swivelled"
                    ),
                    f"make a turn of {angle} degrees {way}".strip(),
                ]
            )
        )
    if word and not way and rng.random() < 0.3:
        trans += [f"give {{x}} {word}"] * 3
        intrans += [f"make {word}", f"do {word}", f"take {word}"]
    if angle == "180" and not way:
        trans.append("turn {x} upside down")
        intrans.append("turn upside down")
    if way == "clockwise":
        turn = f"-{angle}"
    return Act(f"rotate {{names}} {turn}deg", tuple(trans), tuple(intrans))


def shift(rng: Random, direction: str | None = None) -> Act:
    """A move in a direction."""
    direction = direction or rng.choice(["left", "right", "up", "down"])
    wards = {"left": ["left", "left", "to the left", "to the left", "leftwards", "leftward"],
             "right": ["right", "right", "to the right", "to the right", "rightwards", "rightward"],
             "up": ["up", "up", "up", "upwards", "upward"], "down": ["down", "down", "down", "downwards", "downward"]}[direction]  # fmt: skip
    distance = "2"
    tail = ["", "", "", "", " a bit", " a little"]
    if rng.random() < 0.15:
        distance = rng.choice(["1", "2", "3", "4", "1.5"])
        unit = "unit" if distance == "1" else "units"
        spoken = (
            number(int(distance), rng)
            if distance.isdigit() and distance != "1"
            else distance.replace("1.5", "1.5")
        )
        tail = [f" by {spoken} {unit}", f" {spoken} {unit}"]
    trans, intrans = [], []
    for _ in range(8):
        to = rng.choice(wards) + rng.choice(tail)
        verb = rng.choice(
            ["move", "move", "move", "shift", "shift", "slide", "push", "nudge", "drag", "glide"]
        )
        move = verb if verb != "glide" else "move"
        trans.append(
            rng.choice(
                [f"{move} {{x}} {to}", f"{move} {{x}} {to}", f"let {{x}} move {to}", f"send {{x}} {to}"]
            )
        )
        verb = rng.choice(
            ["move", "move", "move", "shift", "slide", "slide", "go", "glide", "travel", "drift", "wander"]
        )
        intrans.append(f"{verb} {to}")
    if direction in ("up", "down") and distance == "2":
        trans.append({"up": "raise {x}", "down": "lower {x}"}[direction])
        intrans += {
            "up": ["rise", "go up", "float upwards"],
            "down": ["sink", "drop down", "fall down", "move down"],
        }[direction]
    return Act(f"shift {{names}} {direction} {distance}", tuple(trans), tuple(intrans))


CORNERS = {
    "ul": ("top left", "upper left", "top left-hand", "top-left", "upper-left"),
    "ur": ("top right", "upper right", "top right-hand", "top-right", "upper-right"),
    "dl": ("bottom left", "lower left", "bottom left-hand", "bottom-left", "lower-left"),
    "dr": ("bottom right", "lower right", "bottom right-hand", "bottom-right", "lower-right"),
}
SIDES = {
    "left": ("the left edge", "the left side", "the left border", "the left-hand edge", "the left edge"),
    "right": (
        "the right edge",
        "the right side",
        "the right border",
        "the right-hand side",
        "the right edge",
    ),
    "top": ("the top edge", "the top", "the top", "the upper edge", "the top border"),
    "bottom": ("the bottom edge", "the bottom", "the bottom", "the lower edge", "the bottom border"),
}
OF_FRAME = ("", "", "", " of the screen", " of the frame", " of the picture", " of the scene")


def to_border(rng: Random) -> Act:
    """To an edge or a corner of the frame."""
    if rng.random() < 0.5:
        corner, words = rng.choice(list(CORNERS.items()))
        place = f"the {rng.choice(words)} corner" if rng.random() < 0.85 else f"the {words[0]}"
        where = f"corner={corner}"
    else:
        side, words = rng.choice(list(SIDES.items()))
        place, where = rng.choice(words), f"edge={side}"
    place += rng.choice(OF_FRAME)
    trans = [f"move {{x}} to {place}", f"move {{x}} to {place}", f"take {{x}} to {place}", f"send {{x}} to {place}", f"bring {{x}} to {place}",
             f"shift {{x}} to {place}", f"slide {{x}} to {place}", f"push {{x}} to {place}", f"put {{x}} into {place}", f"move {{x}} into {place}",
             f"drag {{x}} to {place}", f"let {{x}} go to {place}"]  # fmt: skip
    if where.startswith("edge"):
        trans = [t.replace(" into ", " to ") for t in trans]
    intrans = [f"move to {place}", f"move to {place}", f"go to {place}", f"slide to {place}", f"travel to {place}", f"glide to {place}",
               f"shift to {place}", f"fly to {place}", f"wander to {place}", f"move over to {place}", f"drift to {place}"]  # fmt: skip
    return Act(f"move {{names}} {where}", tuple(trans), tuple(intrans))


def to_center() -> Act:
    """To the middle of the frame."""
    place = "the [cent[er|re]|middle] [of the screen|]"
    trans = (f"move {{x}} to {place}", f"bring {{x}} to {place}", f"put {{x}} in {place}")
    return Act("move {names} to=(0,0)", trans, (f"move to {place}", f"go to {place}", f"slide to {place}"))


def to_other(rng: Random) -> Act:
    """To another thing, or next to it."""
    roll = rng.random()
    trans: tuple[str, ...]
    intrans: tuple[str, ...]
    if roll < 0.6:
        trans = ("move {x} to {y}", "move {x} to {y}", "take {x} to {y}", "slide {x} to {y}", "move {x} over to {y}", "bring {x} to {y}", "move {x} onto {y}",
                 "send {x} to {y}", "shift {x} to {y}", "move {x} to where {y} is")  # fmt: skip
        intrans = (
            "move to {y}",
            "go to {y}",
            "slide to {y}",
            "travel to {y}",
            "move over to {y}",
            "glide to {y}",
            "move to the position of {y}",
            "move onto {y}",
            "fly to {y}",
            "jump to {y}",
        )
        return Act("move {names} to={other}", trans, intrans, uses=True)
    relation, words = rng.choice(
        [
            ("left", "to the left of"),
            ("right", "to the right of"),
            ("above", "above"),
            ("below", "below"),
            ("right", "next to"),
            ("below", "under"),
            ("right", "beside"),
            ("above", "over"),
        ]
    )
    if words in ("to the left of", "to the right of") and rng.random() < 0.3:
        words = words.replace("to the", "to the") + ""
    trans = (
        f"move {{x}} {words} {{y}}",
        f"put {{x}} {words} {{y}}",
        f"slide {{x}} {words} {{y}}",
        f"place {{x}} {words} {{y}}",
    )
    intrans = (f"move {words} {{y}}", f"go {words} {{y}}", f"slide {words} {{y}}")
    return Act(f"move {{names}} {relation}={{other}}", trans, intrans, uses=True)


def along() -> Act:
    """Along an outline."""
    trans = ("move {x} along {y}", "move {x} along {y}", "let {x} travel along {y}", "send {x} around {y}", "make {x} follow {y}", "slide {x} along {y}",
             "let {x} run along {y}", "move {x} around {y}", "guide {x} along {y}", "let {x} follow the path of {y}", "drive {x} along {y}",
             "make {x} trace {y}", "let {x} go around {y}")  # fmt: skip
    intrans = ("move along {y}", "move along {y}", "travel along {y}", "travel around {y}", "run along {y}", "run around {y}", "go around {y}", "follow {y}",
               "slide along {y}", "glide along {y}", "go along {y}", "trace {y}", "move around {y}", "follow the path of {y}", "follow the outline of {y}",
               "walk along {y}", "circle around {y}", "roll along {y}", "move on {y}")  # fmt: skip
    return Act("move {names} along={other}", trans, intrans, uses=True)


def transform() -> Act:
    """Into something else."""
    trans = ("transform {x} into {y}", "transform {x} into {y}", "turn {x} into {y}", "turn {x} into {y}", "morph {x} into {y}", "morph {x} into {y}",
             "change {x} into {y}", "change {x} to {y}", "convert {x} [in|]to {y}", "let {x} become {y}", "make {x} become {y}", "let {x} turn into {y}",
             "make {x} turn into {y}", "let {x} morph into {y}", "have {x} become {y}", "let {x} change into {y}", "replace {x} with {y}",
             "replace {x} by {y}", "make {y} out of {x}", "reshape {x} into {y}", "swap {x} for {y}")  # fmt: skip
    intrans = ("transform into {y}", "transform into {y}", "turn into {y}", "turn into {y}", "become {y}", "become {y}", "become {y}", "morph into {y}",
               "morph into {y}", "change into {y}", "change to {y}", "be transformed into {y}", "be turned into {y}", "evolve into {y}", "deform into {y}",
               "take the [shape|form] of {y}", "get transformed into {y}", "melt into {y}", "transform to {y}", "morph to {y}", "end up as {y}", "gets replaced by {y}".replace("gets", "get"))  # fmt: skip
    return Act("transform {names} {other}", trans, intrans, becomes=True)


def wait(rng: Random) -> Act:
    """A pause."""
    trans: tuple[str, ...]
    if rng.random() < 0.25:
        trans = (
            "wait",
            "pause",
            "wait a moment",
            "pause briefly",
            "wait a bit",
            "hold for a moment",
            "hold it",
            "take a short break",
            "pause for a moment",
        )
        return Act("wait", trans, ("wait", "pause", "stay for a moment", "rest a moment"))
    seconds = rng.choice(["1", "1", "2", "2", "2", "3", "3", "0.5", "1.5", "4", "5"])
    spoken = {
        "1": ["one second", "a second", "1 second", "1s"],
        "0.5": ["half a second", "0.5 seconds"],
        "1.5": ["1.5 seconds", "one and a half seconds"],
    }.get(
        seconds,
        [
            f"{seconds} seconds",
            f"{NUMBERS.get(int(float(seconds)), seconds)} seconds",
            f"{seconds}s",
            f"{seconds} sec",
        ],
    )
    s = rng.choice(spoken)
    trans = (
        f"wait {s}",
        f"wait {s}",
        f"wait for {s}",
        f"pause for {s}",
        f"pause {s}",
        f"hold for {s}",
        f"hold [it|still] for {s}",
        f"do nothing for {s}",
        f"leave it for {s}",
        f"keep it for {s}",
    )
    intrans = (
        f"wait for {s}",
        f"stay for {s}",
        f"pause for {s}",
        f"rest for {s}",
        f"hold for {s}",
        f"stay [there|on screen|visible] for {s}",
        f"stand still for {s}",
        f"stay put for {s}",
    )
    return Act(f"wait {seconds}s", trans, intrans)
