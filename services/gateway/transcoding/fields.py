"""Field paths of request messages, and what one piece of text means for a field of each type."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, cast

from google.protobuf.descriptor import Descriptor, FieldDescriptor
from google.protobuf.message import Message

from services.gateway.transcoding.scalars import ScalarError, scalar_from_text

WRAPPERS = frozenset(
    f"google.protobuf.{name}Value"
    for name in ("Double", "Float", "Int64", "UInt64", "Int32", "UInt32", "Bool", "String", "Bytes")
)
# Messages whose JSON form is one string, which a path or query can therefore hold.
TEXT_MESSAGES = frozenset(
    {"google.protobuf.Timestamp", "google.protobuf.Duration", "google.protobuf.FieldMask"}
)
_MASK = re.compile(r"[A-Za-z0-9_.*]+(?:,[A-Za-z0-9_.*]+)*")
_TEXT_MESSAGE_EXPECTED = {
    "google.protobuf.Timestamp": "a time such as 2026-01-31T12:00:00Z",
    "google.protobuf.Duration": "seconds with an 's', such as 1.5s",
    "google.protobuf.FieldMask": "field names with commas, such as displayName,options.strict",
}


def descriptor_of(message: Message | type[Message]) -> Descriptor:
    """The descriptor of a message or its class, which the type checker knows under two names."""
    return cast(Descriptor, message.DESCRIPTOR)


@dataclass(frozen=True)
class FieldPath:
    """A field, possibly of a nested message, reached through singular message fields."""

    fields: tuple[FieldDescriptor, ...]

    @property
    def leaf(self) -> FieldDescriptor:
        """The field itself."""
        return self.fields[-1]

    @property
    def name(self) -> str:
        """Proto names joined with dots, for example `model_alias.name`."""
        return ".".join(field.name for field in self.fields)

    @property
    def is_singular_scalar(self) -> bool:
        """Whether the field is one number, bool, text, bytes or enum."""
        return not self.leaf.is_repeated and self.leaf.message_type is None

    @property
    def holds_text(self) -> bool:
        """Whether text can set the field: scalars and the well-known types that are one JSON string."""
        kind = self.leaf.message_type
        return kind is None or kind.full_name in WRAPPERS or kind.full_name in TEXT_MESSAGES

    def set_text(self, message: Message, texts: list[str]) -> None:
        """Sets the field from one text, or from several where it is repeated.

        Raises:
            ScalarError: A text does not fit the type, or there are several for a singular field.
        """
        parent = message
        for step in self.fields[:-1]:
            parent = getattr(parent, step.name)
            parent.SetInParent()
        if self.leaf.is_repeated:
            target = getattr(parent, self.leaf.name)
            del target[:]
            for text in texts:
                if self.leaf.message_type is None:
                    target.append(scalar_from_text(self.leaf, text))
                else:
                    _set_text_message(target.add(), text)
            return
        if len(texts) != 1:
            raise ScalarError(f"is given {len(texts)} times; give it once")
        if self.leaf.message_type is None:
            setattr(parent, self.leaf.name, scalar_from_text(self.leaf, texts[0]))
        else:
            submessage = getattr(parent, self.leaf.name)
            submessage.SetInParent()
            _set_text_message(submessage, texts[0])


def find_field(descriptor: Descriptor, name: str) -> FieldDescriptor | None:
    """The field with this proto or JSON name."""
    found = descriptor.fields_by_name.get(name)
    if found is None:
        found = next((field for field in descriptor.fields if field.json_name == name), None)
    return found


def resolve_field_path(descriptor: Descriptor, dotted: str) -> FieldPath | None:
    """Follows a dotted path of proto or JSON names; None where there is no such field."""
    fields: list[FieldDescriptor] = []
    current: Descriptor | None = descriptor
    for name in dotted.split("."):
        field = find_field(current, name) if current is not None else None
        if field is None:
            return None
        if fields and fields[-1].is_repeated:
            return None
        fields.append(field)
        current = field.message_type
    return FieldPath(tuple(fields))


def set_text_message(message: Message, text: str) -> None:
    """Sets a Timestamp, Duration or FieldMask from its JSON string.

    Raises:
        ScalarError: The text is not in the type's format.
    """
    _set_text_message(message, text)


def _set_text_message(message: Message, text: str) -> None:
    kind = message.DESCRIPTOR.full_name
    if kind in WRAPPERS:
        value = scalar_from_text(descriptor_of(message).fields_by_name["value"], text)
        setattr(message, "value", value)  # noqa: B010 - the class is only known at run time
        return
    special: Any = message
    try:
        if kind == "google.protobuf.FieldMask" and text and not _MASK.fullmatch(text):
            raise ValueError(text)
        if kind == "google.protobuf.FieldMask" and "_" in text:
            special.paths.extend(text.split(","))
        else:
            special.FromJsonString(text)
    except (ValueError, OverflowError):
        raise ScalarError(f"expects {_TEXT_MESSAGE_EXPECTED[kind]}") from None
