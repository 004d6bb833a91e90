"""JSON to protobuf messages after proto3's JSON mapping, naming the field of every mistake."""

from __future__ import annotations

import json
from collections.abc import Iterable
from contextlib import suppress
from typing import Any, NoReturn

from google.protobuf.descriptor import Descriptor, FieldDescriptor
from google.protobuf.descriptor_pool import DescriptorPool
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass

from services.chassis.errors import Code, FieldViolation, MeshError
from services.gateway.transcoding.fields import TEXT_MESSAGES, WRAPPERS, descriptor_of, set_text_message
from services.gateway.transcoding.scalars import (
    ScalarError,
    describe,
    scalar_from_json,
    scalar_from_text,
    shorten,
    suggestion,
)

MOST_VIOLATIONS = 10
DEEPEST = 64
MOST_VALUES = 50_000
# Types whose JSON form is not an object of their fields: inside `Any` it travels as `value`.
_SPECIAL = (
    WRAPPERS | TEXT_MESSAGES | {f"google.protobuf.{name}" for name in ("Any", "Struct", "Value", "ListValue")}
)


class _EnoughError(Exception):
    """Enough violations were found."""


class _DuplicateKeyError(ValueError):
    """A JSON object holds a key twice."""


def parse_json(text: bytes) -> Any:
    """Parses a JSON text strictly: UTF-8, no duplicate keys, no NaN.

    Raises:
        MeshError: INVALID_ARGUMENT `BODY_INVALID`, with the place of the mistake where there is one.
    """
    if text.count(b",") > MOST_VALUES:
        # A megabyte of `{},{},…` would become hundreds of thousands of messages, here and at the service.
        _refuse(f"The body holds more than {MOST_VALUES} values. Send less, or split it.")
    try:
        return json.loads(
            text.decode("utf-8-sig"), object_pairs_hook=_unique, parse_constant=_refuse_constant
        )
    except UnicodeDecodeError as error:
        _refuse(f"The body is not UTF-8: byte {error.start} does not fit. Send JSON in UTF-8.")
    except json.JSONDecodeError as error:
        _refuse(f"The body is not JSON: {error.msg} at line {error.lineno}, column {error.colno}.")
    except _DuplicateKeyError as error:
        _refuse(f"The body holds the key {error} twice in one object. Keep one of them.")
    except RecursionError:
        _refuse(f"The body is nested too deeply. Nest at most {DEEPEST} messages.")
    except ValueError:
        _refuse("The body is not JSON: a number has too many digits.")


def violations_error(violations: Iterable[FieldViolation]) -> MeshError:
    """INVALID_ARGUMENT `FIELD_INVALID` with all violations; the first is in the sentence."""
    found = list(violations)
    end = f" (and {len(found) - 1} more)." if len(found) > 1 else "."
    sentence = f"{found[0].field}: {found[0].description}"
    return MeshError(
        Code.INVALID_ARGUMENT,
        "FIELD_INVALID",
        sentence if sentence.endswith("?") and len(found) == 1 else sentence + end,
        violations=found,
    )


class JsonDecoder:
    """Fills messages from parsed JSON. Keeps what it has looked up of each message type."""

    def __init__(self, pool: DescriptorPool) -> None:
        """Takes the pool in which types named by `google.protobuf.Any` are looked up."""
        self._pool = pool
        self._names: dict[str, dict[str, FieldDescriptor]] = {}

    def fill(self, message: Message, value: Any, *, path: str = "") -> None:
        """Fills an empty message.

        Args:
            message: The message to fill.
            value: Parsed JSON.
            path: Field path of `message` in the request; empty for the request itself.

        Raises:
            MeshError: INVALID_ARGUMENT `FIELD_INVALID` with at most `MOST_VIOLATIONS` violations.
        """
        work = _Filling(self, [])
        with suppress(_EnoughError):
            work.message(message, value, path, DEEPEST)
        if work.violations:
            raise violations_error(work.violations)

    def fill_field(self, message: Message, field: FieldDescriptor, value: Any) -> None:
        """Fills one field of a message, for a body that is a field of the request.

        Raises:
            MeshError: As for `fill`.
        """
        work = _Filling(self, [])
        with suppress(_EnoughError):
            work.field(message, field, value, field.name, DEEPEST)
        if work.violations:
            raise violations_error(work.violations)

    def names(self, descriptor: Descriptor) -> dict[str, FieldDescriptor]:
        """Fields of a message type by proto and JSON name."""
        known = self._names.get(descriptor.full_name)
        if known is None:
            known = {field.name: field for field in descriptor.fields}
            known.update((field.json_name, field) for field in descriptor.fields)
            self._names[descriptor.full_name] = known
        return known

    def message_class(self, type_name: str) -> type[Message] | None:
        """The class of a message type in the pool."""
        try:
            return GetMessageClass(self._pool.FindMessageTypeByName(type_name))
        except KeyError:
            return None


class _Filling:
    """One run of a decoder, with the violations found so far."""

    def __init__(self, decoder: JsonDecoder, violations: list[FieldViolation]) -> None:
        self._decoder = decoder
        self.violations = violations

    def message(self, message: Message, value: Any, path: str, depth: int) -> None:
        if depth <= 0:
            self._violate(path, f"is nested too deeply; nest at most {DEEPEST} messages", "TOO_DEEP")
            return
        kind = message.DESCRIPTOR.full_name
        if kind.startswith("google.protobuf."):
            if kind in WRAPPERS:
                self._scalar(message, descriptor_of(message).fields_by_name["value"], value, path)
                return
            if kind in TEXT_MESSAGES:
                self._text_message(message, value, path)
                return
            special = getattr(self, "_fill_" + kind.removeprefix("google.protobuf.").lower(), None)
            if special is not None:
                special(message, value, path, depth)
                return
        self._object(message, value, path, depth)

    def field(self, message: Message, field: FieldDescriptor, value: Any, path: str, depth: int) -> None:
        """Sets one field. `null` leaves it unset, except where null is a value."""
        kind = field.message_type
        if value is None and not (kind is not None and kind.full_name == "google.protobuf.Value"):
            return
        if kind is not None and kind.GetOptions().map_entry:
            self._map(getattr(message, field.name), field, value, path, depth)
        elif field.is_repeated:
            self._list(getattr(message, field.name), field, value, path, depth)
        elif kind is not None:
            submessage = getattr(message, field.name)
            submessage.SetInParent()
            self.message(submessage, value, path, depth - 1)
        else:
            self._scalar(message, field, value, path)

    def _object(self, message: Message, value: Any, path: str, depth: int) -> None:
        descriptor = descriptor_of(message)
        if not isinstance(value, dict):
            wanted = f"expects an object ({descriptor.name}), not {describe(value)}"
            self._violate(path, wanted, "TYPE_MISMATCH")
            return
        names = self._decoder.names(descriptor)
        seen: dict[str, str] = {}
        for key, item in value.items():
            field = names.get(key)
            if field is None:
                known = [known.json_name for known in descriptor.fields]
                advice = suggestion(key, known)
                self._violate(
                    _join(path, shorten(key)), f"is not a field of {descriptor.name}{advice}", "UNKNOWN_FIELD"
                )
                continue
            below = _join(path, field.name)
            if item is not None:
                oneof = field.containing_oneof
                slot = oneof.name if oneof is not None else field.name
                other = seen.setdefault(slot, key)
                if other != key:
                    self._violate(below, f"cannot be set together with {other}; keep one of them", "CONFLICT")
                    continue
            self.field(message, field, item, below, depth)

    def _scalar(self, message: Message, field: FieldDescriptor, value: Any, path: str) -> None:
        try:
            setattr(message, field.name, scalar_from_json(field, value))
        except ScalarError as error:
            self._violate(path, str(error), "TYPE_MISMATCH")

    def _list(self, target: Any, field: FieldDescriptor, value: Any, path: str, depth: int) -> None:
        if not isinstance(value, list):
            self._violate(path, f"expects a list, not {describe(value)}", "TYPE_MISMATCH")
            return
        is_value = field.message_type is not None and field.message_type.full_name == "google.protobuf.Value"
        for index, item in enumerate(value):
            below = f"{path}[{index}]"
            if item is None and not is_value:
                self._violate(below, "cannot be null; leave the element out", "TYPE_MISMATCH")
            elif field.message_type is not None:
                self.message(target.add(), item, below, depth - 1)
            else:
                try:
                    target.append(scalar_from_json(field, item))
                except ScalarError as error:
                    self._violate(below, str(error), "TYPE_MISMATCH")

    def _map(self, target: Any, field: FieldDescriptor, value: Any, path: str, depth: int) -> None:
        if not isinstance(value, dict):
            self._violate(path, f"expects an object, not {describe(value)}", "TYPE_MISMATCH")
            return
        entry = field.message_type
        if entry is None:
            raise TypeError("a map field has entries")
        key_field, value_field = entry.fields_by_name["key"], entry.fields_by_name["value"]
        for text, item in value.items():
            below = f'{path}["{shorten(text)}"]'
            try:
                key = scalar_from_text(key_field, text)
                if item is None and value_field.message_type is None:
                    raise ScalarError("cannot be null; leave the entry out")
                if value_field.message_type is None:
                    target[key] = scalar_from_json(value_field, item)
                else:
                    self.message(target[key], item, below, depth - 1)
            except ScalarError as error:
                self._violate(below, str(error), "TYPE_MISMATCH")

    def _text_message(self, message: Message, value: Any, path: str) -> None:
        try:
            if not isinstance(value, str):
                raise ScalarError(f"expects text, not {describe(value)}")
            set_text_message(message, value)
        except ScalarError as error:
            self._violate(path, str(error), "TYPE_MISMATCH")

    def _fill_struct(self, message: Any, value: Any, path: str, depth: int) -> None:
        if not isinstance(value, dict):
            self._violate(path, f"expects an object, not {describe(value)}", "TYPE_MISMATCH")
            return
        for key, item in value.items():
            self.message(message.fields[key], item, _join(path, shorten(key)), depth - 1)

    def _fill_listvalue(self, message: Any, value: Any, path: str, depth: int) -> None:
        if not isinstance(value, list):
            self._violate(path, f"expects a list, not {describe(value)}", "TYPE_MISMATCH")
            return
        for index, item in enumerate(value):
            self.message(message.values.add(), item, f"{path}[{index}]", depth - 1)

    def _fill_value(self, message: Any, value: Any, path: str, depth: int) -> None:
        if value is None:
            message.null_value = 0
        elif isinstance(value, bool):
            message.bool_value = value
        elif isinstance(value, dict):
            message.struct_value.SetInParent()
            self.message(message.struct_value, value, path, depth)
        elif isinstance(value, list):
            message.list_value.SetInParent()
            self.message(message.list_value, value, path, depth)
        else:
            name = "string_value" if isinstance(value, str) else "number_value"
            self._scalar(message, message.DESCRIPTOR.fields_by_name[name], value, path)

    def _fill_empty(self, message: Message, value: Any, path: str, depth: int) -> None:
        self._object(message, value, path, depth)

    def _fill_any(self, message: Any, value: Any, path: str, depth: int) -> None:
        if not isinstance(value, dict):
            self._violate(path, f"expects an object with @type, not {describe(value)}", "TYPE_MISMATCH")
            return
        if not value:
            return
        url = value.get("@type")
        name = url.rpartition("/")[2] if isinstance(url, str) else ""
        packed_class = self._decoder.message_class(name)
        if packed_class is None:
            self._violate(_join(path, "@type"), "expects the URL of a known message type", "TYPE_MISMATCH")
            return
        packed = packed_class()
        rest = {key: item for key, item in value.items() if key != "@type"}
        if name in _SPECIAL:
            if set(rest) != {"value"}:
                self._violate(path, "expects the keys @type and value", "TYPE_MISMATCH")
                return
            rest = rest["value"]
        self.message(packed, rest, path, depth - 1)
        message.type_url = url
        message.value = packed.SerializeToString()

    def _violate(self, path: str, description: str, reason: str) -> None:
        self.violations.append(FieldViolation(path or "(body)", description, reason))
        if len(self.violations) >= MOST_VIOLATIONS:
            raise _EnoughError


def _join(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        seen: set[str] = set()
        for key, _ in pairs:
            if key in seen:
                raise _DuplicateKeyError(f'"{shorten(key)}"')
            seen.add(key)
    return found


def _refuse_constant(name: str) -> NoReturn:
    raise json.JSONDecodeError(f'{name} is not JSON; write it as the text "{name}"', "", 0)


def _refuse(message: str) -> NoReturn:
    raise MeshError(Code.INVALID_ARGUMENT, "BODY_INVALID", message)
