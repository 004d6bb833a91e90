"""The client against a scripted gateway."""

from __future__ import annotations

import io
from collections.abc import AsyncIterator, Iterator

import grpc
import pytest
import pytest_asyncio
import stamina

from animathic.client import AnimathicError, Client, ClientConfig, animation_options, has_ended
from animathic.v1 import animation_pb2
from tests.support.scripted_gateway import VIDEO, ScriptedGateway, failure


@pytest.fixture
def gateway() -> Iterator[ScriptedGateway]:
    stamina.set_testing(False)
    with ScriptedGateway() as gateway:
        yield gateway


@pytest_asyncio.fixture
async def client(gateway: ScriptedGateway) -> AsyncIterator[Client]:
    config = ClientConfig(target=gateway.target, api_key="k1", wait_initial=0.01, wait_max=0.05)
    async with Client(config) as client:
        yield client


def gone(message: str = "gone; retry") -> object:
    return failure(grpc.StatusCode.UNAVAILABLE, "UPSTREAM_UNAVAILABLE", message, retry_after=0.01)


@pytest.mark.asyncio
async def test_a_create_repeats_its_request_id_while_the_mesh_is_unavailable(gateway, client):
    gateway.script.errors["CreateAnimation"] = [gone(), gone()]
    animation = await client.create_animation(prompt="a circle")
    ids = [request.request_id for request in gateway.requests]
    assert animation.name == "animations/a1"
    assert len(ids) == 3
    assert len(set(ids)) == 1
    assert ids[0]
    assert len(gateway.by_request_id) == 1


@pytest.mark.asyncio
async def test_two_creates_have_different_request_ids(gateway, client):
    await client.create_animation(prompt="a circle")
    await client.create_animation(prompt="a circle")
    assert len({request.request_id for request in gateway.requests}) == 2


@pytest.mark.asyncio
async def test_only_unavailable_is_repeated(gateway, client):
    gateway.script.errors["CreateAnimation"] = [
        failure(grpc.StatusCode.RESOURCE_EXHAUSTED, "QUEUE_FULL", "the queue is full", retry_after=7)
    ]
    with pytest.raises(AnimathicError) as caught:
        await client.create_animation(prompt="a circle")
    assert caught.value.reason == "QUEUE_FULL"
    assert caught.value.retry_after == 7
    assert gateway.calls["CreateAnimation"] == 1


@pytest.mark.asyncio
async def test_errors_carry_code_reason_fields_and_metadata(gateway, client):
    gateway.script.errors["CreateAnimation"] = [
        failure(
            grpc.StatusCode.INVALID_ARGUMENT,
            "FIELD_INVALID",
            "mend it",
            fields={"animation.prompt": "say what"},
        )
    ]
    with pytest.raises(AnimathicError) as caught:
        await client.create_animation(prompt="")
    error = caught.value
    assert (error.code, error.reason, error.message) == (
        grpc.StatusCode.INVALID_ARGUMENT,
        "FIELD_INVALID",
        "mend it",
    )
    assert [(each.field, each.description) for each in error.violations] == [("animation.prompt", "say what")]
    assert error.metadata == {"hint": "h"}


@pytest.mark.asyncio
async def test_every_call_carries_the_key(gateway, client):
    await client.list_models()
    async for _ in client.watch("a1"):
        pass
    await client.download_video("a1", io.BytesIO())
    assert set(gateway.keys) == {"k1"}


@pytest.mark.asyncio
async def test_a_watch_goes_on_after_a_break_without_repeating(gateway, client):
    gateway.script.break_watch_after = 2
    seen = [animation async for animation in client.watch("animations/a1")]
    assert [animation.revision for animation in seen] == [1, 2, 3, 4]
    assert has_ended(seen[-1])
    assert [request.after_revision for request in gateway.requests] == [0, 2]


@pytest.mark.asyncio
async def test_a_watch_of_an_unknown_animation_fails_at_once(gateway, client):
    gateway.script.errors["WatchAnimation"] = [
        failure(grpc.StatusCode.NOT_FOUND, "ANIMATION_NOT_FOUND", "there is none")
    ]
    with pytest.raises(AnimathicError, match="ANIMATION_NOT_FOUND"):
        async for _ in client.watch("nothing"):
            pass
    assert gateway.calls["WatchAnimation"] == 1


@pytest.mark.asyncio
async def test_a_watch_after_the_last_revision_ends(gateway, client):
    assert [animation async for animation in client.watch("a1", after_revision=4)] == []
    assert (await client.wait("a1")).state == animation_pb2.ANIMATION_STATE_SUCCEEDED


@pytest.mark.asyncio
async def test_a_download_goes_on_where_it_broke(gateway, client, tmp_path):
    gateway.script.break_download_after = 200_000
    path = tmp_path / "v.mp4"
    result = await client.download_video("a1", path)
    assert path.read_bytes() == VIDEO
    assert result.size_bytes == len(VIDEO)
    offsets = [request.read_offset for request in gateway.requests]
    assert offsets[0] == 0
    assert offsets[1] > 100_000


@pytest.mark.asyncio
async def test_a_corrupt_download_leaves_no_file_and_keeps_the_old_one(gateway, client, tmp_path):
    gateway.script.corrupt = True
    path = tmp_path / "v.mp4"
    path.write_bytes(b"old")
    with pytest.raises(AnimathicError) as caught:
        await client.download_video("a1", path)
    assert caught.value.reason == "DOWNLOAD_CORRUPT"
    assert path.read_bytes() == b"old"
    assert [each.name for each in tmp_path.iterdir()] == ["v.mp4"]


@pytest.mark.asyncio
async def test_a_download_to_an_impossible_place_says_so(client, tmp_path):
    with pytest.raises(AnimathicError, match="FILE_NOT_WRITABLE"):
        await client.download_video("a1", tmp_path / "no" / "v.mp4")


@pytest.mark.asyncio
async def test_no_gateway_is_a_typed_error():
    config = ClientConfig(target="127.0.0.1:1", attempts=2, wait_initial=0.01)
    async with Client(config) as client:
        with pytest.raises(AnimathicError) as caught:
            await client.list_models()
    assert caught.value.reason == "GATEWAY_UNREACHABLE"
    assert "127.0.0.1:1" in caught.value.message
    assert "make up" in caught.value.message


@pytest.mark.asyncio
async def test_the_other_calls(gateway, client):
    assert [model.name for model in await client.list_models()] == [
        "models/local-trained",
        "models/gemini-2.5-flash",
    ]
    assert (await client.explain_route("a circle")).model == "models/local-trained"
    assert (await client.check_scene(storyboard="a = circle")).valid
    assert (await client.compile_scene(storyboard="a = circle")).class_name == "S"
    assert (await client.refine_animation("a1", "make it blue")).parent == "animations/a1"
    assert gateway.requests[-1].request_id
    assert (await client.cancel_animation("a1")).name == "animations/a1"
    await client.delete_animation("animations/a1")
    assert gateway.requests[-1].name == "animations/a1"


def test_options_are_words():
    options = animation_options(
        quality="720p30", aspect="9:16", model="local-trained", strict=True, priority="high"
    )
    assert options.quality_preset == animation_pb2.QUALITY_PRESET_720P30
    assert options.aspect_ratio == animation_pb2.ASPECT_RATIO_9_16
    assert options.model == "models/local-trained"
    assert options.strict
    assert options.priority == animation_pb2.PRIORITY_HIGH


@pytest.mark.parametrize("wrong", [{"quality": "4k"}, {"aspect": "2:1"}, {"priority": "now"}])
def test_an_unknown_option_names_the_field_and_the_choices(wrong):
    with pytest.raises(AnimathicError) as caught:
        animation_options(**wrong)
    assert caught.value.violations[0].field.startswith("animation.options.")
    assert "use one of" in caught.value.message


@pytest.mark.asyncio
async def test_two_sources_are_refused(client):
    with pytest.raises(AnimathicError, match="one of prompt"):
        await client.create_animation(prompt="a", storyboard="b")


def test_the_key_is_not_in_the_configurations_text():
    assert "sesame" not in repr(ClientConfig(api_key="sesame"))


def test_the_configuration_comes_from_the_environment(tmp_path):
    config = ClientConfig.from_environment(
        {"ANIMATHIC_TARGET": "mesh:443", "ANIMATHIC_API_KEY": "k", "ANIMATHIC_TLS": "true"}
    )
    assert (config.target, config.api_key, config.tls) == ("mesh:443", "k", True)
    assert ClientConfig.from_environment({}).target == "127.0.0.1:8081"
