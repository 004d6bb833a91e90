"""Requests are checked against the protovalidate rules of their fields before a servicer sees them."""

import re
from typing import Any

import protovalidate
from google.protobuf.message import Message

from services.chassis.calls import Layer, ServerCall
from services.chassis.errors import Code, FieldViolation, MeshError


def check_message(validator: protovalidate.Validator, message: Message) -> None:
    """Checks one message.

    Raises:
        MeshError: INVALID_ARGUMENT `FIELD_INVALID`, with one violation per broken rule.
    """
    found = validator.collect_violations(message)
    if not found:
        return
    violations = [_violation(each.proto) for each in found]
    first = violations[0]
    more = f" (and {len(violations) - 1} more)" if len(violations) > 1 else ""
    where = f"'{first.field}'" if first.field else "The request"
    raise MeshError(
        Code.INVALID_ARGUMENT,
        "FIELD_INVALID",
        f"{where} is not valid: {first.description}{more}.",
        violations=violations,
    )


class ValidationLayer(Layer):
    """Checks every message that arrives; bytes that a handler forwards are left to the callee."""

    def __init__(self) -> None:
        self._validator = protovalidate.Validator()

    def check(self, call: ServerCall, message: Any) -> None:  # noqa: ARG002
        """Checks a request message.

        Raises:
            MeshError: INVALID_ARGUMENT, with the violations.
        """
        if isinstance(message, Message):
            check_message(self._validator, message)

    def prepare(self, message: Message) -> None:
        """Compiles the rules of the type of `message`, so that the first call need not wait for it."""
        self._validator.collect_violations(message)


def _violation(proto: Any) -> FieldViolation:
    description = proto.message or f"breaks the rule {proto.rule_id}"
    return FieldViolation(field_path(proto.field), description, _constant(proto.rule_id or "invalid"))


def _constant(rule_id: str) -> str:
    return re.sub(r"[^A-Z0-9]+", "_", rule_id.upper()).strip("_")


def field_path(path: Any) -> str:
    """A `buf.validate.FieldPath` in text, such as `scene.items[2].labels["x"]`; empty for the message."""
    if path is None:
        return ""
    return ".".join(f"{element.field_name}{_subscript(element)}" for element in path.elements)


def _subscript(element: Any) -> str:
    subscript = element.subscript
    if subscript is None:
        return ""
    if subscript.field == "index":
        return f"[{subscript.value}]"
    if subscript.field == "string_key":
        return f'["{subscript.value}"]'
    return f"[{str(subscript.value).lower()}]"
