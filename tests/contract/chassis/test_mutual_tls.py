"""Mutual TLS: only certificates of the mesh's own authority get in, and renewed ones are noticed."""

import datetime
import ipaddress
from collections.abc import Callable
from pathlib import Path
from typing import Any

import grpc
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from services.chassis.channels import open_channel
from services.chassis.identity import IdentitySigner
from services.chassis.tls import channel_credentials, server_credentials
from tests.support.echo_service import EchoStub, echo, text
from tests.support.serving import settings_for_tests

pytestmark = pytest.mark.asyncio
NOW = datetime.datetime.now(datetime.UTC)


class Authority:
    """Signs certificates."""

    def __init__(self, name: str) -> None:
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
        self.certificate = (
            self._builder(self.name, self.key)
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .sign(self.key, hashes.SHA256())
        )

    @property
    def pem(self) -> bytes:
        """The authority's own certificate."""
        return self.certificate.public_bytes(serialization.Encoding.PEM)

    def _builder(self, subject: x509.Name, key: ec.EllipticCurvePrivateKey) -> x509.CertificateBuilder:
        return (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self.name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(NOW - datetime.timedelta(minutes=1))
            .not_valid_after(NOW + datetime.timedelta(hours=1))
        )

    def issue(self, folder: Path, name: str) -> dict[str, str]:
        """Writes a certificate; returns the settings that use it."""
        folder.mkdir(exist_ok=True)
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
        addresses = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
        certificate = (
            self._builder(subject, key)
            .add_extension(addresses, critical=False)
            .sign(self.key, hashes.SHA256())
        )
        private = key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        (folder / "tls.key").write_bytes(private)
        (folder / "tls.crt").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
        (folder / "ca.crt").write_bytes(self.pem)
        return {
            "tls_key_file": str(folder / "tls.key"),
            "tls_certificate_file": str(folder / "tls.crt"),
            "tls_ca_file": str(folder / "ca.crt"),
        }


async def test_only_the_meshs_own_certificates_get_in(
    serve_echo: Callable[..., Any], signer: IdentitySigner, tmp_path: Path
) -> None:
    mesh, stranger = Authority("mesh"), Authority("stranger")
    server = mesh.issue(tmp_path / "server", "router")
    client = mesh.issue(tmp_path / "client", "gateway")
    credentials = channel_credentials(settings_for_tests(**client))
    async with serve_echo({"Unary": echo}, settings=server, channel={"credentials": credentials}) as e:
        assert (await e.stub.Unary(text("x"), metadata=e.as_user)).value == "x"

        async def refused(**options: Any) -> None:
            target = f"127.0.0.1:{e.server.port}"
            async with open_channel(target, signer=signer, retries=False, **options) as channel:
                with pytest.raises(grpc.aio.AioRpcError) as error:
                    await EchoStub(channel).Unary(text("x"), timeout=5)
                assert error.value.code() is grpc.StatusCode.UNAVAILABLE

        await refused()
        foreign = stranger.issue(tmp_path / "foreign", "gateway")
        foreign["tls_ca_file"] = client["tls_ca_file"]
        await refused(credentials=channel_credentials(settings_for_tests(**foreign)))
        # The right authority, but no certificate.
        await refused(credentials=grpc.ssl_channel_credentials(mesh.pem))
        # All certificates are replaced while the server runs.
        renewed = Authority("renewed")
        renewed.issue(tmp_path / "server", "router")
        fresh = channel_credentials(settings_for_tests(**renewed.issue(tmp_path / "fresh", "gateway")))
        target = f"127.0.0.1:{e.server.port}"
        async with open_channel(target, signer=signer, credentials=fresh) as channel:
            answer = await EchoStub(channel).Unary(text("again"), timeout=5, metadata=e.as_user)
            assert answer.value == "again"
        await refused(credentials=credentials)


async def test_without_files_it_is_plain_text() -> None:
    assert server_credentials(settings_for_tests()) is None
    assert channel_credentials(settings_for_tests()) is None


async def test_half_a_configuration_is_none(tmp_path: Path) -> None:
    files = Authority("mesh").issue(tmp_path / "x", "router")
    for missing in files:
        rest = settings_for_tests(**{name: file for name, file in files.items() if name != missing})
        for make in (server_credentials, channel_credentials):
            with pytest.raises(ValueError, match="set all of"):
                make(rest)
    gone = settings_for_tests(**(files | {"tls_key_file": "/nowhere/tls.key"}))
    with pytest.raises(ValueError, match=r"/nowhere/tls\.key cannot be read"):
        server_credentials(gone)
