"""Is everything there that a video needs? One finding per service and model."""

from __future__ import annotations

import asyncio
import urllib.error
import urllib.request
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import grpc
from grpc_health.v1 import health_pb2, health_pb2_grpc

from animathic.cli.places import HOST, ServicePlace, gateway_url, places
from animathic.client import AnimathicError, Client
from animathic.v1 import model_adapter_service_pb2, model_service_pb2

__all__ = ["Finding", "Verdict", "as_document", "examine", "healthy"]

# A service on this machine answers within milliseconds; seconds mean that it does not.
_PATIENCE = 3.0


class Verdict(StrEnum):
    """How a part is."""

    READY = "ready"
    STARTING = "starting"
    WARNING = "warning"
    NOT_READY = "not ready"


@dataclass(frozen=True, slots=True)
class Finding:
    """What was found out about one part.

    Attributes:
        part: The service, model or setting.
        verdict: How it is.
        message: Why, and what to set; may be empty for a ready part.
        needed: Whether no video can be made without it.
    """

    part: str
    verdict: Verdict
    message: str = ""
    needed: bool = False

    def __str__(self) -> str:
        line = f"{self.part:<25} {self.verdict}"
        return f"{line}: {self.message}" if self.message else line


async def examine(client: Client, environment: Mapping[str, str]) -> list[Finding]:
    """Asks every part how it is.

    Args:
        client: The mesh, without retries.
        environment: Where the services are, and settings that matter.
    """
    services = await asyncio.gather(
        _http_door(environment),
        *(_service(place, environment) for place in places(environment)),
    )
    findings = [*services, *await _models(client)]
    findings += _settings(environment)
    return findings


def healthy(findings: Iterable[Finding]) -> bool:
    """Whether a prompt can become a video: what is needed is ready, and so is at least one model."""
    listed = list(findings)
    needed = all(each.verdict in {Verdict.READY, Verdict.WARNING} for each in listed if each.needed)
    return needed and any(each.verdict is Verdict.READY for each in listed if each.part.startswith("models/"))


def as_document(findings: Iterable[Finding]) -> dict[str, Any]:
    """The findings as JSON-ready data."""
    listed = list(findings)
    return {
        "healthy": healthy(listed),
        "findings": [
            {"part": each.part, "verdict": str(each.verdict), "message": each.message, "needed": each.needed}
            for each in listed
        ],
    }


async def _http_door(environment: Mapping[str, str]) -> Finding:
    url = gateway_url(environment)
    status, problem = await asyncio.to_thread(_get, f"{url}/healthz")
    if status == 200:
        return Finding("gateway http", Verdict.READY, url, needed=True)
    return Finding(
        "gateway http",
        Verdict.NOT_READY,
        f"{url} {problem}: start the mesh with `make up`, or set ANIMATHIC_URL",
        needed=True,
    )


async def _service(place: ServicePlace, environment: Mapping[str, str]) -> Finding:
    target = environment.get(place.target_variable, "") or f"{HOST}:{place.grpc_port}"
    needed = place.name != "local_adapter"
    async with grpc.aio.insecure_channel(target) as channel:
        stub: Any = health_pb2_grpc.HealthStub(channel)  # type: ignore[no-untyped-call]
        for name in ("", place.serves) if place.serves else ("",):
            try:
                answer = await stub.Check(health_pb2.HealthCheckRequest(service=name), timeout=_PATIENCE)
            except grpc.aio.AioRpcError as error:
                why = (
                    f"nothing answers at {target}: start it with `make up`, or set {place.target_variable}"
                    if error.code() in {grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.DEADLINE_EXCEEDED}
                    else f"{target} answers {error.code().name}: {error.details()}"
                )
                return Finding(place.name, Verdict.NOT_READY, why, needed=needed)
            if answer.status != health_pb2.HealthCheckResponse.SERVING:
                return Finding(place.name, Verdict.NOT_READY, _not_serving(place, name), needed=needed)
    return Finding(place.name, Verdict.READY, target, needed=needed)


async def _models(client: Client) -> list[Finding]:
    try:
        found = await client.list_models()
    except AnimathicError as error:
        return [Finding("models", Verdict.NOT_READY, f"{error.reason}: {error.message}", needed=True)]
    if not found:
        advice = "no model is configured: set LOCAL_ADAPTER_TARGET or GEMINI_ADAPTER_TARGET of the router"
        return [Finding("models", Verdict.NOT_READY, advice, needed=True)]
    return [_model(each) for each in found]


def _model(model: model_service_pb2.Model) -> Finding:
    if model.state == model_adapter_service_pb2.MODEL_STATE_READY:
        version = f"version {model.serving_version}" if model.serving_version else ""
        return Finding(
            model.name, Verdict.READY, ", ".join(part for part in (model.backend, version) if part)
        )
    starts = model.state == model_adapter_service_pb2.MODEL_STATE_STARTING
    why = ": ".join(part for part in (model.reason, model.advice) if part)
    return Finding(
        model.name, Verdict.STARTING if starts else Verdict.NOT_READY, why or "it does not say why"
    )


def _settings(environment: Mapping[str, str]) -> list[Finding]:
    findings = []
    if environment.get("RENDER_ALLOW_WEAK_SANDBOX", "").lower() in {"1", "true", "yes", "on"}:
        findings.append(
            Finding(
                "render sandbox",
                Verdict.WARNING,
                "RENDER_ALLOW_WEAK_SANDBOX is set: rendering is not fully confined. "
                "Fine on your own machine; unset it where others send prompts",
            )
        )
    if environment.get("GOOGLE_AI_API_KEY", "") or environment.get("GOOGLE_AI_API_KEY_SET", ""):
        findings.append(Finding("GOOGLE_AI_API_KEY", Verdict.READY, "set"))
    else:
        findings.append(
            Finding(
                "GOOGLE_AI_API_KEY",
                Verdict.WARNING,
                "not set: Gemini is not asked. Get a key at https://aistudio.google.com/apikey, "
                "put it in .env, then `make down up`",
            )
        )
    return findings


def _not_serving(place: ServicePlace, service: str) -> str:
    if not service:
        return "it starts or stops"
    what = service.rpartition(".")[2]
    if place.name == "local_adapter":
        return f"{what} does not serve: its model below says why"
    return f"{what} does not serve: its log says why, on this machine var/log/{place.name}.log"


def _get(url: str) -> tuple[int, str]:
    """The status and, where it is an error, what happened; status 0 where nothing answers."""
    try:
        with urllib.request.urlopen(url, timeout=_PATIENCE) as response:  # noqa: S310 - http(s) by construction
            return response.status, ""
    except urllib.error.HTTPError as error:
        return error.code, f"answers {error.code}"
    except (OSError, ValueError) as error:
        reason = getattr(error, "reason", error)
        return 0, f"does not answer ({reason})"
