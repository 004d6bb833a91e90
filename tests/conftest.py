"""Fixtures that every part of the tests may use."""

import os
import secrets
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from services.chassis.identity import IdentitySigner, IdentityVerifier, Principal
from services.chassis.tracing import configure_tracing
from tests.support.postgres import PostgresServer
from tests.support.seaweedfs import SeaweedServer

# gRPC's core would report every connection that a test closes.
os.environ.setdefault("GRPC_VERBOSITY", "ERROR")


@pytest.fixture(scope="session", autouse=True)
def tracing() -> Iterator[TracerProvider]:
    """Traces as in a service: spans exist, nothing is exported. A process can be set up only once."""
    provider = configure_tracing("tests")
    yield provider
    provider.shutdown()


@pytest.fixture
def spans(tracing: TracerProvider) -> InMemorySpanExporter:
    """Collects the spans that end from now on: `spans.get_finished_spans()`."""
    exporter = InMemorySpanExporter()
    tracing.add_span_processor(SimpleSpanProcessor(exporter))
    return exporter


@pytest.fixture(scope="session")
def mesh_key() -> bytes:
    """A key that signs principals."""
    return secrets.token_bytes(32)


@pytest.fixture
def mesh_key_file(mesh_key: bytes, tmp_path: Path) -> Path:
    """The same key in a file, as MESH_KEY_FILE wants it."""
    path = tmp_path / "mesh.key"
    path.write_text(mesh_key.hex() + "\n")
    return path


@pytest.fixture
def signer(mesh_key: bytes) -> IdentitySigner:
    """Signs in the name of the gateway."""
    return IdentitySigner(mesh_key, "gateway")


@pytest.fixture
def verifier(mesh_key: bytes) -> IdentityVerifier:
    """Verifies what `signer` signs."""
    return IdentityVerifier(mesh_key)


@pytest.fixture
def user() -> Callable[..., Principal]:
    """Makes users: `user("animations.read", tenant="acme")`."""

    def make(*scopes: str, tenant: str = "acme", subject: str = "ann") -> Principal:
        return Principal(tenant=tenant, subject=subject, scopes=frozenset(scopes), kind="user")

    return make


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    """A PostgreSQL server for the whole run."""
    with PostgresServer() as server:
        yield server


@pytest.fixture(scope="session")
def s3() -> Iterator[SeaweedServer]:
    """An S3 server for the whole run."""
    with SeaweedServer() as server:
        yield server


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An empty database, once per engine."""
    if request.param == "sqlite":
        return f"sqlite+aiosqlite:///{tmp_path}/test.db"
    server: PostgresServer = request.getfixturevalue("postgres")
    return server.create_database()


@pytest.fixture(params=["file", "s3"])
def artifact_store_url(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[str, dict[str, str]]:
    """The URL and the options of an empty artifact store, once per kind."""
    if request.param == "file":
        return f"file://{tmp_path}/artifacts", {}
    server: SeaweedServer = request.getfixturevalue("s3")
    return server.url(f"run-{secrets.token_hex(4)}"), server.options
