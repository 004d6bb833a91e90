"""Two tenants: to each, what belongs to the other does not exist."""

from __future__ import annotations

import grpc
import httpx
import pytest

from animathic.v1 import animation_service_pb2, animation_service_pb2_grpc
from tests.support.rest import SHORT_STORY, create, http_client, reason_of, wait
from tests.support.running_mesh import RunningMesh

CALLS = (
    ("GET", "", None),
    ("GET", ":watch", None),
    ("GET", "/video", None),
    ("GET", "/preview", None),
    ("POST", ":cancel", {}),
    ("POST", ":refine", {"prompt": "now make it blue"}),
    ("DELETE", "", None),
)


@pytest.fixture(scope="module")
def owned(mesh: RunningMesh) -> str:
    """An animation of acme's that has ended well."""
    with http_client(mesh.url, mesh.keys["acme"]) as acme:
        ended = wait(acme, create(acme, {"sourceStoryboard": SHORT_STORY})["name"])
    assert ended["state"] == "ANIMATION_STATE_SUCCEEDED"
    return ended["name"]


@pytest.mark.parametrize(("method", "suffix", "body"), CALLS)
def test_what_is_anothers_does_not_exist(umbra, acme, owned, method, suffix, body) -> None:
    headers = {"accept": "application/x-ndjson"} if suffix == ":watch" else {}
    refused = umbra.request(method, f"/v1/{owned}{suffix}", json=body, headers=headers)
    missing = umbra.request(method, f"/v1/animations/there-is-none{suffix}", json=body, headers=headers)
    assert refused.status_code == 404, refused.text
    assert reason_of(refused) == "ANIMATION_NOT_FOUND"
    # Not even the wording tells the two apart.
    assert refused.text.replace(owned, "X") == missing.text.replace("animations/there-is-none", "X")
    assert acme.get(f"/v1/{owned}").json()["state"] == "ANIMATION_STATE_SUCCEEDED"


def test_the_same_at_the_grpc_door(mesh: RunningMesh, owned: str) -> None:
    key = (("x-api-key", mesh.keys["umbra"]),)
    with grpc.insecure_channel(mesh.target) as channel:
        stub = animation_service_pb2_grpc.AnimationServiceStub(channel)
        for call in (
            lambda: stub.GetAnimation(
                animation_service_pb2.GetAnimationRequest(name=owned), metadata=key, timeout=10
            ),
            lambda: next(
                stub.WatchAnimation(
                    animation_service_pb2.WatchAnimationRequest(name=owned), metadata=key, timeout=10
                )
            ),
            lambda: next(
                stub.DownloadVideo(
                    animation_service_pb2.DownloadVideoRequest(name=owned), metadata=key, timeout=10
                )
            ),
        ):
            with pytest.raises(grpc.RpcError) as caught:
                call()
            assert caught.value.code() is grpc.StatusCode.NOT_FOUND


def test_a_request_id_belongs_to_its_tenant(acme: httpx.Client, umbra: httpx.Client) -> None:
    body = {"sourceStoryboard": SHORT_STORY}
    mine = create(acme, body, request_id="shared-id")
    theirs = create(umbra, body, request_id="shared-id")
    assert mine["name"] != theirs["name"]
    assert create(acme, body, request_id="shared-id")["name"] == mine["name"]


def test_a_wrong_key_opens_nothing(mesh: RunningMesh, owned: str) -> None:
    wrong = mesh.keys["acme"][:-4] + "AAAA"
    response = httpx.get(f"{mesh.url}/v1/{owned}", headers={"x-api-key": wrong})
    assert response.status_code == 401
    assert reason_of(response) == "CREDENTIALS_INVALID"


def test_the_local_principal_is_a_tenant_like_any_other(mesh: RunningMesh, owned: str) -> None:
    assert httpx.get(f"{mesh.url}/v1/{owned}").status_code == 404


def test_internal_rpcs_are_not_reachable(mesh: RunningMesh) -> None:
    key = (("x-api-key", mesh.keys["acme"]),)
    with grpc.insecure_channel(mesh.target) as channel:
        for path in (
            "/animathic.v1.ModelAdapterService/DescribeModel",
            "/animathic.v1.RenderService/RenderScene",
            "/animathic.v1.EventService/PullEvents",
            "/animathic.v1.ArtifactService/ReleaseArtifact",
        ):
            with pytest.raises(grpc.RpcError) as caught:
                channel.unary_unary(path)(b"", metadata=key, timeout=10)
            assert caught.value.code() in {
                grpc.StatusCode.UNIMPLEMENTED,
                grpc.StatusCode.PERMISSION_DENIED,
                grpc.StatusCode.NOT_FOUND,
            }, path
