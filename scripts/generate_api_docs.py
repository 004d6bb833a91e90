"""Writes the tables of docs/api.md from the contracts; with --check fails where they are not up to date.

The text between `<!-- NAME:begin -->` and `<!-- NAME:end -->` is replaced, the rest of the page is written
by hand.
"""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from google.protobuf import descriptor_pb2

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT))

from services.gateway.app import SETTING_OF_SERVICE  # noqa: E402
from services.gateway.contracts import public_methods, services  # noqa: E402
from services.gateway.transcoding.methods import Method  # noqa: E402
from services.gateway.transcoding.query import query_fields  # noqa: E402
from services.gateway.transcoding.routes import Route, RouteTable  # noqa: E402

PAGE = ROOT / "docs" / "api.md"
# Path indices in `SourceCodeInfo`: a service of a file, a method of a service.
_SERVICE, _METHOD = 6, 2


def comments() -> dict[str, str]:
    """The leading comments of services and rpcs, by full name.

    Raises:
        RuntimeError: The contracts do not compile.
    """
    found: dict[str, str] = {}
    files = sorted((ROOT / "protos" / "animathic" / "v1").glob("*_service.proto"))
    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder) / "set.pb"
        command = [sys.executable, "-W", "ignore", "-m", "grpc_tools.protoc"]
        command += [f"-I{ROOT / 'protos'}", f"-I{ROOT / 'third_party'}", "--include_source_info"]
        done = subprocess.run(  # noqa: S603 - our own compiler on our own files
            [*command, f"--descriptor_set_out={target}", *map(str, files)],
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise RuntimeError(f"the contracts do not compile: {done.stderr}")
        compiled = descriptor_pb2.FileDescriptorSet.FromString(target.read_bytes())
    for file in compiled.file:
        for location in file.source_code_info.location:
            path, text = list(location.path), " ".join(location.leading_comments.split())
            if len(path) in (2, 4) and path[0] == _SERVICE and text:
                service = file.service[path[1]]
                name = f"{file.package}.{service.name}"
                if len(path) == 4 and path[2] == _METHOD:
                    name += f".{service.method[path[3]].name}"
                found[name] = text
    return found


def routes_text(explained: dict[str, str]) -> str:
    """One table for each public service."""
    table = RouteTable(method for method in public_methods() if not method.client_streaming)
    lines: list[str] = []
    for service in services():
        routes = [route for route in table.routes if route.method.service == service.full_name]
        if not routes:
            continue
        setting = SETTING_OF_SERVICE.get(service.full_name, "–")
        lines += [
            f"### {service.name}",
            "",
            f"{explained[service.full_name]} Runs where `{setting}` points to.",
            "",
            "| HTTP | rpc | scope | body | query | answer |",
            "| --- | --- | --- | --- | --- | --- |",
        ]
        lines += [_row(route) for route in routes]
        lines.append("")
        lines += [f"- **{route.method.name}**: {explained[route.method.full_name]}" for route in routes]
        lines.append("")
    return "\n".join(lines).rstrip()


def scopes_text() -> str:
    """Scopes with the rpcs that need them."""
    by_scope: dict[str, list[str]] = {}
    for method in public_methods():
        by_scope.setdefault(method.scope, []).append(method.name)
    rows = [f"| `{scope}` | {', '.join(names)} |" for scope, names in sorted(by_scope.items())]
    return "\n".join(["| scope | opens |", "| --- | --- |", *rows])


def configured_text() -> str:
    """Services by the variable that points to them."""
    by_setting: dict[str, list[str]] = {}
    for service, setting in SETTING_OF_SERVICE.items():
        by_setting.setdefault(setting, []).append(service.rpartition(".")[2])
    rows = [f"| `{setting}` | {', '.join(names)} |" for setting, names in by_setting.items()]
    return "\n".join(["| variable | services |", "| --- | --- |", *rows])


def _row(route: Route) -> str:
    query = ", ".join(f"`{name}`" for name in query_fields(route)) or "–"
    body = {"": "–", "*": "the request's other fields"}.get(route.body, f"`{route.body}`")
    cells = [
        f"`{route.http_method} {route.template.source}`",
        route.method.name,
        f"`{route.method.scope}`",
        body,
        query,
        _answer(route.method),
    ]
    return "| " + " | ".join(cells) + " |"


def _answer(method: Method) -> str:
    if method.download is not None:
        return "a file"
    name = method.response_class.DESCRIPTOR.name
    return f"stream of `{name}`" if method.server_streaming else f"`{name}`"


def _blocks() -> Iterator[tuple[str, str]]:
    yield "routes", routes_text(comments())
    yield "scopes", scopes_text()
    yield "targets", configured_text()


def rendered(page: str) -> str:
    """The page with fresh tables.

    Raises:
        RuntimeError: A pair of markers is missing.
    """
    for name, text in _blocks():
        pattern = re.compile(rf"(<!-- {name}:begin[^>]*-->\n).*?(<!-- {name}:end -->)", re.DOTALL)
        page, count = pattern.subn(lambda match, text=text: f"{match[1]}\n{text}\n\n{match[2]}", page)  # type: ignore[misc]
        if count != 1:
            raise RuntimeError(f"{PAGE} needs the markers of {name} once")
    return page


def main() -> int:
    """Writes or checks the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; fail where the page is stale")
    arguments = parser.parse_args()
    old = PAGE.read_text("utf-8")
    new = rendered(old)
    if old == new:
        return 0
    if arguments.check:
        sys.stderr.write("docs/api.md is stale: run scripts/generate_api_docs.py and commit the result\n")
        return 1
    PAGE.write_text(new, "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
