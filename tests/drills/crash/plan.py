"""What a seed does: which animations, and which process dies where."""

import random
from dataclasses import dataclass, replace

from tests.drills.crash.boundaries import ALL, FREEZABLE, Fault
from tests.drills.crash.history import KINDS

_KINDS = tuple(sorted(KINDS.keys() - {"poison"}))
#: Animations that make a boundary be passed at all.
_NEEDS = {
    "cancel": "cancelled",
    "delete": "deleted",
    "release": "deleted_late",
    "before_release": "deleted_late",
}


@dataclass(frozen=True)
class Plan:
    """What a seed does.

    Attributes:
        seed: Its number; the rest follows from it.
        kinds: The animations to ask for.
        faults: One for each process, in the order of their starts; later ones have none.
        max_crashes: After so many an animation is given up.
        without: The guard that is removed.
    """

    seed: int
    kinds: tuple[str, ...]
    faults: tuple[Fault, ...]
    max_crashes: int = 5
    without: str = ""

    @property
    def has_poison(self) -> bool:
        """Whether one of the animations kills every process that asks a model for it."""
        return "poison" in self.kinds


def plan_of(seed: int, database: str) -> Plan:
    """The plan of a random seed. The first fault goes round all boundaries, so that none is left out."""
    rng = random.Random(f"{seed} {database}")
    first = ALL[seed % len(ALL)]
    kinds = [rng.choice(_KINDS) for _ in range(rng.randint(4, 6))]
    if first in _NEEDS:
        kinds[0:2] = [_NEEDS[first]] * 2
    faults = [Fault(first, rng.randint(1, 2))]
    for _ in range(rng.randint(1, 3)):
        faults.append(Fault(rng.choice(ALL), rng.randint(1, 4)))  # noqa: PERF401  one line each reads better
    faults = [
        replace(fault, action="freeze") if fault.boundary in FREEZABLE and rng.random() < 0.3 else fault
        for fault in faults
    ]
    if seed % 10 == 7:
        kinds[-1] = "poison"
        return Plan(seed, tuple(kinds), tuple(faults[:1]), max_crashes=3)
    return Plan(seed, tuple(kinds), tuple(faults))
