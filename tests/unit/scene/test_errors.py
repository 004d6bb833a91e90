"""Each way to be wrong: its code, its line and column, and advice."""

from __future__ import annotations

import math

import pytest

from animathic.scene import LIMITS, Code, SceneError, check, parse, read, validate
from animathic.v1 import scene_pb2


def errors(text: str) -> list[tuple[Code, int | None, int | None]]:
    return [(i.code, i.line, i.column) for i in check(text).errors]


def notes(text: str) -> list[tuple[Code, int | None]]:
    return [(i.code, i.line) for i in check(text).notes]


A = "a = circle\n"
SHOWN = "a = circle\ncreate a\n"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (A + "create sqare", [(Code.UNDEFINED_ELEMENT, 2, 8)]),
        (SHOWN + "b = square right=c\ncreate b", [(Code.UNDEFINED_ELEMENT, 3, 12)]),
        ("a = cirlce\ncreate a", [(Code.UNKNOWN_KIND, 1, 5)]),
        ("a = circle sied=2\ncreate a", [(Code.UNKNOWN_FIELD, 1, 12)]),
        ("a = circle radius=x\ncreate a", [(Code.BAD_VALUE, 1, 19)]),
        ("a = circle radius=1 r=2\ncreate a", [(Code.DUPLICATE_FIELD, 1, 21)]),
        ("a = circle red blue\ncreate a", [(Code.DUPLICATE_FIELD, 1, 16)]),
        ("a = circle at=(1,2) edge=left\ncreate a", [(Code.DUPLICATE_FIELD, 1, 21)]),
        ("a = circle nonsense\ncreate a", [(Code.UNKNOWN_WORD, 1, 12)]),
        ("a = circle color=blurple\ncreate a", [(Code.UNKNOWN_COLOR, 1, 18)]),
        ("a = circle radius=-1\ncreate a", [(Code.OUT_OF_RANGE, 1, 12)]),
        ("a = circle at=(2000,0)\ncreate a", [(Code.OUT_OF_RANGE, 1, 12)]),
        ("a = circle at=(1e999,0)\ncreate a", [(Code.NOT_FINITE, 1, 12)]),
        ("a = circle\na = square\ncreate a", [(Code.DUPLICATE_NAME, 2, 1)]),
        ("red = circle\ncreate red", [(Code.RESERVED_NAME, 1, 1)]),
        ("1a = circle\ncreate 1a", [(Code.BAD_NAME, 1, 1), (Code.UNKNOWN_WORD, 2, 8)]),
        ("n" * 40 + " = circle", [(Code.TOO_LONG, 1, 1)]),
        (A + "fly a", [(Code.UNKNOWN_STATEMENT, 2, 1)]),
        (A + "for i in 0..3:", [(Code.UNKNOWN_STATEMENT, 2, 1)]),
        ("circle red", [(Code.UNKNOWN_STATEMENT, 1, 1)]),
        (SHOWN + "rotate a 90", [(Code.ANGLE_UNIT, 3, 10)]),
        (SHOWN + "rotate a", [(Code.MISSING_FIELD, 3, 1)]),
        (SHOWN + "move a", [(Code.MISSING_FIELD, 3, 1)]),
        (SHOWN + "color a", [(Code.MISSING_FIELD, 3, 1)]),
        (SHOWN + "transform a", [(Code.MISSING_FIELD, 3, 1)]),
        (SHOWN + "transform a a", [(Code.SAME_ELEMENT, 3, 13)]),
        (SHOWN + "scale a 0", [(Code.MISSING_FIELD, 3, 9)]),
        (SHOWN + "scale a 1000", [(Code.OUT_OF_RANGE, 3, 9)]),
        (A + "create a a", [(Code.SAME_ELEMENT, 2, 8)]),
        (A + "create all", [(Code.WRONG_KIND, 2, 8)]),
        (A + "fade_out all\ncreate a", [(Code.NOTHING_SHOWN, 2, 10)]),
        (A + "fade_out a\ncreate a", [(Code.NOT_SHOWN, 2, 10)]),
        (SHOWN + "fade_out a\nfade_out a", [(Code.NOT_SHOWN, 4, 10)]),
        (SHOWN + "add a 2s", [(Code.UNKNOWN_WORD, 3, 7)]),
        (SHOWN + "wait 2s smooth", [(Code.UNKNOWN_WORD, 3, 9)]),
        (SHOWN + "wait 100s", [(Code.OUT_OF_RANGE, 3, 6)]),
        (SHOWN + "lag 0.2:", [(Code.EMPTY_BLOCK, 3, None)]),
        (SHOWN + "lag 0.2\n  indicate a", [(Code.NOT_A_BLOCK, 3, 1)]),
        (SHOWN + "together:\n  remove a", [(Code.INSTANT_IN_GROUP, 4, 3)]),
        (SHOWN + "together:\n   wait\n  wait", [(Code.BAD_INDENT, 5, 3)]),
        (SHOWN + "wait & lag 0.2: wait", [(Code.NOT_A_BLOCK, 3, 8)]),
        ('t = text "abc\nwrite t', [(Code.UNCLOSED, 1, 10)]),
        ('t = text "a "quoted" word"\nwrite t', [(Code.UNCLOSED, 1, 10)]),
        ('t = text ""\nwrite t', [(Code.MISSING_FIELD, 1, 10)]),
        ('t = text " "\nwrite t', [(Code.EMPTY_TEXT, 1, 10)]),
        ("t = text\nwrite t", [(Code.MISSING_FIELD, 1, 1)]),
        ("a = circle at=(1,2\ncreate a", [(Code.UNCLOSED, 1, 15)]),
        ("a = circle at=1)\ncreate a", [(Code.UNCLOSED, 1, 16)]),
        ("a = circle \x00\ncreate a", [(Code.CONTROL_CHARACTER, 1, 12)]),
        ("canvas 9:16\ncanvas 1:1\n" + SHOWN, [(Code.DUPLICATE_STATEMENT, 2, 1)]),
        ('decline "no"', [(Code.DECLINED, 1, 1)]),
        ("", [(Code.EMPTY_SCENE, None, None)]),
        (A, [(Code.EMPTY_SCENE, None, None)]),
        ("a = circle right=b\nb = circle right=a\ncreate a b", [(Code.CYCLE, 1, 1)]),
        ("a = circle right=a\ncreate a", [(Code.CYCLE, 1, 1)]),
        ("g = group a\na = circle inside=g\ncreate g", [(Code.CYCLE, 1, 1)]),
        ("a = circle align=left\ncreate a", [(Code.ALIGN_WITHOUT_RELATION, 1, 12)]),
        (SHOWN + "b = dot left=a align=left\ncreate b", [(Code.BAD_VALUE, 3, 16)]),
        ("l = line (1,1) (1,1)\ncreate l", [(Code.SAME_ELEMENT, 1, 16)]),
        ('t = text "x"\nl = line t.end (1,1)\ncreate t l', [(Code.WRONG_KIND, 2, 10)]),
        ('t = text "x"\nd = dot at=t@0.5\ncreate d', [(Code.WRONG_KIND, 2, 9)]),
        (SHOWN + "d = dot at=a@1.5\ncreate d", [(Code.OUT_OF_RANGE, 3, 9)]),
        (SHOWN + "d = dot at=a(1,2)\ncreate d", [(Code.WRONG_KIND, 3, 9)]),
        (SHOWN + "d = dot at=a.nose\ncreate d", [(Code.UNKNOWN_WORD, 3, 14)]),
        (SHOWN + "f = plot a x\ncreate f", [(Code.WRONG_KIND, 3, 10)]),
        ("ax = axes x=[5,1]\ncreate ax", [(Code.OUT_OF_RANGE, 1, 11)]),
        ("ax = axes x=[0,1000]\ncreate ax", [(Code.TOO_MANY, 1, 11)]),
        ("ax = axes x=[0,1,0]\ncreate ax", [(Code.OUT_OF_RANGE, 1, 11)]),
        ("ax = axes x=[0]\ncreate ax", [(Code.BAD_VALUE, 1, 13)]),
        ('ax = axes labels=["x"]\ncreate ax', [(Code.TOO_MANY, 1, 11)]),
    ],
)
def test_positions(text: str, expected: list[tuple[Code, int | None, int | None]]) -> None:
    assert errors(text) == expected


AX = "ax = axes\n"


@pytest.mark.parametrize(
    ("expression", "code"),
    [
        ("__import__('os')", Code.BAD_EXPRESSION),
        ("x.__class__", Code.BAD_EXPRESSION),
        ("exec(x)", Code.UNDEFINED_FUNCTION),
        ("f(x)", Code.CYCLE),
        ("y+1", Code.BAD_EXPRESSION),
        ("sin(x", Code.UNCLOSED),
        ("sin", Code.BAD_EXPRESSION),
        ("1+", Code.BAD_EXPRESSION),
        ("x;y", Code.BAD_EXPRESSION),
        ("x[0]", Code.BAD_EXPRESSION),
        ("(" * 40 + "x" + ")" * 40, Code.BAD_EXPRESSION),
        ("x" + "+x" * 200, Code.BAD_EXPRESSION),
        ("log(0-x^2-1)", Code.NOT_FINITE),
    ],
)
def test_expressions_are_arithmetic_only(expression: str, code: Code) -> None:
    found = check(f"{AX}f = plot ax {expression}\ncreate ax f").errors
    assert [i.code for i in found] == [code]
    assert found[0].line == 2


def test_the_position_in_an_expression_is_the_column() -> None:
    assert errors(AX + "f = plot ax 2*$\ncreate f") == [(Code.BAD_EXPRESSION, 2, 15)]


def test_plots_that_call_plots_are_bounded() -> None:
    chain = "".join(f"f{i} = plot ax f{i - 1}(x)+f{i - 1}(x)\n" for i in range(1, 60))
    found = check(AX + "f0 = plot ax x\n" + chain + "create f0").errors
    assert [i.code for i in found] == [Code.EXPRESSION_COST]


@pytest.mark.parametrize(
    ("inner", "outer", "fine"),
    [
        ("x" + "+1" * 70, "f(" * 8 + "x" + ")" * 8, False),
        ("x" + "+1" * 70, "f(x)", True),
        ("1" + "+1" * 70, "f(" * 8 + "x" + ")" * 8, True),
        ("1+" * 60 + "x", "f(" * 8 + "x" + ")" * 8, True),
        ("min(x,1,2,3,4,5,6,7)", "f(" * 20 + "x" + ")" * 20, False),
    ],
)
def test_written_out_expressions_are_bounded_in_depth(inner: str, outer: str, fine: bool) -> None:
    found = check(AX + f"f = plot ax {inner}\ng = plot ax {outer}\ncreate ax f g").errors
    assert [(i.code, i.line) for i in found] == ([] if fine else [(Code.EXPRESSION_COST, 3)])
    assert fine or found[0].advice


@pytest.mark.parametrize("line", ["a{} = dot right=a{}", "a{} = circle inside=a{}", "a{} = group a{}"])
def test_chains_of_elements_are_bounded(line: str) -> None:
    def chain(count: int) -> str:
        return "\n".join(["a0 = dot", *(line.format(i, i - 1) for i in range(1, count)), f"add a{count - 1}"])

    assert errors(chain(LIMITS.chain)) == []
    assert errors(chain(LIMITS.chain + 1)) == [(Code.TOO_DEEP, LIMITS.chain + 1, 1)]


def test_all_letters_of_a_scene_are_bounded() -> None:
    def texts(count: int) -> str:
        lines = [f't{i} = text "' + "x" * 250 + '"' for i in range(count)]
        return "\n".join([*lines, 'm = math "' + "x" * 250 + '"', "write t0", "write m"])

    assert errors(texts(11)) == []
    assert errors(texts(12)) == [(Code.TOO_LONG, 13, 1)]
    assert errors(texts(20)) == [(Code.TOO_LONG, 13, 1)]


@pytest.mark.parametrize(
    ("tex", "code"),
    [
        (r"\input{/etc/passwd}", Code.LATEX_COMMAND),
        (r"\write18{ls}", Code.LATEX_COMMAND),
        (r"\def\a{\a}\a", Code.LATEX_COMMAND),
        (r"^^5cinput", Code.LATEX_COMMAND),
        (r"\begin{filecontents}", Code.LATEX_COMMAND),
        (r"\begin{matrix} 1", Code.LATEX_SYNTAX),
        (r"\frac{1}{2", Code.LATEX_SYNTAX),
        ("a$b", Code.LATEX_SYNTAX),
        ("a\\", Code.LATEX_SYNTAX),
    ],
)
def test_formulas(tex: str, code: Code) -> None:
    found = check(f'e = math "{tex}"\nwrite e').errors
    assert code in [i.code for i in found]
    assert {i.line for i in found} == {1}


def test_mathematics_is_fine() -> None:
    for tex in (
        r"\left\{ x \mid x > 0 \right\}",
        r"\begin{cases} 1 & x \\ 2 \end{cases}",
        r"\sum_{i=1}^n i",
        r"5\$",
    ):
        assert check(f'e = math "{tex}"\nwrite e').ok, tex


def test_all_problems_are_collected() -> None:
    text = "a = cirlce\nb = square sied=1\ncreate c\nfly b\nrotate b 90\n"
    assert [i.line for i in check(text).errors] == [1, 2, 3, 4, 5]


def test_a_definition_that_cannot_be_read_is_reported_once() -> None:
    assert errors("a = cirlce red\ncreate a\nindicate a\nfade_out a") == [(Code.UNKNOWN_KIND, 1, 5)]


def test_messages_say_what_to_write() -> None:
    (issue,) = check("square1 = square\ncreate sqare1").errors
    assert str(issue) == 'line 2, column 8: create: no element "sqare1"; did you mean "square1"?'
    (issue,) = check("a = Circle(color=RED)\ncreate a").errors
    assert "a = circle red" in issue.advice


def test_a_scene_without_a_storyboard_has_paths() -> None:
    scene = parse("a = circle\nlag: create a & grow a")
    scene.steps[0].lag.steps[1].grow.targets[0].name = "b"
    (issue,) = validate(scene).errors
    assert (issue.path, issue.line) == ("steps[0].lag.steps[1].grow.targets[0]", None)


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_numbers_that_are_none(value: float) -> None:
    scene = parse(SHOWN)
    scene.elements[0].circle.radius = value
    scene.steps[0].run_time = value
    assert {i.code for i in validate(scene).errors} == {Code.NOT_FINITE}


def test_other_programs_may_send_anything() -> None:
    scene = scene_pb2.Scene()
    scene.elements.add()
    scene.elements.add(name="a b")
    scene.elements.add(name="c", text=scene_pb2.Text(text="two\nlines", weight=77))  # type: ignore[arg-type]
    scene.elements.add(name="d", circle=scene_pb2.Circle(), style=scene_pb2.Style(color="RED"))
    scene.elements.add(name="p", dot=scene_pb2.Dot()).placement.at.SetInParent()
    scene.steps.add()
    scene.steps.add().create.SetInParent()
    scene.steps.add(run_time=2).add.targets.add(name="c")
    scene.steps.add().together.SetInParent()
    codes = {i.code for i in validate(scene).errors}
    assert {
        Code.BAD_NAME,
        Code.UNKNOWN_KIND,
        Code.CONTROL_CHARACTER,
        Code.UNKNOWN_WORD,
        Code.UNKNOWN_COLOR,
        Code.MISSING_FIELD,
        Code.UNKNOWN_STATEMENT,
        Code.INSTANT_TIMED,
        Code.EMPTY_BLOCK,
    } <= codes


def test_blocks_are_bounded_in_depth() -> None:
    text = SHOWN + "".join(f"{'  ' * depth}together:\n" for depth in range(20)) + "  " * 20 + "indicate a"
    assert Code.TOO_DEEP in {i.code for i in check(text).errors}
    scene = parse(SHOWN)
    step = scene.steps.add()
    for _ in range(20):
        step = step.together.steps.add()
    step.indicate.targets.add(name="a")
    assert [i.code for i in validate(scene).errors] == [Code.TOO_DEEP]


@pytest.mark.parametrize(
    "text",
    [
        'a = text "' + "word " * 5000 + '"\nwrite a',
        'a = text "' + "word " * 80 + '"\nwrite a',
        SHOWN + "indicate a\n" * 10_000,
        "".join(f"a{i} = circle\n" for i in range(300)) + "create a1",
        SHOWN + "indicate a\n" * 600,
        SHOWN + "wait 60s\n" * 4,
        "x" * 500_000,
        bytes(range(256)).decode("latin-1") * 20,
        "\ud800",
        "\n".join("!!" for _ in range(5_000)),
        "=" * 3000,
        "& & &",
        "()" * 1500,
        '"' * 999,
    ],
)
def test_too_much_and_not_text(text: str) -> None:
    result = check(text)
    assert result.errors
    assert len(result.errors) <= LIMITS.issues + 1
    with pytest.raises(SceneError):
        validate(read(text).scene, read(text)).raise_for_errors()


def test_notes() -> None:
    assert notes("a = circle\nb = square\nshift a right\ncreate a") == [
        (Code.NEVER_SHOWN, 2),
        (Code.SHOWN_FIRST, 3),
        (Code.ALREADY_SHOWN, 4),
    ]
    assert notes(SHOWN + "shift a right & rotate a 90deg") == [(Code.ANIMATED_TWICE, 3)]
    assert notes(AX + "f = plot ax sqrt(x)\ncreate ax f") == [(Code.PARTLY_UNDEFINED, 2)]
    assert notes("a = circle buff=1\ncreate a") == [(Code.UNUSED_BUFF, 1)]
