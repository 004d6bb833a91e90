"""The trained model in llama.cpp's own protocol (`/completion`), held by a child of this process."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Any

import httpx
import stamina

from services.chassis.errors import MeshError
from services.local_adapter import prompting
from services.local_adapter.backends import bounded_stream, failures
from services.local_adapter.backends.llama_process import Endpoint, LlamaProcess
from services.local_adapter.backends.protocol import (
    Abilities,
    DeclinedError,
    Delta,
    Ended,
    Standing,
    State,
    Task,
)

ADDRESS = "embedded llama.cpp"
_REPAIR_TEMPERATURE = 0.4
_ERROR_BODY_BYTES = 4096
_COME_BACK_SECONDS = 5.0
_TOO_LONG = b"exceed_context_size_error"


class _LostBeforeFirstWordError(Exception):
    """The child went away, and nothing of the answer had come."""


class EmbeddedBackend:
    """Writes with the trained adapter under the language's grammar.

    Args:
        process: Keeps the child.
        client: Reaches it; its read timeout is the longest silence that is waited for.
        grammar: GBNF of an answer.
        max_tokens: Tokens that an answer may have.
    """

    def __init__(
        self,
        process: LlamaProcess,
        client: httpx.AsyncClient,
        grammar: str,
        *,
        max_tokens: int = prompting.MAX_OUTPUT_TOKENS,
    ) -> None:
        self._process = process
        self._client = client
        self._grammar = grammar
        self._max_tokens = max_tokens

    @property
    def address(self) -> str:
        """Where it runs."""
        return ADDRESS

    @property
    def remote(self) -> bool:
        """Prompts stay in this machine's memory."""
        return False

    @property
    def abilities(self) -> Abilities:
        """What training measured."""
        manifest = self._process.files.manifest if self._process.files else None
        return Abilities(manifest.element_kinds, manifest.action_kinds) if manifest else Abilities()

    def standing(self) -> Standing:
        """Says how the child stands."""
        return self._process.board.current

    async def standing_after(self, seen: Standing) -> Standing:
        """Waits until the child stands otherwise."""
        return await self._process.board.after(seen)

    def refusal(self, task: Task) -> str:
        """The model has learned to write new scenes from a sentence or a few; it says no to the rest."""
        files = self._process.files
        if task.parent_storyboard and files and not (files.manifest and files.manifest.edits):
            return "the local model writes new scenes and has not learned to change one"
        if len(prompting.one_line(task.prompt)) > prompting.MAX_PROMPT_CHARACTERS:
            return (
                f"the local model reads prompts of up to {prompting.MAX_PROMPT_CHARACTERS} characters,"
                f" this one has {len(prompting.one_line(task.prompt))}"
            )
        return ""

    async def start(self) -> None:
        """Starts the child."""
        await self._process.start()

    async def stop(self) -> None:
        """Ends the child."""
        await self._process.stop()

    async def write(self, task: Task) -> AsyncGenerator[Delta | Ended, None]:
        """Streams the answer; closing the generator frees the child's slot.

        A child that dies before it has said anything is replaced and asked once more: nobody has seen a word
        of its answer then.

        Raises:
            DeclinedError: Prompt and storyboard are more tokens than the model can read.
            MeshError: UNAVAILABLE or DEADLINE_EXCEEDED.
        """
        body = self._body(task)
        lost: Endpoint | None = None
        try:
            async for attempt in stamina.retry_context(
                on=_LostBeforeFirstWordError, attempts=2, timeout=None, wait_initial=0.05, wait_jitter=0
            ):
                with attempt:
                    endpoint = await self._endpoint(lost)
                    lost = endpoint
                    if refusal := self.refusal(task):  # what it has learned was not known before it came up
                        raise DeclinedError(refusal)
                    answer = self._stream(endpoint, body)
                    first = await anext(answer)
        except _LostBeforeFirstWordError:
            raise _died() from None
        async with aclosing(answer):
            yield first
            async for piece in answer:
                yield piece

    async def _endpoint(self, lost: Endpoint | None) -> Endpoint:
        endpoint = None
        if self._process.board.current.state is not State.NOT_SERVING:
            endpoint = await self._process.wait_ready(_COME_BACK_SECONDS, other_than=lost)
        if endpoint is None:
            standing = self._process.board.current
            raise failures.failed(
                standing.reason or "llama.cpp does not come back",
                advice=standing.advice,
                retry_after=_COME_BACK_SECONDS,
            )
        return endpoint

    def _body(self, task: Task) -> dict[str, Any]:
        # llama.cpp reads names such as <|im_end|> as the tokens they name, also where a person wrote them.
        prompt = prompting.local_prompt(task.prompt, task.parent_storyboard).replace("<|", "< |")
        body: dict[str, Any] = {
            "prompt": prompt,
            "stream": True,
            "grammar": self._grammar,
            "n_predict": self._max_tokens,
            "stop": list(prompting.STOP),
            "cache_prompt": True,
            "temperature": 0.0,
            "n_probs": 1,
        }
        if task.is_repair:
            # It has not learned to mend an answer, but another draw is often right. The seed comes from the
            # wrong answer, so that the same repair is the same draw and the next one is another.
            seed = hashlib.sha256(task.wrong_storyboard.encode()).digest()
            body["temperature"] = _REPAIR_TEMPERATURE
            body["seed"] = int.from_bytes(seed[:4], "big") >> 1
        return body

    async def _stream(self, endpoint: Endpoint, body: dict[str, Any]) -> AsyncGenerator[Delta | Ended, None]:
        said = False
        try:
            async with self._client.stream(
                "POST",
                f"{endpoint.url}/completion",
                json=body,
                headers={"Authorization": f"Bearer {endpoint.key}"},
            ) as response:
                if response.status_code != httpx.codes.OK:
                    raise await self._refused(response, endpoint)
                async with aclosing(
                    bounded_stream.server_sent(bounded_stream.lines(response.aiter_raw()))
                ) as events:
                    async for event in events:
                        piece = _read(event)
                        said = True
                        yield piece
                        if isinstance(piece, Ended):
                            return
        except httpx.HTTPError as error:
            if isinstance(error, httpx.TimeoutException) and not isinstance(error, httpx.ConnectTimeout):
                raise failures.too_slow(
                    "the local model fell silent", advice="look for load on this machine"
                ) from None
            if not said:
                raise _LostBeforeFirstWordError from None
            raise _died() from None
        raise failures.failed("llama.cpp ended its answer in the middle", advice="retry", retry_after=1.0)

    async def _refused(self, response: httpx.Response, endpoint: Endpoint) -> Exception:
        body = b""
        async for chunk in response.aiter_raw():
            body += chunk
            if len(body) > _ERROR_BODY_BYTES:
                break
        if response.status_code == httpx.codes.BAD_REQUEST and _TOO_LONG in body:
            return DeclinedError("the prompt is longer than the local model can read")
        return failures.of_status(response.status_code, body, address=ADDRESS, model=endpoint.files.version)


def _died() -> MeshError:
    return failures.failed(
        "llama.cpp died while it answered", advice="it is being restarted; retry", retry_after=1.0
    )


def _read(event: dict[str, Any]) -> Delta | Ended:
    """Reads one event of `/completion`.

    Raises:
        MeshError: The event reports a failure or is not one of llama.cpp's.
    """
    if "error" in event:
        raise failures.failed("llama.cpp failed while it answered", advice="retry", retry_after=1.0)
    try:
        if event.get("stop"):
            timings = event.get("timings") or {}
            return Ended(
                input_tokens=int(event["tokens_evaluated"]),
                cached_input_tokens=int(timings.get("cache_n", 0)),
                output_tokens=int(event["tokens_predicted"]),
                cut=event.get("stop_type") == "limit",
            )
        return Delta(
            text=str(event["content"]),
            tokens=len(event.get("tokens") or ()),
            log_probabilities=tuple(
                float(token["logprob"]) for token in event.get("completion_probabilities") or ()
            ),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise failures.failed("llama.cpp sent an event that is not one of its own") from error
