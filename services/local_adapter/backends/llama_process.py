"""Keeps one llama.cpp child running: starts it, watches it, starts it again when it dies."""

from __future__ import annotations

import asyncio
import contextlib
import json
import secrets
import sys
import time
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import httpx
import stamina
import structlog

from services.local_adapter.backends.protocol import Standing, State
from services.local_adapter.backends.standing import StandingBoard
from services.local_adapter.llama_child import LlamaChildOptions
from services.local_adapter.model_files import FilesUnusableError, ModelFiles

_CHILD = "services.local_adapter.llama_child"
_START_SECONDS = 60.0
_HEALTH_FAILURES = 3
_LONG_LIVED_SECONDS = 30.0
_MAX_WAIT_SECONDS = 15.0
_KEPT_LOG_LINES = 20
_LOOK_AGAIN_SECONDS = 2.0


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where a child that serves is reached."""

    url: str
    key: str
    files: ModelFiles
    pid: int


class _NotRunningError(Exception):
    """The child is not there (any more): try again after a pause.

    Attributes:
        reason: Why not.
        advice: What to do about it.
        comes_back: Whether it will be up in a second without anybody's help.
    """

    def __init__(self, reason: str, advice: str, *, comes_back: bool = False) -> None:
        super().__init__(reason)
        self.reason = reason
        self.advice = advice
        self.comes_back = comes_back


class LlamaProcess:
    """One llama.cpp child at a time, as long as it is wanted.

    Args:
        examine: Finds the files and checks them; called in a thread before each start.
        client: For health checks; it must not follow the environment's proxies.
        environment: The child's whole environment: it needs no secret of ours.
        threads: Threads that compute.
        slots: Answers at a time.
        context_tokens: Prompt and answer together, for each slot.
        health_seconds: Between two health checks; three in a row without an answer end the child.
    """

    def __init__(
        self,
        *,
        examine: Callable[[], ModelFiles],
        client: httpx.AsyncClient,
        environment: Mapping[str, str],
        threads: int,
        slots: int,
        context_tokens: int,
        health_seconds: float = 2.0,
    ) -> None:
        self._examine = examine
        self._client = client
        self._environment = dict(environment)
        self._threads = threads
        self._slots = slots
        self._context_tokens = context_tokens
        self._health_seconds = health_seconds
        self._log = structlog.get_logger(__name__)
        self.board = StandingBoard(
            Standing(State.STARTING, reason="the model is being loaded", advice="retry in a second")
        )
        """How the child stands."""
        self._endpoint: Endpoint | None = None
        self._keeper: asyncio.Task[None] | None = None
        self.starts = 0
        """How often a child has come up."""
        self.files: ModelFiles | None = None
        """What was found to be usable last; it stays while a child is replaced."""

    @property
    def endpoint(self) -> Endpoint | None:
        """Where the child is reached; None while there is none."""
        return self._endpoint

    async def wait_ready(self, seconds: float, *, other_than: Endpoint | None = None) -> Endpoint | None:
        """Waits until a child serves.

        Args:
            seconds: How long to wait.
            other_than: A child that is known to be lost, though its end may not have been noticed yet.

        Returns:
            Where it is reached; None where none came up in time.
        """
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                while self._endpoint is None or self._endpoint is other_than:
                    await self.board.news()
                return self._endpoint
        return None

    async def start(self) -> None:
        """Begins to keep a child; returns at once."""
        if self._keeper is None:
            self._keeper = asyncio.create_task(self._keep(), name="llama-keeper")
            self._keeper.add_done_callback(self._keeper_ended)

    async def stop(self) -> None:
        """Ends the child and stops keeping it."""
        if self._keeper is not None:
            self._keeper.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._keeper
            self._keeper = None
        self.board.set(Standing(State.NOT_SERVING, reason="the service is shutting down", advice="retry"))

    def _keeper_ended(self, keeper: asyncio.Task[None]) -> None:
        if not keeper.cancelled() and (defect := keeper.exception()) is not None:
            self._log.error("the keeper of the local model failed", exc_info=defect)
            advice = "restart the service and report the log"
            self.board.set(Standing(State.NOT_SERVING, reason="a defect of ours; see the log", advice=advice))

    async def _keep(self) -> None:
        while True:  # a child that lived long ends the retry loop, and with it the growth of its pauses
            async for attempt in stamina.retry_context(
                on=_NotRunningError,
                attempts=None,
                timeout=None,
                wait_initial=0.1,
                wait_jitter=0.1,
                wait_max=_MAX_WAIT_SECONDS,
            ):
                with attempt:
                    await self._run_reporting(await self._usable_files())

    async def _run_reporting(self, files: ModelFiles) -> None:
        try:
            await self._run(files)
        except _NotRunningError as error:
            state = State.STARTING if error.comes_back else State.NOT_SERVING
            self._cannot(Standing(state, reason=error.reason, advice=error.advice))
            raise

    async def _run(self, files: ModelFiles) -> None:
        """Runs one child to its end.

        Raises:
            _NotRunningError: It did not come up, or died young. One that lived long ends without an error.
        """
        try:
            process = await asyncio.create_subprocess_exec(
                sys.executable,
                "-m",
                _CHILD,
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.PIPE,
                env=self._environment,
            )
        except OSError as error:
            reason = f"llama.cpp cannot be started: {error.strerror}"
            raise _NotRunningError(reason, "look for the limits of this machine") from error
        said: deque[str] = deque(maxlen=_KEPT_LOG_LINES)
        assert process.stderr is not None
        listener = asyncio.create_task(self._listen(process.stderr, said), name="llama-log")
        began = time.monotonic()
        try:
            endpoint = await self._introduce(process, files, said)
            self.starts += 1
            self._log.info(
                "local model is ready",
                model_version=files.version,
                pid=process.pid,
                seconds=round(time.monotonic() - began, 2),
            )
            self._endpoint = endpoint
            self.board.set(Standing(State.READY, files.version))
            why = await self._watch(process, endpoint)
        finally:
            self._endpoint = None
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.wait()
            listener.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await listener
            # The transport holds the pipe of a killed child open until it is told.
            if process.stdin is not None:
                process.stdin.close()
        lived = time.monotonic() - began
        if lived < _LONG_LIVED_SECONDS:
            raise _NotRunningError(why, "it is being restarted; retry", comes_back=True)
        self._log.warning("local model ended", reason=why, lived_seconds=round(lived, 1))
        self.board.set(Standing(State.STARTING, reason=why, advice="it is being restarted; retry"))

    async def _usable_files(self) -> ModelFiles:
        """Returns the files once they are as they should be: somebody may be training right now."""
        while True:
            try:
                self.files = await asyncio.to_thread(self._examine)
                return self.files
            except FilesUnusableError as error:
                self._cannot(Standing(State.NOT_SERVING, reason=error.reason, advice=error.advice))
            except OSError as error:
                reason = f"the model's files cannot be read: {error.strerror}"
                advice = "let this user read them"
                self._cannot(Standing(State.NOT_SERVING, reason=reason, advice=advice))
            await asyncio.sleep(_LOOK_AGAIN_SECONDS)

    def _cannot(self, standing: Standing) -> None:
        if standing != self.board.current:
            self._log.warning("local model is not serving", reason=standing.reason, advice=standing.advice)
            self.board.set(standing)

    async def _introduce(
        self, process: asyncio.subprocess.Process, files: ModelFiles, said: deque[str]
    ) -> Endpoint:
        assert process.stdin is not None
        assert process.stdout is not None
        options = LlamaChildOptions(
            model=str(files.base),
            adapter=str(files.adapter or ""),
            threads=self._threads,
            slots=self._slots,
            context_tokens=self._context_tokens,
            key=secrets.token_urlsafe(32),
        )
        try:
            process.stdin.write(json.dumps(options).encode() + b"\n")
            async with asyncio.timeout(_START_SECONDS):
                answer = await process.stdout.readline()
            address = str(json.loads(answer)["address"])
        except TimeoutError:
            raise _NotRunningError(
                f"llama.cpp did not come up within {_START_SECONDS:.0f} s", "look for load on this machine"
            ) from None
        except (ValueError, KeyError, TypeError, ConnectionError):
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(1):  # its last words may still be on their way
                    await process.wait()
                    await asyncio.sleep(0.05)
            last = next(
                (line for line in reversed(said) if " E " in line), said[-1] if said else "no message"
            )
            raise _NotRunningError(
                f"llama.cpp did not start: {last[:200]}", "see the log at LOG_LEVEL=DEBUG"
            ) from None
        return Endpoint(address, options["key"], files, process.pid)

    async def _watch(self, process: asyncio.subprocess.Process, endpoint: Endpoint) -> str:
        """Returns why the child is no longer to be used."""
        misses = 0
        while True:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(self._health_seconds):
                    code = await process.wait()
                    return f"llama.cpp ended ({'signal' if code < 0 else 'exit code'} {abs(code)})"
            try:
                answer = await self._client.get(f"{endpoint.url}/health", timeout=2 * self._health_seconds)
                misses = 0 if answer.status_code == httpx.codes.OK else misses + 1
            except httpx.HTTPError:
                misses += 1
            if misses >= _HEALTH_FAILURES:
                return "llama.cpp does not answer its health check"

    async def _listen(self, stream: asyncio.StreamReader, said: deque[str]) -> None:
        while True:
            try:
                line = await stream.readline()
            except ValueError:  # longer than the reader's buffer: not a line that anybody needs
                continue
            if not line:
                return
            text = line.decode(errors="replace").rstrip()
            said.append(text)
            self._log.debug("llama.cpp", said=text)
