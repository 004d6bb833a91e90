"""What the descriptors have to satisfy for the notation to be unambiguous."""

from __future__ import annotations

import pytest

from animathic.scene import check, parse, print_scene
from animathic.scene.registry import Shape, Statement, language
from animathic.scene.vocabulary import COLORS, color_of, fold, hex_of

LANGUAGE = language()
STATEMENTS = [*LANGUAGE.elements.values(), *LANGUAGE.steps.values(), LANGUAGE.canvas, LANGUAGE.heading]


@pytest.mark.parametrize("statement", STATEMENTS, ids=lambda s: s.keyword)
def test_every_word_of_a_statement_has_one_meaning(statement: Statement) -> None:
    keywords = [fold(field.keyword) for field in statement.fields]
    assert len(set(keywords)) == len(keywords)
    bare = [field for field in statement.fields if field.notation.bare]
    assert sum(field.shape is Shape.COLOR for field in bare) <= 1
    for word in statement.words:
        assert color_of(word) is None
    enums = [field.descriptor.enum_type for field in bare if field.shape is Shape.WORD]
    assert len({enum.full_name for enum in enums}) == len(enums)
    assert all(field.notation.doc or field.path[-1] == "title" for field in statement.fields)


def test_first_words_have_one_meaning() -> None:
    keywords = [fold(s.keyword) for s in STATEMENTS]
    assert len(set(keywords)) == len(keywords)
    assert not LANGUAGE.step_words.keys() & LANGUAGE.element_words.keys()
    spelled = [fold(w) for s in LANGUAGE.steps.values() for w in (s.keyword, *s.notation.aliases)]
    assert len(set(spelled)) == len(spelled)
    spelled = [fold(w) for s in LANGUAGE.elements.values() for w in (s.keyword, *s.notation.aliases)]
    assert len(set(spelled)) == len(spelled)


def test_colors_are_manims() -> None:
    assert hex_of("red") == "#FC6255"
    assert hex_of("#0a0b0c") == "#0A0B0C"
    assert color_of("BLUE_D") == "blue_d"
    assert color_of("dark grey") is None
    assert color_of("GREY") == "gray"
    assert all(color_of(name) == name for name in COLORS)


@pytest.mark.parametrize(
    ("written", "canonical"),
    [
        ("a=circle red", "a = circle red"),
        ("a = Circle radius = 2 , RED", "a = circle red radius=2"),
        ("a = circle radius 2 color blue", "a = circle blue radius=2"),
        ("p = Hexagon", "p = hexagon"),
        ("p = RegularPolygon n=8", "p = octagon"),
        ("l = line from (0,0) to (1,pi/2)", "l = line (0,0) (1,1.5707963267948966)"),
        ("l = line end=(1,1)", "l = line end=(1,1)"),
        ("t = text 'it''s' bold font_size=30", 't = text "it\'s" bold size=30'),
        ("t = text “Hello”", 't = text "Hello"'),
        ('e = MathTex "$x^2$"', 'e = math "x^2"'),
        ("d = point position=origin", "d = dot at=(0,0)"),
        ("a = square angle=pi/4", "a = square rotate=45deg"),
        ("a = square rotate=90°", "a = square rotate=90deg"),
        ("ax = axes x_range=(0, 2*pi)", "ax = axes x=[0,6.283185307179586]"),
        ("ax = axes x=0..4 include_numbers", "ax = axes numbers x=[0,4]"),
        ("ax = axes\nf = plot ax y = x**2 + 1 blue", "ax = axes\nf = plot ax x**2+1 blue"),
        ('ax = axes\nf = plot ax "x + 1"', 'ax = axes\nf = plot ax "x + 1"'),
        ("a = circle shift=2*UP", "a = circle shift=(0,2)"),
        ("a = circle # a comment\n# another", "a = circle"),
        ("a = circle #FF0000", "a = circle #FF0000"),
    ],
)
def test_definitions_are_read_generously_and_printed_alike(written: str, canonical: str) -> None:
    assert print_scene(parse(written)) == canonical + "\n"


@pytest.mark.parametrize(
    ("written", "canonical"),
    [
        ("Create a, b", "create a b"),
        ("create [a, b] 500ms", "create a b 0.5s"),
        ("create a and b run_time=2 rate_func=linear", "create a b 2s linear"),
        ("create a 2 seconds", "create a 2s"),
        ("FadeIn a shift=DOWN", "fade_in a shift=down"),
        ("ReplacementTransform a into b", "replace a b"),
        ("morph a b", "transform a b"),
        ("move a to (2, 1)", "move a to=(2,1)"),
        ("move_to a at=(2,1)", "move a to=(2,1)"),
        ("move a right b", "move a right=b"),
        ("shift a 2*LEFT", "shift a left 2"),
        ("shift a left -2", "shift a right 2"),
        ("shift a (0,0)", "shift a (0,0)"),
        ("shift a b up", "shift a b up"),
        ("rotate a 90 degrees", "rotate a 90deg"),
        ("rotate a pi about origin", "rotate a 180deg about=(0,0)"),
        ("set_color a to green", "color a green"),
        ("wait 2", "wait 2s"),
        ("pause", "wait"),
        ("create a && write b", "create a & write b"),
        ("together:\n  create a\n  create b", "create a & create b"),
        ("LaggedStart 0.2:\n    create a\n    create b", "lag 0.2: create a & create b"),
        ("lag:\n\tcreate a\n\twait", "lag: create a & wait"),
        ("together: create a", "together: create a"),
        ("sequence: create a & create b", "sequence:\n  create a & create b"),
    ],
)
def test_steps_are_read_generously_and_printed_alike(written: str, canonical: str) -> None:
    definitions = "a = circle\nb = square\n"
    assert print_scene(parse(definitions + written)) == f"{definitions}\n{canonical}\n"


def test_long_blocks_are_printed_line_by_line() -> None:
    names = [f"a_rather_long_name_{i}" for i in range(5)]
    text = (
        "".join(f"{n} = circle\n" for n in names)
        + "\n"
        + "together:\n"
        + "".join(f"  create {n}\n" for n in names)
    )
    assert print_scene(parse(text)) == text


def test_names_may_be_kinds_verbs_and_capitals() -> None:
    assert check(
        'A = dot\ncircle = circle\nwrite = text "x"\nnumbers = dot\ncreate A circle write numbers'
    ).ok


def test_an_element_may_be_called_like_a_field() -> None:
    text = (
        "at = dot\nto = dot at=(1,1)\nl = line at to\ng = group gap arrange\ngap = dot\narrange = dot\n"
        "\ncreate to at\n"
    )
    scene = parse(text)
    assert print_scene(scene) == text


def test_scenes_and_canvas() -> None:
    text = 'scene "A ""title"""\ncanvas 9:16 background=#123456\na = circle\n\ncreate a\n'
    assert parse(text).title == 'A "title"'
    assert print_scene(parse(text)) == text
    assert print_scene(parse("canvas portrait transparent")) == "canvas 9:16 transparent\n"
