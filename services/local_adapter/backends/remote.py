"""A model server that somebody else runs: Ollama, or one that speaks OpenAI's protocol."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import ipaddress
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from typing import Any, Protocol
from urllib.parse import urlsplit

import httpx
import structlog

from services.chassis.errors import MeshError
from services.local_adapter.backends import bounded_stream, failures
from services.local_adapter.backends.dialect import Dialect, Question, ServedModel, Turn
from services.local_adapter.backends.protocol import Abilities, Delta, Ended, Standing, State, Task
from services.local_adapter.backends.standing import StandingBoard

_PROBE_SECONDS = 15.0
_RETRY_SECONDS = 2.0
_PROBE_TIMEOUT = 5.0
_PROBE_BYTES = 4 * 1024 * 1024
_ERROR_BODY_BYTES = 4096
_TEMPERATURE = 0.0
_REPAIR_TEMPERATURE = 0.4
_NAMES_IN_ADVICE = 5


class Words(Protocol):
    """Words a task for a model that has not been trained on the language."""

    def turns(self, task: Task) -> tuple[Turn, ...]:
        """Returns the conversation that ends with what is asked."""


class RemoteBackend:
    """Writes with a general model that is told the language in its prompt.

    Args:
        url: The server's address without path of the protocol; it holds no secret.
        dialects: Those to try, in this order.
        wanted: The model's name; empty takes the only one that is served.
        client: Carries the key, if there is one; its read timeout is the longest silence that is waited for.
        secret: The key, to take it out of what the server says.
        words: Words a task.
        grammar: GBNF of an answer, for servers that take one.
        max_tokens: Tokens that an answer may have.
        context_tokens: Prompt and answer together.
    """

    def __init__(
        self,
        *,
        url: str,
        dialects: Sequence[Dialect],
        wanted: str,
        client: httpx.AsyncClient,
        secret: str,
        words: Words,
        grammar: str,
        max_tokens: int,
        context_tokens: int,
    ) -> None:
        self._url = url
        self._dialects = tuple(dialects)
        self._wanted = wanted
        self._client = client
        self._secret = secret
        self._words = words
        self._grammar = grammar
        self._max_tokens = max_tokens
        self._context_tokens = context_tokens
        self._log = structlog.get_logger(__name__)
        self._served: tuple[Dialect, ServedModel] | None = None
        self._board = StandingBoard(
            Standing(State.STARTING, reason="the model server is being asked", advice="retry in a second")
        )
        self._look_again = asyncio.Event()
        self._prober: asyncio.Task[None] | None = None

    @property
    def address(self) -> str:
        """The server's address and kind."""
        return f"{self._served[0].name} at {self._url}" if self._served else self._url

    @property
    def remote(self) -> bool:
        """Whether the server is on another machine, as far as its address tells."""
        host = urlsplit(self._url).hostname or ""
        if host == "localhost" or host.endswith(".localhost"):
            return False
        try:
            return not ipaddress.ip_address(host).is_loopback
        except ValueError:
            return True

    @property
    def abilities(self) -> Abilities:
        """Nothing is known of it: all."""
        return Abilities()

    def standing(self) -> Standing:
        """What the last probe found."""
        return self._board.current

    async def standing_after(self, seen: Standing) -> Standing:
        """Waits until a probe finds something else."""
        return await self._board.after(seen)

    def refusal(self, task: Task) -> str:
        """It tries everything."""
        del task
        return ""

    async def start(self) -> None:
        """Begins to probe the server; returns at once."""
        if self._prober is None:
            self._prober = asyncio.create_task(self._keep_probing(), name="infer-prober")

    async def stop(self) -> None:
        """Stops probing."""
        if self._prober is not None:
            self._prober.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._prober
            self._prober = None
        self._board.set(Standing(State.NOT_SERVING, reason="the service is shutting down", advice="retry"))

    async def write(self, task: Task) -> AsyncGenerator[Delta | Ended, None]:
        """Streams the answer; closing the generator closes the connection, which stops the server's work.

        Raises:
            MeshError: UNAVAILABLE, DEADLINE_EXCEEDED or RESOURCE_EXHAUSTED.
        """
        if self._served is None:
            raise failures.unreachable(self._board.current.reason, advice=self._board.current.advice)
        dialect, model = self._served
        wrong = hashlib.sha256(task.wrong_storyboard.encode()).digest()
        question = Question(
            model=model,
            turns=self._words.turns(task),
            temperature=_REPAIR_TEMPERATURE if task.is_repair else _TEMPERATURE,
            seed=int.from_bytes(wrong[:4], "big") >> 1,
            max_tokens=self._max_tokens,
            context_tokens=self._context_tokens,
            grammar=self._grammar,
        )
        try:
            async with aclosing(self._stream(dialect, question)) as answer:
                async for piece in answer:
                    yield piece
        except httpx.HTTPError as error:
            self._look_again.set()
            raise failures.of_transport(error, self._url) from None
        except MeshError as error:
            self._look_again.set()
            raise failures.without(self._secret, error) from None

    async def _stream(self, dialect: Dialect, question: Question) -> AsyncGenerator[Delta | Ended, None]:
        reader = dialect.reader()
        async with self._client.stream(
            "POST",
            self._url + dialect.ask_path,
            json=dialect.body(question),
            headers={"Accept-Encoding": "identity"},
        ) as response:
            if response.status_code != httpx.codes.OK:
                raise failures.of_status(
                    response.status_code,
                    await _beginning(response, _ERROR_BODY_BYTES),
                    address=self._url,
                    model=question.model.name,
                )
            self._check_form(response, dialect)
            async with aclosing(dialect.events(bounded_stream.lines(response.aiter_raw()))) as events:
                async for event in events:
                    try:
                        piece = reader.read(event)
                    except (KeyError, TypeError, ValueError, IndexError, AttributeError) as error:
                        raise failures.failed(
                            f"the server at {self._url} sent an event that {dialect.name} does not have"
                        ) from error
                    if piece is not None:
                        yield piece
        try:
            ended = reader.end()
        except (TypeError, ValueError, AttributeError) as error:
            raise failures.failed(
                f"the server at {self._url} sent token counts that are no numbers"
            ) from error
        if ended is None:
            raise failures.failed(f"the model server at {self._url} ended its answer in the middle")
        yield ended

    def _check_form(self, response: httpx.Response, dialect: Dialect) -> None:
        media_type = response.headers.get("content-type", "").partition(";")[0].strip().lower()
        if media_type not in dialect.media_types:
            raise failures.failed(
                f"the server at {self._url} answered with {media_type[:60] or 'no content type'!r}, not with"
                f" {' or '.join(sorted(dialect.media_types))}",
                advice="see whether LOCAL_INFER_URL and LOCAL_INFER_API fit it",
            )
        if response.headers.get("content-encoding", "identity") != "identity":
            raise failures.failed(
                f"the server at {self._url} compresses its answer though it was asked not to"
            )

    async def _keep_probing(self) -> None:
        while True:
            standing = await self._probe()
            if standing != self._board.current:
                self._log.info(
                    "model server",
                    state=standing.state.value,
                    address=self.address,
                    model_version=standing.model_version,
                    reason=standing.reason,
                    advice=standing.advice,
                )
                self._board.set(standing)
            ready = standing.state is State.READY
            self._look_again.clear()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_PROBE_SECONDS if ready else _RETRY_SECONDS):
                    await self._look_again.wait()
                    await asyncio.sleep(0.2)  # failures come in swarms: one look will do for them

    async def _probe(self) -> Standing:
        try:
            served = await self._find()
        except MeshError as error:
            problem = failures.without(self._secret, error)
        except httpx.HTTPError as error:
            problem = failures.of_transport(error, self._url)
        except TimeoutError:
            problem = failures.too_slow(f"the server at {self._url} does not say what it serves")
        else:
            self._served = served
            return Standing(State.READY, served[1].version)
        self._served = None
        what, _, advice = problem.message.partition("; ")
        return Standing(State.NOT_SERVING, reason=what, advice=advice or "see the server's log")

    async def _find(self) -> tuple[Dialect, ServedModel]:
        for dialect in self._dialects:
            probed = await self._get(dialect.probe_path)
            if probed is None or not dialect.recognises(probed):
                continue
            same = dialect.models_path == dialect.probe_path
            listed = probed if same else await self._get(dialect.models_path)
            return dialect, self._choose(dialect, dialect.models(listed or {}))
        if len(self._dialects) == 1 and self._wanted:
            return self._dialects[0], self._dialects[0].model(self._wanted)
        kinds = " nor ".join(dialect.name for dialect in self._dialects)
        raise failures.unreachable(
            f"the server at {self._url} speaks neither {kinds}",
            advice="point LOCAL_INFER_URL to Ollama or an OpenAI-compatible server",
        )

    def _choose(self, dialect: Dialect, models: list[ServedModel]) -> ServedModel:
        names = ", ".join(model.name for model in models[:_NAMES_IN_ADVICE])
        if self._wanted:
            for model in models:
                if model.name in {self._wanted, f"{self._wanted}:latest"}:
                    return model
            if models:
                raise failures.unreachable(
                    f"the server at {self._url} does not have the model {self._wanted!r}",
                    advice=f"set LOCAL_INFER_MODEL to one it has: {names}",
                )
            return dialect.model(self._wanted)
        if len(models) != 1:
            raise failures.unreachable(
                f"the server at {self._url} has {len(models)} models and none is chosen",
                advice=f"set LOCAL_INFER_MODEL to one of: {names}"
                if models
                else "load one, or set LOCAL_INFER_MODEL",
            )
        return models[0]

    async def _get(self, path: str) -> dict[str, Any] | None:
        """Returns the JSON object at a path; None where there is something else.

        Raises:
            httpx.HTTPError: Nobody answers.
            MeshError: The server refuses the key or fails.
        """
        async with (
            asyncio.timeout(_PROBE_TIMEOUT * 2),
            self._client.stream(
                "GET", self._url + path, headers={"Accept-Encoding": "identity"}, timeout=_PROBE_TIMEOUT
            ) as response,
        ):
            body = await _beginning(response, _PROBE_BYTES)
            if (
                response.status_code in {401, 403}
                or response.status_code >= httpx.codes.INTERNAL_SERVER_ERROR
            ):
                raise failures.of_status(response.status_code, body, address=self._url, model=self._wanted)
            if response.status_code != httpx.codes.OK:
                return None
        with contextlib.suppress(MeshError):
            return bounded_stream.json_object(body)
        return None


async def _beginning(response: httpx.Response, limit: int) -> bytes:
    body = b""
    async for chunk in response.aiter_raw():
        body += chunk
        if len(body) >= limit:
            break
    return body[:limit]
