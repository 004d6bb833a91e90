"""Addresses to listen on."""


def split_address(address: str) -> tuple[str, int]:
    """Splits `host:port` or `[v6]:port`; an empty host means every IPv4 address.

    Raises:
        ValueError: There is no port, or it is not between 0 and 65535.
    """
    host, separator, port = address.rpartition(":")
    if not separator or not port.isdecimal() or int(port) > 65535:
        raise ValueError(f"'{address}' is not an address to listen on: write host:port")
    return host.removeprefix("[").removesuffix("]") or "0.0.0.0", int(port)  # noqa: S104
