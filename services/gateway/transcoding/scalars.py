"""Values of scalar fields from JSON values and from text, with what to write instead when they do not fit."""

from __future__ import annotations

import base64
import binascii
import difflib
import math
import re
import struct

from google.protobuf.descriptor import EnumDescriptor, FieldDescriptor

Scalar = int | float | bool | str | bytes

_INTEGER_BOUNDS: dict[int, tuple[int, int]] = {
    FieldDescriptor.CPPTYPE_INT32: (-(2**31), 2**31 - 1),
    FieldDescriptor.CPPTYPE_UINT32: (0, 2**32 - 1),
    FieldDescriptor.CPPTYPE_INT64: (-(2**63), 2**63 - 1),
    FieldDescriptor.CPPTYPE_UINT64: (0, 2**64 - 1),
}
_DECIMAL = re.compile(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?")
_FLOAT_WORDS = {"NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf}
_LONGEST_NUMBER = 64
_SHOWN = 40


class ScalarError(ValueError):
    """A value that does not fit its field; the message completes a sentence that begins with the field."""


def scalar_from_json(field: FieldDescriptor, value: object) -> Scalar:
    """Converts a parsed JSON value for a scalar field, after proto3's JSON mapping.

    Raises:
        ScalarError: The value has the wrong type or is out of range.
    """
    kind = field.cpp_type
    if kind in _INTEGER_BOUNDS:
        return _integer(kind, value)
    if kind in (FieldDescriptor.CPPTYPE_DOUBLE, FieldDescriptor.CPPTYPE_FLOAT):
        return _float(field, value)
    if kind == FieldDescriptor.CPPTYPE_BOOL:
        if isinstance(value, bool):
            return value
        raise ScalarError(f"expects true or false, not {describe(value)}")
    if kind == FieldDescriptor.CPPTYPE_ENUM:
        return _enum(field.enum_type, value)
    if field.type == FieldDescriptor.TYPE_BYTES:
        return _bytes(value)
    if not isinstance(value, str):
        raise ScalarError(f"expects text, not {describe(value)}")
    try:
        value.encode()
    except UnicodeEncodeError:
        raise ScalarError("holds half of a surrogate pair; send whole Unicode characters") from None
    return value


def scalar_from_text(field: FieldDescriptor, text: str) -> Scalar:
    """Converts text from a path, a query or the key of a JSON map.

    Raises:
        ScalarError: The text does not fit the type.
    """
    if field.cpp_type == FieldDescriptor.CPPTYPE_BOOL:
        if text in ("true", "false"):
            return text == "true"
        raise ScalarError(f"expects true or false, not {describe(text)}")
    if field.cpp_type == FieldDescriptor.CPPTYPE_ENUM and re.fullmatch(r"-?[0-9]{1,10}", text):
        return _enum(field.enum_type, int(text))
    return scalar_from_json(field, text)


def describe(value: object) -> str:
    """What a JSON value is, in a few words."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return f"the number {shorten(_number_text(value))}"
    if isinstance(value, str):
        return f'the text "{shorten(value)}"'
    return "a list" if isinstance(value, list) else "an object"


def shorten(text: str) -> str:
    """The text, cut where it is too long to be repeated in an error."""
    printable = "".join(character if character.isprintable() else "�" for character in text[: _SHOWN + 1])
    return printable if len(text) <= _SHOWN else printable[:_SHOWN] + "…"


def suggestion(name: str, known: list[str]) -> str:
    """`; did you mean X?` where a known name is close, else what there is."""
    close = difflib.get_close_matches(name, known, 1) if len(name) <= _LONGEST_NUMBER else []
    if close:
        return f"; did you mean {close[0]}?"
    listed = ", ".join(known[:20]) + (", …" if len(known) > 20 else "")
    return f"; there are: {listed}" if known else ""


def _number_text(value: int | float) -> str:
    # The decimal form of a huge integer is slow to make and refused by the interpreter.
    if isinstance(value, int) and value.bit_length() > 256:
        return "of many digits"
    return str(value)


def _integer(kind: int, value: object) -> int:
    low, high = _INTEGER_BOUNDS[kind]
    number: int | None = None
    if isinstance(value, bool):
        number = None
    elif isinstance(value, int):
        number = value
    elif isinstance(value, float):
        number = int(value) if value.is_integer() else None
    elif isinstance(value, str) and len(value) <= _LONGEST_NUMBER and _DECIMAL.fullmatch(value):
        if re.fullmatch(r"-?[0-9]+", value):
            number = int(value)
        else:
            decimal = float(value)
            number = int(decimal) if decimal.is_integer() else None
    if number is None:
        raise ScalarError(f"expects a whole number, not {describe(value)}")
    if not low <= number <= high:
        raise ScalarError(f"expects a whole number from {low} to {high}")
    return number


def _float(field: FieldDescriptor, value: object) -> float:
    number: float | None = None
    if isinstance(value, bool):
        number = None
    elif isinstance(value, int | float):
        try:
            number = float(value)
        except OverflowError:
            raise ScalarError("expects a number that a double can hold") from None
    elif isinstance(value, str):
        if value in _FLOAT_WORDS:
            return _FLOAT_WORDS[value]
        if len(value) <= _LONGEST_NUMBER and _DECIMAL.fullmatch(value):
            number = float(value)
    if number is None:
        raise ScalarError(f"expects a number, not {describe(value)}")
    if math.isinf(number):
        raise ScalarError("expects a number that a double can hold")
    if field.cpp_type == FieldDescriptor.CPPTYPE_FLOAT:
        try:
            struct.pack("<f", number)
        except OverflowError:
            raise ScalarError("expects a number that a 32-bit float can hold") from None
    return number


def _enum(enum: EnumDescriptor | None, value: object) -> int:
    if enum is None:
        raise TypeError("an enum field has an enum type")
    if isinstance(value, str):
        known = enum.values_by_name.get(value)
        if known is not None:
            return int(known.number)
        names = [name.name for name in enum.values]
        raise ScalarError(f'does not know "{shorten(value)}"{suggestion(value, names)}')
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, int) and not isinstance(value, bool):
        if -(2**31) <= value < 2**31:
            return value
        raise ScalarError("expects an enum number of 32 bits")
    raise ScalarError(f"expects the name of a value, not {describe(value)}")


def _bytes(value: object) -> bytes:
    if not isinstance(value, str):
        raise ScalarError(f"expects base64 text, not {describe(value)}")
    standard = value.replace("-", "+").replace("_", "/").rstrip("=")
    try:
        return base64.b64decode(standard + "=" * (-len(standard) % 4), validate=True)
    except (binascii.Error, ValueError):
        raise ScalarError("expects base64 text, standard or URL-safe") from None
