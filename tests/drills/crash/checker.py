"""Judges a history: every sentence that it returns is a broken promise."""

from collections.abc import Iterator

from animathic.v1 import animation_pb2, events_pb2
from tests.drills.crash.history import CANCELLED, FAILED, FINAL, KINDS, History, Story

_STARTED = animation_pb2.ATTEMPT_OUTCOME_STARTED
_REPEATABLE = {animation_pb2.ATTEMPT_OUTCOME_ABANDONED, animation_pb2.ATTEMPT_OUTCOME_CANCELLED}
_RENDER = animation_pb2.ATTEMPT_STAGE_RENDER
_ENDED, _DELETED = events_pb2.EVENT_KIND_ANIMATION_ENDED, events_pb2.EVENT_KIND_ANIMATION_DELETED


def judge(history: History) -> list[str]:
    """The broken promises of a history; none is good."""
    found = [f"did not happen in time: {what}" for what in history.timed_out]
    if history.rows != len(history.stories):
        found.append(f"rule 1: {len(history.stories)} requests made {history.rows} rows")
    for story in history.stories:
        found += [f"{story.key}: {problem}" for problem in _of_story(history, story)]
    if history.outbox_left:
        found.append(f"rule 9: {history.outbox_left} events were never taken")
    found += [f"rule 8: {holder} still holds artifacts" for holder in history.orphans]
    return found


def _of_story(history: History, story: Story) -> Iterator[str]:
    if len(set(story.names)) != 1:
        yield f"rule 1: one request_id was answered with {len(set(story.names))} animations"
    final = story.final
    if final is None:
        yield "rule 1: it was acknowledged, but is not there"
        return
    if final.state not in FINAL:
        yield f"rule 4: it never ended (state {final.state})"
        return
    yield from _one_end(history, story, final)
    yield from _attempts(history, story, final)
    yield from _events(history, story, final)


def _one_end(history: History, story: Story, final: animation_pb2.Animation) -> Iterator[str]:
    given_up = final.state == FAILED and story.crashes >= history.max_crashes
    allowed, _ = KINDS[story.kind]
    if final.state not in allowed and not given_up:
        yield f"it ended in state {final.state}: {final.error.message}"
    if story.cancel_answered and final.state != CANCELLED and not given_up:
        yield f"rule 8: its cancellation was acknowledged, and it ended in state {final.state}"
    for seen in story.ends:
        if (seen.state, seen.end_time.ToNanoseconds()) != (final.state, final.end_time.ToNanoseconds()):
            yield f"rule 7: it ended twice (seen in state {seen.state}, is in {final.state})"
    if story.crashes > len(history.faults):
        yield f"rule 2: {story.crashes} crashes were counted after {len(history.faults)} strikes"


def _attempts(history: History, story: Story, final: animation_pb2.Animation) -> Iterator[str]:
    if story.overlaps:
        yield "rule 4: two attempts were under way at once"
    if story.delete_answered:
        # Its attempts went with its content; what was paid can only be held against the strikes.
        if history.calls.get(story.key, 0) > KINDS[story.kind][1] + len(history.faults):
            yield f"rule 5: {history.calls[story.key]} model calls for a deleted animation"
        return
    models = [attempt for attempt in final.attempts if attempt.stage != _RENDER]
    if any(attempt.outcome == _STARTED for attempt in final.attempts):
        yield "rule 4: it ended with an attempt under way"
    if story.epochs != sorted(story.epochs):
        yield f"rule 3: attempts of epochs {story.epochs}: an old owner went on"
    paid = history.calls.get(story.key, 0)
    if paid > len(models):
        yield f"rule 4: {paid} model calls were paid, {len(models)} are recorded"
    _, needed = KINDS[story.kind]
    complete = sum(attempt.outcome not in _REPEATABLE for attempt in models)
    if complete > needed:
        yield f"rule 5: {complete} complete model calls, {needed} were needed"
    repeated = len(models) - complete
    if repeated > len(history.faults) + story.cancel_answered:
        yield f"rule 5: {repeated} model calls were repeated after {len(history.faults)} strikes"


def _events(history: History, story: Story, final: animation_pb2.Animation) -> Iterator[str]:
    mine = [event for event in history.events.values() if event.animation_name == final.name]
    ends = [event for event in mine if event.kind == _ENDED]
    if len(ends) != 1:
        yield f"rule 7: {len(ends)} events tell of its end"
    for event in ends:
        if event.animation.state != final.state:
            yield f"rule 7: an event tells of state {event.animation.state}, it is in {final.state}"
    deletions = sum(event.kind == _DELETED for event in mine)
    if deletions != int(story.delete_answered):
        yield f"rule 8: {deletions} events tell of its deletion"
