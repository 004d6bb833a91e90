"""REST through a real HTTP server to a real gRPC backend."""

from __future__ import annotations

import asyncio

import httpx
import pytest

from tests.contract.gateway.conftest import Running

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def create(client: httpx.AsyncClient, prompt: str = "a circle") -> str:
    response = await client.post("/v1/animations", json={"prompt": prompt})
    assert response.status_code == 200, response.text
    return str(response.json()["name"])


async def test_creates_and_reads_an_animation(client: httpx.AsyncClient, mesh: Running) -> None:
    response = await client.post(
        "/v1/animations?requestId=r-1",
        json={"prompt": "größer ☂", "options": {"qualityPreset": "QUALITY_PRESET_720P30"}},
    )
    assert response.status_code == 200
    body = response.json()
    assert body["prompt"] == "größer ☂"
    assert body["options"] == {"qualityPreset": "QUALITY_PRESET_720P30"}
    assert body["etag"] == "r-1"
    assert body["tenant"] == "acme"
    assert body["creator"] == "ann"
    assert body["revision"] == "1"
    assert body["createTime"] == "2026-01-31T12:00:00Z"
    assert response.headers["content-type"] == "application/json"
    assert response.headers["cache-control"] == "no-store"
    assert response.headers["x-content-type-options"] == "nosniff"
    assert (await client.get("/v1/" + body["name"])).json() == body
    head = await client.head("/v1/" + body["name"])
    assert (head.status_code, head.content) == (200, b"")


async def test_snake_case_names_are_understood(client: httpx.AsyncClient) -> None:
    response = await client.post(
        "/v1/animations?request_id=r-2", json={"prompt": "x", "options": {"quality_preset": 2}}
    )
    assert response.json()["options"] == {"qualityPreset": "QUALITY_PRESET_720P30"}


async def test_cancels_with_an_empty_body_and_deletes(client: httpx.AsyncClient) -> None:
    name = await create(client, "to be cancelled")
    assert (await client.post(f"/v1/{name}:cancel")).json()["cancelRequested"] is True
    assert (await client.post(f"/v1/{name}:cancel", json={"etag": "e"})).status_code == 200
    deleted = await client.delete(f"/v1/{name}")
    assert (deleted.status_code, deleted.json()) == (200, {})
    missing = await client.get(f"/v1/{name}")
    assert missing.status_code == 404


async def test_the_path_wins_over_the_body(client: httpx.AsyncClient) -> None:
    response = await client.patch(
        "/v1/models/local-trained/aliases/serving?updateMask=shares",
        json={"name": "models/other/aliases/else", "etag": "e"},
    )
    assert response.json()["name"] == "models/local-trained/aliases/serving"


async def test_two_tenants_do_not_see_each_other(client: httpx.AsyncClient, mesh: Running) -> None:
    name = await create(client, "mine")
    async with mesh.client("bob") as bob:
        response = await bob.get(f"/v1/{name}")
        assert response.status_code == 404
        assert response.json()["error"]["status"] == "NOT_FOUND"
        assert response.json()["error"]["details"][0]["reason"] == "ANIMATION_NOT_FOUND"
        for path in (f"/v1/{name}:watch",):
            assert (await bob.get(path)).status_code == 404
        assert (await bob.post(f"/v1/{name}:cancel")).status_code == 404
        assert (await bob.delete(f"/v1/{name}")).status_code == 404
    assert (await client.get(f"/v1/{name}")).status_code == 200


async def test_a_service_error_arrives_whole(client: httpx.AsyncClient) -> None:
    response = await client.post("/v1/animations", json={"prompt": "full"})
    assert response.status_code == 429
    assert response.headers["retry-after"] == "8"
    error = response.json()["error"]
    assert (error["code"], error["status"], error["message"]) == (
        429,
        "RESOURCE_EXHAUSTED",
        "Wait and retry.",
    )
    assert {"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "7.200s"} in error["details"]


async def test_a_defect_of_a_service_shows_nothing_of_it(client: httpx.AsyncClient) -> None:
    response = await client.post("/v1/animations", json={"prompt": "broken"})
    assert response.status_code == 500
    assert "secret" not in response.text
    assert response.json()["error"]["details"][0]["reason"] == "INTERNAL"


async def test_the_gateway_does_not_retry(client: httpx.AsyncClient, mesh: Running) -> None:
    before = mesh.router.seen.creates
    response = await client.post("/v1/animations", json={"prompt": "unavailable"})
    assert response.status_code == 503
    assert response.headers["retry-after"] == "1"
    assert mesh.router.seen.creates == before + 1


async def test_the_services_rules_name_fields_as_the_gateway_does(client: httpx.AsyncClient) -> None:
    response = await client.post("/v1/animations", json={"prompt": "x", "options": {"model": "gpt"}})
    violation = response.json()["error"]["details"][1]["fieldViolations"][0]
    assert violation["field"] == "animation.options.model"


async def test_trace_and_deadline_reach_the_service(client: httpx.AsyncClient, mesh: Running) -> None:
    trace = "0af7651916cd43dd8448eb211c80319c"
    response = await client.post(
        "/v1/animations",
        json={"prompt": "traced"},
        headers={"traceparent": f"00-{trace}-b7ad6b7169203331-01", "x-request-timeout": "5s"},
    )
    assert response.status_code == 200
    assert response.headers["x-trace-id"] == trace
    assert trace in mesh.router.seen.traceparents[-1]
    deadline = mesh.router.seen.deadlines[-1]
    assert deadline is not None
    assert 3 < deadline < 5.5


async def test_a_deadline_is_bounded_and_ends_the_call(client: httpx.AsyncClient, mesh: Running) -> None:
    mesh.router.seen.left.clear()
    response = await client.post(
        "/v1/animations", json={"prompt": "slow"}, headers={"x-request-timeout": "200ms"}
    )
    assert response.status_code == 504
    assert response.json()["error"]["details"][0]["reason"] == "DEADLINE_EXCEEDED"
    await asyncio.wait_for(mesh.router.seen.left.wait(), 3)
    await client.post("/v1/animations", json={"prompt": "x"}, headers={"x-request-timeout": "86400"})
    deadline = mesh.router.seen.deadlines[-1]
    assert deadline is not None
    assert deadline < 122


async def test_a_client_that_leaves_cancels_a_unary_call(client: httpx.AsyncClient, mesh: Running) -> None:
    mesh.router.seen.left.clear()
    with pytest.raises(httpx.ReadTimeout):
        await client.post("/v1/animations", json={"prompt": "slow"}, timeout=0.3)
    await asyncio.wait_for(mesh.router.seen.left.wait(), 3)


async def test_a_service_that_this_mesh_does_not_run(client: httpx.AsyncClient) -> None:
    response = await client.get("/v1/performance")
    assert response.status_code == 501
    error = response.json()["error"]
    assert error["status"] == "UNIMPLEMENTED"
    assert error["details"][0]["reason"] == "SERVICE_NOT_CONFIGURED"
    assert (
        error["message"]
        == "This mesh does not run InsightsService: its operator enables it with FEEDBACK_TARGET."
    )


async def test_a_service_that_is_down(client: httpx.AsyncClient) -> None:
    response = await client.post("/v1/scenes:check", json={"storyboard": "circle"})
    assert response.status_code == 503
    assert response.json()["error"]["details"][0]["reason"] == "UPSTREAM_UNAVAILABLE"
    assert "127.0.0.1" not in response.text


async def test_index_and_health(mesh: Running) -> None:
    async with mesh.client(None) as anybody:
        index = (await anybody.get("/")).json()
        assert index["services"]["animathic.v1.AnimationService"] == "configured"
        assert index["services"]["animathic.v1.FeedbackService"] == "not configured"
        assert (await anybody.get("/healthz")).json() == {"status": "SERVING"}


async def test_requests_are_counted_by_route(client: httpx.AsyncClient, mesh: Running) -> None:
    labels = {"route": "/v1/{name=animations/*}", "method": "GET", "status": "4xx"}
    count = mesh.metrics.registry.get_sample_value
    before = count("animathic_http_requests_total", labels) or 0
    await client.get("/v1/animations/nobody")
    assert count("animathic_http_requests_total", labels) == before + 1
    unmatched = {"route": "unmatched", "method": "GET", "status": "4xx"}
    before = count("animathic_http_requests_total", unmatched) or 0
    await client.get("/wp-admin")
    assert count("animathic_http_requests_total", unmatched) == before + 1
