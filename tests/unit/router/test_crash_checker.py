"""The crash drill's checker: a broken promise must be seen in a history that holds it."""

from collections.abc import Callable
from copy import deepcopy

import pytest

from animathic.v1 import animation_pb2, events_pb2
from tests.drills.crash.checker import judge
from tests.drills.crash.history import History, Story
from tests.drills.crash.plan import plan_of

GENERATE, RENDER = animation_pb2.ATTEMPT_STAGE_GENERATE, animation_pb2.ATTEMPT_STAGE_RENDER
OK, STARTED, ABANDONED = 2, 1, 6


def animation() -> animation_pb2.Animation:
    made = animation_pb2.Animation(name="animations/1", state=animation_pb2.ANIMATION_STATE_SUCCEEDED)
    made.end_time.seconds = 7
    made.attempts.add(number=1, stage=GENERATE, model="models/a", outcome=OK)
    made.attempts.add(number=2, stage=RENDER, outcome=OK)
    return made


def good() -> History:
    final = animation()
    event = events_pb2.Event(
        id="e", kind=events_pb2.EVENT_KIND_ANIMATION_ENDED, animation_name=final.name, animation=final
    )
    story = Story("k", "plain", names=[final.name], ends=[final], final=final, epochs=[1, 1])
    return History([story], rows=1, calls={"k": 1}, events={"e": event})


def test_a_good_history_is_good() -> None:
    assert judge(good()) == []


def _repeated(history: History) -> None:
    attempt = history.stories[0].final.attempts.add(number=3, stage=GENERATE, outcome=OK)  # type: ignore[union-attr]
    attempt.model = "models/a"


def _ended_twice(history: History) -> None:
    later = deepcopy(history.stories[0].ends[0])
    later.end_time.seconds = 9
    history.stories[0].ends.append(later)


BREAKS: dict[str, Callable[[History], object]] = {
    "rule 1: 1 requests made 2 rows": lambda h: setattr(h, "rows", 2),
    "rule 1: one request_id": lambda h: h.stories[0].names.append("animations/2"),
    "rule 1: it was acknowledged": lambda h: setattr(h.stories[0], "final", None),
    "rule 2": lambda h: setattr(h.stories[0], "crashes", 1),
    "rule 3": lambda h: setattr(h.stories[0], "epochs", [2, 1]),
    "rule 4: it never ended": lambda h: setattr(h.stories[0].final, "state", 2),
    "rule 4: it ended with": lambda h: setattr(h.stories[0].final.attempts[1], "outcome", STARTED),  # type: ignore[union-attr]
    "rule 4: two attempts": lambda h: setattr(h.stories[0], "overlaps", 1),
    "rule 4: 2 model calls": lambda h: h.calls.update(k=2),
    "rule 5: 2 complete": _repeated,
    "rule 5: 1 model calls were repeated": lambda h: setattr(
        h.stories[0].final.attempts[0],  # type: ignore[union-attr]
        "outcome",
        ABANDONED,
    ),
    "rule 7: it ended twice": _ended_twice,
    "rule 7: 0 events": lambda h: h.events.clear(),
    "rule 7: 2 events": lambda h: h.events.update(f=h.events["e"]),
    "rule 8: its cancellation": lambda h: setattr(h.stories[0], "cancel_answered", True),
    "rule 8: 0 events": lambda h: setattr(h.stories[0], "delete_answered", True),
    "rule 8: animations/1 still": lambda h: h.orphans.append("animations/1"),
    "rule 9": lambda h: setattr(h, "outbox_left", 1),
    "did not happen": lambda h: h.timed_out.append("an end"),
}


@pytest.mark.parametrize("said", BREAKS)
def test_a_broken_promise_is_seen(said: str) -> None:
    history = good()
    BREAKS[said](history)
    assert any(said in problem for problem in judge(history)), judge(history)


def test_plans_follow_from_their_seed() -> None:
    assert [plan_of(seed, "sqlite") for seed in range(40)] == [plan_of(seed, "sqlite") for seed in range(40)]
    assert plan_of(1, "sqlite") != plan_of(1, "postgresql")
