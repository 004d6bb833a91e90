"""Rate, errors, duration of every service, after ten animations."""

from __future__ import annotations

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from tests.support.rest import create, wait
from tests.support.running_mesh import RunningMesh, eventually

# One method of each service that ten animations must have called.
CALLED = {
    "gateway": ("AnimationService", "CreateAnimation"),
    "router": ("AnimationService", "CreateAnimation"),
    "render": ("RenderService", "RenderScene"),
    "local_adapter": ("ModelAdapterService", "GenerateScene"),
}


class Scrape:
    """The samples of one scrape."""

    def __init__(self, text: str) -> None:
        self._samples = [
            sample for family in text_string_to_metric_families(text) for sample in family.samples
        ]

    def total(self, name: str, **labels: str) -> float:
        """The sum of all samples of a name that carry the labels."""
        return sum(
            sample.value
            for sample in self._samples
            if sample.name == name and labels.items() <= sample.labels.items()
        )


def scrape(mesh: RunningMesh, service: str) -> Scrape:
    return Scrape(httpx.get(f"{mesh.admin_url(service)}/metrics", timeout=10).raise_for_status().text)


@pytest.mark.timeout(150)
def test_ten_animations_are_counted_everywhere(mesh: RunningMesh, acme: httpx.Client) -> None:
    before = {service: scrape(mesh, service) for service in CALLED}
    bodies: list[dict] = [
        {"prompt": f"a {color} circle transforms into a {color} square"}
        for color in ("red", "green", "yellow")
    ]
    bodies += [{"sourceStoryboard": f"a = dot at=({x},0)\ncreate a 0.3s\n"} for x in range(7)]
    names = [create(acme, body)["name"] for body in bodies]
    ended = [wait(acme, name) for name in names]
    assert {each["state"] for each in ended} == {"ANIMATION_STATE_SUCCEEDED"}
    assert acme.get("/v1/animations/nowhere").status_code == 404

    # A call is counted when it has ended, which may be a moment after the animation has.
    def rendered() -> float:
        return scrape(mesh, "render").total("animathic_render_seconds_count")

    eventually(lambda: rendered() >= before["render"].total("animathic_render_seconds_count") + 10, "counted")
    after = {service: scrape(mesh, service) for service in CALLED}

    def grown(service: str, name: str, **labels: str) -> float:
        return after[service].total(name, **labels) - before[service].total(name, **labels)

    for service, (owner, method) in CALLED.items():
        called = {"grpc_service": f"animathic.v1.{owner}", "grpc_method": method}
        expected = 3 if service == "local_adapter" else 10
        if service == "gateway":
            assert grown(service, "animathic_http_requests_total", method="POST") >= 10
            assert grown(service, "animathic_http_request_seconds_count") >= 10
            continue
        assert grown(service, "grpc_server_handled_total", grpc_code="OK", **called) >= expected, service
        assert grown(service, "grpc_server_handling_seconds_count", **called) >= expected, service
        seconds = grown(service, "grpc_server_handling_seconds_sum", **called)
        assert 0 < seconds < 300, service
        assert after[service].total("grpc_server_in_flight", **called) == 0, service
    assert grown("router", "grpc_server_handled_total", grpc_code="NotFound") >= 1
    assert grown("router", "animathic_animations_finished_total", state="succeeded") == 10
    assert grown("router", "animathic_animation_seconds_count") == 10
    assert grown("router", "animathic_route_decisions_total") >= 3
    assert grown("render", "animathic_render_seconds_count") >= 7
    assert grown("local_adapter", "animathic_model_answer_seconds_count") >= 3
    assert grown("router", "animathic_generation_seconds_count") >= 3


def test_every_service_tells_its_version_and_process(mesh: RunningMesh) -> None:
    for service in CALLED:
        found = scrape(mesh, service)
        assert found.total("animathic_build_info") == 1, service
        assert found.total("process_resident_memory_bytes") > 10e6, service
        assert httpx.get(f"{mesh.admin_url(service)}/healthz").status_code == 200
        assert httpx.get(f"{mesh.admin_url(service)}/readyz").status_code == 200
