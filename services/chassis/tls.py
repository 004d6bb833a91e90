"""Mutual TLS between services: both ends show a certificate of the mesh's own authority."""

from pathlib import Path

import grpc

from services.chassis.config import ServiceSettings


def server_credentials(settings: ServiceSettings) -> grpc.ServerCredentials | None:
    """TLS of the server, or None where no certificate is configured.

    Clients must show a certificate of the same authority. Files that change (a renewed certificate)
    are used from the next connection on.

    Raises:
        ValueError: Some, but not all of the three files are configured, or one cannot be read.
    """
    files = _files(settings)
    if files is None:
        return None
    read = _read(files)

    def configuration() -> grpc.ServerCertificateConfiguration:
        key, chain, authority = read
        return grpc.ssl_server_certificate_configuration([(key, chain)], authority)

    def renewed() -> grpc.ServerCertificateConfiguration | None:
        nonlocal read
        try:
            latest = _read(files)
        except ValueError:
            # A file is being replaced: the next connection looks again.
            return None
        if latest == read:
            return None
        read = latest
        return configuration()

    return grpc.dynamic_ssl_server_credentials(
        configuration(),
        renewed,  # type: ignore[arg-type] # the stubs do not know that None means "as before"
        require_client_authentication=True,
    )


def channel_credentials(settings: ServiceSettings) -> grpc.ChannelCredentials | None:
    """TLS of a client, to be given to `open_channel`; None where no certificate is configured.

    Raises:
        ValueError: Some, but not all of the three files are configured, or one cannot be read.
    """
    files = _files(settings)
    if files is None:
        return None
    key, chain, authority = _read(files)
    return grpc.ssl_channel_credentials(authority, key, chain)


def _files(settings: ServiceSettings) -> tuple[Path, Path, Path] | None:
    key, chain, authority = settings.tls_key_file, settings.tls_certificate_file, settings.tls_ca_file
    if key is None and chain is None and authority is None:
        return None
    if key is None or chain is None or authority is None:
        raise ValueError("set all of TLS_KEY_FILE, TLS_CERTIFICATE_FILE and TLS_CA_FILE, or none")
    return key, chain, authority


def _read(files: tuple[Path, Path, Path]) -> tuple[bytes, bytes, bytes]:
    try:
        return files[0].read_bytes(), files[1].read_bytes(), files[2].read_bytes()
    except OSError as error:
        raise ValueError(f"the TLS file {error.filename} cannot be read") from error
