"""The service's side of the fork server: starts it, hands it jobs, knows their ends. Imports no Manim."""

from __future__ import annotations

import asyncio
import itertools
import os
import socket
import subprocess
import sys
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import structlog

from services.render.wire import Job, pack, read_message, unpack

__all__ = ["Ended", "ForkServerClient", "ForkServerError", "JobTimeoutError"]

_READY_SECONDS = 60.0
_KILL_SECONDS = 5.0
_RESTART_SECONDS = (0.1, 0.5, 1.0, 2.0, 5.0)
# Where programs, libraries and fonts are found; nothing else of the environment reaches the fork server.
_PASSED_ON = ("PATH", "LD_LIBRARY_PATH", "FONTCONFIG_PATH", "FONTCONFIG_FILE", "TZ")
_log = structlog.get_logger(__name__)

OnEvent = Callable[[dict[str, Any], bytes], Awaitable[None]]


class ForkServerError(Exception):
    """The fork server is gone; the job may be tried again."""


class JobTimeoutError(Exception):
    """A job took longer than it may."""


@dataclass(frozen=True, slots=True)
class Ended:
    """How a child ended.

    Attributes:
        code: Its exit code; None if a signal ended it.
        signal: The signal that ended it, or None.
        cpu_seconds: Processor time it used.
        memory_bytes: The most memory it had resident.
    """

    code: int | None
    signal: int | None
    cpu_seconds: float
    memory_bytes: int


class ForkServerClient:
    """Runs jobs in children of a fork server, which is started again whenever it dies.

    Args:
        directory: A private directory; the fork server's home.
        environment: The environment of this process, of which a few names are passed on.
        module: The module to run; tests put another in its place.
    """

    def __init__(
        self, directory: Path, environment: Mapping[str, str], *, module: str = "services.render.zygote"
    ) -> None:
        self._directory = directory
        self._environment = _scrubbed(environment, directory)
        self._module = module
        self._ids = itertools.count(1)
        self._jobs: dict[int, asyncio.Future[Ended]] = {}
        self._ready = asyncio.Event()
        self._control: socket.socket | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self._task: asyncio.Task[None] | None = None
        self.pids: dict[int, int] = {}
        self.starts = 0

    @property
    def pid(self) -> int:
        """The fork server's process id; 0 while there is none."""
        return self._process.pid if self._process is not None else 0

    @property
    def is_ready(self) -> bool:
        """Whether jobs can begin at once."""
        return self._ready.is_set()

    async def start(self) -> None:
        """Starts the fork server and waits until it can fork.

        Raises:
            ForkServerError: It does not come up.
        """
        self._task = asyncio.create_task(self._keep_running(), name="fork-server")
        await self._wait_ready(_READY_SECONDS)

    async def stop(self) -> None:
        """Ends the fork server and with it all children."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
            self._task = None
        await self._end_process()

    async def run(self, job: Job, seconds: float, on_event: OnEvent) -> Ended:
        """Runs a job to its end. Where the caller is cancelled, the child is killed.

        Args:
            job: The job.
            seconds: Longest time it may take.
            on_event: Called with what the child says, in order.

        Raises:
            ForkServerError: The fork server died, or cannot be started.
            JobTimeoutError: The job took too long; the child is dead.
        """
        await self._wait_ready(min(seconds, _READY_SECONDS))
        number = next(self._ids)
        ended: asyncio.Future[Ended] = asyncio.get_running_loop().create_future()
        self._jobs[number] = ended
        ours, theirs = socket.socketpair()
        writer: asyncio.StreamWriter | None = None
        try:
            with theirs:
                await self._order({"fork": number}, [theirs.fileno()])
            ours.setblocking(False)
            reader, writer = await asyncio.open_connection(sock=ours)
            async with asyncio.timeout(seconds) as limit:
                writer.write(job.pack())
                while (message := await read_message(reader)) is not None:
                    await on_event(*message)
                return await asyncio.shield(ended)
        except TimeoutError as error:
            if writer is None or not limit.expired():
                raise
            raise JobTimeoutError(f"the job took longer than {seconds:g} s") from error
        finally:
            if writer is not None:
                writer.close()
            else:
                ours.close()
            await self._put_down(number, ended)

    async def _put_down(self, number: int, ended: asyncio.Future[Ended]) -> None:
        """Kills the child of a job unless it has ended, and waits until it is gone."""
        try:
            if not ended.done() and self._control is not None:
                await self._order({"kill": number}, [])
                await asyncio.wait({ended}, timeout=_KILL_SECONDS)
                if not ended.done():
                    _log.error("a child did not die", job=number, pid=self.pids.get(number))
        except ForkServerError:
            # Children die with the fork server.
            pass
        finally:
            self._jobs.pop(number, None)
            self.pids.pop(number, None)
            if ended.done() and not ended.cancelled():
                ended.exception()
            ended.cancel()

    async def _order(self, what: dict[str, Any], descriptors: list[int]) -> None:
        """Sends an order to the fork server.

        Raises:
            ForkServerError: It is gone.
        """
        message = pack(what)
        while True:
            control = self._control
            if control is None:
                raise ForkServerError("the fork server is not running")
            try:
                socket.send_fds(control, [message], descriptors)
            except BlockingIOError:
                await asyncio.sleep(0.005)
            except OSError as error:
                raise ForkServerError("the fork server is gone") from error
            else:
                return

    async def _wait_ready(self, seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds):
                await self._ready.wait()
        except TimeoutError as error:
            raise ForkServerError(f"the fork server was not ready within {seconds:g} s") from error

    async def _keep_running(self) -> None:
        failures = 0
        while True:
            was_ready = await self._one_life()
            failures = 0 if was_ready else failures + 1
            delay = _RESTART_SECONDS[min(failures, len(_RESTART_SECONDS) - 1)]
            _log.error("the fork server died", restart_in=delay, starts=self.starts)
            await asyncio.sleep(delay)

    async def _one_life(self) -> bool:
        """Starts the fork server and listens to it until it dies; whether it ever was ready."""
        loop = asyncio.get_running_loop()
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        was_ready = False
        with ours:
            with theirs:
                self._process = self._spawn(theirs)
            self.starts += 1
            ours.setblocking(False)
            self._control = ours
            try:
                while data := await loop.sock_recv(ours, 1 << 16):
                    head, _ = unpack(data[4:])
                    if "ready" in head:
                        was_ready = True
                        self._ready.set()
                    self._hear(head)
            except ConnectionError:
                _log.warning("the fork server broke off")
            finally:
                self._ready.clear()
                self._control = None
                for ended in self._jobs.values():
                    if not ended.done():
                        ended.set_exception(ForkServerError("the fork server died"))
                await self._end_process()
        return was_ready

    def _hear(self, head: dict[str, Any]) -> None:
        if "forked" in head:
            self.pids[head["forked"]] = head["pid"]
        elif "exited" in head:
            ended = self._jobs.get(head["exited"])
            if ended is not None and not ended.done():
                ended.set_result(
                    Ended(head["code"], head["signal"], head["cpu_seconds"], head["memory_bytes"])
                )

    def _spawn(self, control: socket.socket) -> subprocess.Popen[bytes]:
        # Popen starts a program without running Python in between: nothing of gRPC is forked.
        return subprocess.Popen(  # noqa: S603 (our own interpreter and module)
            [sys.executable, "-P", "-s", "-m", self._module, str(control.fileno()), str(os.getpid())],
            pass_fds=[control.fileno()],
            env=self._environment,
            cwd=self._directory,
            stdin=subprocess.DEVNULL,
            start_new_session=True,
        )

    async def _end_process(self) -> None:
        process, self._process = self._process, None
        if process is not None:
            process.kill()
            await asyncio.to_thread(process.wait)


def _scrubbed(environment: Mapping[str, str], directory: Path) -> dict[str, str]:
    """The environment of the fork server and all its children: no secret of the service is in it."""
    root = Path(__file__).resolve().parents[2]
    return {name: environment[name] for name in _PASSED_ON if name in environment} | {
        "HOME": str(directory),
        "TMPDIR": str(directory),
        "XDG_CACHE_HOME": str(directory),
        "LANG": "C.UTF-8",
        "PYTHONPATH": str(root),
        # The order of sets decides how some of Manim's transforms pair parts.
        "PYTHONHASHSEED": "0",
        # Threads do not survive a fork.
        "OPENBLAS_NUM_THREADS": "1",
        "OMP_NUM_THREADS": "1",
        # Frames are large and alike: giving their memory back to the system each time costs more than
        # painting.
        "MALLOC_MMAP_THRESHOLD_": str(256 * 1024 * 1024),
        "MALLOC_TRIM_THRESHOLD_": str(512 * 1024 * 1024),
        "MALLOC_TOP_PAD_": str(32 * 1024 * 1024),
    }
