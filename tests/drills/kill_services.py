"""Kills every process of a mesh in turn, in the middle of animations: `python -m tests.drills.kill_services`.

Each animation must still end well, with a whole video, and nothing of a killed process may live on.
"""

from __future__ import annotations

import argparse
import os
import signal
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import httpx
from rich.console import Console
from rich.table import Table

from tests.support.rest import ENDED, create, http_client, wait
from tests.support.running_mesh import RunningMesh, eventually, running_mesh
from tests.support.video import read_video

# Long enough to be hit in the middle, at the ordinary quality of 15 frames a second.
_SECONDS_OF_VIDEO = 12
_COLORS = ("red", "blue", "green", "yellow", "purple", "teal", "orange", "pink", "maroon", "gold")
_SHAPES = ("circle", "square", "triangle", "star")


@dataclass(frozen=True)
class Target:
    """What is killed.

    Attributes:
        name: For the table.
        victim: The id of the process to kill; 0 while there is none.
        state: The state in which an animation must be found at that moment.
        service: The service that must be well again afterwards.
    """

    name: str
    victim: Callable[[RunningMesh], int]
    state: str
    service: str


@dataclass(frozen=True)
class Outcome:
    """What a kill led to.

    Attributes:
        target: What was killed.
        state: What the animations were doing.
        ended: Their final states.
        problems: What was not right; empty if all was.
        seconds: From the kill to the last end.
        crashes: Attempts that did not deliver.
    """

    target: str
    state: str
    ended: tuple[str, ...]
    problems: tuple[str, ...]
    seconds: float
    crashes: int


def _child(service: str, depth: int) -> Callable[[RunningMesh], int]:
    """The first process so many levels below a service."""

    def find(mesh: RunningMesh) -> int:
        level = [mesh.pid(service)]
        for _ in range(depth):
            level = [child for pid in level for child in mesh.children(pid)]
        return level[0] if level else 0

    return find


TARGETS = (
    Target("router", lambda mesh: mesh.pid("router"), "ANIMATION_STATE_RENDERING", "router"),
    Target("router, early", lambda mesh: mesh.pid("router"), "ANIMATION_STATE_GENERATING", "router"),
    Target("gateway", lambda mesh: mesh.pid("gateway"), "ANIMATION_STATE_RENDERING", "gateway"),
    Target(
        "local_adapter", lambda mesh: mesh.pid("local_adapter"), "ANIMATION_STATE_GENERATING", "local_adapter"
    ),
    Target("llama child", _child("local_adapter", 1), "ANIMATION_STATE_GENERATING", "local_adapter"),
    Target("render", lambda mesh: mesh.pid("render"), "ANIMATION_STATE_RENDERING", "render"),
    Target("render zygote", _child("render", 1), "ANIMATION_STATE_RENDERING", "render"),
    Target("render child", _child("render", 2), "ANIMATION_STATE_RENDERING", "render"),
)


def kill_in_the_middle(mesh: RunningMesh, target: Target, client: httpx.Client, number: int) -> Outcome:
    """Kills one process while two animations are at work, and judges what becomes of them.

    Args:
        mesh: The mesh.
        target: What to kill.
        client: A tenant.
        number: Which kill this is; makes prompts and scenes that no cache knows.
    """
    names = [create(client, body)["name"] for body in _work(target, number)]
    victim = _hit(mesh, target, client, names)
    if not victim:
        states = [client.get(f"/v1/{name}").json()["state"] for name in names]
        return Outcome(target.name, target.state, tuple(states), ("there was nothing to kill",), 0.0, 0)
    orphans = [victim, *mesh.descendants(victim)]
    os.kill(victim, signal.SIGKILL)
    killed_at = time.monotonic()
    problems: list[str] = []
    ended = []
    for name in names:
        try:
            ended.append(wait(client, name, patience=60))
        except AssertionError as error:
            problems.append(str(error))
    seconds = time.monotonic() - killed_at
    problems += [problem for each in ended for problem in _problems(client, each)]
    try:
        eventually(lambda: not any(map(_lives, orphans)), f"{orphans} are gone")
        eventually(lambda: _serves(mesh, target.service), f"{target.service} is well again", patience=30)
    except AssertionError as error:
        problems.append(str(error))
    crashes = sum(
        attempt["outcome"] != "ATTEMPT_OUTCOME_SUCCEEDED"
        for each in ended
        for attempt in each.get("attempts", [])
    )
    return Outcome(
        target.name, target.state, tuple(each["state"] for each in ended), tuple(problems), seconds, crashes
    )


def _work(target: Target, number: int) -> list[dict[str, str]]:
    """Two requests that last in the stage that is to be hit."""
    color, shape = _COLORS[number % len(_COLORS)], _SHAPES[number % len(_SHAPES)]
    other = _COLORS[(number + 3) % len(_COLORS)]
    prompts = [
        {"prompt": f"a {color} {shape} transforms into a {other} square"},
        {"prompt": f"draw a {other} circle and move it to the right"},
    ]
    if target.state == "ANIMATION_STATE_GENERATING":
        return prompts
    story = f"a = {shape} {color}\ncreate a 1s\nrotate a {90 + number}deg {_SECONDS_OF_VIDEO}s\n"
    return [{"sourceStoryboard": story}, prompts[0]]


def _hit(mesh: RunningMesh, target: Target, client: httpx.Client, names: list[str]) -> int:
    """Waits for the moment and returns whom to kill; 0 if the moment did not come."""
    until = time.monotonic() + 30
    while time.monotonic() < until:
        states = [client.get(f"/v1/{name}").json()["state"] for name in names]
        if target.state in states:
            victim = target.victim(mesh)
            if victim:
                return victim
        if all(state in ENDED for state in states):
            return 0
        time.sleep(0.02)
    return 0


def _problems(client: httpx.Client, animation: dict) -> list[str]:
    """What is not right with an animation that has ended."""
    name = animation["name"]
    if animation["state"] != "ANIMATION_STATE_SUCCEEDED":
        return [f"{name} is {animation['state']}: {animation.get('error', {}).get('message', '')}"]
    response = client.get(f"/v1/{name}/video")
    if response.status_code != 200:
        return [f"the video of {name}: {response.status_code} {response.text[:200]}"]
    with tempfile.NamedTemporaryFile(suffix=".mp4") as file:
        file.write(response.content)
        file.flush()
        frames = len(read_video(Path(file.name)).frames)
    expected = animation["video"]["frameCount"]
    return [] if frames == expected else [f"{name} has {frames} frames of {expected}"]


def _lives(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def _serves(mesh: RunningMesh, service: str) -> bool:
    try:
        return httpx.get(f"{mesh.admin_url(service)}/readyz", timeout=2).json().get("ready", False)
    except (httpx.TransportError, ValueError):
        return False


def main() -> int:
    """Runs the drill on a mesh of its own and prints what happened."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=1, help="how often everything is killed")
    arguments = parser.parse_args()
    console = Console(width=None if sys.stdout.isatty() else 140, log_path=False)
    table = Table("killed", "while", "ended", "attempts lost", "seconds", "problems", title="kill -9")
    right = True
    more = {"LEASE_SECONDS": "4", "RENEW_SECONDS": "1"}
    with (
        tempfile.TemporaryDirectory(prefix="animathic-kill-") as directory,
        running_mesh(Path(directory, "var"), more, console.log) as mesh,
        http_client(mesh.url, mesh.keys["acme"]) as client,
    ):
        for number in range(arguments.rounds * len(TARGETS)):
            outcome = kill_in_the_middle(mesh, TARGETS[number % len(TARGETS)], client, number)
            console.log(f"{outcome.target}: {', '.join(outcome.ended)} in {outcome.seconds:.1f} s")
            right = right and not outcome.problems
            table.add_row(
                outcome.target,
                outcome.state.removeprefix("ANIMATION_STATE_").lower(),
                ", ".join(state.removeprefix("ANIMATION_STATE_").lower() for state in outcome.ended),
                str(outcome.crashes),
                f"{outcome.seconds:.1f}",
                "; ".join(outcome.problems) or "none",
            )
    console.print(table)
    return 0 if right else 1


if __name__ == "__main__":
    sys.exit(main())
