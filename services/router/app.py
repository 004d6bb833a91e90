"""Builds the router: the only place that knows all of its parts."""

from __future__ import annotations

import asyncio
import os
import socket
import uuid
from collections.abc import Coroutine
from pathlib import Path
from typing import Any

from animathic.v1 import (
    animation_service_pb2_grpc,
    event_service_pb2_grpc,
    model_service_pb2_grpc,
)
from services.chassis.channels import MeshChannel, open_channel
from services.chassis.database import Database
from services.chassis.identity import IdentitySigner, read_mesh_keys, signer_and_verifier
from services.chassis.metrics import Metrics
from services.chassis.server import ServiceServer
from services.chassis.tls import channel_credentials
from services.router.animation_servicer import AnimationServicer
from services.router.clients import ModelClient, RenderClient
from services.router.config import RouterSettings
from services.router.event_servicer import EventServicer
from services.router.lifecycle.generation import Generation, GenerationLimits
from services.router.lifecycle.janitor import Janitor
from services.router.lifecycle.rendering import Rendering, RenderLimits
from services.router.lifecycle.scheduler import Pace, Scheduler
from services.router.lifecycle.worker import Worker, WorkerLimits
from services.router.model_servicer import ModelServicer
from services.router.routing.models import ModelRegistry, Unconfigured
from services.router.routing.policy import RoutingPolicy, default_policy
from services.router.scene_language import StaticSceneLanguage
from services.router.store.endings import Endings
from services.router.store.intake import Intake, QueueLimits
from services.router.store.leases import Leases
from services.router.store.outbox import Outbox
from services.router.store.reading import Reader
from services.router.store.removals import Removals
from services.router.store.work import Work
from services.router.telemetry import Telemetry
from services.router.watch import WatchHub

MIGRATIONS = Path(__file__).parent / "migrations"

LOCAL_MODEL = "models/local-trained"
GEMINI_MODEL = "models/gemini-2.5-flash"

_ABSENT = {
    LOCAL_MODEL: Unconfigured(
        LOCAL_MODEL,
        "Local trained model",
        "Run the local adapter and set LOCAL_ADAPTER_TARGET to its address.",
        remote=False,
    ),
    GEMINI_MODEL: Unconfigured(
        GEMINI_MODEL,
        "Gemini 2.5 Flash",
        "run the Gemini adapter with GOOGLE_AI_API_KEY, and set GEMINI_ADAPTER_TARGET to its address",
        remote=True,
    ),
}


async def build(settings: RouterSettings) -> ServiceServer:
    """Builds the server; its start hooks open the database and begin the work."""
    metrics = Metrics()
    telemetry = Telemetry(metrics)
    signer, verifier = signer_and_verifier(read_mesh_keys(settings.mesh_key_file), "router")
    database = Database(settings.database_url.get_secret_value())
    channels: list[MeshChannel] = []

    def channel(target: str) -> MeshChannel:
        opened = open_channel(
            target,
            signer=signer,
            metrics=metrics,
            # A model or a renderer that may have been asked is never asked again behind the router's back.
            retries=False,
            credentials=channel_credentials(settings),
        )
        channels.append(opened)
        return opened

    render = RenderClient(channel(settings.render_target), signer, settings.render_target)
    models = _models(settings, signer, telemetry, channel)
    policy = RoutingPolicy(
        default_policy(settings.gemini_confidence_threshold, remote=[GEMINI_MODEL], local=[LOCAL_MODEL]),
        fallback_to_local=settings.local_fallback_enabled,
    )
    language = StaticSceneLanguage()
    reader = Reader(database)
    removals = Removals(
        database,
        release_delay=settings.lease_seconds,
        release_retry=settings.release_retry_seconds,
        tombstone_life=settings.request_life_seconds,
    )
    scheduler = _scheduler(settings, database, models, policy, language, render, telemetry)
    hub = WatchHub(
        reader,
        telemetry,
        poll_seconds=settings.poll_seconds,
        working=scheduler.working,
        notice=scheduler.notice,
    )
    janitor = Janitor(removals, render, reader, telemetry, every_seconds=settings.sweep_seconds)
    intake = Intake(
        database,
        QueueLimits(settings.tenant_queue_limit, settings.queue_limit),
        request_life=settings.request_life_seconds,
        retention=settings.retention_days * 86_400,
    )
    server = ServiceServer(
        settings,
        name="router",
        metrics=metrics,
        verifier=verifier,
        ends_on_drain=["/animathic.v1.AnimationService/WatchAnimation"],
    )
    server.add(
        animation_service_pb2_grpc.add_AnimationServiceServicer_to_server,
        AnimationServicer(
            intake, reader, removals, hub, render, models, language, telemetry, scheduler.nudge
        ),
        "animathic.v1.AnimationService",
    )
    server.add(
        model_service_pb2_grpc.add_ModelServiceServicer_to_server,
        ModelServicer(models, policy),
        "animathic.v1.ModelService",
    )
    server.add(
        event_service_pb2_grpc.add_EventServiceServicer_to_server,
        EventServicer(Outbox(database)),
        "animathic.v1.EventService",
    )
    background = _Background()

    async def start() -> None:
        await database.migrate(MIGRATIONS)
        await models.poll()
        background.run(models.poll_forever(), hub.poll_forever(), janitor.run_forever())
        await scheduler.start()

    async def drain() -> None:
        await scheduler.drain(settings.handback_seconds)

    async def stop() -> None:
        await scheduler.stop()
        await background.stop()
        for opened in channels:
            await opened.close()
        await database.close()

    server.on_start(start)
    server.on_drain(drain)
    server.on_stop(stop)
    return server


def _models(
    settings: RouterSettings, signer: IdentitySigner, telemetry: Telemetry, channel: Any
) -> ModelRegistry:
    targets = {LOCAL_MODEL: settings.local_adapter_target, GEMINI_MODEL: settings.gemini_adapter_target}
    return ModelRegistry(
        {
            name: (ModelClient(channel(target), signer), _ABSENT[name].remote)
            for name, target in targets.items()
            if target
        },
        [_ABSENT[name] for name, target in targets.items() if not target],
        telemetry,
        poll_seconds=settings.model_poll_seconds,
    )


def _scheduler(
    settings: RouterSettings,
    database: Database,
    models: ModelRegistry,
    policy: RoutingPolicy,
    language: StaticSceneLanguage,
    render: RenderClient,
    telemetry: Telemetry,
) -> Scheduler:
    # No other process, this one's predecessor included, may ever have the same name.
    owner = f"{socket.gethostname()[:60]}-{os.getpid()}-{uuid.uuid4().hex}"
    leases = Leases(database, owner=owner, lease_seconds=settings.lease_seconds)
    work = Work(database)
    worker = Worker(
        leases,
        work,
        Endings(database, release_delay=settings.lease_seconds),
        Generation(
            work,
            models,
            policy,
            language,
            telemetry,
            GenerationLimits(
                settings.max_model_calls, settings.generate_seconds, settings.model_wait_seconds
            ),
            progress_seconds=settings.progress_seconds,
        ),
        Rendering(
            work,
            render,
            telemetry,
            RenderLimits(settings.render_seconds, wait_seconds=settings.render_wait_seconds),
            progress_seconds=settings.progress_seconds,
            judge_quality=settings.quality_assessment_enabled,
        ),
        models,
        policy,
        language,
        telemetry,
        WorkerLimits(settings.max_crashes, settings.poor_quality_score, settings.max_model_calls),
    )
    pace = Pace(settings.router_slots, settings.poll_seconds, settings.renew_seconds)
    return Scheduler(leases, worker, telemetry, pace)


class _Background:
    """Loops that run as long as the service."""

    def __init__(self) -> None:
        self._tasks: list[asyncio.Task[None]] = []

    def run(self, *loops: Coroutine[Any, Any, None]) -> None:
        """Starts loops."""
        self._tasks += [asyncio.create_task(loop) for loop in loops]

    async def stop(self) -> None:
        """Ends them."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
