# ruff: noqa: N802, ARG002 - names and arguments are gRPC's
"""EventService: events for consumers that pull."""

from __future__ import annotations

from typing import Any

from animathic.v1 import event_service_pb2, event_service_pb2_grpc
from services.router.store.outbox import Outbox

_DEFAULT_BATCH = 100
_DEFAULT_LEASE_SECONDS = 30.0


class EventServicer(event_service_pb2_grpc.EventServiceServicer):
    """Serves the outbox to services of the mesh."""

    def __init__(self, outbox: Outbox) -> None:
        self._outbox = outbox

    async def PullEvents(
        self, request: event_service_pb2.PullEventsRequest, context: Any
    ) -> event_service_pb2.PullEventsResponse:
        """Leases a batch."""
        lease = request.lease.ToNanoseconds() / 1e9 if request.HasField("lease") else _DEFAULT_LEASE_SECONDS
        events = await self._outbox.pull(request.max_events or _DEFAULT_BATCH, lease)
        return event_service_pb2.PullEventsResponse(events=events)

    async def AcknowledgeEvents(
        self, request: event_service_pb2.AcknowledgeEventsRequest, context: Any
    ) -> event_service_pb2.AcknowledgeEventsResponse:
        """Deletes what the caller has stored."""
        return event_service_pb2.AcknowledgeEventsResponse(
            acknowledged=await self._outbox.acknowledge(list(request.ids))
        )
