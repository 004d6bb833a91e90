"""Keys, stored results, judgements and errors."""

from __future__ import annotations

import signal

import pytest

from animathic.scene import check, parse
from animathic.v1 import animation_pb2, quality_pb2
from services.chassis.errors import Code
from services.render import failures
from services.render.fork_server import Ended
from services.render.judging import judge, judge_coverage
from services.render.results import File, Result, file_key, job_key, renderer_version
from services.render.wire import Job, Limits, ProtocolError, pack, unpack

_SCENE = parse("a = circle red\ncreate a")


def _options(**fields: object) -> animation_pb2.AnimationOptions:
    return animation_pb2.AnimationOptions(**fields)  # type: ignore[arg-type]


def test_a_job_is_named_by_what_shows() -> None:
    plain = job_key(_SCENE, _options(), "v1")
    titled = parse("a = circle red\ncreate a")
    titled.title = "A title"
    assert job_key(titled, _options(), "v1") == plain
    assert job_key(_SCENE, _options(model="models/x", priority=3), "v1") == plain
    spelled_out = _options(quality_preset=animation_pb2.QUALITY_PRESET_480P15, aspect_ratio=1, format=1)
    assert job_key(_SCENE, spelled_out, "v1") == plain
    assert job_key(_SCENE, _options(quality_preset=animation_pb2.QUALITY_PRESET_720P30), "v1") != plain
    assert job_key(_SCENE, _options(aspect_ratio=animation_pb2.ASPECT_RATIO_1_1), "v1") != plain
    assert job_key(_SCENE, _options(), "v2") != plain
    assert job_key(parse("a = circle blue\ncreate a"), _options(), "v1") != plain


def test_keys_are_those_of_the_contract() -> None:
    unit = "ab" * 32
    assert file_key("videos", unit) == f"videos/ab/{unit}.mp4"
    assert file_key("previews", unit) == f"previews/ab/{unit}.png"
    assert file_key("results", unit) == f"videos/ab/{unit}.json"


def test_the_version_follows_the_libraries() -> None:
    names = ("manim", "typst", "av", "numpy", "pillow", "manimpango", "pycairo")
    old, new = dict.fromkeys(names, "1"), dict.fromkeys(names, "1") | {"manim": "2"}
    assert renderer_version(old) == renderer_version(old) != renderer_version(new)


def test_results_survive_storage() -> None:
    note = quality_pb2.SceneIssue(severity=quality_pb2.SEVERITY_NOTE, code="arranged", message="a, b")
    made = Result(
        video=File("videos/ab/x.mp4", "12", 3),
        preview=File("previews/ab/x.png", "34", 4),
        width=854,
        height=480,
        frame_rate=15,
        frames=60,
        blank=False,
        changes=59,
        notes=(note,),
    )
    assert Result.from_json(made.to_json()) == made
    with pytest.raises(ValueError, match="not a result"):
        Result.from_json(b'{"version": 1}')


def _checks(quality: quality_pb2.Quality) -> dict[int, bool]:
    return {check.kind: check.passed for check in quality.checks}


def test_pixels_are_judged_without_a_prompt() -> None:
    found = judge(_SCENE, "", blank=False, changes=14)
    assert _checks(found) == {quality_pb2.CHECK_KIND_BLANK: True, quality_pb2.CHECK_KIND_FROZEN: True}
    assert found.score == 1


def test_a_blank_result_is_worth_nothing() -> None:
    assert judge(_SCENE, "a red circle", blank=True, changes=0).score == 0


def test_a_still_result_is_noticed_where_something_should_happen() -> None:
    assert not _checks(judge(_SCENE, "", blank=False, changes=0))[quality_pb2.CHECK_KIND_FROZEN]
    still = judge(parse("a = circle red\nadd a\nwait"), "", blank=False, changes=0)
    assert quality_pb2.CHECK_KIND_FROZEN not in _checks(still)


def test_a_wrong_colour_costs_score() -> None:
    right, wrong = judge_coverage(_SCENE, "a red circle"), judge_coverage(_SCENE, "a blue circle")
    assert right.score == 1
    assert wrong.score < 1


def test_errors_tell_what_to_do() -> None:
    error = failures.invalid(check("a = circl red\ncreate b").errors, "storyboard")
    assert (error.code, error.reason) == (Code.INVALID_ARGUMENT, "SCENE_INVALID")
    assert "did you mean" in error.violations[0].description
    issue = quality_pb2.SceneIssue(
        code="latex_command", field_path="elements[0].math.tex", message="m", advice="a"
    )
    assert failures.unrenderable([issue]).violations[0].field == "scene.elements[0].math.tex"


@pytest.mark.parametrize(
    ("ended", "failed", "reason", "retriable"),
    [
        (Ended(None, signal.SIGKILL, 1, 1), None, "UPSTREAM_UNAVAILABLE", "true"),
        (Ended(None, signal.SIGXCPU, 1, 1), None, "RENDER_RESOURCES", "false"),
        (Ended(None, signal.SIGSEGV, 1, 1), None, "RENDER_FAILED", "false"),
        (Ended(70, None, 1, 1), None, "RENDER_FAILED", "false"),
        (Ended(0, None, 1, 1), {"event": "failed"}, "RENDER_FAILED", "false"),
    ],
)
def test_ends_of_children(ended: Ended, failed: dict[str, str] | None, reason: str, retriable: str) -> None:
    error = failures.crashed(ended, failed)
    assert error.reason == reason
    assert error.metadata["retriable"] == retriable


def test_messages_survive_the_wire() -> None:
    job = Job("render", b"scene", b"options", "/tmp/x", Limits(cpu_seconds=3))
    head, blob = unpack(job.pack()[4:])
    assert Job.unpack(head, blob) == job
    with pytest.raises(ProtocolError):
        unpack(b"\0\0\0\x05hello")
    with pytest.raises(ProtocolError):
        Job.unpack(*unpack(pack({"task": "render"})[4:]))
