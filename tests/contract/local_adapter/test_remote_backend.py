"""Model servers that somebody else runs: real llama.cpp in both dialects, and servers that misbehave."""

from __future__ import annotations

import asyncio
import io
import json
import time
from collections.abc import AsyncIterator, Callable
from contextlib import aclosing, asynccontextmanager
from typing import Any

import httpx
import pytest
import structlog

from services.chassis.errors import Code, MeshError
from services.local_adapter.backends.ollama import OllamaDialect
from services.local_adapter.backends.openai import OpenAiDialect
from services.local_adapter.backends.protocol import Delta, Ended, Standing, State, Task, WrongLine
from services.local_adapter.backends.remote import RemoteBackend
from services.local_adapter.conversation import Conversation
from tests.contract.local_adapter.conftest import TINY_GRAMMAR
from tests.support.llama_server import LlamaServer
from tests.support.ollama_stand_in import DIGEST, MODEL, speak_ollama
from tests.support.scripted_http import Request, ScriptedServer, answering, head, streaming

SECRET = "sk-do-not-show-this"
MODELS = {"object": "list", "data": [{"id": "tiny", "object": "model", "owned_by": "somebody"}]}
END = b'data: {"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}\n\ndata: [DONE]\n\n'


def words(text: str) -> bytes:
    return f"data: {json.dumps({'choices': [{'index': 0, 'delta': {'content': text}}]})}\n\n".encode()


@asynccontextmanager
async def backend_at(
    url: str, *, wanted: str = "", api: str = "auto", key: str = SECRET, idle: float = 20
) -> AsyncIterator[RemoteBackend]:
    async with httpx.AsyncClient(
        trust_env=False, timeout=httpx.Timeout(idle, connect=2), headers={"Authorization": f"Bearer {key}"}
    ) as client:
        backend = RemoteBackend(
            url=url,
            dialects=[d for d in (OllamaDialect(), OpenAiDialect()) if api in {"auto", d.name}],
            wanted=wanted,
            client=client,
            secret=key,
            words=Conversation("(the reference)"),
            grammar=TINY_GRAMMAR,
            max_tokens=40,
            context_tokens=1024,
        )
        await backend.start()
        yield backend
        await backend.stop()


async def settled(backend: RemoteBackend) -> Standing:
    async with asyncio.timeout(10):
        standing = backend.standing()
        while standing.state is State.STARTING:
            standing = await backend.standing_after(standing)
    return standing


async def written(backend: RemoteBackend, task: Task) -> tuple[str, list[Delta], Ended]:
    deltas: list[Delta] = []
    ended = None
    async with aclosing(backend.write(task)) as answer:
        async for piece in answer:
            if isinstance(piece, Ended):
                ended = piece
            else:
                deltas.append(piece)
    assert ended is not None
    return "".join(delta.text for delta in deltas), deltas, ended


async def failure(backend: RemoteBackend) -> MeshError:
    with pytest.raises(MeshError) as caught:
        await written(backend, Task("a circle"))
    return caught.value


@pytest.mark.asyncio
async def test_openai_dialect_with_real_llama_cpp(foreign_server: LlamaServer) -> None:
    async with backend_at(foreign_server.url, key=foreign_server.key) as backend:
        standing = await settled(backend)
        assert standing.state is State.READY
        assert standing.model_version == "llamacpp:SmolLM2-135M-Instruct.Q4_1.gguf"
        assert backend.address.startswith("openai at http://127.0.0.1:")
        assert not backend.remote
        text, deltas, ended = await written(backend, Task("a red circle"))
        assert text.splitlines()[-1].startswith("create "), "llama.cpp takes a grammar, and got none"
        assert ended.output_tokens >= len(deltas)
        assert ended.input_tokens > 20
        assert not ended.cut
        assert sum(len(delta.log_probabilities) for delta in deltas) > 3
        # The same beginning of the conversation is not read again.
        _, _, again = await written(backend, Task("a blue square"))
        assert again.cached_input_tokens > 0


@pytest.mark.asyncio
async def test_ollama_dialect_in_front_of_real_llama_cpp(
    foreign_server: LlamaServer, script: ScriptedServer
) -> None:
    speak_ollama(script, foreign_server)
    async with backend_at(script.url) as backend:
        standing = await settled(backend)
        assert standing.model_version == f"ollama:{MODEL}@{DIGEST[:12]}"
        assert backend.address == f"ollama at {script.url}"
        text, deltas, ended = await written(backend, Task("a red circle"))
    assert text
    assert ended.cut, "the base model talks on until its 40 tokens are over"
    assert ended.output_tokens == 40
    assert sum(delta.tokens for delta in deltas) >= 38
    assert all(delta.log_probabilities for delta in deltas)
    asked = script.requests[-1].json()
    assert asked["options"]["num_ctx"] == 1024
    assert "grammar" not in asked


@pytest.mark.asyncio
async def test_closing_the_answer_closes_the_connection(
    foreign_server: LlamaServer, script: ScriptedServer
) -> None:
    script.on("GET /v1/models", answering(MODELS))
    script.on("POST /v1/chat/completions", streaming([words("a = circle\n"), *[0.05, words(".")] * 400]))
    async with backend_at(script.url) as backend:
        await settled(backend)
        async with aclosing(backend.write(Task("a circle"))) as answer:
            await anext(answer)
            assert script.open_connections == 1
        began = time.monotonic()
        while script.open_connections:
            assert time.monotonic() - began < 2
            await asyncio.sleep(0.02)


@pytest.mark.asyncio
async def test_a_repair_shows_the_wrong_lines_and_an_edit_the_storyboard(script: ScriptedServer) -> None:
    script.on("GET /v1/models", answering(MODELS))
    script.on("POST /v1/chat/completions", streaming([words("a = circle\n"), END]))
    async with backend_at(script.url) as backend:
        await settled(backend)
        await written(
            backend,
            Task(
                "a circle",
                wrong_storyboard="a = circel\ncreate a",
                wrong_lines=(WrongLine(1, 'no kind of element "circel"; did you mean "circle"?'),),
                is_repair=True,
            ),
        )
        *_, wish, wrong, complaint = script.requests[-1].json()["messages"]
        assert wish == {"role": "user", "content": "a circle"}
        assert wrong == {"role": "assistant", "content": "a = circel\ncreate a"}
        assert 'line 1 (a = circel): no kind of element "circel"' in complaint["content"]
        await written(backend, Task("make it red", parent_storyboard="a = circle\n\ncreate a"))
        asked = script.requests[-1].json()["messages"][-1]["content"]
        assert "a = circle\n\ncreate a" in asked
        assert asked.endswith("make it red")


Serve = Callable[[ScriptedServer], None]


def models(body: Any, **kwargs: Any) -> Serve:
    return lambda script: script.on("GET /v1/models", answering(body, **kwargs))


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("serve", "wanted", "reason", "advice"),
    [
        (lambda script: None, "", "speaks neither ollama nor openai", "LOCAL_INFER_URL"),
        (models({"data": []}), "", "has 0 models", "LOCAL_INFER_MODEL"),
        (models({"data": [{"id": "x"}, {"id": "y"}]}), "", "has 2 models", "one of: x, y"),
        (models(MODELS), "large", "does not have the model 'large'", "one it has: tiny"),
        (models({"error": "no"}, status="401 Unauthorized"), "", "refuses the key", "LOCAL_INFER_API_KEY"),
        (models({"error": "boom"}, status="500 Internal Server Error"), "", "HTTP 500: boom", "log"),
        (models(b"<html>", media_type="text/html"), "", "speaks neither", "LOCAL_INFER_URL"),
        (models(b"[" * 100_000), "", "speaks neither", "LOCAL_INFER_URL"),
        (models({"data": [{"id": 7}, "x", None]}), "", "has 0 models", "LOCAL_INFER_MODEL"),
    ],
    ids=["404", "empty", "two", "another", "401", "500", "html", "brackets", "nonsense"],
)
async def test_a_server_that_cannot_serve_is_described(
    script: ScriptedServer, serve: Serve, wanted: str, reason: str, advice: str
) -> None:
    serve(script)
    async with backend_at(script.url, wanted=wanted) as backend:
        standing = await settled(backend)
        assert standing.state is State.NOT_SERVING
        assert reason in standing.reason
        assert advice in standing.advice
        error = await failure(backend)
        assert error.code is Code.UNAVAILABLE
        assert reason in error.message


@pytest.mark.asyncio
async def test_a_server_that_is_not_there_and_comes_later(script: ScriptedServer) -> None:
    async with backend_at("http://127.0.0.1:9") as backend:
        standing = await settled(backend)
        assert "no model server answers at http://127.0.0.1:9" in standing.reason
        assert (await failure(backend)).reason == "UPSTREAM_UNAVAILABLE"
    async with backend_at(script.url) as backend:
        await settled(backend)
        script.on("GET /v1/models", answering(MODELS))
        async with asyncio.timeout(5):
            standing = await backend.standing_after(backend.standing())
        assert standing.state is State.READY


BOMB = b"x" * (1024 * 1024)


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("handler", "code", "reason", "message"),
    [
        (streaming([b"data: not json\n\n"]), Code.UNAVAILABLE, "MODEL_FAILED", "not a JSON object"),
        (streaming([b"\x00\xff\xfe garbage\n"]), Code.UNAVAILABLE, "MODEL_FAILED", "not an event stream"),
        (streaming([b'data: {"choices": 7}\n\n']), Code.UNAVAILABLE, "MODEL_FAILED", "does not have"),
        (
            streaming([b'data: {"choices": [{"delta": {"content": {"a": 1}}}]}\n\n']),
            Code.UNAVAILABLE,
            "MODEL_FAILED",
            "does not have",
        ),
        (streaming([words("a = circle\n")]), Code.UNAVAILABLE, "MODEL_FAILED", "in the middle"),
        (streaming([]), Code.UNAVAILABLE, "MODEL_FAILED", "in the middle"),
        (
            streaming([words("a"), b'data: {"error": {"message": "out of memory"}}\n\n']),
            Code.UNAVAILABLE,
            "MODEL_FAILED",
            "out of memory",
        ),
        (streaming([b"data: ", *[BOMB] * 100]), Code.UNAVAILABLE, "MODEL_FAILED", "more than"),
        (streaming([words("# " + "x" * 1000)] * 100_000), Code.UNAVAILABLE, "MODEL_FAILED", "more than"),
        (streaming([b": ping\n\n", *[1.0] * 5]), Code.DEADLINE_EXCEEDED, "MODEL_TIMEOUT", "fell silent"),
        (
            answering(b"<html>sign in</html>", media_type="text/html"),
            Code.UNAVAILABLE,
            "MODEL_FAILED",
            "text/html",
        ),
        (streaming([END], media_type=""), Code.UNAVAILABLE, "MODEL_FAILED", "no content type"),
        (
            streaming([END], extra="Content-Encoding: gzip\r\n"),
            Code.UNAVAILABLE,
            "MODEL_FAILED",
            "compresses",
        ),
        (
            answering({"error": {"message": "no such model"}}, status="404 Not Found"),
            Code.UNAVAILABLE,
            "MODEL_FAILED",
            "LOCAL_INFER_MODEL",
        ),
        (answering({}, status="429 Too Many Requests"), Code.RESOURCE_EXHAUSTED, "SLOTS_TAKEN", "busy"),
        (answering({}, status="504 Gateway Timeout"), Code.DEADLINE_EXCEEDED, "MODEL_TIMEOUT", "gave up"),
        (answering(b"", status="302 Found"), Code.UNAVAILABLE, "MODEL_FAILED", "HTTP 302"),
    ],
    ids=[
        "no-json",
        "garbage",
        "choices",
        "content",
        "cut",
        "nothing",
        "error",
        "one-line",
        "endless",
        "silent",
        "html",
        "no-type",
        "gzip",
        "404",
        "429",
        "504",
        "302",
    ],
)
async def test_a_server_that_misbehaves_is_an_error_and_never_a_hang(
    script: ScriptedServer, handler: Any, code: Code, reason: str, message: str
) -> None:
    script.on("GET /v1/models", answering(MODELS))
    script.on("POST /v1/chat/completions", handler)
    async with backend_at(script.url, idle=0.5) as backend:
        assert (await settled(backend)).state is State.READY
        began = time.monotonic()
        error = await failure(backend)
        assert time.monotonic() - began < 5
    assert (error.code, error.reason) == (code, reason)
    assert message in error.message


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("line", "message"),
    [
        (b'{"error": "model requires more system memory"}\n', "more system memory"),
        (b'{"done": true}\n', "does not have"),
        (b'{"message": {"content": "x"}, "done": false}\n', "in the middle"),
        (b'{"message": {"content": "x"}, "done": true, "eval_count": "many"}\n', "does not have"),
    ],
    ids=["error", "no message", "cut", "count"],
)
async def test_ollama_that_misbehaves(script: ScriptedServer, line: bytes, message: str) -> None:
    script.on("GET /api/version", answering({"version": "0.5"}))
    script.on("GET /api/tags", answering({"models": [{"name": "llama3.2:latest", "digest": "ab" * 32}]}))
    script.on("POST /api/chat", streaming([line], media_type="application/x-ndjson"))
    async with backend_at(script.url, wanted="llama3.2") as backend:
        assert (await settled(backend)).model_version == "ollama:llama3.2:latest@abababababab"
        error = await failure(backend)
    assert error.reason == "MODEL_FAILED"
    assert message in error.message


@pytest.mark.asyncio
async def test_a_hundred_megabytes_are_not_read(script: ScriptedServer) -> None:
    sent = 0

    async def flood(request: Request, writer: asyncio.StreamWriter) -> None:
        nonlocal sent
        writer.write(head())
        for _ in range(100):
            writer.write(b"data: " + BOMB)
            await writer.drain()
            sent += len(BOMB)

    script.on("GET /v1/models", answering(MODELS))
    script.on("POST /v1/chat/completions", flood)
    async with backend_at(script.url) as backend:
        await settled(backend)
        assert "more than" in (await failure(backend)).message
    assert sent < 20 * len(BOMB), "it went on reading what it will not use"


@pytest.mark.asyncio
async def test_the_key_is_sent_and_never_shown(script: ScriptedServer) -> None:
    echo = {"error": {"message": f"key {SECRET} is not allowed to use this\u0000 model"}}
    script.on("GET /v1/models", answering(MODELS))
    script.on("POST /v1/chat/completions", answering(echo, status="400 Bad Request"))
    log = io.StringIO()
    with structlog.testing.capture_logs() as entries:
        async with backend_at(script.url) as backend:
            await settled(backend)
            error = await failure(backend)
            script.on("GET /v1/models", answering(echo, status="500 Internal Server Error"))
            async with asyncio.timeout(5):
                standing = await backend.standing_after(backend.standing())
    log.write(repr(entries))
    assert script.requests[-1].headers["authorization"] == f"Bearer {SECRET}"
    assert "is not allowed to use this" in error.message
    for shown in (
        error.message,
        standing.reason,
        standing.advice,
        log.getvalue(),
        repr(backend.__dict__["_board"]),
    ):
        assert SECRET not in shown
        assert "\x00" not in shown
