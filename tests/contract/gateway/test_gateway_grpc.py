"""The gRPC entry: public methods of all kinds, reflection alone, errors whole, internal ones refused."""

from __future__ import annotations

import asyncio

import grpc
import pytest
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory
from google.rpc import error_details_pb2
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection_pb2, reflection_pb2_grpc
from grpc_status import rpc_status

from animathic.v1 import (
    animation_service_pb2,
    animation_service_pb2_grpc,
    insights_service_pb2,
    insights_service_pb2_grpc,
    policy_service_pb2,
    policy_service_pb2_grpc,
    render_service_pb2,
    render_service_pb2_grpc,
)
from services.gateway.contracts import all_methods
from tests.contract.gateway.conftest import Running
from tests.contract.gateway.fake_router import SHA256, VIDEO

pytestmark = pytest.mark.asyncio(loop_scope="module")


def key_of(mesh: Running, who: str = "ann") -> tuple[tuple[str, str], ...]:
    return (("authorization", f"Bearer {mesh.keys[who]}"),)


def reason(error: grpc.aio.AioRpcError) -> tuple[grpc.StatusCode, str]:
    status = rpc_status.from_call(error)
    assert status is not None
    info = error_details_pb2.ErrorInfo()
    assert status.details[0].Unpack(info)
    return error.code(), info.reason


async def test_calls_pass_through(mesh: Running) -> None:
    async with grpc.aio.insecure_channel(mesh.grpc_target) as channel:
        stub = animation_service_pb2_grpc.AnimationServiceStub(channel)
        request = animation_service_pb2.CreateAnimationRequest(request_id="g-1")
        request.animation.prompt = "through grpc"
        made = await stub.CreateAnimation(request, metadata=key_of(mesh))
        assert (made.tenant, made.creator) == ("acme", "ann")
        watch = stub.WatchAnimation(
            animation_service_pb2.WatchAnimationRequest(name=made.name), metadata=key_of(mesh)
        )
        assert [each.animation.revision async for each in watch] == [1, 2, 3]
        download = stub.DownloadVideo(
            animation_service_pb2.DownloadVideoRequest(name=made.name, read_offset=7), metadata=key_of(mesh)
        )
        responses = [each async for each in download]
        assert responses[0].artifact.sha256 == SHA256
        assert b"".join(each.data for each in responses) == VIDEO[7:]


async def test_two_tenants_do_not_see_each_other(mesh: Running) -> None:
    async with grpc.aio.insecure_channel(mesh.grpc_target) as channel:
        stub = animation_service_pb2_grpc.AnimationServiceStub(channel)
        request = animation_service_pb2.CreateAnimationRequest()
        request.animation.prompt = "mine"
        made = await stub.CreateAnimation(request, metadata=key_of(mesh))
        get = animation_service_pb2.GetAnimationRequest(name=made.name)
        assert (await stub.GetAnimation(get, metadata=key_of(mesh))).name == made.name
        with pytest.raises(grpc.aio.AioRpcError) as refused:
            await stub.GetAnimation(get, metadata=key_of(mesh, "bob"))
        assert reason(refused.value) == (grpc.StatusCode.NOT_FOUND, "ANIMATION_NOT_FOUND")


async def test_errors_arrive_whole(mesh: Running) -> None:
    async with grpc.aio.insecure_channel(mesh.grpc_target) as channel:
        stub = animation_service_pb2_grpc.AnimationServiceStub(channel)
        request = animation_service_pb2.CreateAnimationRequest()
        request.animation.prompt = "full"
        with pytest.raises(grpc.aio.AioRpcError) as full:
            await stub.CreateAnimation(request, metadata=key_of(mesh))
        status = rpc_status.from_call(full.value)
        assert status is not None
        retry = error_details_pb2.RetryInfo()
        assert status.details[1].Unpack(retry)
        assert retry.retry_delay.ToMilliseconds() == 7200
        request.animation.prompt = "broken"
        with pytest.raises(grpc.aio.AioRpcError) as broken:
            await stub.CreateAnimation(request, metadata=key_of(mesh))
        assert reason(broken.value) == (grpc.StatusCode.INTERNAL, "INTERNAL")
        assert "secret" not in str(broken.value.details())


async def test_internal_methods_are_closed_at_both_doors(mesh: Running) -> None:
    async with grpc.aio.insecure_channel(mesh.grpc_target) as channel:
        policies = policy_service_pb2_grpc.PolicyServiceStub(channel)
        with pytest.raises(grpc.aio.AioRpcError) as refused:
            await policies.GetPolicy(policy_service_pb2.GetPolicyRequest(), metadata=key_of(mesh))
        assert reason(refused.value) == (grpc.StatusCode.PERMISSION_DENIED, "INTERNAL_ONLY")
        render = render_service_pb2_grpc.RenderServiceStub(channel)
        with pytest.raises(grpc.aio.AioRpcError) as stream:
            async for _ in render.RenderScene(render_service_pb2.RenderSceneRequest(), metadata=key_of(mesh)):
                pass
        assert reason(stream.value) == (grpc.StatusCode.PERMISSION_DENIED, "INTERNAL_ONLY")
    async with mesh.client() as client:
        for method in all_methods():
            if not method.public:
                assert not method.http_rules
                response = await client.post(method.grpc_path, json={})
                assert response.status_code == 404


async def test_who_is_not_let_in(mesh: Running) -> None:
    async with grpc.aio.insecure_channel(mesh.grpc_target) as channel:
        stub = animation_service_pb2_grpc.AnimationServiceStub(channel)
        request = animation_service_pb2.GetAnimationRequest(name="animations/a")
        for metadata, code, why in [
            ((), grpc.StatusCode.UNAUTHENTICATED, "CREDENTIALS_MISSING"),
            ((("x-api-key", "nonsense"),), grpc.StatusCode.UNAUTHENTICATED, "CREDENTIALS_INVALID"),
        ]:
            with pytest.raises(grpc.aio.AioRpcError) as refused:
                await stub.GetAnimation(request, metadata=metadata)
            assert reason(refused.value) == (code, why)
        with pytest.raises(grpc.aio.AioRpcError) as scope:
            await stub.CreateAnimation(
                animation_service_pb2.CreateAnimationRequest(), metadata=key_of(mesh, "reader")
            )
        assert reason(scope.value) == (grpc.StatusCode.PERMISSION_DENIED, "SCOPE_MISSING")


async def test_unknown_and_unconfigured(mesh: Running) -> None:
    async with grpc.aio.insecure_channel(mesh.grpc_target) as channel:
        unknown = channel.unary_unary("/animathic.v1.AnimationService/Frobnicate")
        with pytest.raises(grpc.aio.AioRpcError) as missing:
            await unknown(b"", metadata=key_of(mesh))
        assert reason(missing.value) == (grpc.StatusCode.UNIMPLEMENTED, "ROUTE_NOT_FOUND")
        insights = insights_service_pb2_grpc.InsightsServiceStub(channel)
        with pytest.raises(grpc.aio.AioRpcError) as none:
            await insights.GetPerformanceSummary(
                insights_service_pb2.GetPerformanceSummaryRequest(), metadata=key_of(mesh)
            )
        assert reason(none.value) == (grpc.StatusCode.UNIMPLEMENTED, "SERVICE_NOT_CONFIGURED")


async def test_a_caller_that_leaves_cancels_upstream(mesh: Running) -> None:
    async with grpc.aio.insecure_channel(mesh.grpc_target) as channel:
        stub = animation_service_pb2_grpc.AnimationServiceStub(channel)
        request = animation_service_pb2.CreateAnimationRequest()
        request.animation.prompt = "endless"
        made = await stub.CreateAnimation(request, metadata=key_of(mesh))
        mesh.router.seen.left.clear()
        watch = stub.WatchAnimation(
            animation_service_pb2.WatchAnimationRequest(name=made.name), metadata=key_of(mesh)
        )
        await watch.read()
        watch.cancel()
        await asyncio.wait_for(mesh.router.seen.left.wait(), 3)
        mesh.router.seen.left.clear()
        request.animation.prompt = "slow"
        with pytest.raises(grpc.aio.AioRpcError) as late:
            await stub.CreateAnimation(request, metadata=key_of(mesh), timeout=0.3)
        assert late.value.code() == grpc.StatusCode.DEADLINE_EXCEEDED
        await asyncio.wait_for(mesh.router.seen.left.wait(), 3)


async def test_health(mesh: Running) -> None:
    async with grpc.aio.insecure_channel(mesh.grpc_target) as channel:
        health = health_pb2_grpc.HealthStub(channel)
        for service, wanted in [
            ("", "SERVING"),
            ("animathic.v1.AnimationService", "SERVING"),
            ("animathic.v1.FeedbackService", "NOT_SERVING"),
        ]:
            answer = await health.Check(health_pb2.HealthCheckRequest(service=service))
            assert health_pb2.HealthCheckResponse.ServingStatus.Name(answer.status) == wanted


async def test_a_client_that_has_reflection_only(mesh: Running) -> None:
    """Creates, watches and downloads with nothing but what the gateway tells about itself."""
    async with grpc.aio.insecure_channel(mesh.grpc_target) as channel:
        listed, pool = await reflected(channel, "animathic.v1.AnimationService")
        assert "animathic.v1.AnimationService" in listed
        assert "animathic.v1.RenderService" in listed
        internal = {
            "PolicyService",
            "EventService",
            "ModelAdapterService",
            "TuningService",
            "ArtifactService",
        }
        assert not {name.rpartition(".")[2] for name in listed} & internal
        service = pool.FindServiceByName("animathic.v1.AnimationService")

        def classes(name: str) -> tuple[type, type, str]:
            method = service.methods_by_name[name]
            return (
                message_factory.GetMessageClass(method.input_type),
                message_factory.GetMessageClass(method.output_type),
                f"/{service.full_name}/{name}",
            )

        request_class, response_class, path = classes("CreateAnimation")
        create = channel.unary_unary(path, request_class.SerializeToString, response_class.FromString)
        request = request_class()
        request.animation.prompt = "reflected"
        made = await create(request, metadata=key_of(mesh))
        request_class, response_class, path = classes("WatchAnimation")
        watch = channel.unary_stream(path, request_class.SerializeToString, response_class.FromString)
        states = [
            each.animation.state async for each in watch(request_class(name=made.name), metadata=key_of(mesh))
        ]
        assert states[-1] == 4
        request_class, response_class, path = classes("DownloadVideo")
        download = channel.unary_stream(path, request_class.SerializeToString, response_class.FromString)
        data = [each.data async for each in download(request_class(name=made.name), metadata=key_of(mesh))]
        assert b"".join(data) == VIDEO


async def reflected(
    channel: grpc.aio.Channel, symbol: str
) -> tuple[set[str], descriptor_pool.DescriptorPool]:
    """Services that reflection lists, and a pool with the file of a symbol and all that it imports."""
    stub = reflection_pb2_grpc.ServerReflectionStub(channel)
    call = stub.ServerReflectionInfo()

    async def ask(**question: str) -> reflection_pb2.ServerReflectionResponse:
        await call.write(reflection_pb2.ServerReflectionRequest(**question))
        return await call.read()

    listed = {each.name for each in (await ask(list_services="")).list_services_response.service}
    files: dict[str, descriptor_pb2.FileDescriptorProto] = {}
    waiting = [await ask(file_containing_symbol=symbol)]
    while waiting:
        for serialized in waiting.pop().file_descriptor_response.file_descriptor_proto:
            file = descriptor_pb2.FileDescriptorProto.FromString(serialized)
            if file.name not in files:
                files[file.name] = file
                waiting += [await ask(file_by_filename=name) for name in file.dependency if name not in files]
    await call.done_writing()
    pool = descriptor_pool.DescriptorPool()

    def add(name: str) -> None:
        file = files.pop(name, None)
        if file is not None:
            for dependency in file.dependency:
                add(dependency)
            pool.Add(file)

    for name in list(files):
        add(name)
    return listed, pool
