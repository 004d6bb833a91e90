"""What `/metrics` says after calls, and the rest of the admin port."""

import asyncio
import time
from collections.abc import Callable
from typing import Any

import grpc
import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from services.chassis.errors import Code, MeshError
from tests.support.echo_service import SERVICE, text

pytestmark = pytest.mark.asyncio
Serve = Callable[..., Any]


async def scrape(port: int) -> dict[tuple[str, frozenset[tuple[str, str]]], float]:
    async with httpx.AsyncClient() as client:
        answer = await client.get(f"http://127.0.0.1:{port}/metrics")
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/plain")
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(answer.text)
        for sample in family.samples
    }


async def test_calls_are_counted_by_code_and_timed(serve_echo: Serve) -> None:
    async def behave(request: Any, _context: Any) -> Any:
        if request.value == "missing":
            raise MeshError(Code.NOT_FOUND, "ANIMATION_NOT_FOUND", "None.")
        if request.value == "broken":
            raise RuntimeError("defect")
        if request.value == "slow":
            await asyncio.sleep(0.06)
        return request

    async with serve_echo({"Unary": behave}) as e:
        method = {"grpc_type": "unary", "grpc_service": SERVICE, "grpc_method": "Unary"}

        def key(name: str, **labels: str) -> tuple[str, frozenset[tuple[str, str]]]:
            return name, frozenset((method | labels).items())

        before = await scrape(e.server.admin_port)
        # Series exist before the first call, so that the first error is an increase.
        for code in ("OK", "NotFound", "Internal", "Canceled", "DeadlineExceeded"):
            assert before[key("grpc_server_handled_total", grpc_code=code)] == 0
        for value in ("a", "slow", "missing", "broken"):
            try:
                await e.stub.Unary(text(value), metadata=e.as_user)
            except grpc.aio.AioRpcError:
                assert value in ("missing", "broken")
        with pytest.raises(grpc.aio.AioRpcError):
            await e.stub.Unary(text("a"), metadata=(("animathic-principal", "bad"),))
        after = await scrape(e.server.admin_port)
        assert after[key("grpc_server_started_total")] == 5
        handled = {
            code: after[key("grpc_server_handled_total", grpc_code=code)]
            for code in ("OK", "NotFound", "Internal", "Unauthenticated")
        }
        assert handled == {"OK": 2, "NotFound": 1, "Internal": 1, "Unauthenticated": 1}
        assert after[key("grpc_server_handling_seconds_count")] == 5
        assert 0.06 < after[key("grpc_server_handling_seconds_sum")] < 2
        assert after[key("grpc_server_in_flight")] == 0
        assert after[key("grpc_server_msg_received_total")] == 4
        assert after[key("grpc_server_msg_sent_total")] == 2
        await asyncio.sleep(0.05)
        client = e.client_metrics.registry
        assert client.get_sample_value("grpc_client_handled_total", method | {"grpc_code": "OK"}) == 2
        assert client.get_sample_value("grpc_client_handled_total", method | {"grpc_code": "NotFound"}) == 1
        assert client.get_sample_value("grpc_client_handling_seconds_count", method) == 5


async def test_the_admin_port(serve_echo: Serve) -> None:
    async with (
        serve_echo({}) as e,
        httpx.AsyncClient(base_url=f"http://127.0.0.1:{e.server.admin_port}") as admin,
    ):
        assert (await admin.get("/healthz")).text == "ok\n"
        ready = await admin.get("/readyz")
        assert ready.json() == {"ready": True, "services": {SERVICE: True}}
        assert (await admin.get("/")).status_code == 404
        # A scraper that asks for OpenMetrics gets it.
        accept = {"accept": "application/openmetrics-text; version=1.0.0"}
        answer = await admin.get("/metrics", headers=accept)
        assert answer.headers["content-type"].startswith("application/openmetrics-text")
        assert answer.text.endswith("# EOF\n")
        assert "process_resident_memory_bytes" in answer.text
        assert "animathic_build_info{" in answer.text


async def test_a_blocked_loop_shows(serve_echo: Serve) -> None:
    async with serve_echo({}) as e:
        await asyncio.sleep(0.3)
        time.sleep(0.5)  # noqa: ASYNC251 - the very thing to be noticed
        await asyncio.sleep(0.05)
        late = e.metrics.registry.get_sample_value(
            "animathic_event_loop_lag_seconds_sum", {"service": "echo"}
        )
        assert late is not None
        assert late > 0.2
