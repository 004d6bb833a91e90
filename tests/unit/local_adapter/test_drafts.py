import asyncio
from collections.abc import AsyncGenerator, Sequence

import pytest

from animathic.scene import check
from services.chassis.errors import Code, MeshError
from services.local_adapter.backends.protocol import Ended, Task
from services.local_adapter.drafts import Write, best_of
from services.local_adapter.events import Event, Finished, Progress
from services.local_adapter.storyboard import Judged

THREE = "a = dot green\nb = dot green\nc = dot green\n\ncreate a b c\n"
TWO = "a = dot green\nb = dot green\n\ncreate a b\n"
RED = "a = dot red\n\ncreate a\n"
WRONG = "create nothing\n"
PROMPT = "three green dots"


def judged(storyboard: str) -> Judged:
    if storyboard.startswith("decline"):
        return Judged(storyboard, None, "no", ())
    result = check(storyboard)
    return Judged(storyboard, result.scene if result.ok else None, "", tuple(result.errors))


def script(answers: Sequence[str | MeshError], seconds: float = 0.1) -> tuple[Write, list[int]]:
    asked: list[int] = []

    async def write(task: Task, until: float) -> AsyncGenerator[Event, None]:
        asked.append(task.draft)
        answer = answers[len(asked) - 1]
        if isinstance(answer, MeshError):
            raise answer
        yield Progress(3, ("a line",), ())
        yield Finished(judged(answer), "v1", Ended(10, 8, 5, cut=False), 0.5, seconds)

    return write, asked


FIRST = Task(PROMPT)


async def outcome(
    answers: Sequence[str | MeshError], task: Task = FIRST, *, left: float = 60, drafts: int = 4
) -> tuple[list[Progress], Finished, list[int]]:
    write, asked = script(answers)
    until = asyncio.get_running_loop().time() + left
    events = [event async for event in best_of(write, task, until, drafts=drafts)]
    assert isinstance(events[-1], Finished)
    return [e for e in events[:-1] if isinstance(e, Progress)], events[-1], asked


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("answers", "storyboard", "drafts"),
    [
        ([THREE], THREE, 1),
        ([TWO, THREE], THREE, 2),
        ([WRONG, RED, TWO, THREE], THREE, 4),
        ([TWO, RED, TWO, TWO], TWO, 4),
        ([WRONG, WRONG, WRONG, WRONG], WRONG, 4),
        (['decline "no"'], 'decline "no"', 1),
    ],
)
async def test_it_writes_until_a_draft_holds_what_the_prompt_names(
    answers: list[str], storyboard: str, drafts: int
) -> None:
    _, finished, asked = await outcome(answers)
    assert finished.judged.storyboard == storyboard
    assert asked == list(range(drafts))
    assert finished.ended == Ended(10 * drafts, 8 * drafts, 5 * drafts, cut=False)
    assert finished.seconds == pytest.approx(0.1 * drafts)


@pytest.mark.asyncio
async def test_only_the_lines_of_the_first_draft_are_shown() -> None:
    progress, _, _ = await outcome([TWO, THREE])
    assert progress == [Progress(3, ("a line",), ()), Progress(8, (), ())]


@pytest.mark.asyncio
async def test_a_repair_is_one_draft() -> None:
    _, _, asked = await outcome([TWO], Task(PROMPT, is_repair=True))
    assert asked == [0]


@pytest.mark.asyncio
async def test_there_is_no_other_draft_without_the_time_for_it() -> None:
    _, _, asked = await outcome([TWO], left=0.15)
    assert asked == [0]


@pytest.mark.asyncio
async def test_a_later_draft_that_fails_leaves_the_best_before_it() -> None:
    failure = MeshError(Code.UNAVAILABLE, "MODEL_FAILED", "it died")
    _, finished, asked = await outcome([TWO, failure])
    assert (finished.judged.storyboard, asked) == (TWO, [0, 1])
    with pytest.raises(MeshError, match="it died"):
        await outcome([failure])
