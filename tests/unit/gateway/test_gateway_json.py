"""JSON to messages and back, beside protobuf's own json_format."""

from __future__ import annotations

import contextlib
import json
import math
from typing import Any

import pytest
from google.protobuf import json_format
from google.protobuf.message import Message
from hypothesis import given, settings
from hypothesis import strategies as st

from services.chassis.errors import MeshError
from services.gateway.transcoding.json_decode import DEEPEST, MOST_VIOLATIONS, JsonDecoder, parse_json
from services.gateway.transcoding.json_encode import message_to_json
from tests.unit.gateway import everything

URL = "type.googleapis.com/animathic.testing.v1.Thing"


def decode(value: Any) -> Message:
    message = everything.thing_class()()
    JsonDecoder(everything.pool()).fill(message, value)
    return message


def oracle(value: Any) -> Message:
    message = everything.thing_class()()
    json_format.ParseDict(value, message, descriptor_pool=everything.pool())
    return message


def refused(value: Any) -> MeshError:
    with pytest.raises(MeshError) as raised:
        decode(value)
    return raised.value


ACCEPTED: list[dict[str, Any]] = [
    {},
    {"name": "a", "displayName": "b"},
    {"display_name": "snake"},
    {"@custom": "json_name"},
    {"custom": "proto name"},
    {"small": -5, "large": "9223372036854775807", "natural": 4294967295, "huge": "18446744073709551615"},
    {"small": 1.0, "large": 1e3, "natural": "7", "huge": 7, "signedLarge": -1, "fixedHuge": "5"},
    {"small": "1.0", "large": "1e2"},
    {"rough": 1.5, "fine": 1},
    {"fine": "NaN", "rough": "-Infinity"},
    {"fine": "1.25e3", "rough": "2"},
    {"flag": True, "data": "AQID", "color": "COLOR_RED"},
    {"flag": False, "data": "-_8", "color": 2},
    {"data": "+/8="},
    {"color": 77},
    {"color": 2.0},
    {"child": {"child": {"name": "deep"}}, "children": [{}, {"small": 1}]},
    {"texts": ["a", ""], "numbers": [1, "2"], "colors": ["COLOR_BLUE", 1]},
    {"labels": {"a": "b", "": ""}, "indexed": {"-1": {"name": "x"}}, "weights": {"true": 1.5, "false": 0}},
    {"when": "2026-01-31T12:00:00.25Z", "length": "-1.5s", "mask": "displayName,child.name"},
    {"when": "2026-01-31T12:00:00+01:00", "lengths": ["1s", "0.5s"]},
    {"maybeLarge": "5", "maybeText": "", "maybeFlag": False, "maybeFine": "Infinity"},
    {"fields": {"a": [1, "x", None, {"b": True}]}, "anything": None, "list": [[], {}]},
    {"anything": {"a": 1}},
    {"anything": [1]},
    {"anything": "x"},
    {"packed": {"@type": URL, "name": "packed", "child": {"small": 1}}},
    {"packed": {"@type": "type.googleapis.com/google.protobuf.Duration", "value": "1s"}},
    {"packed": {"@type": "type.googleapis.com/google.protobuf.Empty"}},
    {"packed": {}},
    {"nothing": {}},
    {"optionalSmall": 0, "choiceText": ""},
    {"choiceThing": {}},
    {"name": None, "children": None, "child": None, "maybeLarge": None, "when": None, "labels": None},
    {"choiceText": None, "choiceThing": {"name": "the other"}},
]


@pytest.mark.parametrize("value", ACCEPTED)
def test_what_protobuf_accepts_is_accepted_alike(value: dict[str, Any]) -> None:
    assert decode(value) == oracle(value) or "NaN" in str(value)


@pytest.mark.parametrize(
    ("value", "field", "advice"),
    [
        ({"nmae": "x"}, "nmae", "did you mean name?"),
        ({"child": {"children": [{}, {"smal": 1}]}}, "child.children[1].smal", "did you mean small?"),
        ({"x" * 300: 1}, "x" * 40 + "…", "is not a field of Thing; there are: name, displayName"),
        ({"name": 5}, "name", "expects text, not the number 5"),
        ({"name": True}, "name", "expects text, not true"),
        ({"name": "\ud800"}, "name", "surrogate"),
        ({"small": 2**31}, "small", "from -2147483648 to 2147483647"),
        ({"small": 1.5}, "small", "whole number"),
        ({"small": "x"}, "small", 'not the text "x"'),
        ({"small": " 1"}, "small", "whole number"),
        ({"small": True}, "small", "whole number, not true"),
        ({"natural": -1}, "natural", "from 0 to"),
        ({"large": 10**400}, "large", "from -9223372036854775808"),
        ({"large": "1" * 100}, "large", "whole number"),
        ({"fine": "much"}, "fine", "expects a number"),
        ({"fine": 10**400}, "fine", "double"),
        ({"fine": "1e999"}, "fine", "double"),
        ({"rough": 1e39}, "rough", "32-bit float"),
        ({"fine": False}, "fine", "expects a number, not false"),
        ({"flag": "true"}, "flag", "true or false"),
        ({"flag": 1}, "flag", "true or false"),
        ({"data": "***"}, "data", "base64"),
        ({"data": 1}, "data", "base64"),
        ({"color": "COLOR_READ"}, "color", "did you mean COLOR_RED?"),
        ({"color": 2**40}, "color", "32 bits"),
        ({"color": []}, "color", "the name of a value, not a list"),
        ({"child": "x"}, "child", "expects an object (Thing)"),
        ({"children": {}}, "children", "expects a list"),
        ({"children": [None]}, "children[0]", "cannot be null"),
        ({"texts": ["a", 1]}, "texts[1]", "expects text"),
        ({"labels": []}, "labels", "expects an object"),
        ({"labels": {"a": 1}}, 'labels["a"]', "expects text"),
        ({"labels": {"a": None}}, 'labels["a"]', "cannot be null"),
        ({"indexed": {"x": {}}}, 'indexed["x"]', "whole number"),
        ({"indexed": {"1": {"smal": 2}}}, 'indexed["1"].smal', "did you mean small?"),
        ({"weights": {"yes": 1}}, 'weights["yes"]', "true or false"),
        ({"when": "yesterday"}, "when", "2026-01-31T12:00:00Z"),
        ({"when": 5}, "when", "expects text"),
        ({"length": "5"}, "length", "1.5s"),
        ({"length": "9" * 30 + "s"}, "length", "1.5s"),
        ({"mask": "a b,,"}, "mask", "field names"),
        ({"maybeLarge": "x"}, "maybe_large", "whole number"),
        ({"maybeText": {"value": "x"}}, "maybe_text", "expects text, not an object"),
        ({"fields": []}, "fields", "expects an object"),
        ({"list": {}}, "list", "expects a list"),
        ({"nothing": {"a": 1}}, "nothing.a", "is not a field of Empty"),
        ({"packed": {"name": "x"}}, "packed.@type", "known message type"),
        ({"packed": {"@type": "x/no.such.Type"}}, "packed.@type", "known message type"),
        ({"packed": {"@type": URL, "smal": 1}}, "packed.smal", "did you mean small?"),
        ({"packed": {"@type": "x/google.protobuf.Duration", "seconds": 1}}, "packed", "@type and value"),
        ({"name": "a", "name ": "b"}, "name ", "did you mean name?"),
        (
            {"displayName": "a", "display_name": "b"},
            "display_name",
            "cannot be set together with displayName",
        ),
        ({"choiceText": "a", "choiceThing": {}}, "choice_thing", "cannot be set together with choiceText"),
    ],
)
def test_every_mistake_names_its_field(value: Any, field: str, advice: str) -> None:
    error = refused(value)
    assert error.reason == "FIELD_INVALID"
    assert [violation.field for violation in error.violations] == [field]
    assert advice in error.violations[0].description
    assert field in error.message
    assert len(error.message) < 400


def test_mistakes_are_collected_up_to_a_limit() -> None:
    error = refused({"name": 1, "small": "x", "children": [{"flag": 0}, {"nope": 0}]})
    assert [v.field for v in error.violations] == ["name", "small", "children[0].flag", "children[1].nope"]
    assert len(refused({f"f{index}": 1 for index in range(1000)}).violations) == MOST_VIOLATIONS


def nested(depth: int) -> dict[str, Any]:
    value: dict[str, Any] = {}
    for _ in range(depth):
        value = {"child": value}
    return value


def test_depth_is_bounded() -> None:
    assert decode(nested(DEEPEST - 1)).HasField("child")
    error = refused(nested(DEEPEST))
    assert error.violations[0].reason == "TOO_DEEP"
    lists: Any = []
    for _ in range(DEEPEST):
        lists = [lists]
    assert refused({"list": lists}).violations[0].reason == "TOO_DEEP"
    structs: Any = {}
    for _ in range(DEEPEST):
        structs = {"a": structs}
    assert refused({"anything": structs}).violations[0].reason == "TOO_DEEP"


@pytest.mark.parametrize(
    ("text", "advice"),
    [
        (b"", "line 1, column 1"),
        (b"{", "line 1, column 2"),
        (b'{\n  "a": }', "line 2, column 8"),
        (b"\xff\xfe{}", "byte 0"),
        (b'{"a": 1, "a": 2}', '"a" twice'),
        (b'{"b": {"a": 1, "c": 0, "a": 2}}', '"a" twice'),
        (b'{"a": Infinity}', "Infinity"),
        (b"1" * 5000, "digits"),
        (b"[" * 100_000, "deeply"),
        (b'{"a":' * 100_000, "deeply"),
        (b"{} {}", "column 4"),
        (b"{'a': 1}", "column 2"),
        (b"[" + b"{}," * 60_000 + b"{}]", "more than 50000 values"),
    ],
)
def test_texts_that_are_not_json(text: bytes, advice: str) -> None:
    with pytest.raises(MeshError) as raised:
        parse_json(text)
    assert raised.value.reason == "BODY_INVALID"
    assert advice in raised.value.message


def test_a_byte_order_mark_is_forgiven() -> None:
    assert parse_json(b"\xef\xbb\xbf{}") == {}


def test_encoding_is_protobufs_canonical_form() -> None:
    message = decode(
        {"large": 5, "color": "COLOR_RED", "texts": ["ü"], "fine": "NaN", "when": "2026-01-31T12:00:00Z"}
    )
    assert json.loads(message_to_json(message, everything.pool())) == {
        "large": "5",
        "color": "COLOR_RED",
        "texts": ["ü"],
        "fine": "NaN",
        "when": "2026-01-31T12:00:00Z",
    }
    for field, wanted in [
        ("texts", ["ü"]),
        ("numbers", []),
        ("labels", {}),
        ("child", {}),
        ("small", 0),
        ("name", ""),
    ]:
        assert json.loads(message_to_json(message, everything.pool(), response_body=field)) == wanted


def test_details_of_unknown_type_do_not_spoil_a_message() -> None:
    message: Any = decode({"name": "kept", "children": [{"small": 1}], "indexed": {"1": {"small": 2}}})
    for target in (message, message.children[0], message.indexed[1]):
        target.packed.type_url = "type.googleapis.com/unknown.Type"
    message.child.packed.type_url = URL
    message.child.packed.value = b"\xff"
    assert json.loads(message_to_json(message, everything.pool())) == {
        "name": "kept",
        "children": [{"small": 1}],
        "indexed": {"1": {"small": 2}},
        "child": {},
    }
    assert message.packed.type_url, "the message itself is left as it was"


# --- against protobuf's own parser ---

scalar = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**70), 2**70),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(max_size=8),
    st.sampled_from(
        ["1", "-1", "1.5", "1e3", "NaN", "COLOR_RED", "AQ==", "2026-01-31T12:00:00Z", "1.5s", "a,b", "true"]
    ),
)
names = st.sampled_from([field.json_name for field in everything.thing_class().DESCRIPTOR.fields])
value = st.recursive(
    scalar,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(
            st.one_of(names, st.text(max_size=4), st.just("@type"), st.just("value")), inner, max_size=4
        ),
    ),
    max_leaves=12,
)


@settings(max_examples=400, deadline=None)
@given(st.dictionaries(names, value, max_size=6))
def test_any_json_is_accepted_alike_or_refused_with_a_reason(given_value: dict[str, Any]) -> None:
    ours = everything.thing_class()()
    with contextlib.suppress(MeshError):
        JsonDecoder(everything.pool()).fill(ours, given_value)
        theirs = oracle(given_value)
        assert ours.SerializeToString(deterministic=True) == theirs.SerializeToString(deterministic=True)


integers = {
    "small": st.integers(-(2**31), 2**31 - 1),
    "large": st.integers(-(2**63), 2**63 - 1),
    "natural": st.integers(0, 2**32 - 1),
    "huge": st.integers(0, 2**64 - 1),
    "fine": st.floats(allow_nan=False),
    "rough": st.floats(width=32, allow_nan=False),
    "flag": st.booleans(),
    "data": st.binary(max_size=20),
    "name": st.text(st.characters(exclude_categories=["Cs"]), max_size=20),
    "color": st.integers(0, 2),
    "texts": st.lists(st.text(st.characters(exclude_categories=["Cs"]), max_size=5), max_size=4),
    "labels": st.dictionaries(
        st.text(st.characters(exclude_categories=["Cs"]), max_size=5), st.just("x"), max_size=4
    ),
}
things = st.fixed_dictionaries({}, optional=integers)


@given(things, things)
def test_what_is_printed_is_read_back(fields: dict[str, Any], child: dict[str, Any]) -> None:
    message = everything.thing_class()(**fields, child=child)
    printed = message_to_json(message, everything.pool())
    again = decode(parse_json(printed))
    assert again.SerializeToString(deterministic=True) == message.SerializeToString(deterministic=True)
    assert not any(isinstance(each, float) and math.isnan(each) for each in fields.values())
