"""The artifact store client on a local directory and on a real S3 server."""

import asyncio
import hashlib
from datetime import UTC, datetime
from pathlib import Path

import obstore
import pytest
from obstore.store import S3Store

from services.chassis.artifacts import ArtifactStore
from services.chassis.errors import Code, MeshError
from tests.support.ports import free_port
from tests.support.seaweedfs import SeaweedServer

pytestmark = pytest.mark.asyncio
CONTENT = bytes(range(256)) * 3000


@pytest.fixture
def store(artifact_store_url: tuple[str, dict[str, str]]) -> ArtifactStore:
    url, options = artifact_store_url
    return ArtifactStore(url, options=options)


async def read(store: ArtifactStore, key: str, offset: int = 0, limit: int = 0) -> bytes:
    return b"".join([chunk async for chunk in store.read(key, offset, limit)])


@pytest.mark.parametrize("form", ["bytes", "file"])
async def test_what_is_put_is_read(store: ArtifactStore, tmp_path: Path, form: str) -> None:
    content: Path | bytes = CONTENT
    if form == "file":
        content = tmp_path / "video.mp4"
        content.write_bytes(CONTENT)
    result = await store.put("videos/ab/cd.mp4", content, "video/mp4")
    assert (result.created, result.size) == (True, len(CONTENT))
    assert result.sha256 == hashlib.sha256(CONTENT).hexdigest()
    assert await read(store, "videos/ab/cd.mp4") == CONTENT
    stored = await store.head("videos/ab/cd.mp4")
    assert (stored.key, stored.size) == ("videos/ab/cd.mp4", len(CONTENT))
    assert abs((datetime.now(UTC) - stored.modified).total_seconds()) < 60


async def test_what_is_there_is_never_replaced(store: ArtifactStore) -> None:
    await store.put("a/b", b"first")
    again = await store.put("a/b", b"second, longer")
    assert (again.created, again.size) == (False, 14)
    assert await read(store, "a/b") == b"first"


async def test_of_many_writers_exactly_one_creates(store: ArtifactStore) -> None:
    contents = [f"writer {n}".encode() * 1000 for n in range(8)]
    results = await asyncio.gather(*(store.put("race/it", content) for content in contents))
    winners = [content for content, result in zip(contents, results, strict=True) if result.created]
    assert len(winners) == 1
    assert await read(store, "race/it") == winners[0]


async def test_ranges(store: ArtifactStore) -> None:
    await store.put("r", CONTENT)
    size = len(CONTENT)
    for offset, limit in (
        (0, 1),
        (5, 10),
        (size - 3, 0),
        (size - 3, 100),
        (0, size),
        (size, 0),
        (255, 300_000),
    ):
        end = size if limit == 0 else offset + limit
        assert await read(store, "r", offset, limit) == CONTENT[offset:end], (offset, limit)
    chunks = [len(chunk) async for chunk in store.read("r", chunk_bytes=100_000)]
    assert max(chunks) <= 100_000
    assert sum(chunks) == size
    for offset, limit in ((size + 1, 0), (-1, 0), (0, -1)):
        with pytest.raises(MeshError) as refused:
            await read(store, "r", offset, limit)
        assert (refused.value.code, refused.value.reason) == (Code.OUT_OF_RANGE, "RANGE_INVALID")
        assert refused.value.metadata == {"size": str(size)}


async def test_an_empty_artifact_is_a_marker(store: ArtifactStore) -> None:
    assert (await store.put("holders/x/animations=1", b"")).created
    assert (await store.head("holders/x/animations=1")).size == 0
    assert await read(store, "holders/x/animations=1") == b""


async def test_what_is_not_there(store: ArtifactStore) -> None:
    for use in (store.head("no/such"), read(store, "no/such")):
        with pytest.raises(MeshError) as missing:
            await use
        assert (missing.value.code, missing.value.reason) == (Code.NOT_FOUND, "ARTIFACT_NOT_FOUND")
    await store.delete("no/such")


async def test_listing_and_deleting(store: ArtifactStore) -> None:
    for key in ("v/a", "v/b/c", "v2/d", "w"):
        await store.put(key, b"x")

    async def keys(prefix: str = "") -> set[str]:
        return {each.key async for each in store.list(prefix)}

    assert await keys() == {"v/a", "v/b/c", "v2/d", "w"}
    assert await keys("v") == await keys("v/") == {"v/a", "v/b/c"}
    assert await keys("none") == set()
    await store.delete("v/a")
    assert await keys("v") == {"v/b/c"}
    # A free key can be used again.
    assert (await store.put("v/a", b"y")).created


@pytest.mark.parametrize(
    "key",
    ["", "/a", "a/", "a//b", "../a", "a/../b", "a/./b", ".hidden", "a b", "a\x00", "ä", "a" * 300, "a\n"],
)
async def test_keys_that_are_none(tmp_path: Path, key: str) -> None:
    store = ArtifactStore(f"file://{tmp_path}/store")
    for use in (store.put(key, b""), store.head(key), store.delete(key), read(store, key)):
        with pytest.raises(ValueError, match="not an artifact key"):
            await use
    # Everything can be listed, and a folder may be written with a slash at its end.
    if key not in ("", "a/"):
        with pytest.raises(ValueError, match="not an artifact key"):
            assert [each async for each in store.list(key)]


async def test_the_content_type_is_kept_where_the_store_can(s3: SeaweedServer) -> None:
    store = ArtifactStore(s3.url("types"), options=s3.options)
    await store.put("given", b"x", "video/mp4")
    await store.put("guessed.png", b"x")
    kept = {}
    for key in ("given", "guessed.png"):
        # Through another client: ours has no use for it, browsers that are sent to the bucket do.
        other = S3Store.from_url(s3.url("types"), config=s3.options, client_options={"allow_http": True})  # type: ignore[arg-type]
        kept[key] = (await obstore.get_async(other, key)).attributes["Content-Type"]
    assert kept == {"given": "video/mp4", "guessed.png": "image/png"}


async def test_a_store_that_cannot_be_reached(tmp_path: Path) -> None:
    options = {
        "endpoint": f"http://127.0.0.1:{free_port()}",
        "access_key_id": "x",
        "secret_access_key": "y",
        "region": "us-east-1",
    }
    store = ArtifactStore("s3://bucket/prefix", options=options)
    async with asyncio.timeout(15):
        with pytest.raises(MeshError) as gone:
            await store.head("a")
    assert (gone.value.code, gone.value.reason) == (Code.UNAVAILABLE, "STORE_UNAVAILABLE")
    assert gone.value.retry_after == 2.0


async def test_a_file_that_is_not_there_is_the_callers_error(store: ArtifactStore, tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        await store.put("a", tmp_path / "missing")


async def test_a_relative_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    store = ArtifactStore("file://var/artifacts")
    await store.put("a/b", b"x")
    assert (tmp_path / "var/artifacts/a/b").read_bytes() == b"x"


@pytest.mark.parametrize("url", ["", "var/artifacts", "file://", "s3://", "ftp://x/y", "http://x/y"])
async def test_other_stores_are_refused(url: str) -> None:
    with pytest.raises(ValueError, match="ARTIFACT_STORE_URL"):
        ArtifactStore(url)
