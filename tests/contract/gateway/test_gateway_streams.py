"""Watches over HTTP: Server-Sent Events and NDJSON, their ends, and clients that leave."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator

import httpx
import pytest

from tests.contract.gateway.conftest import Running

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def create(client: httpx.AsyncClient, prompt: str) -> str:
    return str((await client.post("/v1/animations", json={"prompt": prompt})).json()["name"])


async def events_of(response: httpx.Response) -> AsyncIterator[dict[str, str]]:
    """Parses Server-Sent Events; a comment is `{"comment": …}`."""
    event: dict[str, str] = {}
    async for line in response.aiter_lines():
        if not line:
            if event:
                yield event
            event = {}
            continue
        name, _, value = line.partition(": ")
        event[name or "comment"] = value


async def test_a_watch_is_server_sent_events(client: httpx.AsyncClient) -> None:
    name = await create(client, "watched")
    async with client.stream("GET", f"/v1/{name}:watch") as response:
        assert response.status_code == 200
        assert response.headers["content-type"].startswith("text/event-stream")
        assert response.headers["cache-control"] == "no-store"
        events = [event async for event in events_of(response)]
    assert [(event["event"], event.get("id")) for event in events] == [
        ("message", "1"),
        ("message", "2"),
        ("message", "3"),
        ("end", None),
    ]
    assert json.loads(events[2]["data"])["animation"]["state"] == "ANIMATION_STATE_SUCCEEDED"


async def test_a_watch_can_be_lines(client: httpx.AsyncClient) -> None:
    name = await create(client, "lines")
    response = await client.get(
        f"/v1/{name}:watch?afterRevision=1", headers={"accept": "application/x-ndjson"}
    )
    assert response.headers["content-type"] == "application/x-ndjson"
    revisions = [json.loads(line)["animation"]["revision"] for line in response.text.splitlines()]
    assert revisions == ["2", "3"]


async def test_an_event_source_that_reconnects_goes_on(client: httpx.AsyncClient) -> None:
    name = await create(client, "reconnected")
    async with client.stream("GET", f"/v1/{name}:watch", headers={"last-event-id": "2"}) as response:
        events = [event async for event in events_of(response)]
    assert [event.get("id") for event in events] == ["3", None]


async def test_an_error_at_once_has_its_own_status(client: httpx.AsyncClient) -> None:
    response = await client.get("/v1/animations/nobody:watch")
    assert response.status_code == 404
    assert response.json()["error"]["details"][0]["reason"] == "ANIMATION_NOT_FOUND"


@pytest.mark.parametrize("accept", ["text/event-stream", "application/x-ndjson"])
async def test_an_error_on_the_way_is_the_last_message(client: httpx.AsyncClient, accept: str) -> None:
    name = await create(client, "breaks")
    async with client.stream("GET", f"/v1/{name}:watch", headers={"accept": accept}) as response:
        assert response.status_code == 200
        if accept == "text/event-stream":
            events = [event async for event in events_of(response)]
            assert [event["event"] for event in events] == ["message", "message", "error"]
            last = json.loads(events[-1]["data"])
        else:
            lines = [json.loads(line) async for line in response.aiter_lines()]
            assert len(lines) == 3
            last = lines[-1]
    assert last["error"]["code"] == 503
    assert last["error"]["details"][0]["reason"] == "DATABASE_UNAVAILABLE"


async def test_no_acceptable_type(client: httpx.AsyncClient) -> None:
    response = await client.get("/v1/animations/x:watch", headers={"accept": "image/png"})
    assert response.status_code == 406
    assert response.json()["error"]["details"][0]["reason"] == "ACCEPT_UNSUPPORTED"


@pytest.mark.parametrize("accept", ["text/event-stream", "application/x-ndjson"])
async def test_a_client_that_leaves_cancels_the_watch(
    client: httpx.AsyncClient, mesh: Running, accept: str
) -> None:
    name = await create(client, "endless")
    mesh.router.seen.left.clear()
    async with client.stream("GET", f"/v1/{name}:watch", headers={"accept": accept}) as response:
        async for line in response.aiter_lines():
            assert line
            break
        assert not mesh.router.seen.left.is_set()
    # The router's handler sleeps for half a minute unless its call is cancelled.
    await asyncio.wait_for(mesh.router.seen.left.wait(), 3)


async def test_a_silent_stream_is_kept_alive(client: httpx.AsyncClient) -> None:
    name = await create(client, "endless")
    async with client.stream("GET", f"/v1/{name}:watch") as response:
        events = events_of(response)
        assert (await anext(events))["event"] == "message"
        assert (await asyncio.wait_for(anext(events), 3)) == {"comment": "heartbeat"}


async def test_open_streams_are_counted(client: httpx.AsyncClient, mesh: Running) -> None:
    name = await create(client, "endless")

    def open_streams() -> float | None:
        return mesh.metrics.registry.get_sample_value("animathic_http_streams", {"kind": "events"})

    before = open_streams() or 0
    async with client.stream("GET", f"/v1/{name}:watch") as response:
        await anext(response.aiter_lines())
        assert open_streams() == before + 1
    for _ in range(100):
        if open_streams() == before:
            break
        await asyncio.sleep(0.02)
    assert open_streams() == before


async def test_head_opens_no_stream(client: httpx.AsyncClient, mesh: Running) -> None:
    name = await create(client, "head")
    before = mesh.router.seen.watches
    response = await client.head(f"/v1/{name}:watch")
    assert response.status_code == 200
    assert mesh.router.seen.watches == before
