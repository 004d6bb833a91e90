from __future__ import annotations

import asyncio

import pytest

from services.chassis.errors import Code, MeshError
from services.local_adapter.slots import Slots


@pytest.mark.asyncio
async def test_places_then_queue_then_refusal() -> None:
    slots = Slots(2, 1)
    release = asyncio.Event()

    async def use() -> None:
        async with slots.place(5):
            await release.wait()

    tasks = [asyncio.create_task(use()) for _ in range(3)]
    await asyncio.sleep(0)
    assert (slots.busy, slots.waiting) == (2, 1)
    with pytest.raises(MeshError) as caught:
        async with slots.place(5):
            pytest.fail("there was no place")
    assert (caught.value.code, caught.value.reason) == (Code.RESOURCE_EXHAUSTED, "SLOTS_TAKEN")
    assert (caught.value.retry_after or 0) > 0
    release.set()
    await asyncio.gather(*tasks)
    assert (slots.busy, slots.waiting) == (0, 0)


@pytest.mark.asyncio
async def test_a_wait_ends_with_its_patience_and_leaves_the_queue() -> None:
    slots = Slots(1, 5)
    async with slots.place(1):
        with pytest.raises(MeshError, match="slots of this replica are taken"):
            async with slots.place(0.01):
                pytest.fail("there was no place")
        assert (slots.busy, slots.waiting) == (1, 0)
        waiting = asyncio.create_task(slots.place(5).__aenter__())
        await asyncio.sleep(0)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        assert slots.waiting == 0
    async with slots.place(0.1):
        assert slots.busy == 1


@pytest.mark.asyncio
async def test_a_failure_inside_gives_the_place_back() -> None:
    slots = Slots(1, 0)
    with pytest.raises(RuntimeError):
        async with slots.place(1):
            raise RuntimeError
    async with slots.place(0.1):
        assert slots.busy == 1
