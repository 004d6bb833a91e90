"""Bad input over HTTP: the status, the reason, the field, and that the gateway stays alive."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from tests.contract.gateway.conftest import Running

pytestmark = pytest.mark.asyncio(loop_scope="module")

JSON = {"content-type": "application/json"}
CREATE = "/v1/animations"
CHECK = "/v1/scenes:check"


def parts(response: httpx.Response) -> tuple[int, str, list[str], str]:
    """HTTP status, reason, fields and message of an error."""
    error = response.json()["error"]
    assert error["code"] == response.status_code
    info = error["details"][0]
    assert info["@type"] == "type.googleapis.com/google.rpc.ErrorInfo"
    assert info["domain"] == "animathic.dev"
    fields = [
        violation["field"] for detail in error["details"] for violation in detail.get("fieldViolations", [])
    ]
    return response.status_code, info["reason"], fields, error["message"]


@pytest.mark.parametrize(
    ("body", "reason", "field", "advice"),
    [
        (b"", "BODY_INVALID", "animation", "empty"),
        (b"{", "BODY_INVALID", None, "line 1, column 2"),
        (b"nonsense", "BODY_INVALID", None, "line 1, column 1"),
        (b'{"prompt": "a"} x', "BODY_INVALID", None, "column"),
        (b'{"prompt": "a", "prompt": "b"}', "BODY_INVALID", None, "prompt"),
        (b'{"prompt": "\xff"}', "BODY_INVALID", None, "UTF-8"),
        (b'{"prompt": NaN}', "BODY_INVALID", None, "NaN"),
        (b'{"options": {"qualityPreset": ' + b"9" * 5000 + b"}}", "BODY_INVALID", None, "digits"),
        (b"[1]", "FIELD_INVALID", "animation", "object"),
        (b'"text"', "FIELD_INVALID", "animation", "object"),
        (b'{"promt": "a"}', "FIELD_INVALID", "animation.promt", "did you mean prompt?"),
        (b'{"prompt": 5}', "FIELD_INVALID", "animation.prompt", "expects text, not the number 5"),
        (b'{"prompt": {"a": 1}}', "FIELD_INVALID", "animation.prompt", "an object"),
        (b'{"prompt": "\\ud800"}', "FIELD_INVALID", "animation.prompt", "surrogate"),
        (
            b'{"prompt": "a", "sourceStoryboard": "b"}',
            "FIELD_INVALID",
            "animation.source_storyboard",
            "prompt",
        ),
        (
            b'{"options": {"qualityPreset": "QUALITY_PRESET_720"}}',
            "FIELD_INVALID",
            "animation.options.quality_preset",
            "did you mean QUALITY_PRESET_720P30?",
        ),
        (b'{"options": {"strict": "yes"}}', "FIELD_INVALID", "animation.options.strict", "true or false"),
        (b'{"options": [1]}', "FIELD_INVALID", "animation.options", "object"),
        (b'{"attempts": [{"number": 1.5}]}', "FIELD_INVALID", "animation.attempts[0].number", "whole number"),
        (b'{"attempts": {}}', "FIELD_INVALID", "animation.attempts", "list"),
        (b'{"createTime": "noon"}', "FIELD_INVALID", "animation.create_time", "2026-01-31T12:00:00Z"),
        (
            b'{"decision": {"features": {"words": "many"}}}',
            "FIELD_INVALID",
            'animation.decision.features["words"]',
            "number",
        ),
    ],
)
async def test_a_bad_body(
    client: httpx.AsyncClient, body: bytes, reason: str, field: str | None, advice: str
) -> None:
    response = await client.post(CREATE, content=body, headers=JSON)
    status, got, fields, message = parts(response)
    assert (status, got) == (400, reason)
    assert advice in message
    assert fields == ([field] if field else [])


async def test_several_mistakes_are_told_at_once(client: httpx.AsyncClient) -> None:
    response = await client.post(CREATE, json={"prompt": 1, "promt": 2, "options": {"strict": 3}})
    status, reason, fields, message = parts(response)
    assert (status, reason) == (400, "FIELD_INVALID")
    assert fields == ["animation.prompt", "animation.promt", "animation.options.strict"]
    assert "and 2 more" in message
    many = await client.post(CREATE, json={f"f{index}": 1 for index in range(5000)})
    assert len(parts(many)[2]) == 10


@pytest.mark.parametrize("opening", [b"[", b'{"a":', b'{"sourceScene":'])
async def test_a_deep_body(client: httpx.AsyncClient, opening: bytes) -> None:
    response = await client.post(CREATE, content=opening * 50_000, headers=JSON)
    assert parts(response)[:2] == (400, "BODY_INVALID")


async def test_deep_but_closed_json(client: httpx.AsyncClient) -> None:
    deep: Any = 1
    for _ in range(500):
        deep = {"struct": deep}
    response = await client.post(CHECK, json={"scene": deep})
    assert parts(response)[0] == 400


async def chunks(size: int, count: int) -> AsyncIterator[bytes]:
    for _ in range(count):
        yield b" " * size


async def test_a_body_that_is_too_large(client: httpx.AsyncClient) -> None:
    declared = await client.post(CREATE, content=b" " * (1024 * 1024 + 1), headers=JSON)
    assert parts(declared)[:2] == (413, "BODY_TOO_LARGE")
    chunked = await client.post(CREATE, content=chunks(64 * 1024, 17), headers=JSON)
    assert "content-length" not in chunked.request.headers
    assert parts(chunked)[:2] == (413, "BODY_TOO_LARGE")
    assert chunked.headers["connection"] == "close"


async def test_a_body_just_within_the_limit(client: httpx.AsyncClient) -> None:
    padding = b" " * (1024 * 1024 - 15)
    response = await client.post(CREATE, content=b'{"prompt": "a"}' + padding, headers=JSON)
    assert response.status_code == 200


async def test_an_endless_chunked_body_is_cut_off(mesh: Running) -> None:
    _, writer = await asyncio.open_connection("127.0.0.1", mesh.gateway.http.port)
    head = (
        f"POST {CREATE} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {mesh.keys['ann']}\r\n"
        "content-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n"
    )
    writer.write(head.encode())
    chunk = b"10000\r\n" + b" " * 65536 + b"\r\n"
    sent = 0
    with contextlib.suppress(ConnectionError):
        while sent < 1000:
            writer.write(chunk)
            await writer.drain()
            sent += 1
    # 62.5 MiB were on offer; nothing near that is read.
    assert sent < 400
    writer.close()


async def test_a_client_that_is_still_sending_sees_the_answer(mesh: Running) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", mesh.gateway.http.port)
    size = 4 * 1024 * 1024
    head = (
        f"POST {CREATE} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {mesh.keys['ann']}\r\n"
        f"content-type: application/json\r\ncontent-length: {size}\r\n\r\n"
    )
    writer.write(head.encode())
    for _ in range(64):
        writer.write(b" " * (size // 64))
        await writer.drain()
    assert (await reader.readline()).startswith(b"HTTP/1.1 413")
    writer.close()


@pytest.mark.parametrize(
    "content_type",
    [
        "application/x-www-form-urlencoded",
        "text/plain",
        "application/json; charset=utf-16",
        "multipart/form-data",
    ],
)
async def test_another_content_type(client: httpx.AsyncClient, content_type: str) -> None:
    response = await client.post(CREATE, content=b'{"prompt":"a"}', headers={"content-type": content_type})
    status, reason, _, message = parts(response)
    assert (status, reason) == (415, "CONTENT_TYPE_UNSUPPORTED")
    assert "Content-Type: application/json" in message


@pytest.mark.parametrize(
    "content_type", ["application/json", "Application/JSON; charset=UTF-8", "application/problem+json"]
)
async def test_json_content_types(client: httpx.AsyncClient, content_type: str) -> None:
    response = await client.post(CREATE, content=b'{"prompt":"a"}', headers={"content-type": content_type})
    assert response.status_code == 200


@pytest.mark.parametrize(
    "path",
    [
        "/v1/nothing",
        "/v2/animations",
        "/v1/animations/",
        "/v1//animations",
        "/v1",
        "/v1/animations/a/b/c",
        "/v1/animations/a:frobnicate/b",
        "/animathic.v1.AnimationService/GetAnimation",
        "/../etc/passwd",
        "/v1/policies",
    ],
)
async def test_an_unknown_path(client: httpx.AsyncClient, path: str) -> None:
    assert parts(await client.get(path))[:2] == (404, "ROUTE_NOT_FOUND")


@pytest.mark.parametrize(
    ("method", "path", "allow"),
    [
        ("PUT", CREATE, "POST"),
        ("GET", CREATE, "POST"),
        ("PATCH", "/v1/animations/a", "DELETE, GET, HEAD"),
        ("GET", "/v1/animations/a:cancel", "POST"),
        ("POST", "/v1/animations/a/video", "GET, HEAD"),
        ("BREW", CREATE, "POST"),
    ],
)
async def test_a_wrong_method(client: httpx.AsyncClient, method: str, path: str, allow: str) -> None:
    if method == "BREW":
        method = "REPORT"
    response = await client.request(method, path)
    assert parts(response)[:2] == (405, "METHOD_NOT_ALLOWED")
    assert response.headers["allow"] == allow


@pytest.mark.parametrize(
    ("path", "field", "advice"),
    [
        ("/v1/models?pagesize=3", "pagesize", "did you mean pageSize?"),
        ("/v1/models?pageSize=three", "page_size", "whole number"),
        ("/v1/models?pageSize=3&page_size=4", "page_size", "2 times"),
        ("/v1/models?pageSize=", "page_size", "whole number"),
        ("/v1/models?pageToken=%zz", "pageToken", "%25"),
        ("/v1/models?pageToken=%ff", "pageToken", "UTF-8"),
        ("/v1/animations/%zz", "(path)", "%25"),
        ("/v1/animations/%ff", "(path)", "UTF-8"),
        ("/v1/animations/a?unknown=1", "unknown", "not a query parameter"),
    ],
)
async def test_a_bad_query_or_path(client: httpx.AsyncClient, path: str, field: str, advice: str) -> None:
    status, reason, fields, message = parts(await client.get(path))
    assert (status, reason) == (400, "FIELD_INVALID")
    assert fields[0] in (field, "pageToken")
    assert advice in message


async def test_a_query_key_that_travels_in_the_body(client: httpx.AsyncClient) -> None:
    status, reason, fields, message = parts(
        await client.post(CREATE + "?animation.prompt=x", json={"prompt": "y"})
    )
    assert (status, reason, fields) == (400, "FIELD_INVALID", ["animation.prompt"])
    assert "body" in message
    whole = await client.post("/v1/animations/a:cancel?etag=e")
    assert parts(whole)[2] == ["etag"]


async def test_too_many_parameters(client: httpx.AsyncClient) -> None:
    response = await client.get("/v1/models?" + "&".join(["pageToken=a"] * 300))
    assert parts(response)[:2] == (400, "FIELD_INVALID")


async def test_a_body_where_none_is_taken(client: httpx.AsyncClient) -> None:
    response = await client.request("DELETE", "/v1/animations/a", json={"etag": "e"})
    assert parts(response)[:2] == (400, "BODY_INVALID")


@pytest.mark.parametrize("value", ["", "0", "-1", "soon", "5 parsecs", "1e9"])
async def test_a_bad_deadline(client: httpx.AsyncClient, value: str) -> None:
    response = await client.get("/v1/models", headers={"x-request-timeout": value})
    assert parts(response)[:3] == (400, "FIELD_INVALID", ["x-request-timeout"])


async def test_long_heads(client: httpx.AsyncClient, mesh: Running) -> None:
    assert (await client.get("/v1/animations/" + "a" * 9000)).status_code == 404
    complete = await client.get("/v1/models", headers={"x-long": "a" * 40_000})
    assert complete.status_code == 431
    reader, writer = await asyncio.open_connection("127.0.0.1", mesh.gateway.http.port)
    writer.write(b"GET / HTTP/1.1\r\nhost: x\r\nx-endless: ")
    sent = 0
    with contextlib.suppress(ConnectionError):
        while sent < 1000 and not reader.at_eof():
            writer.write(b"a" * 8192)
            await writer.drain()
            await asyncio.sleep(0)
            sent += 1
    assert sent < 1000
    writer.close()


async def test_an_error_shows_little_of_a_long_path(client: httpx.AsyncClient) -> None:
    response = await client.get("/v1/" + "x" * 5000 + "\u202e")
    assert len(response.content) < 1000


async def test_errors_are_json_for_heads_and_browsers(client: httpx.AsyncClient) -> None:
    head = await client.head("/v1/nothing")
    assert (head.status_code, head.content) == (404, b"")
    browser = await client.get(
        "/v1/models", headers={"accept": "text/html,application/xhtml+xml;q=0.9,*/*;q=0.8"}
    )
    assert browser.headers["content-type"] == "application/json"
    refused = await client.get("/v1/models", headers={"accept": "text/html"})
    assert parts(refused)[:2] == (406, "ACCEPT_UNSUPPORTED")
    assert json.loads(refused.content)
