"""Turns what goes wrong with a model server into errors of the mesh."""

from __future__ import annotations

import json
import re

import httpx

from services.chassis.errors import Code, MeshError

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]+")
_MAX_QUOTE = 160


def failed(what: str, *, advice: str = "", retry_after: float | None = None) -> MeshError:
    """The model failed while it answered."""
    return MeshError(Code.UNAVAILABLE, "MODEL_FAILED", _sentence(what, advice), retry_after=retry_after)


def unreachable(what: str, *, advice: str = "") -> MeshError:
    """Nobody answers at the model server's address."""
    return MeshError(Code.UNAVAILABLE, "UPSTREAM_UNAVAILABLE", _sentence(what, advice))


def too_slow(what: str, *, advice: str = "") -> MeshError:
    """The model did not answer in time."""
    return MeshError(Code.DEADLINE_EXCEEDED, "MODEL_TIMEOUT", _sentence(what, advice))


def of_transport(error: httpx.HTTPError, address: str) -> MeshError:
    """Returns the error of the mesh for one of the transport.

    Args:
        error: What httpx raised. Its text is not used: it may quote the request.
        address: The server's address for people.
    """
    if isinstance(error, (httpx.ConnectError, httpx.ConnectTimeout, httpx.UnsupportedProtocol)):
        return unreachable(
            f"no model server answers at {address}", advice="start it or change LOCAL_INFER_URL"
        )
    if isinstance(error, httpx.TimeoutException):
        return too_slow(
            f"the model server at {address} fell silent",
            advice="use a smaller model or raise LOCAL_INFER_IDLE_SECONDS",
        )
    return failed(f"the connection to the model server at {address} broke ({type(error).__name__})")


def of_status(status: int, body: bytes, *, address: str, model: str) -> MeshError:
    """Returns the error of the mesh for an HTTP status other than 200.

    Args:
        status: The status.
        body: The beginning of the body.
        address: The server's address for people.
        model: The model that was asked.
    """
    said = quote(body)
    where = f"the model server at {address}"
    if status in {401, 403}:
        return failed(f"{where} refuses the key (HTTP {status})", advice="set LOCAL_INFER_API_KEY")
    if status == 404:
        return failed(
            f"{where} does not know the model {model!r}{said}", advice="set LOCAL_INFER_MODEL to one it has"
        )
    if status == 429:
        return MeshError(
            Code.RESOURCE_EXHAUSTED, "SLOTS_TAKEN", f"{where} is busy (HTTP 429); retry", retry_after=5.0
        )
    if status in {408, 504}:
        return too_slow(f"{where} gave up (HTTP {status}){said}")
    return failed(f"{where} answered HTTP {status}{said}")


def quote(body: bytes) -> str:
    """Returns what an error's body says as `: …`, short and on one line; empty if it says nothing."""
    try:
        parsed = json.loads(body)
    except (ValueError, RecursionError):
        return ""
    return quote_error(parsed.get("error", parsed) if isinstance(parsed, dict) else None)


def quote_error(error: object) -> str:
    """Returns what a server calls its error, text or object, as `: …`, short and on one line."""
    message = error.get("message") if isinstance(error, dict) else error
    if not isinstance(message, str) or not message:
        return ""
    return f": {_CONTROL.sub(' ', message).strip()[:_MAX_QUOTE]}"


def without(secret: str, error: MeshError) -> MeshError:
    """Returns the error without a secret that the server may have echoed."""
    if not secret or secret not in error.message:
        return error
    return MeshError(
        error.code, error.reason, error.message.replace(secret, "…"), retry_after=error.retry_after
    )


def _sentence(what: str, advice: str) -> str:
    return f"{what}; {advice}" if advice else what
