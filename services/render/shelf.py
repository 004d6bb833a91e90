"""The stored results: found by job key, kept as long as somebody holds them, swept afterwards.

Render has no database. Who holds what is said by marker objects:

    holders/<ab>/<unit>/h.<holder>      somebody holds the files of this unit
    by-holder/h.<holder>/<unit>         the same, to be found from the other side
    idle/<unit>                         a sweep found nobody; from its time the grace period counts
    doomed/<unit>                       a sweep is about to delete the unit

A unit is the hexadecimal part of a key: a video, its picture and its result share one. Holding and sweeping
cannot miss each other: a holder writes its marker and then looks for `doomed`; a sweep writes `doomed` and
then looks for holders. Whatever the order, one of them sees the other, and both back off.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from services.chassis.artifacts import ArtifactStore, PutResult
from services.chassis.errors import Code, MeshError
from services.chassis.metrics import Metrics
from services.render.results import File, Result, content_type, file_key

__all__ = ["Shelf"]

_DOOMED_SECONDS = 120.0
_DOOMED_POLL_SECONDS = 0.2
_MARK = b"1"


class Shelf:
    """Results in an artifact store.

    Args:
        store: The store.
        metrics: Where sizes and sweeps are counted.
        grace_seconds: How long a unit that nobody holds is kept.
    """

    def __init__(self, store: ArtifactStore, metrics: Metrics, *, grace_seconds: float) -> None:
        self._store = store
        self._metrics = metrics
        self._grace = timedelta(seconds=grace_seconds)

    # --- finding and storing ---

    async def find(self, unit: str) -> Result | None:
        """The result of a job, if it is there with both its files."""
        text = await self._text(file_key("results", unit))
        if text is None:
            return None
        result = Result.from_json(text)
        files = [await self._exists(file.key) for file in (result.video, result.preview)]
        return result if all(files) else None

    async def keep_file(self, kind: str, unit: str, path: Path) -> File:
        """Stores a file, or finds the one that is stored under its key already."""
        key = file_key(kind, unit)
        put = await self._store.put(key, path, content_type(key))
        self._metrics.artifact_bytes.labels(kind.removesuffix("s")).observe(put.size)
        return await self._described(key, put)

    async def keep_result(self, unit: str, result: Result) -> Result:
        """Stores a result once its files are stored; answers the one that counts."""
        put = await self._store.put(file_key("results", unit), result.to_json(), "application/json")
        if put.created:
            return result
        return await self.find(unit) or result

    async def describe(self, key: str) -> File:
        """Key, digest and size of a stored file.

        Raises:
            MeshError: NOT_FOUND `ARTIFACT_NOT_FOUND`.
        """
        stored = await self._store.head(key)
        result = await self.find(_unit(key))
        known = [] if result is None else [result.video, result.preview]
        for file in known:
            if file.key == key and file.size == stored.size:
                return file
        return await self._measured(key)

    def read(self, key: str, offset: int, limit: int) -> AsyncIterator[bytes]:
        """The bytes of a file, in chunks."""
        return self._store.read(key, offset, limit)

    async def _described(self, key: str, put: PutResult) -> File:
        return File(key, put.sha256, put.size) if put.created else await self._measured(key)

    async def _measured(self, key: str) -> File:
        digest, size = hashlib.sha256(), 0
        async for chunk in self._store.read(key):
            digest.update(chunk)
            size += len(chunk)
        return File(key, digest.hexdigest(), size)

    # --- holding ---

    async def hold_unit(self, unit: str, holder: str) -> bool:
        """Holds a unit, whether its files exist or are about to; True if the holder is new.

        A unit that is being swept is waited for.
        """
        created = False
        while True:
            created |= await self._mark(unit, holder)
            doomed = await self._modified(f"doomed/{unit}")
            if doomed is None:
                await self._store.delete(f"idle/{unit}")
                return created
            if _now() - doomed > timedelta(seconds=_DOOMED_SECONDS):
                # The sweep that wrote it is dead. What it left are whole files, and a result only with all of
                # them: nothing is deleted that another holder may count on.
                await self._store.delete(f"doomed/{unit}")
                continue
            await asyncio.sleep(_DOOMED_POLL_SECONDS)

    async def hold(self, key: str, holder: str) -> None:
        """Holds what is stored under a key.

        Raises:
            MeshError: NOT_FOUND `ARTIFACT_NOT_FOUND`.
        """
        unit = _unit(key)
        created = await self.hold_unit(unit, holder)
        if not await self._exists(key):
            if created:
                await self.let_go_of(unit, holder)
            raise MeshError(
                Code.NOT_FOUND,
                "ARTIFACT_NOT_FOUND",
                "There is no such artifact (any more).",
                metadata={"key": key},
            )

    async def let_go(self, holder: str) -> None:
        """Removes a holder from all that it holds."""
        async for mark in self._store.list(f"by-holder/{_name(holder)}"):
            await self.let_go_of(mark.key.rpartition("/")[2], holder)

    async def let_go_of(self, unit: str, holder: str) -> None:
        """Removes a holder from one unit."""
        await self._store.delete(f"holders/{unit[:2]}/{unit}/{_name(holder)}")
        await self._store.delete(f"by-holder/{_name(holder)}/{unit}")

    async def _mark(self, unit: str, holder: str) -> bool:
        # The index first: a holder that cannot be found from its side could never be released.
        await self._store.put(f"by-holder/{_name(holder)}/{unit}", _MARK)
        put = await self._store.put(f"holders/{unit[:2]}/{unit}/{_name(holder)}", _MARK)
        return put.created

    # --- sweeping ---

    async def sweep(self) -> int:
        """Deletes what nobody has held for the grace period; answers how many units."""
        held = {mark.key.split("/")[2] async for mark in self._store.list("holders")}
        idle = {mark.key.rpartition("/")[2]: mark.modified async for mark in self._store.list("idle")}
        units = {
            _unit(file.key) for folder in ("videos", "previews") async for file in self._store.list(folder)
        }
        for unit in idle.keys() & (held | (idle.keys() - units)):
            await self._store.delete(f"idle/{unit}")
        swept = 0
        for unit in units - held:
            if unit not in idle:
                await self._store.put(f"idle/{unit}", _MARK)
                # Without a grace period there is no second look to wait for.
                if self._grace > timedelta(0):
                    continue
            elif _now() - idle[unit] < self._grace:
                continue
            swept += await self._sweep_unit(unit)
        return swept

    async def _sweep_unit(self, unit: str) -> bool:
        mine = await self._store.put(f"doomed/{unit}", _MARK)
        if not mine.created:
            doomed = await self._modified(f"doomed/{unit}")
            if doomed is not None and _now() - doomed <= timedelta(seconds=_DOOMED_SECONDS):
                # Another sweep is at it.
                return False
            # Its sweep died. The marker is written anew, so that holders wait for this one.
            await self._store.delete(f"doomed/{unit}")
            if not (await self._store.put(f"doomed/{unit}", _MARK)).created:
                return False
        if await self._is_held(unit):
            await self._store.delete(f"doomed/{unit}")
            return False
        await self._delete_unit(unit)
        return True

    async def _delete_unit(self, unit: str) -> None:
        """Deletes a doomed unit; the result first, so that nothing is found half."""
        for kind in ("results", "videos", "previews"):
            key = file_key(kind, unit)
            if kind != "results" and await self._exists(key):
                self._metrics.artifacts_swept.labels(kind.removesuffix("s")).inc()
            await self._store.delete(key)
        await self._store.delete(f"idle/{unit}")
        await self._store.delete(f"doomed/{unit}")

    async def _is_held(self, unit: str) -> bool:
        async for _ in self._store.list(f"holders/{unit[:2]}/{unit}"):
            return True
        return False

    # --- the store ---

    async def _exists(self, key: str) -> bool:
        return await self._modified(key) is not None

    async def _modified(self, key: str) -> datetime | None:
        try:
            return (await self._store.head(key)).modified
        except MeshError as error:
            if error.code is Code.NOT_FOUND:
                return None
            raise

    async def _text(self, key: str) -> bytes | None:
        try:
            return b"".join([chunk async for chunk in self._store.read(key)])
        except MeshError as error:
            if error.code is Code.NOT_FOUND:
                return None
            raise


def _unit(key: str) -> str:
    return key.rpartition("/")[2].partition(".")[0]


def _name(holder: str) -> str:
    """A holder as a key's segment; a segment begins with a letter or digit."""
    return "h." + holder.rpartition("/")[2]


def _now() -> datetime:
    return datetime.now(UTC)
