"""`python -m deploy.local up|down|status|demo`."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from animathic.cli.doctor import healthy
from deploy.local.demo import make_demo
from deploy.local.layout import Layout
from deploy.local.mesh import LocalMesh, NotReadyError

app = typer.Typer(
    help="The mesh on this machine. DATA_DIR and PORT_OFFSET tell meshes apart.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
_notes = Console(stderr=True, markup=False, highlight=False)


def _mesh() -> LocalMesh:
    return LocalMesh(Layout.read(os.environ), _say)


def _say(line: str) -> None:
    _notes.print(line, soft_wrap=True)


@app.command()
def up(wait: Annotated[float, typer.Option(help="Seconds to wait until all is ready.")] = 90.0) -> None:
    """Starts the services that do not run and waits until all are ready."""
    mesh = _mesh()
    try:
        findings = mesh.up(patience=wait)
    except (NotReadyError, RuntimeError) as error:
        _say(f"not ready:\n{error}\nWhat started goes on running; `make down` stops it.")
        raise typer.Exit(1) from None
    for finding in findings:
        typer.echo(str(finding))
    typer.echo(f"\nThe mesh is up at {mesh.layout.environment['ANIMATHIC_URL']}. Try:")
    typer.echo('  .venv/bin/animathic generate "a red circle transforms into a blue square" -o circle.mp4')


@app.command()
def down() -> None:
    """Stops the services and everything that they started."""
    _mesh().down()


@app.command()
def status() -> None:
    """Shows the processes and whether each part is ready."""
    mesh = _mesh()
    for process in mesh.processes():
        typer.echo(f"{process.name:<22}{process.state.lower():<10}{process.description}")
    findings = mesh.examine()
    for finding in findings:
        typer.echo(str(finding))
    raise typer.Exit(0 if healthy(findings) else 1)


@app.command()
def demo(
    prompt: Annotated[str, typer.Option(help="What to show, in words.")],
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="The video; default under var/demo.")
    ] = None,
) -> None:
    """Makes a video of a prompt through the whole mesh; starts and stops the mesh if it does not run."""
    try:
        code = make_demo(_mesh(), prompt, output, _say)
    except (NotReadyError, RuntimeError) as error:
        _say(f"not ready:\n{error}")
        code = 1
    raise typer.Exit(code)


if __name__ == "__main__":
    app()
