"""The REST door as a plain HTTP client sees it."""

from __future__ import annotations

import json
import time
from typing import Any

import httpx

DEMO_PROMPT = "a red circle transforms into a blue square"
SHORT_STORY = "a = circle red\ncreate a 0.4s\n"
ENDED = {"ANIMATION_STATE_SUCCEEDED", "ANIMATION_STATE_FAILED", "ANIMATION_STATE_CANCELLED"}


def http_client(url: str, key: str) -> httpx.Client:
    """A client of one tenant that takes nothing from the environment."""
    return httpx.Client(base_url=url, headers={"x-api-key": key}, timeout=20, trust_env=False)


def create(client: httpx.Client, body: dict[str, Any], **query: str) -> dict[str, Any]:
    """Creates an animation and returns it."""
    response = client.post("/v1/animations", json=body, params=query)
    assert response.status_code == 200, response.text
    return response.json()


def watch(client: httpx.Client, name: str) -> list[dict[str, Any]]:
    """All snapshots that the event stream sends until it ends."""
    snapshots = []
    headers = {"accept": "text/event-stream"}
    with client.stream("GET", f"/v1/{name}:watch", headers=headers, timeout=120) as response:
        assert response.status_code == 200
        assert response.headers["content-type"].startswith("text/event-stream")
        event = ""
        for line in response.iter_lines():
            field, _, value = line.partition(": ")
            if field == "event":
                event = value
            elif field == "data" and event == "message":
                snapshots.append(json.loads(value)["animation"])
            elif field == "data":
                assert event == "end", value
                return snapshots
    raise AssertionError(f"the stream of {name} broke off after {len(snapshots)} snapshots")


def wait(client: httpx.Client, name: str, *, patience: float = 90) -> dict[str, Any]:
    """The animation once it has ended, by asking for it until then; survives a gateway that is away."""
    until = time.monotonic() + patience
    last: Any = None
    while time.monotonic() < until:
        try:
            response = client.get(f"/v1/{name}")
            if response.status_code == 200:
                last = response.json()
                if last["state"] in ENDED:
                    return last
            else:
                assert response.status_code in {502, 503, 504}, response.text
        except httpx.TransportError as error:
            last = error
        time.sleep(0.25)
    raise AssertionError(f"{name} has not ended within {patience} s: {last}")


def reason_of(response: httpx.Response) -> str:
    """The stable reason of an error."""
    return details_of(response, "ErrorInfo").get("reason", "")


def fields_of(response: httpx.Response) -> dict[str, str]:
    """The fields at fault with their descriptions."""
    violations = details_of(response, "BadRequest").get("fieldViolations", [])
    return {each.get("field", ""): each.get("description", "") for each in violations}


def details_of(response: httpx.Response, kind: str) -> dict[str, Any]:
    """One detail of an error by the name of its type; empty if it has none."""
    for detail in response.json()["error"]["details"]:
        if detail["@type"].endswith(f".{kind}"):
            return detail
    return {}
