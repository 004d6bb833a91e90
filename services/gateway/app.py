"""Puts the gateway together: the only place that knows which service answers where."""

from __future__ import annotations

from importlib import metadata

import grpc.aio
from google.protobuf import descriptor_pool
from starlette.middleware.cors import CORSMiddleware
from starlette.types import ASGIApp

from services.chassis.channels import open_channel
from services.chassis.identity import Principal, read_mesh_keys, signer_and_verifier
from services.chassis.methods import MethodTable
from services.chassis.metrics import Metrics
from services.chassis.server import ServiceServer
from services.chassis.tls import channel_credentials
from services.gateway.api_keys import KeyRing
from services.gateway.config import GatewaySettings
from services.gateway.contracts import all_methods, scopes_of
from services.gateway.doorkeeper import Doorkeeper
from services.gateway.edge import Edge
from services.gateway.forward import ForwardingHandlers
from services.gateway.http_server import HttpLimits, HttpServer
from services.gateway.key_watch import KeyWatch
from services.gateway.targets import Target, Targets
from services.gateway.transcoding.negotiation import Deadlines
from services.gateway.transcoding.transcoder import Limits, Transcoder

NAME = "gateway"

SETTING_OF_SERVICE = {
    "animathic.v1.AnimationService": "ROUTER_TARGET",
    "animathic.v1.ModelService": "ROUTER_TARGET",
    "animathic.v1.RenderService": "RENDER_TARGET",
    "animathic.v1.FeedbackService": "FEEDBACK_TARGET",
    "animathic.v1.HistoryService": "FEEDBACK_TARGET",
    "animathic.v1.InsightsService": "FEEDBACK_TARGET",
    "animathic.v1.DatasetService": "FEEDBACK_TARGET",
}
"""The variable that says where each public service runs."""


class Gateway:
    """A gateway that is ready to run.

    Attributes:
        server: The chassis server: the gRPC entry and the admin port.
        http: The REST entry.
    """

    def __init__(self, server: ServiceServer, http: HttpServer) -> None:
        self.server = server
        self.http = http


async def build(settings: GatewaySettings) -> ServiceServer:
    """Builds the gateway for `python -m services.gateway`."""
    return build_gateway(settings).server


def build_gateway(settings: GatewaySettings) -> Gateway:
    """Builds the gateway within a running event loop; nothing is bound yet.

    Raises:
        ValueError: The mesh key cannot be read.
    """
    signer, _ = signer_and_verifier(read_mesh_keys(settings.mesh_key_file), NAME)
    metrics = Metrics()
    methods = all_methods()
    scopes = scopes_of(methods)
    unary = Deadlines(settings.default_deadline_seconds, settings.longest_deadline_seconds)
    stream = Deadlines(settings.default_stream_deadline_seconds, settings.longest_stream_deadline_seconds)
    channels: dict[str, grpc.aio.Channel] = {}
    addresses = {
        "ROUTER_TARGET": settings.router_target,
        "RENDER_TARGET": settings.render_target,
        "FEEDBACK_TARGET": settings.feedback_target,
    }
    for setting, address in addresses.items():
        if address:
            channels[setting] = open_channel(
                address,
                signer=signer,
                metrics=metrics,
                # The caller decides whether to try again: only it knows whether that is safe.
                retries=False,
                credentials=channel_credentials(settings),
                max_message_bytes=settings.max_message_bytes,
            )
    targets = Targets(
        {service: Target(setting, channels.get(setting)) for service, setting in SETTING_OF_SERVICE.items()}
    )
    ring = KeyRing(scopes)
    watch = KeyWatch(settings.api_keys_file, ring, every_seconds=settings.api_keys_poll_seconds)
    local = Principal(tenant="local", subject="local", scopes=scopes, kind="user")
    doorkeeper = Doorkeeper(
        ring,
        signer,
        metrics,
        MethodTable(),
        local=local if settings.gateway_local_principal else None,
        origins=settings.http_cors_origins,
    )
    server = ServiceServer(
        settings,
        name=NAME,
        metrics=metrics,
        authenticator=doorkeeper,
        handlers=[ForwardingHandlers(methods, targets.channel, doorkeeper.metadata_for, unary, stream)],
        ends_on_drain=[
            method.grpc_path for method in methods if method.server_streaming and not method.download
        ],
    )
    for service in sorted({method.service for method in methods if method.public}):
        server.announce(service)
        server.set_serving(service, targets.configured(service))
    transcoder = Transcoder(
        methods,
        descriptor_pool.Default(),
        targets.channel,
        doorkeeper,
        Limits(
            body_bytes=settings.http_max_body_bytes,
            body_seconds=settings.http_body_seconds,
            unary=unary,
            stream=stream,
            heartbeat_seconds=settings.heartbeat_seconds,
        ),
    )
    http = HttpServer(
        _web_app(settings, transcoder, metrics, targets, server),
        settings.http_listen,
        HttpLimits(
            head_bytes=settings.http_max_header_bytes,
            head_seconds=settings.http_header_seconds,
            keep_alive_seconds=settings.http_keep_alive_seconds,
            connections=settings.http_max_connections,
        ),
    )

    async def drain() -> None:
        transcoder.drain()
        await http.stop(settings.drain_seconds)

    async def stop() -> None:
        transcoder.drain()
        await http.stop(0)
        await watch.stop()
        for channel in channels.values():
            await channel.close()

    server.on_start(watch.start)
    server.on_start(http.start)
    server.on_drain(drain)
    server.on_stop(stop)
    return Gateway(server, http)


def _web_app(
    settings: GatewaySettings,
    transcoder: Transcoder,
    metrics: Metrics,
    targets: Targets,
    server: ServiceServer,
) -> ASGIApp:
    edge: ASGIApp = Edge(
        transcoder,
        metrics,
        index={
            "name": "Animathic",
            "version": metadata.version("animathic"),
            "documentation": "docs/api.md",
            "services": {
                service: "configured" if targets.configured(service) else "not configured"
                for service in SETTING_OF_SERVICE
            },
        },
        ready=lambda: server.health.ready,
        head_bytes=settings.http_max_header_bytes,
        shared=bool(settings.http_cors_origins),
    )
    if settings.http_cors_origins:
        edge = CORSMiddleware(
            edge,
            allow_origins=settings.http_cors_origins,
            allow_methods=["GET", "HEAD", "POST", "PATCH", "PUT", "DELETE"],
            allow_headers=[
                "authorization",
                "x-api-key",
                "content-type",
                "range",
                "if-range",
                "if-none-match",
                "last-event-id",
                "traceparent",
                "x-request-timeout",
            ],
            expose_headers=[
                "accept-ranges",
                "content-range",
                "content-disposition",
                "etag",
                "retry-after",
                "x-trace-id",
            ],
            max_age=600,
        )
    return edge
