"""A gRPC client that was never given the contracts: it asks the gateway what there is."""

from __future__ import annotations

from pathlib import Path

import grpc
import pytest
from google.protobuf import descriptor_pool, message_factory
from grpc_reflection.v1alpha.proto_reflection_descriptor_database import ProtoReflectionDescriptorDatabase

from tests.support.rest import DEMO_PROMPT
from tests.support.running_mesh import RunningMesh
from tests.support.video import read_video

SERVICE = "animathic.v1.AnimationService"


class ReflectedService:
    """Calls a service by the descriptors that the server itself tells."""

    def __init__(self, channel: grpc.Channel, database: ProtoReflectionDescriptorDatabase, name: str) -> None:
        # The database answers from the channel; the pool knows nothing but what it says.
        self._service = descriptor_pool.DescriptorPool(database).FindServiceByName(name)
        self._channel = channel

    def call(self, method_name: str, metadata, **fields):
        method = self._service.methods_by_name[method_name]
        request_type = message_factory.GetMessageClass(method.input_type)
        response_type = message_factory.GetMessageClass(method.output_type)
        kind = self._channel.unary_stream if method.server_streaming else self._channel.unary_unary
        stub = kind(
            f"/{self._service.full_name}/{method.name}",
            request_serializer=request_type.SerializeToString,
            response_deserializer=response_type.FromString,
        )
        return stub(request_type(**fields), metadata=metadata, timeout=100)


@pytest.mark.timeout(150)
def test_reflection_is_enough_to_make_a_video(mesh: RunningMesh, tmp_path: Path) -> None:
    key = (("x-api-key", mesh.keys["acme"]),)
    with grpc.insecure_channel(mesh.target) as channel:
        database = ProtoReflectionDescriptorDatabase(channel)
        assert SERVICE in database.get_services()
        animations = ReflectedService(channel, database, SERVICE)
        created = animations.call(
            "CreateAnimation", key, animation={"prompt": DEMO_PROMPT}, request_id="by-reflection"
        )
        last = None
        for response in animations.call("WatchAnimation", key, name=created.name):
            last = response.animation
        state = last.DESCRIPTOR.fields_by_name["state"].enum_type.values_by_number[last.state].name
        assert state == "ANIMATION_STATE_SUCCEEDED", last.error
        body = b"".join(part.data for part in animations.call("DownloadVideo", key, name=created.name))
    assert len(body) == last.video.artifact.size_bytes
    path = tmp_path / "video.mp4"
    path.write_bytes(body)
    assert read_video(path).blueness(1.0) > 300


def test_reflection_tells_only_public_services(mesh: RunningMesh) -> None:
    with grpc.insecure_channel(mesh.target) as channel:
        services = set(ProtoReflectionDescriptorDatabase(channel).get_services())
    assert "animathic.v1.ModelService" in services
    assert not services & {"animathic.v1.ModelAdapterService", "animathic.v1.ArtifactService"}
