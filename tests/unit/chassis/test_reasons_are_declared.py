"""Every reason in the code is declared in errors.proto, and the page of errors is current."""

import ast
import subprocess
import sys
from pathlib import Path

from animathic.v1 import errors_pb2

ROOT = Path(__file__).parents[3]
DECLARED = {name.removeprefix("REASON_") for name in errors_pb2.Reason.keys()}  # noqa: SIM118 - an enum


def reasons_in(source: str) -> list[str]:
    """The literal reasons of all `MeshError(code, "REASON", …)` in a module."""
    found = []
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, ast.Call):
            continue
        name = node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")
        if name != "MeshError":
            continue
        given = [*node.args[1:2], *(word.value for word in node.keywords if word.arg == "reason")]
        found += [
            each.value for each in given if isinstance(each, ast.Constant) and isinstance(each.value, str)
        ]
    return found


def test_every_reason_in_the_code_is_declared() -> None:
    used = {
        (str(path.relative_to(ROOT)), reason)
        for path in (ROOT / "services").rglob("*.py")
        for reason in reasons_in(path.read_text("utf-8"))
    }
    assert len(used) > 10
    assert not {(path, reason) for path, reason in used if reason not in DECLARED}


def test_the_search_sees_what_it_should() -> None:
    source = (
        'raise MeshError(Code.X, "ONE", "m")\nerrors.MeshError(c, reason="TWO", message="m")\nother("THREE")'
    )
    assert reasons_in(source) == ["ONE", "TWO"]


def test_the_page_of_errors_is_current() -> None:
    script = ROOT / "scripts" / "generate_error_docs.py"
    done = subprocess.run([sys.executable, script, "--check"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
