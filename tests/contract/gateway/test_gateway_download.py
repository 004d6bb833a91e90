"""Videos over HTTP: ranges, conditions, HEAD, and streams that break."""

from __future__ import annotations

import asyncio

import httpx
import pytest

from tests.contract.gateway.conftest import Running
from tests.contract.gateway.fake_router import SHA256, VIDEO

pytestmark = pytest.mark.asyncio(loop_scope="module")

PATH = "/v1/animations/a1/video"
ETAG = f'"{SHA256}"'
SIZE = len(VIDEO)


async def test_the_whole_file(client: httpx.AsyncClient) -> None:
    response = await client.get(PATH)
    assert response.status_code == 200
    assert response.content == VIDEO
    assert response.headers["content-length"] == str(SIZE)
    assert response.headers["content-type"] == "video/mp4"
    assert response.headers["etag"] == ETAG
    assert response.headers["accept-ranges"] == "bytes"
    assert response.headers["content-disposition"] == 'inline; filename="a1.mp4"'
    assert response.headers["cache-control"] == "private, no-cache"


async def test_head_reads_no_bytes(client: httpx.AsyncClient, mesh: Running) -> None:
    before = mesh.router.seen.downloaded
    response = await client.head(PATH, headers={"range": "bytes=0-9"})
    assert response.status_code == 200
    assert response.headers["content-length"] == str(SIZE)
    assert response.headers["etag"] == ETAG
    assert response.content == b""
    assert mesh.router.seen.downloaded <= before + 1


@pytest.mark.parametrize(
    ("header", "first", "last"),
    [
        ("bytes=0-0", 0, 0),
        ("bytes=0-99", 0, 99),
        ("bytes=100-", 100, SIZE - 1),
        (f"bytes={SIZE - 1}-", SIZE - 1, SIZE - 1),
        ("bytes=-1", SIZE - 1, SIZE - 1),
        ("bytes=-500", SIZE - 500, SIZE - 1),
        (f"bytes=-{SIZE * 2}", 0, SIZE - 1),
        ("bytes=10-99999999", 10, SIZE - 1),
        ("BYTES = 1-2", 1, 2),
        ("bytes=65530-65545", 65530, 65545),
    ],
)
async def test_a_range(client: httpx.AsyncClient, header: str, first: int, last: int) -> None:
    response = await client.get(PATH, headers={"range": header})
    assert response.status_code == 206
    assert response.content == VIDEO[first : last + 1]
    assert response.headers["content-range"] == f"bytes {first}-{last}/{SIZE}"
    assert response.headers["content-length"] == str(last - first + 1)
    assert response.headers["etag"] == ETAG


@pytest.mark.parametrize(
    "header", ["bytes=5-2", "bytes=a-b", "bytes=0-1,5-9", "lines=0-1", "bytes=", "bytes=-"]
)
async def test_a_range_that_is_not_served_is_ignored(client: httpx.AsyncClient, header: str) -> None:
    response = await client.get(PATH, headers={"range": header})
    assert response.status_code == 200
    assert response.content == VIDEO


@pytest.mark.parametrize("name", ["a1", "lenient"])
@pytest.mark.parametrize("header", [f"bytes={SIZE}-", "bytes=99999999-", "bytes=-0"])
async def test_a_range_outside(client: httpx.AsyncClient, header: str, name: str) -> None:
    response = await client.get(f"/v1/animations/{name}/video", headers={"range": header})
    assert response.status_code == 416
    assert response.headers["content-range"] == f"bytes */{SIZE}"
    assert response.json()["error"]["details"][0]["reason"] == "RANGE_INVALID"


@pytest.mark.parametrize("header", [ETAG, f"W/{ETAG}", f'"x", {ETAG}', "*"])
async def test_what_the_client_has_is_not_sent_again(client: httpx.AsyncClient, header: str) -> None:
    for method in ("GET", "HEAD"):
        response = await client.request(method, PATH, headers={"if-none-match": header})
        assert (response.status_code, response.content) == (304, b"")
        assert response.headers["etag"] == ETAG
    ranged = await client.get(PATH, headers={"if-none-match": header, "range": "bytes=0-1"})
    assert ranged.status_code == 304


async def test_another_etag_is_sent(client: httpx.AsyncClient) -> None:
    response = await client.get(PATH, headers={"if-none-match": '"other"'})
    assert (response.status_code, response.content) == (200, VIDEO)


async def test_if_range(client: httpx.AsyncClient) -> None:
    same = await client.get(PATH, headers={"if-range": ETAG, "range": "bytes=5-9"})
    assert (same.status_code, same.content) == (206, VIDEO[5:10])
    for other in ('"other"', f"W/{ETAG}", "Wed, 21 Oct 2026 07:28:00 GMT"):
        changed = await client.get(PATH, headers={"if-range": other, "range": "bytes=5-9"})
        assert (changed.status_code, changed.content) == (200, VIDEO)


async def test_an_error_before_the_first_byte(client: httpx.AsyncClient) -> None:
    response = await client.get("/v1/animations/none/video")
    assert response.status_code == 400
    assert response.json()["error"]["details"][0]["reason"] == "VIDEO_NOT_READY"


async def test_the_offset_is_not_a_query_parameter(client: httpx.AsyncClient) -> None:
    response = await client.get(PATH + "?readOffset=5")
    assert response.status_code == 400
    assert "Range" in response.json()["error"]["message"]


async def test_a_file_that_breaks_off_is_not_taken_for_whole(client: httpx.AsyncClient) -> None:
    with pytest.raises(httpx.RemoteProtocolError):
        await client.get("/v1/animations/breaks/video")


async def test_a_client_that_leaves_cancels_the_download(client: httpx.AsyncClient, mesh: Running) -> None:
    mesh.router.seen.left.clear()
    async with client.stream("GET", "/v1/animations/endless/video") as response:
        async for _ in response.aiter_bytes():
            break
        assert not mesh.router.seen.left.is_set()
    await asyncio.wait_for(mesh.router.seen.left.wait(), 3)
