"""The models that there are, their health seen in the background, and a breaker before each."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import structlog

from animathic.v1 import model_adapter_service_pb2, model_service_pb2
from services.chassis.errors import Code, MeshError
from services.router.lifecycle.loops import forever
from services.router.ports import ModelPort
from services.router.routing.breaker import Breaker
from services.router.routing.policy import ModelView
from services.router.store.records import timestamp
from services.router.telemetry import Telemetry

_log = structlog.get_logger(__name__)
_READY = model_adapter_service_pb2.MODEL_STATE_READY
_STARTING = model_adapter_service_pb2.MODEL_STATE_STARTING
_NOT_SERVING = model_adapter_service_pb2.MODEL_STATE_NOT_SERVING


@dataclass(frozen=True)
class Unconfigured:
    """A model that this mesh could have.

    Attributes:
        name: `models/…`.
        display_name: For people.
        advice: What to set so that it serves.
        remote: Whether prompts would leave the machine.
    """

    name: str
    display_name: str
    advice: str
    remote: bool


@dataclass
class _Known:
    """A configured model with what was last seen of it."""

    port: ModelPort
    breaker: Breaker
    remote: bool
    description: model_adapter_service_pb2.DescribeModelResponse | None = None
    unreachable: str = ""
    checked: float | None = None
    away_since: float | None = None


class ModelRegistry:
    """Knows the models.

    Args:
        adapters: Configured models, by name, with the port to each and whether it is remote.
        unconfigured: Models that could be configured; they are listed with advice.
        telemetry: What counts.
        poll_seconds: Seconds between two looks at the health.
    """

    def __init__(
        self,
        adapters: Mapping[str, tuple[ModelPort, bool]],
        unconfigured: Sequence[Unconfigured],
        telemetry: Telemetry,
        *,
        poll_seconds: float,
    ) -> None:
        self._known = {name: _Known(port, Breaker(), remote) for name, (port, remote) in adapters.items()}
        self._unconfigured = {model.name: model for model in unconfigured}
        self._telemetry = telemetry
        self._poll_seconds = poll_seconds

    async def poll_forever(self) -> None:
        """Looks at every model's health, again and again."""
        await forever("models", self.poll, self._poll_seconds)

    async def poll(self) -> None:
        """Looks at every model's health once."""
        await asyncio.gather(*(self._look(name, known) for name, known in self._known.items()))

    async def _look(self, name: str, known: _Known) -> None:
        try:
            known.description = await known.port.describe()
            known.unreachable = ""
        except MeshError as error:
            if not known.unreachable:
                _log.warning("model unreachable", model=name, reason=error.reason)
            known.unreachable = "its adapter cannot be reached"
        known.checked = time.time()
        self._note(name, known)

    def port(self, name: str) -> ModelPort:
        """The way to a configured model."""
        return self._known[name].port

    def views(self) -> list[ModelView]:
        """All models as the policy sees them, those that are not configured included."""
        seen = [self._view(name, known) for name, known in self._known.items()]
        absent = [
            ModelView(model.name, False, f"not configured; {model.advice}", remote=model.remote)
            for model in self._unconfigured.values()
        ]
        return seen + absent

    def begun(self, name: str) -> None:
        """A call to the model begins."""
        self._known[name].breaker.begin()

    def ended(self, name: str, *, reached: bool) -> None:
        """A call to the model ended.

        Args:
            name: Which.
            reached: Whether it answered at all, well or not.
        """
        known = self._known[name]
        known.breaker.succeeded() if reached else known.breaker.failed()
        self._note(name, known)

    def _note(self, name: str, known: _Known) -> None:
        available = self._view(name, known).available
        known.away_since = None if available else known.away_since or time.monotonic()
        self._telemetry.model_available(name, available)

    def list(self) -> list[model_service_pb2.Model]:
        """All models, by name."""
        names = sorted({*self._known, *self._unconfigured})
        return [self.get(name) for name in names]

    def get(self, name: str) -> model_service_pb2.Model:
        """One model.

        Raises:
            MeshError: NOT_FOUND `MODEL_NOT_FOUND`.
        """
        if name in self._known:
            return self._to_proto(name, self._known[name])
        if name in self._unconfigured:
            absent = self._unconfigured[name]
            return model_service_pb2.Model(
                name=name,
                display_name=absent.display_name,
                state=_NOT_SERVING,
                reason="not configured",
                advice=absent.advice,
                remote=absent.remote,
            )
        raise MeshError(
            Code.NOT_FOUND,
            "MODEL_NOT_FOUND",
            f"there is no model {name}: ListModels names those that there are",
        )

    def _view(self, name: str, known: _Known) -> ModelView:
        description = known.description
        remote = description.remote if description is not None else known.remote
        if description is None or known.unreachable:
            reason = known.unreachable or "not seen yet"
            return ModelView(
                name,
                False,
                f"{reason}; it is tried again",
                temporary=True,
                remote=remote,
                away_seconds=_since(known.away_since),
            )
        available, reason, temporary = True, "", False
        if description.state != _READY:
            available = False
            temporary = description.state == _STARTING
            reason = "; ".join(part.rstrip(".") for part in (description.reason, description.advice) if part)
            reason = reason or ("it starts" if temporary else "it does not serve")
        elif not known.breaker.lets_through():
            available, temporary = False, True
            reason = "its last calls failed; it is tried again in a moment"
        return ModelView(
            name,
            available,
            reason,
            temporary=temporary,
            remote=remote,
            away_seconds=_since(known.away_since),
            expected_cost_usd=description.expected_cost_usd,
            element_kinds=frozenset(description.element_kinds),
            action_kinds=frozenset(description.action_kinds),
        )

    def _to_proto(self, name: str, known: _Known) -> model_service_pb2.Model:
        view = self._view(name, known)
        model = model_service_pb2.Model(
            name=name, display_name=name.removeprefix("models/"), remote=view.remote
        )
        if known.checked is not None:
            model.check_time.CopyFrom(timestamp(known.checked))
        description = known.description
        if description is not None:
            model.display_name = description.display_name or model.display_name
            model.serving_version = description.model_version
            model.backend = description.backend
            model.expected_cost_usd = description.expected_cost_usd
        if description is None or known.unreachable:
            model.state = _NOT_SERVING
            model.reason = known.unreachable or "not seen yet"
            model.advice = "check that its adapter runs and that its target is right"
        else:
            model.state = description.state
            model.reason = description.reason
            model.advice = description.advice
            if model.state != _NOT_SERVING and not view.available and not model.reason:
                model.reason = view.unavailable_reason
        return model


def _since(moment: float | None) -> float:
    return 0.0 if moment is None else time.monotonic() - moment
