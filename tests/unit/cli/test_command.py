"""The command against a scripted gateway: what goes to stdout and stderr, and the exit codes."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import grpc
import pytest

from animathic.cli.app import run
from animathic.v1 import animation_pb2, quality_pb2
from tests.support.scripted_gateway import VIDEO, ScriptedGateway, failure

VALID = "a = circle red\ncreate a\n"


@dataclass(frozen=True)
class Ran:
    code: int
    out: str
    err: str

    @property
    def document(self) -> dict:
        return json.loads(self.out)


Command = Callable[..., Ran]


@pytest.fixture
def gateway(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[ScriptedGateway]:
    monkeypatch.chdir(tmp_path)
    with ScriptedGateway() as gateway:
        monkeypatch.setenv("ANIMATHIC_TARGET", gateway.target)
        yield gateway


@pytest.fixture
def command(capfd: pytest.CaptureFixture[str]) -> Command:
    def ran(*arguments: str) -> Ran:
        code = run(arguments)
        out, err = capfd.readouterr()
        return Ran(code, out, err)

    return ran


def test_generate_writes_the_video_and_says_what_happened(gateway, command):
    ran = command("generate", "a red circle", "-o", "out.mp4")
    assert ran.code == 0, ran.err
    assert Path("out.mp4").read_bytes() == VIDEO
    for expected in (
        "out.mp4",
        "854x480",
        "models/local-trained",
        "confidence: 0.93",
        "generate 1.20 s",
        "1.00",
    ):
        assert expected in ran.out
    assert "rendering: frame 12 of 45" in ran.err
    assert "rendering" not in ran.out


def test_generate_as_json_is_one_document(gateway, command):
    ran = command("generate", "a red circle", "-o", "out.mp4", "--json")
    assert ran.code == 0
    assert ran.err == ""
    assert ran.document["animation"]["state"] == "ANIMATION_STATE_SUCCEEDED"
    assert ran.document["file"]["path"] == "out.mp4"
    assert ran.document["file"]["sizeBytes"] == len(VIDEO)


def test_generate_passes_the_options_on(gateway, command):
    ran = command(
        *("generate", "x", "--quality", "1080p60", "--aspect", "9:16", "--model", "local-trained"),
        *("--strict", "--priority", "high"),
    )
    assert ran.code == 0, ran.err
    options = gateway.requests[0].animation.options
    assert options.quality_preset == animation_pb2.QUALITY_PRESET_1080P60
    assert options.aspect_ratio == animation_pb2.ASPECT_RATIO_9_16
    assert (options.model, options.strict) == ("models/local-trained", True)
    assert options.priority == animation_pb2.PRIORITY_HIGH


def test_a_prompt_can_come_from_standard_input(gateway, command, monkeypatch, tmp_path):
    (tmp_path / "prompt").write_text("from a pipe")
    with (tmp_path / "prompt").open() as file:
        monkeypatch.setattr(sys, "stdin", file)
        assert command("generate", "-").code == 0
    assert gateway.requests[0].animation.prompt == "from a pipe"


@pytest.mark.parametrize(
    ("status", "code"),
    [
        (grpc.StatusCode.INVALID_ARGUMENT, 3),
        (grpc.StatusCode.UNAUTHENTICATED, 4),
        (grpc.StatusCode.PERMISSION_DENIED, 4),
        (grpc.StatusCode.NOT_FOUND, 5),
        (grpc.StatusCode.RESOURCE_EXHAUSTED, 6),
        (grpc.StatusCode.INTERNAL, 1),
    ],
)
def test_a_refusal_is_one_line_and_an_exit_code(gateway, command, status, code):
    gateway.script.errors["CreateAnimation"] = [
        failure(status, "SOME_REASON", "what is wrong; what to do")
    ] * 2
    ran = command("generate", "x")
    assert ran.code == code
    assert ran.out == ""
    assert ran.err == "error SOME_REASON: what is wrong; what to do\n"
    assert not Path("animation.mp4").exists()
    as_json = command("generate", "x", "--json")
    assert as_json.code == code
    assert as_json.err == ""
    assert as_json.document["error"]["reason"] == "SOME_REASON"


def test_field_violations_are_named(gateway, command):
    gateway.script.errors["CreateAnimation"] = [
        failure(
            grpc.StatusCode.INVALID_ARGUMENT,
            "FIELD_INVALID",
            "mend it",
            fields={"animation.prompt": "say what"},
        )
    ]
    assert "  animation.prompt: say what\n" in command("generate", "").err


def test_a_failed_animation_says_why(gateway, command):
    gateway.script.ends_with = animation_pb2.ANIMATION_STATE_FAILED
    gateway.script.failure = failure(grpc.StatusCode.UNAVAILABLE, "NO_MODEL_AVAILABLE", "start a model")
    ran = command("generate", "x")
    assert ran.code == 1
    assert ran.err.endswith("error NO_MODEL_AVAILABLE: start a model\n")
    assert command("generate", "x", "--json").document["animation"]["state"] == "ANIMATION_STATE_FAILED"


def test_no_mesh_is_told_soon_and_plainly(monkeypatch, command, tmp_path):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("ANIMATHIC_TARGET", "127.0.0.1:1")
    ran = command("doctor", "--json")
    assert ran.code == 1
    assert not ran.document["healthy"]
    models = next(each for each in ran.document["findings"] if each["part"] == "models")
    assert "make up" in models["message"]


def test_without_a_mesh_the_way_out_is_named(monkeypatch, command, tmp_path):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("ANIMATHIC_TARGET", "127.0.0.1:1")
    monkeypatch.setattr("animathic.cli.app._CONNECT_PATIENCE", 0.2)
    ran = command("generate", "x")
    assert ran.code == 6
    assert ran.err.startswith("error GATEWAY_UNREACHABLE: no gateway answers at 127.0.0.1:1: start the mesh")
    assert ran.err.count("\n") == 1


def test_what_is_wrong_here_is_told_without_a_mesh(monkeypatch, command, tmp_path):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("ANIMATHIC_TARGET", "127.0.0.1:1")
    Path("a.story").write_text("create b\n")
    assert "a.story:1:8" in command("render", "a.story").err


def test_an_unwritable_place_is_told_before_any_work(gateway, command):
    for place in ("missing/out.mp4", "."):
        ran = command("generate", "x", "-o", place)
        assert ran.code == 3
        assert "FILE_NOT_WRITABLE" in ran.err
    assert gateway.requests == []


@pytest.mark.parametrize(
    "arguments",
    [("generate",), ("generate", "x", "--quality", "4k"), ("paint", "x"), ("generate", "x", "--wat")],
)
def test_wrong_usage(gateway, command, arguments):
    ran = command(*arguments)
    assert ran.code == 2
    assert ran.out == ""
    assert ran.err.startswith("error USAGE: ")
    as_json = command(*arguments, "--json")
    assert as_json.code == 2
    assert as_json.document["error"]["reason"] == "USAGE"
    assert gateway.requests == []


def test_text_from_elsewhere_cannot_command_the_terminal(gateway, command):
    gateway.script.explanation = "\x1b[2J[red]gone\x07"
    ran = command("generate", "x")
    assert ran.code == 0
    assert "\x1b" not in ran.out
    assert "\x07" not in ran.out
    assert "[red]gone" in ran.out


def test_render_sends_the_storyboard(gateway, command):
    Path("a.story").write_text(VALID)
    ran = command("render", "a.story", "-o", "out.mp4")
    assert ran.code == 0, ran.err
    assert gateway.requests[0].animation.source_storyboard == VALID
    assert Path("out.mp4").read_bytes() == VIDEO


def test_a_syntax_error_points_at_the_line_and_column(gateway, command):
    Path("a.story").write_text("a = circle red\nb = squear blue\ncreate a\n")
    ran = command("render", "a.story")
    assert ran.code == 3
    assert ran.out == ""
    lines = ran.err.splitlines()
    assert lines[0].startswith("a.story:2:5: ")
    assert lines[1] == "  b = squear blue"
    assert lines[2] == "      ^"
    assert "square" in lines[3]
    assert lines[-1].startswith("error SCENE_INVALID: ")
    assert gateway.requests == []
    document = command("render", "a.story", "--json").document
    assert document["error"]["field_violations"][0]["field"] == "a.story:2:5"


def test_what_only_the_mesh_finds_is_pointed_at_too(gateway, command):
    Path("a.story").write_text(VALID)
    gateway.script.errors["CreateAnimation"] = [
        failure(grpc.StatusCode.INVALID_ARGUMENT, "SCENE_UNRENDERABLE", "it cannot be laid out")
    ]
    gateway.script.issues = [
        quality_pb2.SceneIssue(
            severity=quality_pb2.SEVERITY_ERROR,
            line=1,
            column=12,
            message="too big",
            advice="make it smaller",
        )
    ]
    ran = command("render", "a.story")
    assert ran.code == 3
    assert ran.err.startswith(
        "a.story:1:12: too big\n  a = circle red\n             ^\n  make it smaller\nerror SCENE_INVALID"
    )


@pytest.mark.parametrize("content", [None, b"\xff\xfe\x00", b"x" * 500_000])
def test_a_file_that_is_no_storyboard(gateway, command, content):
    if content is not None:
        Path("a.story").write_bytes(content)
    ran = command("render", "a.story")
    assert ran.code == 3
    assert "FILE_NOT_READABLE" in ran.err
    assert gateway.requests == []


def test_models_and_explain(gateway, command):
    listed = command("models")
    assert listed.code == 0
    assert "it has no key: set GOOGLE_AI_API_KEY" in listed.out
    assert len(command("models", "--json").document["models"]) == 2
    explained = command("explain", "a circle")
    assert "confidence: 0.93" in explained.out
    assert "no: set GOOGLE_AI_API_KEY" in explained.out
    assert command("explain", "a circle", "--json").document["decision"]["model"] == "models/local-trained"


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_giving_up_cancels_the_animation(gateway, tmp_path, how):
    gateway.script.never_ends = True
    process = subprocess.Popen(
        [sys.executable, "-m", "animathic.cli", "generate", "x", "-o", str(tmp_path / "o.mp4")],
        cwd=Path(__file__).parents[3],
        env={**os.environ, "ANIMATHIC_TARGET": gateway.target},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert gateway.watched.wait(20)
    process.send_signal(how)
    out, err = process.communicate(timeout=20)
    assert process.returncode == 130
    assert out == ""
    assert "interrupted; animations/a1 was cancelled" in err
    assert "Traceback" not in err
    assert gateway.calls["CancelAnimation"] == 1
    assert list(tmp_path.iterdir()) == []
