"""Query parameters to fields."""

from __future__ import annotations

import contextlib
from typing import Any
from urllib.parse import quote, urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.chassis.errors import MeshError
from services.gateway.transcoding.query import apply_query, query_fields
from tests.unit.gateway import everything

SEARCH = "/v1/things:search"


def applied(query: str, source: str = SEARCH, http_method: str = "") -> Any:
    route = everything.route(source, http_method)
    message = route.method.request_class()
    apply_query(route, message, query.encode("latin-1"))
    return message


def test_every_kind_of_field() -> None:
    thing = applied(
        "name=a+b%20c&display_name=x&small=-3&large=9007199254740993&rough=1.5&flag=true&data=AQI%3D&color=COLOR_RED"
        "&child.child.name=deep&child.small=4&texts=a&texts=b&texts=&numbers=1&numbers=2&colors=1&colors=COLOR_BLUE"
        "&when=2026-01-31T12:00:00Z&length=1.5s&mask=displayName,child.name&maybeLarge=5&maybeText=&maybeFlag=false"
        "&lengths=1s&lengths=2s&optionalSmall=0&choiceText=z&%40custom=c"
    )
    assert (thing.name, thing.display_name, thing.small, thing.large) == ("a b c", "x", -3, 9007199254740993)
    assert (thing.rough, thing.flag, thing.data, thing.color) == (1.5, True, b"\1\2", 1)
    assert (thing.child.child.name, thing.child.small) == ("deep", 4)
    assert (list(thing.texts), list(thing.numbers), list(thing.colors)) == (["a", "b", ""], [1, 2], [1, 2])
    assert thing.when.ToJsonString() == "2026-01-31T12:00:00Z"
    assert thing.length.ToMilliseconds() == 1500
    assert list(thing.mask.paths) == ["display_name", "child.name"]
    assert (thing.maybe_large.value, thing.maybe_text.value, thing.maybe_flag.value) == (5, "", False)
    assert thing.HasField("maybe_text")
    assert thing.HasField("optional_small")
    assert [each.seconds for each in thing.lengths] == [1, 2]
    assert (thing.choice_text, thing.custom) == ("z", "c")


def test_a_mask_of_proto_names() -> None:
    assert list(applied("mask=display_name,child.display_name").mask.paths) == [
        "display_name",
        "child.display_name",
    ]


def test_nothing_is_nothing() -> None:
    assert applied("") == applied("&&") == everything.thing_class()()


@pytest.mark.parametrize(
    ("query", "field", "advice"),
    [
        ("nmae=a", "nmae", "did you mean name?"),
        ("=a", "", "not a query parameter"),
        ("name.x=a", "name.x", "not a query parameter"),
        ("children.name=a", "children.name", "not a query parameter"),
        ("child=a", "child", "set its fields one by one"),
        ("children=a", "children", "set its fields one by one"),
        ("labels=a", "labels", "is a map"),
        ("labels[a]=b", "labels[a]", "not a query parameter"),
        ("anything=1", "anything", "is an object"),
        ("small=x", "small", "whole number"),
        ("small=1&small=2", "small", "given 2 times"),
        ("flag=1", "flag", "true or false"),
        ("flag", "flag", "true or false"),
        ("color=RED", "color", "COLOR_RED"),
        ("when=now", "when", "2026-01-31T12:00:00Z"),
        ("lengths=1s&lengths=x", "lengths", "1.5s"),
        ("maybeLarge=x", "maybe_large", "whole number"),
        ("name=%", "name", "%25"),
        ("name=%e2%98", "name", "UTF-8"),
        ("%zz=1", "%zz", "%25"),
    ],
)
def test_every_mistake_names_its_key(query: str, field: str, advice: str) -> None:
    with pytest.raises(MeshError) as raised:
        applied(query)
    assert raised.value.reason == "FIELD_INVALID"
    violation = raised.value.violations[0]
    assert violation.field == field or (query.startswith("name=%") and violation.field == "name")
    assert advice in violation.description


def test_what_path_and_body_take_is_not_for_the_query() -> None:
    update = everything.route("/v1/{thing.name=things/*}", "PATCH")
    assert query_fields(update) == ["updateMask", "dryRun"]
    message: Any = update.method.request_class()
    apply_query(update, message, b"updateMask=displayName&dryRun=true&thing.name=ignored")
    assert message.dry_run
    with pytest.raises(MeshError) as raised:
        apply_query(update, message, b"thing.small=1")
    assert "body" in raised.value.message
    assert query_fields(everything.route("/v1/things:echo", "POST")) == []


def test_the_number_of_parameters_is_bounded() -> None:
    with pytest.raises(MeshError) as raised:
        applied("&".join(["texts=a"] * 5000))
    assert "more than 200" in raised.value.message


@given(
    st.lists(st.text(st.characters(exclude_categories=["Cs"]), max_size=8), max_size=5),
    st.integers(-(2**63), 2**63 - 1),
)
def test_what_a_client_encodes_is_read(texts: list[str], large: int) -> None:
    query = urlencode([*(("texts", text) for text in texts), ("child.large", str(large))], quote_via=quote)
    thing = applied(query)
    assert list(thing.texts) == texts
    assert thing.child.large == large


@given(st.binary(max_size=60))
def test_any_query_is_answered(query: bytes) -> None:
    route = everything.route(SEARCH)
    # Whatever is wrong is told as a MeshError; anything else fails the test.
    with contextlib.suppress(MeshError):
        apply_query(route, route.method.request_class(), query)
