"""The one registry of metrics."""

import ast
import re
from pathlib import Path

import grpc
from prometheus_client import generate_latest

from services.chassis.call_metrics import go_name
from services.chassis.metrics import Metrics

ROOT = Path(__file__).parents[3]
FORBIDDEN = {"tenant", "user", "creator", "prompt", "animation", "id", "request_id", "key", "trace_id"}


def test_every_family_follows_the_conventions() -> None:
    families = Metrics().families
    names = [family.name for family in families]
    assert len(names) == len(set(names))
    for family in families:
        assert re.fullmatch(r"(grpc|animathic)_[a-z0-9_]+", family.name), family
        assert family.help.endswith("."), family
        assert not FORBIDDEN & set(family.labels), family
        assert (family.kind == "counter") == family.name.endswith("_total"), family
        # A family without labels would show a 0 in services that never fill it.
        assert family.labels, family
    for required in (
        "grpc_server_started_total",
        "grpc_server_handled_total",
        "grpc_server_handling_seconds",
        "animathic_generations_total",
        "animathic_generation_seconds",
        "animathic_render_seconds",
        "animathic_route_decisions_total",
        "animathic_tokens_total",
        "animathic_cost_usd_total",
        "animathic_queue_age_seconds",
    ):
        assert required in names, required
    (generations,) = [family for family in families if family.name == "animathic_generations_total"]
    assert generations.labels == ("model", "outcome", "reason")


def test_what_is_declared_is_what_is_exposed() -> None:
    metrics = Metrics()
    exposed = set(re.findall(r"^# TYPE (\S+) ", generate_latest(metrics.registry).decode(), re.MULTILINE))
    declared = {family.name for family in metrics.families}
    ours = {name for name in exposed if name.startswith(("grpc_", "animathic_"))}
    assert ours == declared


def test_services_declare_no_metrics_of_their_own() -> None:
    for path in (ROOT / "services").rglob("*.py"):
        if path.name == "metrics.py" and path.parent.name == "chassis":
            continue
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
                declares = node.func.id in ("Counter", "Gauge", "Histogram", "Summary")
                named = bool(node.args) and isinstance(node.args[0], ast.Constant)
                assert not (declares and named and isinstance(node.args[0].value, str)), path  # type: ignore[attr-defined]


def test_two_registries_do_not_meet() -> None:
    one, other = Metrics(), Metrics()
    one.tokens.labels("local-trained", "input").inc(5)
    labels = {"model": "local-trained", "direction": "input"}
    assert one.registry.get_sample_value("animathic_tokens_total", labels) == 5
    assert other.registry.get_sample_value("animathic_tokens_total", labels) is None


def test_codes_are_spelt_as_in_go() -> None:
    names = {go_name(code) for code in grpc.StatusCode}
    assert {"OK", "Canceled", "NotFound", "DeadlineExceeded", "Unauthenticated", "DataLoss"} <= names
    assert len(names) == 17
