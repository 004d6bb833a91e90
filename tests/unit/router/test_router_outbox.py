"""A batch of events fits into one message."""

import pytest

from services.router.store.outbox import fitting

MIB = 1024 * 1024


@pytest.mark.parametrize(
    ("sizes", "chosen"),
    [
        ([], 0),
        ([9 * MIB], 1),
        ([9 * MIB, 1], 1),
        ([MIB, MIB, MIB, MIB, 1], 4),
        ([1] * 50, 50),
    ],
)
def test_as_many_as_fit_and_at_least_one(sizes: list[int], chosen: int) -> None:
    assert fitting(list(enumerate(sizes))) == list(range(chosen))
