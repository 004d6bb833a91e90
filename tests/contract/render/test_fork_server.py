"""The fork server: what it forks, what its children may do, and every way in which they end."""

# ruff: noqa: ASYNC110, ASYNC240 (a test may look at /proc, again and again)
from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from services.render.fork_server import Ended, ForkServerClient, ForkServerError, JobTimeoutError
from services.render.wire import Job

pytestmark = pytest.mark.asyncio(loop_scope="module")

MakeJob = Callable[..., Job]
_STILL = "a = circle red\nadd a\nwait 0.2"


async def _run(server: ForkServerClient, job: Job, seconds: float = 30) -> tuple[Ended, list[dict[str, Any]]]:
    heard: list[dict[str, Any]] = []

    async def hear(head: dict[str, Any], _: bytes) -> None:
        heard.append(head)

    return await server.run(job, seconds, hear), heard


def _is_alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"


async def _gone(pid: int, seconds: float = 5) -> bool:
    end = time.monotonic() + seconds
    while _is_alive(pid) and time.monotonic() < end:
        await asyncio.sleep(0.02)
    return not _is_alive(pid)


async def _child_of(server: ForkServerClient) -> int:
    while not server.pids:
        await asyncio.sleep(0.01)
    return next(iter(server.pids.values()))


async def test_a_job_is_done(fork_server: ForkServerClient, job: MakeJob) -> None:
    one = job()
    ended, heard = await _run(fork_server, one)
    assert ended.code == 0
    assert heard[0]["event"] == "started"
    assert heard[-1]["event"] == "done"
    assert heard[-1]["frames"] == heard[0]["frames_total"] == 22
    assert Path(one.directory, "video.mp4").stat().st_size > 1000
    assert Path(one.directory, "preview.png").exists()


async def test_children_see_no_secret_and_have_limits(fork_server: ForkServerClient, job: MakeJob) -> None:
    one = job(title="sleep", memory_bytes=3 * 1024**3, open_files=77)
    running = asyncio.create_task(_run(fork_server, one))
    pid = await _child_of(fork_server)
    while Path(one.directory, "empty").exists() is False:
        await asyncio.sleep(0.01)
    for process in (pid, fork_server.pid):
        environment = Path(f"/proc/{process}/environ").read_bytes()
        assert b"a-secret" not in environment
        assert b"MESH_KEY_FILE" not in environment
    limits = Path(f"/proc/{pid}/limits").read_text()
    assert f"Max address space         {3 * 1024**3}" in limits
    assert "Max open files            77" in limits
    assert "Max core file size        0" in limits
    assert Path(f"/proc/{pid}/cwd").readlink() == Path(one.directory)
    descriptors = [str(link.readlink()) for link in Path(f"/proc/{pid}/fd").iterdir()]
    assert sum(name.startswith("socket:") for name in descriptors) == 1
    assert os.getpgid(pid) == pid
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


async def test_cancelling_kills_the_child_and_its_family(fork_server: ForkServerClient, job: MakeJob) -> None:
    running = asyncio.create_task(_run(fork_server, job(title="family")))
    pid = await _child_of(fork_server)
    grandchildren: list[int] = []
    while not grandchildren:
        await asyncio.sleep(0.02)
        words = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        grandchildren = [int(word) for word in words]
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert await _gone(pid)
    assert await _gone(grandchildren[0])


async def test_a_job_that_takes_too_long_is_killed(fork_server: ForkServerClient, job: MakeJob) -> None:
    running = asyncio.create_task(_run(fork_server, job(title="sleep"), seconds=0.5))
    pid = await _child_of(fork_server)
    with pytest.raises(JobTimeoutError):
        await running
    assert await _gone(pid)


async def test_too_much_memory_is_told(fork_server: ForkServerClient, job: MakeJob) -> None:
    ended, heard = await _run(fork_server, job(title="memory", memory_bytes=1024**3))
    assert ended.code == 0
    assert heard[-1] == {"event": "resources", "what": "memory"}


async def test_a_large_picture_in_little_memory_is_told(fork_server: ForkServerClient, job: MakeJob) -> None:
    one = job(memory_bytes=460 * 1024**2)
    ended, heard = await _run(fork_server, one)
    assert heard[-1]["event"] in {"resources", "started"}, heard
    assert heard[-1].get("what") == "memory" or ended.code != 0


async def test_too_large_a_file_is_told(fork_server: ForkServerClient, job: MakeJob) -> None:
    _, heard = await _run(fork_server, job(title="file", file_bytes=4 * 1024**2))
    assert heard[-1] == {"event": "resources", "what": "space"}


async def test_too_much_processor_time_ends_the_child(fork_server: ForkServerClient, job: MakeJob) -> None:
    ended, heard = await _run(fork_server, job(title="spin", cpu_seconds=1))
    assert ended.signal == signal.SIGXCPU
    assert heard == []


@pytest.mark.parametrize(("title", "code", "number"), [("segfault", None, signal.SIGSEGV), ("exit", 3, None)])
async def test_crashes_are_told(
    fork_server: ForkServerClient, job: MakeJob, title: str, code: int | None, number: int | None
) -> None:
    ended, _ = await _run(fork_server, job(title=title))
    assert (ended.code, ended.signal) == (code, number)


async def test_a_defect_is_told_with_its_trace(fork_server: ForkServerClient, job: MakeJob) -> None:
    _, heard = await _run(fork_server, job(title="raise"))
    assert heard[-1]["event"] == "failed"
    assert heard[-1]["error"] == "RuntimeError: a defect"
    assert "_misbehave" in heard[-1]["trace"]


async def test_a_child_killed_from_outside_is_told(fork_server: ForkServerClient, job: MakeJob) -> None:
    running = asyncio.create_task(_run(fork_server, job(title="sleep")))
    os.kill(await _child_of(fork_server), signal.SIGKILL)
    ended, _ = await running
    assert ended.signal == signal.SIGKILL


async def test_jobs_run_beside_each_other(fork_server: ForkServerClient, job: MakeJob) -> None:
    results = await asyncio.gather(*(_run(fork_server, job(_STILL)) for _ in range(4)))
    assert [heard[-1]["event"] for _, heard in results] == ["done"] * 4


async def test_a_dead_fork_server_takes_its_children_along_and_is_replaced(
    fork_server: ForkServerClient, job: MakeJob
) -> None:
    running = asyncio.create_task(_run(fork_server, job(title="sleep")))
    child, old = await _child_of(fork_server), fork_server.pid
    os.kill(old, signal.SIGKILL)
    with pytest.raises(ForkServerError):
        await running
    assert await _gone(child)
    ended, heard = await _run(fork_server, job(_STILL))
    assert (ended.code, heard[-1]["event"]) == (0, "done")
    assert fork_server.pid != old


async def test_nothing_is_left_behind(fork_server: ForkServerClient, job: MakeJob) -> None:
    await _run(fork_server, job(_STILL))
    assert fork_server.pids == {}
    children = Path(f"/proc/{fork_server.pid}/task/{fork_server.pid}/children").read_text().split()
    assert children == []
    assert len(list(Path(f"/proc/{fork_server.pid}/task").iterdir())) == 1


_IMPORTS = """
import sys
import services.render.zygote, services.render.child.work, services.render.compiler.compile
services.render.compiler.compile.rooms()
foreign = [name for name in sys.modules if name.split(".")[0] in {"grpc", "obstore", "structlog"}]
print(foreign, "manim" in sys.modules)
"""
_SERVICE_IMPORTS = """
import sys
import services.render.app
print([name for name in ("manim", "typst", "av") if name in sys.modules])
"""


@pytest.mark.parametrize(("code", "wanted"), [(_IMPORTS, "[] True"), (_SERVICE_IMPORTS, "[]")])
async def test_what_each_side_imports(code: str, wanted: str) -> None:
    """The fork server never imports gRPC, whose threads do not survive a fork; the service never Manim."""
    done = await asyncio.to_thread(
        subprocess.run, [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == wanted
