"""Several drafts of one answer, and the one that holds most of what the prompt names.

A small model that drops a colour or counts wrong often gets it right in another draw, and the prompt itself
says which draw is better: `animathic.scene.coverage` claims only what is certain. This is best-of-n sampling
with a verifier (Cobbe et al., 2021, "Training Verifiers to Solve Math Word Problems"), and the verifier is no
model.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from dataclasses import replace

from animathic.scene.coverage import check_coverage
from services.chassis.errors import MeshError
from services.local_adapter.backends.protocol import Ended, Task
from services.local_adapter.events import Event, Finished, Progress

DRAFTS = 4
"""How many drafts an answer of the embedded model may take; a draft is well under a second."""

_INVALID = -1.0
_COMPLETE = 1.0

Write = Callable[[Task, float], AsyncGenerator[Event, None]]


async def best_of(write: Write, task: Task, until: float, *, drafts: int) -> AsyncGenerator[Event, None]:
    """Writes until a draft holds all that the prompt names, and answers with the best.

    Args:
        write: Writes one draft until a time of the loop's clock.
        task: What shall be written; a repair is one draft.
        until: When the answer is due.
        drafts: How many at the most.

    Yields:
        Progress of the drafts (the lines of the first one only: the others replace it), then Finished with
        the tokens and seconds of all.

    Raises:
        MeshError: The first draft failed.
    """
    kept: list[Finished] = []
    for number in range(1 if task.is_repair else drafts):
        before = sum(finished.ended.output_tokens for finished in kept)
        try:
            async with aclosing(write(replace(task, draft=number), until)) as events:
                async for event in events:
                    if isinstance(event, Finished):
                        kept.append(event)
                    elif isinstance(event, Progress) and number:
                        yield Progress(before + event.output_tokens, (), ())
                    else:
                        yield event
        except MeshError:
            if not kept:
                raise
            break
        if worth(kept[-1], task) >= _COMPLETE or not _time_for_another(kept[-1], until):
            break
    best = max(kept, key=lambda finished: worth(finished, task))
    yield replace(best, ended=_all(kept, best), seconds=sum(finished.seconds for finished in kept))


def worth(finished: Finished, task: Task) -> float:
    """How much of what the prompt names an answer holds, 0 to 1; below 0 for an invalid scene.

    To decline is a whole answer. An edit that is valid is one too: its prompt names what changes, not what is
    there.
    """
    judged = finished.judged
    if judged.declined:
        return _COMPLETE
    if judged.scene is None:
        return _INVALID
    if task.parent_storyboard:
        return _COMPLETE
    return check_coverage(task.prompt, judged.scene).score


def _time_for_another(last: Finished, until: float) -> bool:
    return until - asyncio.get_running_loop().time() > 2 * last.seconds


def _all(kept: list[Finished], best: Finished) -> Ended:
    ends = [finished.ended for finished in kept]
    return Ended(
        input_tokens=sum(end.input_tokens for end in ends),
        cached_input_tokens=sum(end.cached_input_tokens for end in ends),
        output_tokens=sum(end.output_tokens for end in ends),
        cut=best.ended.cut,
    )
