"""What is compared: the adapter as it is served, and the base model as it comes, under a JSON schema."""

from __future__ import annotations

import json
import os
import time
from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import httpx

from animathic.scene import check
from animathic.scene.grammar import scene_grammar
from animathic.v1 import scene_pb2
from evals.local.zero_shot import SCHEMA, conversation, storyboard_from
from services.local_adapter import model_files
from services.local_adapter.backends.embedded import EmbeddedBackend
from services.local_adapter.backends.llama_process import LlamaProcess
from services.local_adapter.backends.protocol import Task
from services.local_adapter.generation import Finished, Generator
from services.local_adapter.slots import Slots

_CHILD_ENVIRONMENT = ("PATH", "PYTHONPATH", "LD_LIBRARY_PATH", "VIRTUAL_ENV")
_START_SECONDS = 120
_ANSWER_SECONDS = 120.0
_CONTEXT_TOKENS = 2048
_ZERO_SHOT_TOKENS = 600


@dataclass(frozen=True)
class Answer:
    """What a model said to one prompt."""

    scene: scene_pb2.Scene | None
    declined: bool
    problem: str
    """Why there is no scene; empty if there is one or it declined."""
    storyboard: str
    seconds: float
    tokens: int
    confidence: float | None


class ModelUnavailableError(Exception):
    """The model does not come up; the message says why and what to do."""


@asynccontextmanager
async def _running(
    adapter: Path | None, threads: int
) -> AsyncIterator[tuple[LlamaProcess, httpx.AsyncClient]]:
    async with httpx.AsyncClient(
        timeout=httpx.Timeout(_ANSWER_SECONDS, connect=5), trust_env=False
    ) as client:
        process = LlamaProcess(
            examine=partial(model_files.examine, adapter),
            client=client,
            environment={name: os.environ[name] for name in _CHILD_ENVIRONMENT if name in os.environ},
            threads=threads,
            slots=1,
            context_tokens=_CONTEXT_TOKENS,
        )
        await process.start()
        try:
            if await process.wait_ready(_START_SECONDS) is None:
                standing = process.board.current
                raise ModelUnavailableError(f"{standing.reason}: {standing.advice}")
            yield process, client
        finally:
            await process.stop()


class Served:
    """The adapter through the serving code: the same prompt format, grammar, limits and judging."""

    def __init__(self, process: LlamaProcess, client: httpx.AsyncClient) -> None:
        backend = EmbeddedBackend(process, client, scene_grammar())
        self._generator = Generator(backend, Slots(1, 1), longest_seconds=_ANSWER_SECONDS)
        self.version = process.board.current.model_version

    async def answer(self, prompt: str) -> Answer:
        """Returns the judged answer."""
        finished: Finished | None = None
        async with aclosing(self._generator.generate(Task(prompt))) as events:
            async for event in events:
                if isinstance(event, Finished):
                    finished = event
        assert finished is not None
        judged = finished.judged
        errors = [str(issue) for issue in judged.issues]
        problem = "" if judged.scene is not None or judged.declined else "; ".join(errors) or "no scene"
        return Answer(
            judged.scene,
            bool(judged.declined),
            problem,
            judged.storyboard,
            finished.seconds,
            finished.ended.output_tokens,
            finished.confidence,
        )


class Base:
    """The base model with an instruction and a JSON schema of what these prompts need."""

    def __init__(self, process: LlamaProcess, client: httpx.AsyncClient) -> None:
        endpoint = process.endpoint
        assert endpoint is not None
        self._url, self._key, self._client = endpoint.url, endpoint.key, client
        self.version = process.board.current.model_version

    async def answer(self, prompt: str) -> Answer:
        """Returns the answer with its JSON read as a storyboard."""
        began = time.monotonic()
        body = {
            "prompt": conversation(prompt),
            "json_schema": SCHEMA,
            "n_predict": _ZERO_SHOT_TOKENS,
            "temperature": 0.0,
            "cache_prompt": True,
        }
        reply = await self._client.post(
            f"{self._url}/completion", json=body, headers={"Authorization": f"Bearer {self._key}"}
        )
        reply.raise_for_status()
        said = reply.json()
        seconds = time.monotonic() - began
        try:
            storyboard = storyboard_from(json.loads(said["content"]))
        except ValueError as error:
            return Answer(
                None, False, f"no complete JSON: {error}", "", seconds, said["tokens_predicted"], None
            )
        result = check(storyboard)
        problem = "" if result.ok else "; ".join(str(e) for e in result.errors)
        scene = result.scene if result.ok else None
        return Answer(scene, False, problem, storyboard, seconds, said["tokens_predicted"], None)


@asynccontextmanager
async def served(adapter: Path, threads: int) -> AsyncIterator[Served]:
    """Runs the adapter."""
    async with _running(adapter, threads) as (process, client):
        yield Served(process, client)


@asynccontextmanager
async def base(threads: int) -> AsyncIterator[Base]:
    """Runs the base model alone."""
    async with _running(None, threads) as (process, client):
        yield Base(process, client)
