"""Path templates and the route table."""

from __future__ import annotations

from urllib.parse import quote

import pytest
from google.protobuf.message_factory import GetMessageClass
from hypothesis import given
from hypothesis import strategies as st

from services.gateway.contracts import all_methods, public_methods
from services.gateway.transcoding.methods import HttpRule, Method
from services.gateway.transcoding.routes import (
    MethodNotAllowedError,
    RouteNotFoundError,
    RouteTable,
)
from services.gateway.transcoding.template import (
    EscapeError,
    TemplateError,
    decode,
    decode_keeping_slashes,
    parse_template,
)
from tests.unit.gateway import everything


def method_with(*rules: tuple[str, str], name: str = "Made") -> Method:
    """A method with bindings of its own."""
    request = GetMessageClass(everything.pool().FindMessageTypeByName("animathic.testing.v1.Thing"))
    return Method(
        service="test.Made",
        name=name,
        request_class=request,
        response_class=request,
        client_streaming=False,
        server_streaming=False,
        public=True,
        scope="s",
        download=None,
        http_rules=tuple(HttpRule(kind, path, "", "") for kind, path in rules),
    )


@pytest.mark.parametrize(
    ("source", "segments", "verb", "variables"),
    [
        ("/v1/things", ("v1", "things"), "", {}),
        ("/v1/things:search", ("v1", "things"), "search", {}),
        ("/v1/{name=things/*}", ("v1", "things", "*"), "", {"name": (1, 3, False)}),
        ("/v1/{name=things/*}:run", ("v1", "things", "*"), "run", {"name": (1, 3, False)}),
        ("/v1/{a.b.c}", ("v1", "*"), "", {"a.b.c": (1, 2, False)}),
        ("/{path=**}", ("**",), "", {"path": (0, 1, True)}),
        ("/v1/{path=files/**}:raw", ("v1", "files", "**"), "raw", {"path": (1, 3, True)}),
        (
            "/v1/*/{a}/x/{b=y/*}",
            ("v1", "*", "*", "x", "y", "*"),
            "",
            {"a": (2, 3, False), "b": (4, 6, False)},
        ),
    ],
)
def test_templates(
    source: str, segments: tuple[str, ...], verb: str, variables: dict[str, tuple[int, int, bool]]
) -> None:
    parsed = parse_template(source)
    assert parsed.segments == segments
    assert parsed.verb == verb
    assert {v.field_path: (v.start, v.end, v.open_ended) for v in parsed.variables} == variables


@pytest.mark.parametrize(
    "source",
    [
        "",
        "v1",
        "/",
        "/v1/",
        "/v1//x",
        "/v1/{",
        "/v1/{}",
        "/v1/{a",
        "/v1/{a=}",
        "/v1/{a={b}}",
        "/v1/**/x",
        "/v1/{a=**}/x",
        "/v1/x:",
        "/v1/x:y:z",
        "/v1/{a}/{a}",
        "/v1/{9a}",
        "/v1/{a}}",
        "/v1/x y",
        "/v1/***",
    ],
)
def test_malformed_templates(source: str) -> None:
    with pytest.raises(TemplateError):
        parse_template(source)


@pytest.mark.parametrize(
    ("http_method", "path", "method", "variables"),
    [
        ("GET", "/v1/things/a", "GetThing", {"name": "things/a"}),
        ("HEAD", "/v1/things/a", "GetThing", {"name": "things/a"}),
        ("GET", "/v1/shelves/s/things/a", "GetThing", {"name": "shelves/s/things/a"}),
        ("GET", "/v1/things:search", "SearchThings", {}),
        ("POST", "/v1/things:echo", "EchoThing", {}),
        ("REPORT", "/v1/things:echo", "EchoThing", {}),
        ("PATCH", "/v1/things/a", "UpdateThing", {"thing.name": "things/a"}),
        ("PUT", "/v1/things/a", "EchoThing", {"child.name": "a"}),
        # A literal is more specific than a star.
        ("GET", "/v1/things/special", "GetThing", {}),
        # A single segment is decoded whole, several keep their escaped slashes.
        ("PUT", "/v1/things/a%2Fb%20c", "EchoThing", {"child.name": "a/b c"}),
        ("GET", "/v1/things/a%2Fb%20c", "GetThing", {"name": "things/a%2Fb c"}),
        ("GET", "/v1/things/a%2fb", "GetThing", {"name": "things/a%2fb"}),
        ("GET", "/v1/things/%E2%98%82", "GetThing", {"name": "things/☂"}),
        ("GET", "/v1/things/a%25b", "GetThing", {"name": "things/a%b"}),
        ("GET", "/v1/things/a+b", "GetThing", {"name": "things/a+b"}),
        # Escapes in literals are the same literals.
        ("GET", "/%76%31/things/a", "GetThing", {"name": "things/a"}),
        # A colon is a verb only where there is such a verb, and only unescaped.
        ("GET", "/v1/things/a:b", "GetThing", {"name": "things/a:b"}),
        ("GET", "/v1/things/a%3Adescribe", "GetThing", {"name": "things/a:describe"}),
        ("GET", "/v1/raw/a/b", "GetThing", {"name": "a/b"}),
        ("GET", "/v1/raw", "GetThing", {"name": ""}),
        ("GET", "/v1/raw/a/b:describe", "GetThing", {"name": "a/b"}),
        ("GET", "/v1/raw/a:b/c", "GetThing", {"name": "a:b/c"}),
        (
            "GET",
            "/v1/numbers/7/true/COLOR_RED",
            "GetThing",
            {"number": "7", "flag": "true", "color": "COLOR_RED"},
        ),
    ],
)
def test_matching(http_method: str, path: str, method: str, variables: dict[str, str]) -> None:
    match = everything.table().match(http_method, path)
    assert match.route.method.name == method
    assert match.variables == variables


@pytest.mark.parametrize(
    "path",
    [
        "",
        "/",
        "v1/things/a",
        "/v1",
        "/v1/",
        "/v1/things/",
        "/v1//a",
        "/v1/things/a/b",
        "/v1/things:frobnicate",
        "/v1/raw//a",
        "/v1/raw/",
        "/V1/things/a",
        "/v1/things:hidden",
        "/v1/things:forgotten",
        "/v1/things/a;b/c",
    ],
)
def test_no_match(path: str) -> None:
    with pytest.raises(RouteNotFoundError):
        everything.table().match("GET", path)


@pytest.mark.parametrize(
    ("http_method", "path", "allowed"),
    [
        ("POST", "/v1/things/a", ("GET", "HEAD", "PATCH", "PUT")),
        ("GET", "/v1/things:echo", ("POST", "REPORT")),
        ("POST", "/v1/things/special", ("GET", "HEAD", "PATCH", "PUT")),
        ("DELETE", "/v1/raw/x:describe", ("GET", "HEAD")),
    ],
)
def test_another_method(http_method: str, path: str, allowed: tuple[str, ...]) -> None:
    with pytest.raises(MethodNotAllowedError) as raised:
        everything.table().match(http_method, path)
    assert raised.value.allowed == allowed


def test_a_mistyped_verb_is_not_found() -> None:
    with pytest.raises(RouteNotFoundError):
        everything.table().match("POST", "/v1/things/a:canecl")


@pytest.mark.parametrize(
    "path",
    ["/v1/things/%", "/v1/things/%zz", "/v1/things/%f", "/v1/things/%ff", "/v1/%ff/a", "/v1/things/%C0%AF"],
)
def test_malformed_escapes(path: str) -> None:
    with pytest.raises(EscapeError):
        everything.table().match("GET", path)


def test_the_most_specific_route_wins() -> None:
    rules = ["/v1/{name=**}", "/v1/{name=*/*}", "/v1/{name=a/*}", "/v1/a/b", "/v1/{name=*}/b"]
    orders = [rules, rules[::-1]]
    for order in orders:
        routes = RouteTable([method_with(*(("GET", rule) for rule in order))])

        def template(path: str, routes: RouteTable = routes) -> str:
            return routes.match("GET", path).route.template.source

        assert template("/v1/a/b") == "/v1/a/b"
        assert template("/v1/a/c") == "/v1/{name=a/*}"
        assert template("/v1/c/b") == "/v1/{name=*}/b"
        assert template("/v1/c/d") == "/v1/{name=*/*}"
        assert template("/v1/c/d/e") == "/v1/{name=**}"
        assert template("/v1/c") == "/v1/{name=**}"


def test_a_less_specific_route_serves_another_method() -> None:
    routes = RouteTable([method_with(("GET", "/v1/a"), ("POST", "/v1/{name=**}"))])
    assert routes.match("POST", "/v1/a").route.template.source == "/v1/{name=**}"
    with pytest.raises(MethodNotAllowedError) as raised:
        routes.match("PUT", "/v1/a")
    assert raised.value.allowed == ("GET", "HEAD", "POST")


@pytest.mark.parametrize(
    "path",
    ["/v1/{nothing}", "/v1/{child}", "/v1/{texts}", "/v1/{children.name}", "/v1/{labels.key}", "/v1/{when}"],
)
def test_fields_that_a_path_cannot_bind(path: str) -> None:
    with pytest.raises(TemplateError):
        RouteTable([method_with(("GET", path))])


def test_two_methods_cannot_claim_one_path() -> None:
    first = method_with(("GET", "/v1/{name}"), name="First")
    second = method_with(("GET", "/v1/{display_name}"), name="Second")
    with pytest.raises(TemplateError, match=r"test\.Made\.Second is taken by .*test\.Made\.First"):
        RouteTable([first, second])


def test_internal_and_undeclared_methods_have_no_rules() -> None:
    by_name = {method.name: method for method in everything.methods()}
    assert not by_name["HiddenThing"].public
    assert not by_name["HiddenThing"].http_rules
    assert not by_name["ForgottenThing"].public
    assert not by_name["ForgottenThing"].http_rules
    assert by_name["ChatThings"].public


def test_every_public_rpc_of_the_contracts_has_a_route_and_a_scope() -> None:
    routes = RouteTable(public_methods())
    assert {route.method.full_name for route in routes.routes} == {
        method.full_name for method in public_methods()
    }
    assert all(method.scope for method in public_methods())
    assert any(not method.public for method in all_methods())


text = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=12)


@given(shelf=text, thing=text)
def test_what_a_client_expands_is_matched(shelf: str, thing: str) -> None:
    """Expansion after the rules of `google.api.http`, written down here, is undone by matching."""
    single = everything.table().match("PUT", f"/v1/things/{quote(thing, safe='-_.~')}")
    assert single.variables == {"child.name": thing}
    name = f"shelves/{shelf.replace('/', '')}/things/{thing.replace('/', '')}"
    expanded = quote(name, safe="-_.~/")
    if "//" not in name and not name.endswith("/"):
        several = everything.table().match("GET", f"/v1/{expanded}")
        assert several.variables == {"name": name}


@given(text)
def test_decoding_undoes_encoding(value: str) -> None:
    assert decode(quote(value, safe="")) == value
    assert decode_keeping_slashes(quote(value, safe="/")) == value


@given(st.text(max_size=40))
def test_any_path_is_answered(path: str) -> None:
    encoded = "/" + path.encode("utf-8", "replace").decode("latin-1")
    try:
        everything.table().match("GET", encoded)
    except (RouteNotFoundError, MethodNotAllowedError, EscapeError):
        return
