"""The embedded backend with a real llama.cpp child and the real base weights."""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable
from contextlib import aclosing
from pathlib import Path

import httpx
import pytest

from services.chassis.errors import Code, MeshError
from services.local_adapter import model_files
from services.local_adapter.backends.embedded import EmbeddedBackend
from services.local_adapter.backends.llama_process import LlamaProcess
from services.local_adapter.backends.protocol import DeclinedError, Delta, Ended, State, Task
from tests.contract.local_adapter.conftest import TINY_GRAMMAR
from tests.support.tiny_lora import write_tiny_lora

BROKEN = b"GGUF, and then nothing that is one"
RUNAWAY_GRAMMAR = 'root ::= ([a-z] " = circle\\n")+'


async def written(backend: EmbeddedBackend, task: Task) -> tuple[str, list[Delta], Ended]:
    deltas: list[Delta] = []
    ended = None
    async for piece in backend.write(task):
        if isinstance(piece, Ended):
            ended = piece
        else:
            deltas.append(piece)
    assert ended is not None
    return "".join(delta.text for delta in deltas), deltas, ended


async def busy_slots(http: httpx.AsyncClient, process: LlamaProcess) -> int:
    assert process.endpoint is not None
    answer = await http.get(
        f"{process.endpoint.url}/slots", headers={"Authorization": f"Bearer {process.endpoint.key}"}
    )
    return sum(slot["is_processing"] for slot in answer.json())


async def until(condition: Callable[[], Awaitable[bool]], seconds: float = 5.0) -> float:
    began = time.monotonic()
    while not await condition():
        assert time.monotonic() - began < seconds
        await asyncio.sleep(0.02)
    return time.monotonic() - began


def is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"


def environment_of(pid: int) -> set[str]:
    entries = Path(f"/proc/{pid}/environ").read_text().split("\0")
    return {entry.partition("=")[0] for entry in entries if entry}


@pytest.mark.asyncio
async def test_streams_an_answer_that_fits_the_grammar(embedded: EmbeddedBackend) -> None:
    text, deltas, ended = await written(embedded, Task("a red circle"))
    assert re.fullmatch(r"([a-d] = (circle|square)( red| blue| teal)?\n){1,2}create [a-d]\n", text)
    assert len(deltas) > 5, "the answer did not stream"
    assert sum(delta.tokens for delta in deltas) == ended.output_tokens
    assert ended.input_tokens > 3
    assert not ended.cut
    probabilities = [value for delta in deltas for value in delta.log_probabilities]
    assert len(probabilities) == ended.output_tokens
    assert all(value <= 0 for value in probabilities)


@pytest.mark.asyncio
async def test_the_same_prompt_gives_the_same_answer_and_a_repair_another_draw(
    embedded: EmbeddedBackend,
) -> None:
    first, _, _ = await written(embedded, Task("two shapes"))
    again, _, _ = await written(embedded, Task("two shapes"))
    assert again == first
    repairs = set()
    for wrong in ("a", "b"):
        task = Task("two shapes", wrong_storyboard=wrong, is_repair=True)
        one, _, _ = await written(embedded, task)
        same, _, _ = await written(embedded, task)
        assert one == same, "the same repair is the same draw"
        repairs.add(one)
    assert len(repairs | {first}) > 1


@pytest.mark.asyncio
async def test_an_answer_that_runs_away_is_cut(process: LlamaProcess, http: httpx.AsyncClient) -> None:
    _, _, ended = await written(
        EmbeddedBackend(process, http, RUNAWAY_GRAMMAR, max_tokens=20), Task("many circles")
    )
    assert ended.cut
    assert ended.output_tokens == 20


@pytest.mark.asyncio
async def test_closing_the_answer_frees_the_slot(process: LlamaProcess, http: httpx.AsyncClient) -> None:
    backend = EmbeddedBackend(process, http, RUNAWAY_GRAMMAR)
    async with aclosing(backend.write(Task("many circles"))) as answer:
        await anext(answer)
        assert await busy_slots(http, process) == 1

    async def free() -> bool:
        return await busy_slots(http, process) == 0

    assert await until(free) < 2, "the runaway answer would have taken seven seconds"


@pytest.mark.asyncio
async def test_cancelling_the_caller_frees_the_slot(process: LlamaProcess, http: httpx.AsyncClient) -> None:
    backend = EmbeddedBackend(process, http, RUNAWAY_GRAMMAR)
    await process.wait_ready(20)
    task = asyncio.create_task(written(backend, Task("many circles")))

    async def busy() -> bool:
        return await busy_slots(http, process) == 1

    async def free() -> bool:
        return await busy_slots(http, process) == 0

    await until(busy)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert await until(free) < 2


@pytest.mark.asyncio
async def test_a_killed_child_costs_one_answer_and_comes_back(
    process: LlamaProcess, http: httpx.AsyncClient
) -> None:
    backend = EmbeddedBackend(process, http, RUNAWAY_GRAMMAR)
    killed = await process.wait_ready(20)
    assert killed is not None
    answer = backend.write(Task("many circles"))
    await anext(answer)
    os.kill(killed.pid, signal.SIGKILL)
    with pytest.raises(MeshError) as caught:
        async for _ in answer:
            pass
    assert (caught.value.code, caught.value.reason) == (Code.UNAVAILABLE, "MODEL_FAILED")
    assert caught.value.retry_after is not None

    async def noticed() -> bool:
        return process.board.current.state is not State.READY

    await until(noticed)
    assert "signal 9" in process.board.current.reason
    back = await process.wait_ready(10)
    assert back is not None
    assert back.pid != killed.pid
    assert process.board.current.state is State.READY
    await anext(answer := backend.write(Task("many circles")))
    await answer.aclose()


@pytest.mark.asyncio
async def test_a_child_that_dies_before_its_first_word_is_replaced_unseen(embedded: EmbeddedBackend) -> None:
    process = embedded._process
    assert process.endpoint is not None
    os.kill(process.endpoint.pid, signal.SIGKILL)
    text, _, _ = await written(embedded, Task("a red circle"))
    assert text.endswith("\n")
    assert process.starts == 2


@pytest.mark.asyncio
async def test_a_child_that_hangs_is_replaced(http: httpx.AsyncClient) -> None:
    kept = LlamaProcess(
        examine=lambda: model_files.examine(None),
        client=http,
        environment={},
        threads=1,
        slots=1,
        context_tokens=512,
        health_seconds=0.1,
    )
    await kept.start()
    try:
        hung = await kept.wait_ready(20)
        assert hung is not None
        os.kill(hung.pid, signal.SIGSTOP)
        back = await kept.wait_ready(10, other_than=hung)
        assert back is not None
        assert not is_alive(hung.pid)
    finally:
        await kept.stop()


@pytest.mark.asyncio
async def test_stopping_leaves_no_child(process: LlamaProcess) -> None:
    endpoint = await process.wait_ready(20)
    assert endpoint is not None
    await process.stop()
    assert not is_alive(endpoint.pid)
    assert process.board.current.state is State.NOT_SERVING


PARENT = """
import asyncio, os, sys, httpx
from services.local_adapter import model_files
from services.local_adapter.backends.llama_process import LlamaProcess
async def main():
    async with httpx.AsyncClient(trust_env=False) as client:
        kept = LlamaProcess(examine=lambda: model_files.examine(None), client=client, environment={},
                            threads=1, slots=1, context_tokens=512)
        await kept.start()
        print('child', (await kept.wait_ready(20)).pid, flush=True)
        await asyncio.sleep(60)
asyncio.run(main())
"""


def test_a_killed_parent_leaves_no_orphan() -> None:
    with subprocess.Popen([sys.executable, "-c", PARENT], stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        line = next(line for line in parent.stdout if line.startswith("child"))
        child = int(line.split()[1])
        assert is_alive(child)
        parent.kill()
    deadline = time.monotonic() + 3
    while is_alive(child):
        assert time.monotonic() < deadline, "the child outlived its parent"
        time.sleep(0.02)


@pytest.mark.asyncio
async def test_strangers_cannot_use_the_port(process: LlamaProcess, http: httpx.AsyncClient) -> None:
    endpoint = await process.wait_ready(20)
    assert endpoint is not None
    assert (await http.post(f"{endpoint.url}/completion", json={"prompt": "x"})).status_code == 401
    process_files = Path(f"/proc/{endpoint.pid}")
    visible = (process_files / "cmdline").read_text() + (process_files / "environ").read_text()
    assert endpoint.key not in visible


@pytest.mark.asyncio
async def test_the_child_gets_no_secret_of_ours(process: LlamaProcess) -> None:
    endpoint = await process.wait_ready(20)
    assert endpoint is not None
    assert environment_of(endpoint.pid) <= {"PATH", "LC_CTYPE"}


@pytest.mark.asyncio
async def test_a_prompt_beyond_the_context_is_declined(
    http: httpx.AsyncClient, process: LlamaProcess
) -> None:
    backend = EmbeddedBackend(process, http, RUNAWAY_GRAMMAR)
    with pytest.raises(DeclinedError, match="longer than the local model can read"):
        await written(backend, Task("字" * 599 + "?"))


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("files", "reason", "advice"),
    [
        ({}, "there is no adapter at", "make train-local"),
        ({"adapter.gguf": BROKEN}, "has no manifest", "make train-local"),
        ({"adapter.gguf": BROKEN, "manifest.json": b"{}"}, "sha256", "make train-local"),
        (
            {"adapter.gguf": BROKEN, "manifest.json": json.dumps({"sha256": "0" * 64}).encode()},
            "not the file that the manifest names",
            "make train-local",
        ),
        (
            {
                "adapter.gguf": BROKEN,
                "manifest.json": json.dumps({"sha256": hashlib.sha256(BROKEN).hexdigest()}).encode(),
            },
            "llama.cpp did not start",
            "see the log",
        ),
    ],
    ids=["missing", "no manifest", "bad manifest", "checksum", "not an adapter"],
)
async def test_without_the_right_adapter_it_says_what_to_do(
    tmp_path: Path,
    http: httpx.AsyncClient,
    files: dict[str, bytes],
    reason: str,
    advice: str,
) -> None:
    for name, content in files.items():
        (tmp_path / name).write_bytes(content)
    kept = LlamaProcess(
        examine=lambda: model_files.examine(tmp_path / "adapter.gguf"),
        client=http,
        environment={},
        threads=1,
        slots=1,
        context_tokens=512,
    )
    await kept.start()
    try:

        async def settled() -> bool:
            return kept.board.current.state is State.NOT_SERVING

        await until(settled)
        assert reason in kept.board.current.reason
        assert advice in kept.board.current.advice
        began = time.monotonic()
        with pytest.raises(MeshError) as caught:
            await written(EmbeddedBackend(kept, http, RUNAWAY_GRAMMAR), Task("a circle"))
        assert caught.value.reason == "MODEL_FAILED"
        assert reason in caught.value.message
        assert time.monotonic() - began < 1
    finally:
        await kept.stop()


@pytest.mark.asyncio
async def test_an_adapter_is_loaded_and_changes_the_answer(
    tmp_path: Path, http: httpx.AsyncClient, embedded: EmbeddedBackend
) -> None:
    adapter = write_tiny_lora(
        tmp_path, edits=True, element_kinds=["circle"], action_kinds=["create"], loss=0.1
    )
    kept = LlamaProcess(
        examine=lambda: model_files.examine(adapter),
        client=http,
        environment={},
        threads=1,
        slots=1,
        context_tokens=512,
    )
    backend = EmbeddedBackend(kept, http, TINY_GRAMMAR)
    edit = Task("make it blue", parent_storyboard="a = circle")
    await kept.start()
    try:
        endpoint = await kept.wait_ready(20)
        assert endpoint is not None, kept.board.current
        assert kept.board.current.model_version.startswith("smollm2-135m-lora-")
        assert backend.abilities.element_kinds == ("circle",)
        assert backend.refusal(edit) == ""
        _, adapted, _ = await written(backend, Task("a red circle"))
        _, plain, _ = await written(embedded, Task("a red circle"))
        assert adapted[0].log_probabilities != plain[0].log_probabilities
        os.kill(endpoint.pid, signal.SIGKILL)
        await kept.board.news()
        assert backend.refusal(edit) == "", "it forgot what it has learned while its child is replaced"
    finally:
        await kept.stop()
    assert embedded.refusal(edit)


@pytest.mark.asyncio
async def test_files_that_come_later_are_found(http: httpx.AsyncClient) -> None:
    looks = 0

    def examine() -> model_files.ModelFiles:
        nonlocal looks
        looks += 1
        if looks == 1:
            raise model_files.FilesUnusableError("not yet", "wait")
        return model_files.examine(None)

    kept = LlamaProcess(examine=examine, client=http, environment={}, threads=1, slots=1, context_tokens=512)
    await kept.start()
    try:
        assert await kept.wait_ready(10) is not None
        assert kept.board.current.model_version == "smollm2-135m-base"
    finally:
        await kept.stop()
