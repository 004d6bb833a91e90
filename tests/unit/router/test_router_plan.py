"""What the attempts say of the next step."""

import pytest

from animathic.v1 import animation_pb2, quality_pb2
from services.router.lifecycle.plan import history_of
from services.router.store.records import AttemptRecord

GENERATE, REPAIR, RENDER = 1, 2, 3
OUTCOMES = {
    "started": 1,
    "ok": 2,
    "invalid": 3,
    "declined": 4,
    "failed": 5,
    "abandoned": 6,
    "cancelled": 7,
}
STAGES = {"generate": GENERATE, "repair": REPAIR, "render": RENDER}


def attempts(*lines: str) -> list[AttemptRecord]:
    """Attempts from lines such as `generate A invalid` or `render - failed SCENE_UNRENDERABLE`."""
    found = []
    for number, line in enumerate(lines, 1):
        stage, model, outcome, *reason = line.split()
        detail = animation_pb2.Attempt(reason=" ".join(reason), storyboard=f"board {number}")
        if outcome == "invalid":
            detail.issues.append(
                quality_pb2.SceneIssue(
                    severity=quality_pb2.SEVERITY_ERROR, line=3, message=f"wrong in {number}"
                )
            )
        found.append(
            AttemptRecord("a", number, 1, STAGES[stage], model, OUTCOMES[outcome], 0.0, None, detail)
        )
    return found


@pytest.mark.parametrize(
    ("lines", "tried", "stumbled", "repair", "calls"),
    [
        ([], (), (), None, 0),
        (["generate A invalid"], (), (), "A", 1),
        (["generate A invalid", "repair A invalid"], ("A",), (), None, 2),
        (["generate A invalid", "repair A declined"], ("A",), (), None, 2),
        (["generate A invalid", "repair A abandoned"], (), (), "A", 2),
        (["generate A declined"], ("A",), (), None, 1),
        (["generate A failed MODEL_FAILED", "generate B ok"], ("A", "B"), (), None, 2),
        (["generate A failed UPSTREAM_UNAVAILABLE"], (), ("A",), None, 1),
        (["generate A failed UPSTREAM_UNAVAILABLE", "generate A declined"], ("A",), (), None, 2),
        (["generate A abandoned", "generate A cancelled", "generate A started"], (), (), None, 3),
        (["generate A ok", "render - failed SCENE_UNRENDERABLE"], (), (), "A", 1),
        (
            ["generate A ok", "render - failed SCENE_UNRENDERABLE", "repair A ok", "render - ok"],
            ("A",),
            (),
            None,
            2,
        ),
        (
            ["generate A invalid", "repair A ok", "render - failed SCENE_UNRENDERABLE"],
            ("A",),
            (),
            None,
            2,
        ),
    ],
)
def test_history(
    lines: list[str], tried: tuple[str, ...], stumbled: tuple[str, ...], repair: str | None, calls: int
) -> None:
    history = history_of(attempts(*lines))
    assert history.tried == tried
    assert history.stumbled == stumbled
    assert (history.repair.model if history.repair else None) == repair
    assert history.model_calls == calls


def test_a_repair_starts_from_the_answer_and_its_issues() -> None:
    repair = history_of(attempts("generate A invalid")).repair
    assert repair is not None
    assert repair.storyboard == "board 1"
    assert repair.issues[0].message == "wrong in 1"


def test_render_failures_count_since_the_last_scene() -> None:
    broken = ["render - failed UPSTREAM_UNAVAILABLE"] * 2
    assert history_of(attempts("generate A ok", *broken)).render_failures == 2
    assert history_of(attempts("generate A ok", *broken, "generate B ok")).render_failures == 0


def test_why_is_the_end_of_a_sentence() -> None:
    assert (
        history_of(attempts("generate A invalid")).why
        == "answered with an invalid scene (line 3: wrong in 1)"
    )
    assert history_of(attempts("generate A declined")).why == "declined"
