"""The value of a field, wherever in a message it is."""

from __future__ import annotations

from typing import Any

from animathic.scene.registry import Field

__all__ = ["present_value"]


def present_value(holder: Any, field: Field) -> Any | None:
    """A field's value, or None if it is absent.

    A zero or an empty string of a field without presence counts as absent, and so does an empty list.

    Args:
        holder: The message that the field's path starts from.
        field: The field.
    """
    message = holder
    for name in field.path[:-1]:
        if not message.HasField(name):
            return None
        message = getattr(message, name)
    name = field.path[-1]
    value = getattr(message, name)
    if field.descriptor.is_repeated:
        return value if len(value) else None
    if field.descriptor.has_presence:
        return value if message.HasField(name) else None
    return value if value or value != value else None
