"""Protobuf messages to JSON after proto3's mapping."""

from __future__ import annotations

import json
from typing import Any

from google.protobuf import json_format
from google.protobuf.descriptor_pool import DescriptorPool
from google.protobuf.message import DecodeError, Message
from google.rpc import error_details_pb2, status_pb2

# Importing error_details registers the details of a Status, so that they can be printed.
STATUS_DETAILS_FILE = error_details_pb2.DESCRIPTOR.name


def message_to_json(message: Message, pool: DescriptorPool, *, response_body: str = "") -> bytes:
    """Prints a message, or one field of it, as compact JSON.

    Names are lowerCamelCase, 64-bit integers are text, enums are names, fields at their default are left
    out (proto3's canonical form).

    Args:
        message: The message.
        pool: Where the types inside `google.protobuf.Any` are found.
        response_body: The field that is printed instead of the whole message.
    """
    try:
        printed: Any = json_format.MessageToDict(message, descriptor_pool=pool)
    except (TypeError, DecodeError):
        readable = type(message)()
        readable.CopyFrom(message)
        _drop_unreadable(readable, pool)
        printed = json_format.MessageToDict(readable, descriptor_pool=pool)
    if response_body:
        field = message.DESCRIPTOR.fields_by_name[response_body]
        printed = printed.get(field.json_name, _default_of(message, response_body))
    return to_bytes(printed)


def status_to_dict(status: status_pb2.Status) -> list[dict[str, Any]]:
    """The details of a Status as JSON objects; those of unknown type are left out."""
    details: list[dict[str, Any]] = []
    for detail in status.details:
        try:
            details.append(json_format.MessageToDict(detail))
        except (TypeError, ValueError, DecodeError):
            continue
    return details


def to_bytes(value: Any) -> bytes:
    """Compact JSON in UTF-8."""
    return json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode()


def _drop_unreadable(message: Any, pool: DescriptorPool) -> None:
    """Removes every `Any` of a type that the pool lacks, or with bytes that do not fit its type.

    A newer service may send a detail that this gateway does not know: the rest is still useful.
    """
    for field, value in message.ListFields():
        if field.message_type is None:
            continue
        if field.message_type.GetOptions().map_entry:
            if field.message_type.fields_by_name["value"].message_type is not None:
                for key in [key for key, item in value.items() if not _readable(item, pool)]:
                    del value[key]
        elif field.is_repeated:
            for index in reversed(range(len(value))):
                if not _readable(value[index], pool):
                    del value[index]
        elif not _readable(value, pool):
            message.ClearField(field.name)


def _readable(message: Any, pool: DescriptorPool) -> bool:
    if message.DESCRIPTOR.full_name != "google.protobuf.Any":
        _drop_unreadable(message, pool)
        return True
    try:
        json_format.MessageToDict(message, descriptor_pool=pool)
    except (TypeError, DecodeError):
        return False
    return True


def _default_of(message: Message, name: str) -> Any:
    field = message.DESCRIPTOR.fields_by_name[name]
    if field.message_type is not None and field.message_type.GetOptions().map_entry:
        return {}
    if field.is_repeated:
        return []
    if field.message_type is not None:
        return {}
    everything = json_format.MessageToDict(message, always_print_fields_with_no_presence=True)
    return everything.get(field.json_name)
