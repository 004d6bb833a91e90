"""The route table: which rpc answers an HTTP method and path, the most specific template first."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from services.gateway.transcoding.fields import FieldPath, descriptor_of, resolve_field_path
from services.gateway.transcoding.methods import HttpRule, Method
from services.gateway.transcoding.template import (
    DOUBLE_STAR,
    STAR,
    EscapeError,
    PathTemplate,
    TemplateError,
    decode,
    parse_template,
)


@dataclass(frozen=True)
class Route:
    """One HTTP binding of an rpc.

    Attributes:
        method: The rpc.
        http_method: For example `GET`.
        template: The path.
        path_fields: Request fields that the path binds, by template field path.
        body: `*` (the whole message), a field of the request, or empty (no body is read).
        response_body: The response field that is the HTTP body; empty for the whole message.
    """

    method: Method
    http_method: str
    template: PathTemplate
    path_fields: dict[str, FieldPath]
    body: str
    response_body: str


@dataclass(frozen=True)
class Match:
    """A route with the decoded text of its path variables."""

    route: Route
    variables: dict[str, str]


class RouteNotFoundError(LookupError):
    """No template matches the path."""


class MethodNotAllowedError(LookupError):
    """The path matches, but for other HTTP methods.

    Attributes:
        allowed: Those methods, sorted.
    """

    def __init__(self, allowed: Iterable[str]) -> None:
        self.allowed = tuple(sorted(allowed))
        super().__init__(", ".join(self.allowed))


@dataclass
class _Node:
    """A place in the trie of segments; `ends` holds routes by verb and HTTP method."""

    literals: dict[str, _Node] = field(default_factory=dict)
    star: _Node | None = None
    double_star: _Node | None = None
    ends: dict[str, dict[str, Route]] = field(default_factory=dict)


class RouteTable:
    """All routes of a set of methods.

    Matching prefers, segment by segment, a literal to `*` to `**`. An unescaped `:` in the last segment
    begins a verb wherever some template of that path has the verb; else it is an ordinary character.
    """

    def __init__(self, methods: Iterable[Method]) -> None:
        """Builds the table.

        Raises:
            TemplateError: A template is malformed, binds a field that cannot be bound, or two rpcs claim
                the same HTTP method and path.
        """
        self._root = _Node()
        self._routes: list[Route] = []
        for method in methods:
            for rule in method.http_rules:
                self._add(_route(method, rule))

    @property
    def routes(self) -> tuple[Route, ...]:
        """All routes in the order of their declaration."""
        return tuple(self._routes)

    def match(self, http_method: str, raw_path: str) -> Match:
        """Finds the route for a request.

        Args:
            http_method: Upper-case. `HEAD` is answered by the route for `GET` unless it has its own.
            raw_path: The path as it was sent, percent escapes and all, without the query.

        Raises:
            RouteNotFoundError: No template matches.
            MethodNotAllowedError: Only templates for other HTTP methods match.
            EscapeError: The path has malformed escapes.
        """
        if not raw_path.startswith("/"):
            raise RouteNotFoundError(raw_path)
        whole = tuple(raw_path[1:].split("/"))
        head, separator, verb = whole[-1].rpartition(":")
        readings = [(whole, "")]
        if separator and head:
            readings.insert(0, ((*whole[:-1], head), decode(verb)))
        for segments, wanted_verb in readings:
            allowed: set[str] = set()
            for by_method in self._ends(segments, wanted_verb):
                route = by_method.get(http_method)
                if route is None and http_method == "HEAD":
                    route = by_method.get("GET")
                if route is not None:
                    return Match(route, route.template.bind(segments))
                allowed.update(by_method)
            # A colon that is no verb leads here only through `*`: claiming that the path exists for other
            # methods would send somebody who mistyped a verb the wrong way.
            if allowed and (wanted_verb or not separator):
                raise MethodNotAllowedError(allowed | ({"HEAD"} if "GET" in allowed else set()))
        raise RouteNotFoundError(raw_path)

    def _ends(self, raw_segments: tuple[str, ...], verb: str) -> Iterator[dict[str, Route]]:
        """Routes by HTTP method at every node that the segments reach, the most specific first."""
        decoded = tuple(decode(segment) for segment in raw_segments)
        for node in _reach(self._root, decoded, 0):
            if verb in node.ends:
                yield node.ends[verb]

    def _add(self, route: Route) -> None:
        node = self._root
        for segment in route.template.segments:
            if segment == STAR:
                node.star = node.star or _Node()
                node = node.star
            elif segment == DOUBLE_STAR:
                node.double_star = node.double_star or _Node()
                node = node.double_star
            else:
                node = node.literals.setdefault(segment, _Node())
        by_method = node.ends.setdefault(route.template.verb, {})
        other = by_method.get(route.http_method)
        if other is not None:
            raise TemplateError(
                f"{route.http_method} {route.template.source} of {route.method.full_name} is taken by "
                f"{other.http_method} {other.template.source} of {other.method.full_name}"
            )
        by_method[route.http_method] = route
        self._routes.append(route)


def _reach(node: _Node, segments: tuple[str, ...], at: int) -> Iterator[_Node]:
    if at == len(segments):
        yield node
    else:
        segment = segments[at]
        if segment:
            if segment in node.literals:
                yield from _reach(node.literals[segment], segments, at + 1)
            if node.star is not None:
                yield from _reach(node.star, segments, at + 1)
    if node.double_star is not None and all(segments[at:]):
        yield node.double_star


def _route(method: Method, rule: HttpRule) -> Route:
    template = parse_template(rule.path)
    request = descriptor_of(method.request_class)
    fields: dict[str, FieldPath] = {}
    for variable in template.variables:
        path = resolve_field_path(request, variable.field_path)
        if path is None or not path.is_singular_scalar:
            raise TemplateError(
                f"{rule.path!r} of {method.full_name} binds {variable.field_path!r}, which is not a "
                f"singular scalar field of {request.full_name}"
            )
        fields[variable.field_path] = path
    if rule.body not in ("", "*") and rule.body not in request.fields_by_name:
        raise TemplateError(f"{method.full_name} has no body field {rule.body!r}")
    response = descriptor_of(method.response_class)
    if rule.response_body and rule.response_body not in response.fields_by_name:
        raise TemplateError(f"{method.full_name} has no response_body field {rule.response_body!r}")
    return Route(method, rule.http_method, template, fields, rule.body, rule.response_body)


__all__ = [
    "EscapeError",
    "Match",
    "MethodNotAllowedError",
    "Route",
    "RouteNotFoundError",
    "RouteTable",
]
