"""The commands and their options; each is a few lines over what does the work."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import grpc
import stamina.instrumentation
import typer

from animathic.cli import doctor as diagnosis
from animathic.cli import making, scenes
from animathic.cli.exits import ExitCode, exit_code_of
from animathic.cli.output import Output, as_json
from animathic.cli.places import local_environment
from animathic.client import AnimathicError, Client, ClientConfig, animation_options
from animathic.v1 import animation_pb2, model_adapter_service_pb2

__all__ = ["run"]

app = typer.Typer(
    name="animathic",
    help="Turns a sentence into an animation video.",
    epilog=(
        "ANIMATHIC_TARGET names the gateway's gRPC entry, ANIMATHIC_URL its HTTP address, "
        "ANIMATHIC_API_KEY the key. "
        "Exit codes: 0 done, 1 failed, 2 wrong usage, 3 request refused, 4 credentials, 5 not found, "
        "6 not available now, 130 interrupted."
    ),
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


# Seconds to wait for the first sign of a mesh; one that goes away later is waited for longer.
_CONNECT_PATIENCE = 5.0


class _Quality(StrEnum):
    LOW = "480p15"
    MEDIUM = "720p30"
    HIGH = "1080p60"


class _Aspect(StrEnum):
    WIDE = "16:9"
    TALL = "9:16"
    SQUARE = "1:1"
    CLASSIC = "4:3"


class _Priority(StrEnum):
    LOW = "low"
    NORMAL = "normal"
    HIGH = "high"


_Prompt = Annotated[str, typer.Argument(help="What to show, in words; - reads it from standard input.")]
_OutputFile = Annotated[Path, typer.Option("--output", "-o", help="The video file to write.")]
_Json = Annotated[bool, typer.Option("--json", help="Print one JSON document, errors included.")]
_QualityOption = Annotated[_Quality | None, typer.Option("--quality", "-q", help="Size and frame rate.")]
_AspectOption = Annotated[_Aspect | None, typer.Option("--aspect", "-a", help="Shape of the frame.")]
_ModelOption = Annotated[str, typer.Option("--model", "-m", help="The model to prefer; see `models`.")]
_StrictOption = Annotated[bool, typer.Option("--strict", help="Never ask another model than --model.")]
_PriorityOption = Annotated[_Priority | None, typer.Option("--priority", help="Which goes first.")]


@app.command()
def generate(
    prompt: _Prompt,
    output_file: _OutputFile = Path("animation.mp4"),
    quality: _QualityOption = None,
    aspect: _AspectOption = None,
    model: _ModelOption = "",
    strict: _StrictOption = False,
    priority: _PriorityOption = None,
    json: _Json = False,
) -> None:
    """Makes a video of a prompt. Ctrl-C cancels the animation."""
    output = Output(json=json)

    async def work(client: Client) -> int:
        making.check_writable(output_file)
        options = animation_options(
            quality=quality or "", aspect=aspect or "", model=model, strict=strict, priority=priority or ""
        )
        words = _prompt(prompt)
        return await _make(
            client, output, output_file, lambda: client.create_animation(prompt=words, options=options)
        )

    _run(output, work)


@app.command()
def render(
    storyboard_file: Annotated[Path, typer.Argument(help="A scene as storyboard text, for example a.story.")],
    output_file: _OutputFile = Path("animation.mp4"),
    quality: _QualityOption = None,
    aspect: _AspectOption = None,
    priority: _PriorityOption = None,
    json: _Json = False,
) -> None:
    """Makes a video of a scene of your own; no model is asked."""
    output = Output(json=json)

    async def work(client: Client) -> int:
        making.check_writable(output_file)
        storyboard = scenes.read_storyboard(storyboard_file)
        name = str(storyboard_file)
        flaws = scenes.flaws_in(storyboard)
        if flaws:
            return _refuse(output, flaws, storyboard, name)
        options = animation_options(quality=quality or "", aspect=aspect or "", priority=priority or "")
        try:
            return await _make(
                client,
                output,
                output_file,
                lambda: client.create_animation(storyboard=storyboard, options=options),
            )
        except AnimathicError as error:
            # The mesh measures what the language alone cannot: text, formulas, layout.
            if error.reason not in {"SCENE_INVALID", "SCENE_UNRENDERABLE"}:
                raise
            answer = await client.check_scene(storyboard=storyboard)
            flaws = scenes.from_issues(answer.issues)
            if not flaws:
                raise
            return _refuse(output, flaws, storyboard, name)

    _run(output, work)


@app.command()
def models(json: _Json = False) -> None:
    """Lists the models: which are ready, and what the others need."""
    output = Output(json=json)

    async def work(client: Client) -> int:
        await client.connect(patience=_CONNECT_PATIENCE)
        found = await client.list_models()
        if json:
            output.document({"models": [as_json(each) for each in found]})
            return ExitCode.OK
        states = model_adapter_service_pb2.ModelState
        output.table(
            ("model", "state", "version", "cost", "backend", "why not, and what to do"),
            (
                (
                    each.name,
                    states.Name(each.state).removeprefix("MODEL_STATE_").lower().replace("_", " "),
                    each.serving_version,
                    f"${each.expected_cost_usd:.4f}",
                    f"{each.backend}{' (remote)' if each.remote else ''}",
                    ": ".join(part for part in (each.reason, each.advice) if part),
                )
                for each in found
            ),
        )
        return ExitCode.OK

    _run(output, work)


@app.command()
def explain(
    prompt: _Prompt, model: _ModelOption = "", strict: _StrictOption = False, json: _Json = False
) -> None:
    """Says which model would be asked for a prompt, and why; makes nothing."""
    output = Output(json=json)

    async def work(client: Client) -> int:
        options = animation_options(model=model, strict=strict)
        await client.connect(patience=_CONNECT_PATIENCE)
        decision = await client.explain_route(_prompt(prompt), options=options)
        if json:
            output.document({"decision": as_json(decision)})
            return ExitCode.OK
        output.rows(
            [
                ("model", decision.model or "none can serve now"),
                ("reason", making.reason_of(decision)),
                ("complexity", f"{decision.complexity:.2f}"),
                ("policy", decision.policy_version),
            ]
        )
        output.table(
            ("candidate", "success", "cost", "available"),
            (
                (
                    each.model,
                    f"{each.success_probability:.0%}",
                    f"${each.expected_cost_usd:.4f}",
                    "yes" if each.available else f"no: {each.unavailable_reason}",
                )
                for each in decision.candidates
            ),
        )
        return ExitCode.OK

    _run(output, work)


@app.command()
def doctor(json: _Json = False) -> None:
    """One line per service and model: ready, or why not and what to set."""
    output = Output(json=json)

    async def work(client: Client) -> int:
        findings = await diagnosis.examine(client, local_environment(os.environ))
        if json:
            output.document(diagnosis.as_document(findings))
        else:
            for finding in findings:
                output.line(str(finding))
        return ExitCode.OK if diagnosis.healthy(findings) else ExitCode.FAILED

    _run(output, work, patient=False)


async def _make(
    client: Client,
    output: Output,
    path: Path,
    create: Callable[[], Awaitable[animation_pb2.Animation]],
) -> int:
    await client.connect(patience=_CONNECT_PATIENCE)
    try:
        made = await making.make(client, create, path, output)
    except making.Interrupted as interrupted:
        if output.json:
            error = {"code": "CANCELLED", "reason": "INTERRUPTED", "message": interrupted.message}
            output.document({"error": error, "animation": {"name": interrupted.name}})
        output.note(interrupted.message)
        return ExitCode.INTERRUPTED
    animation = made.animation
    if made.file is None:
        output.error(_failure(animation), animation=as_json(animation))
        return ExitCode.FAILED
    if output.json:
        file = {"path": str(path), "sha256": made.file.sha256, "sizeBytes": made.file.size_bytes}
        output.document({"animation": as_json(animation), "file": file})
    else:
        output.rows(making.summary(made, path))
    return ExitCode.OK


def _failure(animation: animation_pb2.Animation) -> AnimathicError:
    if animation.state == animation_pb2.ANIMATION_STATE_CANCELLED:
        return AnimathicError(
            grpc.StatusCode.CANCELLED, "CANCELLED", f"somebody cancelled {animation.name}: run it again"
        )
    return AnimathicError.from_status(animation.error)


def _refuse(output: Output, flaws: list[scenes.Flaw], storyboard: str, name: str) -> int:
    error = scenes.scene_invalid(flaws, name)
    if not output.json:
        for flaw in flaws:
            output.note(scenes.pointed(flaw, storyboard, name))
        error = AnimathicError(error.code, error.reason, error.message)
    output.error(error)
    return ExitCode.INVALID


def _prompt(words: str) -> str:
    return sys.stdin.read() if words == "-" else words


def _run(output: Output, work: Callable[[Client], Awaitable[int]], *, patient: bool = True) -> None:
    """Runs a command's work with a client and ends with its exit code."""
    environment = local_environment(os.environ)

    async def with_client() -> int:
        config = ClientConfig.from_environment(environment)
        async with Client(config if patient else replace(config, attempts=1, timeout=5.0)) as client:
            return await work(client)

    try:
        code = asyncio.run(with_client())
    except AnimathicError as error:
        output.error(error)
        code = exit_code_of(error)
    except KeyboardInterrupt:
        output.note("interrupted")
        code = ExitCode.INTERRUPTED
    raise typer.Exit(code)


def run(arguments: Sequence[str]) -> int:
    """Runs the command line.

    Args:
        arguments: Without the program's name.

    Returns:
        The exit code.
    """

    def say(details: stamina.instrumentation.RetryDetails) -> None:
        if "--json" not in arguments:
            print(f"no answer, trying again: {details.caused_by}", file=sys.stderr)

    # Without this, stamina would log to stdout where structlog is installed.
    stamina.instrumentation.set_on_retry_hooks([say])
    command: Any = typer.main.get_command(app)
    try:
        return int(command.main(args=list(arguments), prog_name="animathic", standalone_mode=False) or 0)
    except typer.TyperException as error:
        output = Output(json="--json" in arguments)
        output.error(
            AnimathicError(grpc.StatusCode.INVALID_ARGUMENT, "USAGE", f"{error.format_message()} Try --help.")
        )
        return ExitCode.USAGE
    except typer.Abort:
        return ExitCode.INTERRUPTED
