"""One mesh of real processes for all tests of this directory."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.support.rest import http_client
from tests.support.running_mesh import RunningMesh, running_mesh

# Leases this short let a test see what a router's death costs without waiting half a minute for it.
SHORT_LEASES = {"LEASE_SECONDS": "4", "RENEW_SECONDS": "1"}


@pytest.fixture(scope="session")
def mesh() -> Iterator[RunningMesh]:
    with tempfile.TemporaryDirectory(prefix="animathic-mesh-") as directory:
        data_dir = Path(directory, "var")
        try:
            with running_mesh(data_dir, SHORT_LEASES) as mesh:
                yield mesh
        finally:
            _show_errors(data_dir / "log")


def _show_errors(log_dir: Path) -> None:
    """What the services themselves call an error belongs into the test's report."""
    for log in sorted(log_dir.glob("*.log")):
        lines = log.read_text(encoding="utf-8", errors="replace").splitlines()
        errors = [line for line in lines if '"level": "error"' in line or "Traceback" in line]
        for line in errors[-5:]:
            sys.stderr.write(f"{log.stem}: {line[:400]}\n")


@pytest.fixture
def acme(mesh: RunningMesh) -> Iterator[httpx.Client]:
    with http_client(mesh.url, mesh.keys["acme"]) as client:
        yield client


@pytest.fixture
def umbra(mesh: RunningMesh) -> Iterator[httpx.Client]:
    with http_client(mesh.url, mesh.keys["umbra"]) as client:
        yield client
