"""Every process dies once, in the middle of the work; every animation still ends well."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest

from tests.drills.kill_services import TARGETS, Target, kill_in_the_middle
from tests.support.rest import http_client
from tests.support.running_mesh import RunningMesh


@pytest.fixture(scope="module")
def client(mesh: RunningMesh) -> Iterator[httpx.Client]:
    with http_client(mesh.url, mesh.keys["acme"]) as client:
        yield client


@pytest.mark.timeout(150)
@pytest.mark.parametrize("target", TARGETS, ids=lambda target: target.name)
def test_an_animation_outlives_the_death_of(mesh: RunningMesh, client: httpx.Client, target: Target) -> None:
    outcome = kill_in_the_middle(mesh, target, client, TARGETS.index(target))
    assert outcome.problems == ()
    assert set(outcome.ended) == {"ANIMATION_STATE_SUCCEEDED"}
