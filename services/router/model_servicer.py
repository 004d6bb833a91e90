# ruff: noqa: N802, ARG002 - names and arguments are gRPC's
"""ModelService: the models, their health and versions, and why one would be picked."""

from __future__ import annotations

from typing import Any, NoReturn

from google.protobuf import empty_pb2

from animathic.v1 import model_service_pb2, model_service_pb2_grpc, tuning_service_pb2
from services.chassis.errors import Code, FieldViolation, MeshError
from services.router.routing.features import features_of
from services.router.routing.models import ModelRegistry
from services.router.routing.policy import RoutingPolicy, Wish

_DEFAULT_PAGE = 50


class ModelServicer(model_service_pb2_grpc.ModelServiceServicer):
    """Serves what the router knows of models."""

    def __init__(self, models: ModelRegistry, policy: RoutingPolicy) -> None:
        self._models = models
        self._policy = policy

    async def ListModels(
        self, request: model_service_pb2.ListModelsRequest, context: Any
    ) -> model_service_pb2.ListModelsResponse:
        """All models, those that could be configured included."""
        found = self._models.list()
        start = _start(request.page_token)
        end = start + (request.page_size or _DEFAULT_PAGE)
        return model_service_pb2.ListModelsResponse(
            models=found[start:end], next_page_token=str(end) if end < len(found) else ""
        )

    async def GetModel(
        self, request: model_service_pb2.GetModelRequest, context: Any
    ) -> model_service_pb2.Model:
        """One model."""
        return self._models.get(request.name)

    async def ExplainRoute(
        self, request: model_service_pb2.ExplainRouteRequest, context: Any
    ) -> model_service_pb2.ExplainRouteResponse:
        """What would be decided now; nothing is created."""
        wish = Wish(request.options.model, request.options.strict)
        decision = self._policy.decide(features_of(request.prompt), self._models.views(), wish)
        decision.decide_time.GetCurrentTime()
        return model_service_pb2.ExplainRouteResponse(decision=decision)

    async def ListModelVersions(
        self, request: model_service_pb2.ListModelVersionsRequest, context: Any
    ) -> model_service_pb2.ListModelVersionsResponse:
        """The version that serves: the only one that adapters tell of so far."""
        version = self._serving(request.parent)
        start = _start(request.page_token)
        found = [version] if version is not None and start == 0 else []
        return model_service_pb2.ListModelVersionsResponse(model_versions=found)

    async def GetModelVersion(
        self, request: model_service_pb2.GetModelVersionRequest, context: Any
    ) -> model_service_pb2.ModelVersion:
        """One version of a model."""
        version = self._serving(request.name.partition("/versions/")[0])
        if version is None or version.name != request.name:
            raise MeshError(
                Code.NOT_FOUND,
                "MODEL_NOT_FOUND",
                f"there is no version {request.name}: ListModelVersions names those that there are",
            )
        return version

    async def ListModelAliases(
        self, request: model_service_pb2.ListModelAliasesRequest, context: Any
    ) -> model_service_pb2.ListModelAliasesResponse:
        """Not built yet."""
        _not_implemented("aliases of model versions")

    async def UpdateModelAlias(
        self, request: model_service_pb2.UpdateModelAliasRequest, context: Any
    ) -> model_service_pb2.ModelAlias:
        """Not built yet."""
        _not_implemented("aliases of model versions")

    async def CreateTuningJob(
        self, request: model_service_pb2.ModelServiceCreateTuningJobRequest, context: Any
    ) -> tuning_service_pb2.TuningJob:
        """Not built yet."""
        _not_implemented("tuning jobs")

    async def GetTuningJob(
        self, request: model_service_pb2.ModelServiceGetTuningJobRequest, context: Any
    ) -> tuning_service_pb2.TuningJob:
        """Not built yet."""
        _not_implemented("tuning jobs")

    async def ListTuningJobs(
        self, request: model_service_pb2.ModelServiceListTuningJobsRequest, context: Any
    ) -> model_service_pb2.ModelServiceListTuningJobsResponse:
        """Not built yet."""
        _not_implemented("tuning jobs")

    async def CancelTuningJob(
        self, request: model_service_pb2.ModelServiceCancelTuningJobRequest, context: Any
    ) -> empty_pb2.Empty:
        """Not built yet."""
        _not_implemented("tuning jobs")

    def _serving(self, model: str) -> model_service_pb2.ModelVersion | None:
        version = self._models.get(model).serving_version
        return model_service_pb2.ModelVersion(name=f"{model}/versions/{version}") if version else None


def _start(page_token: str) -> int:
    if not page_token:
        return 0
    if not page_token.isdecimal() or len(page_token) > 9:
        said = "use the next_page_token of the response before"
        raise MeshError(
            Code.INVALID_ARGUMENT,
            "FIELD_INVALID",
            f"page_token is not valid: {said}",
            violations=[FieldViolation("page_token", said)],
        )
    return int(page_token)


def _not_implemented(what: str) -> NoReturn:
    raise MeshError(
        Code.UNIMPLEMENTED,
        "NOT_IMPLEMENTED",
        f"{what} are declared, but not built yet: ListModelVersions tells which version serves",
    )
