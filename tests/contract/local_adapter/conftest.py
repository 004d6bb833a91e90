from __future__ import annotations

import os
from collections.abc import AsyncIterator, Iterator

import httpx
import pytest
import pytest_asyncio

from services.local_adapter import model_files
from services.local_adapter.backends.embedded import EmbeddedBackend
from services.local_adapter.backends.llama_process import LlamaProcess
from tests.support.llama_server import LlamaServer, llama_server
from tests.support.scripted_http import ScriptedServer, scripted_server

# Small, but of the kind that a storyboard's grammar is: names, kinds, colours, several lines.
TINY_GRAMMAR = (
    "root ::= define define? create\n"
    'define ::= [a-d] " = " ("circle" | "square") (" red" | " blue" | " teal")? "\\n"\n'
    'create ::= "create " [a-d] "\\n"\n'
)


@pytest.fixture(scope="session")
def foreign_server() -> Iterator[LlamaServer]:
    """A llama.cpp server that is not ours."""
    with llama_server() as server:
        yield server


@pytest_asyncio.fixture
async def http() -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(trust_env=False, timeout=httpx.Timeout(30, connect=2)) as client:
        yield client


@pytest_asyncio.fixture
async def process(http: httpx.AsyncClient) -> AsyncIterator[LlamaProcess]:
    kept = LlamaProcess(
        examine=lambda: model_files.examine(None),
        client=http,
        environment={"PATH": os.environ["PATH"]},
        threads=1,
        slots=2,
        context_tokens=512,
    )
    await kept.start()
    yield kept
    await kept.stop()


@pytest_asyncio.fixture
async def embedded(process: LlamaProcess, http: httpx.AsyncClient) -> EmbeddedBackend:
    assert await process.wait_ready(20) is not None
    return EmbeddedBackend(process, http, TINY_GRAMMAR)


@pytest_asyncio.fixture
async def script() -> AsyncIterator[ScriptedServer]:
    async with scripted_server() as server:
        yield server
