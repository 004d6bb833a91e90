"""What this adapter is called, whichever backend answers."""

from __future__ import annotations

from dataclasses import dataclass

from services.local_adapter.backends.protocol import Backend, Standing

MODEL_ID = "local-trained"
MODEL = f"models/{MODEL_ID}"


@dataclass(frozen=True, slots=True)
class Description:
    """What a caller may know of the model.

    Attributes:
        display_name: Name for people.
        standing: Whether it serves, and if not, why and what to do.
        backend: Where it runs; never a secret.
        slots: Calls at a time.
        remote: Whether prompts leave the machine.
        element_kinds: What it writes reliably; empty means all.
        action_kinds: What it writes reliably; empty means all.
    """

    display_name: str
    standing: Standing
    backend: str
    slots: int
    remote: bool
    element_kinds: tuple[str, ...]
    action_kinds: tuple[str, ...]


def describe(backend: Backend, *, display_name: str, slots: int) -> Description:
    """Describes the model as it stands now; asks nobody, so it always answers."""
    return Description(
        display_name=display_name,
        standing=backend.standing(),
        backend=backend.address,
        slots=slots,
        remote=backend.remote,
        element_kinds=backend.abilities.element_kinds,
        action_kinds=backend.abilities.action_kinds,
    )
