"""What descriptors say about rpcs, the paths of violations, and the config of a channel."""

import importlib
import json
import pkgutil

import protovalidate
import pytest
from google.protobuf import descriptor_pool
from protobuf import Oneof
from protovalidate import FieldPathElementPb, FieldPathPb

import animathic.v1
from animathic.v1 import (
    animation_pb2,
    animation_service_pb2,
    model_adapter_service_pb2,
    options_pb2,
    render_service_pb2,
)
from services.chassis.access import require_access
from services.chassis.channels import NEVER_RETRIED, service_config
from services.chassis.errors import MeshError
from services.chassis.identity import Principal
from services.chassis.methods import UNKNOWN, MethodTable
from services.chassis.validation import check_message, field_path

SERVICE = "animathic.v1.AnimationService"


def test_a_declared_method() -> None:
    method = MethodTable().find(f"/{SERVICE}/CreateAnimation")
    assert (method.service, method.name) == (SERVICE, "CreateAnimation")
    assert method.access.audience == options_pb2.AUDIENCE_PUBLIC
    assert method.access.scope == "animations.write"
    assert not method.infrastructure


@pytest.mark.parametrize(
    "path", ["", "/", "/x", "/x/y", f"/{SERVICE}/Nothing", f"/{SERVICE}", "/" + "x" * 5000]
)
def test_other_names_are_unknown_and_not_kept(path: str) -> None:
    table = MethodTable()
    method = table.find(path)
    assert (method.service, method.name, method.descriptor) == (UNKNOWN, UNKNOWN, None)
    assert not table._known


def test_every_rpc_of_ours_has_an_access_rule() -> None:
    table, seen = MethodTable(), 0
    for module in pkgutil.iter_modules(animathic.v1.__path__):
        if not module.name.endswith("_service_pb2"):
            continue
        file = importlib.import_module(f"animathic.v1.{module.name}").DESCRIPTOR
        for service in file.services_by_name.values():
            for method in table.of_service(service.full_name):
                seen += 1
                assert method.access.audience in (1, 2), method.path
                assert bool(method.access.scope) == (method.access.audience == 1), method.path
    assert seen > 20


def test_the_methods_that_are_never_retried_exist() -> None:
    assert model_adapter_service_pb2.DESCRIPTOR
    assert render_service_pb2.DESCRIPTOR
    for path in NEVER_RETRIED:
        assert MethodTable().find(path).descriptor is not None


def test_an_unknown_service_cannot_be_listed() -> None:
    with pytest.raises(KeyError):
        MethodTable(descriptor_pool.DescriptorPool()).of_service(SERVICE)


def test_access_by_hand() -> None:
    method = MethodTable().find(f"/{SERVICE}/GetAnimation")
    reader = Principal("acme", "ann", frozenset({"animations.read"}), "user")
    assert require_access(method, reader) is reader
    with pytest.raises(MeshError):
        require_access(method, Principal("acme", "ann", frozenset({"animations.*"}), "user"))


def test_the_paths_of_violations() -> None:
    validator = protovalidate.Validator()
    request = animation_service_pb2.CreateAnimationRequest(
        animation=animation_pb2.Animation(prompt="\x00"), request_id="!"
    )
    with pytest.raises(MeshError) as error:
        check_message(validator, request)
    fields = {violation.field for violation in error.value.violations}
    assert {"request_id", "animation.prompt"} <= fields
    assert "(and " in error.value.message
    assert field_path(None) == ""
    fine = animation_service_pb2.CreateAnimationRequest(
        animation=animation_pb2.Animation(prompt="a red circle")
    )
    check_message(validator, fine)


@pytest.mark.parametrize(
    ("field", "value", "text"),
    [
        ("index", 2, "scene.items[2]"),
        ("string_key", "red", 'scene.items["red"]'),
        ("int_key", -1, "scene.items[-1]"),
        ("bool_key", True, "scene.items[true]"),
    ],
)
def test_subscripts_of_lists_and_maps(field: str, value: object, text: str) -> None:
    subscripted = FieldPathElementPb(field_name="items", subscript=Oneof(field=field, value=value))  # type: ignore[arg-type]
    path = FieldPathPb(elements=[FieldPathElementPb(field_name="scene"), subscripted])
    assert field_path(path) == text


def test_the_service_config() -> None:
    config = json.loads(service_config())
    assert config["loadBalancingConfig"] == [{"round_robin": {}}]
    everything, never = config["methodConfig"]
    assert everything["name"] == [{}]
    assert everything["retryPolicy"]["retryableStatusCodes"] == ["UNAVAILABLE"]
    assert "retryPolicy" not in never
    assert {"service": "animathic.v1.RenderService", "method": "RenderScene"} in never["name"]
    assert config["retryThrottling"]["maxTokens"] == 20
    assert config["healthCheckConfig"] == {"serviceName": ""}
    without = json.loads(service_config(retries=False, health_service=None))
    assert set(without) == {"loadBalancingConfig"}
    assert len(json.loads(service_config(()))["methodConfig"]) == 1
