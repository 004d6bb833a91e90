"""What a stranger may send: the answer says what is wrong, where, and what to do; nothing is made."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any

import httpx
import pytest

from tests.support.rest import SHORT_STORY, create, fields_of, reason_of, wait
from tests.support.running_mesh import RunningMesh


@dataclass(frozen=True)
class Case:
    """A request that must be refused.

    Attributes:
        name: What is wrong with it.
        body: JSON data, or raw bytes.
        status: The HTTP status.
        code: The canonical code.
        reason: The stable reason.
        field: The field at fault; empty where none is named.
        advice: A regular expression that the answer's text must hold.
    """

    name: str
    body: Any
    status: int
    code: str
    reason: str
    field: str
    advice: str


def invalid(name: str, body: Any, field: str, advice: str, reason: str = "FIELD_INVALID") -> Case:
    return Case(name, body, 400, "INVALID_ARGUMENT", reason, field, advice)


def story(*lines: str) -> dict[str, str]:
    return {"sourceStoryboard": "\n".join(lines) + "\n"}


CASES = (
    invalid("empty prompt", {"prompt": ""}, "animation.prompt", "say what to show"),
    invalid("blank prompt", {"prompt": " \n\t "}, "animation.prompt", "say what to show"),
    invalid("nothing at all", {}, "animation.source", ""),
    invalid("10,000 lines", {"prompt": "a circle\n" * 10_000}, "animation.prompt", "lines|4000"),
    invalid("control characters", {"prompt": "a\x00\x01\x02 circle"}, "animation.prompt", "plain text"),
    invalid("bytes that are no text", b'{"prompt": "\xff\xfe\xfa"}', "", "UTF-8", "BODY_INVALID"),
    invalid("bad JSON", b'{"prompt": "a circle"', "", "JSON", "BODY_INVALID"),
    invalid("a list", b"[1, 2]", "animation", "expects an object"),
    invalid("unknown field", {"promt": "a circle"}, "animation.promt", "did you mean prompt"),
    invalid("wrong type", {"prompt": 5}, "animation.prompt", "expects text"),
    invalid(
        "unknown option",
        {"prompt": "a circle", "options": {"sparkle": True}},
        "animation.options.sparkle",
        "there are: qualityPreset",
    ),
    invalid(
        "unknown quality",
        {"prompt": "a circle", "options": {"qualityPreset": "8K"}},
        "animation.options.quality_preset",
        "QUALITY_PRESET_480P15",
    ),
    invalid(
        "a number outside the enum",
        {"prompt": "a circle", "options": {"qualityPreset": 99}},
        "animation.options.quality_preset",
        "",
    ),
    invalid(
        "strict without a model",
        {"prompt": "a circle", "options": {"strict": True}},
        "animation.options",
        "needs a model",
    ),
    invalid(
        "a model's name that is none",
        {"prompt": "a circle", "options": {"model": "GPT 4"}},
        "animation.options.model",
        "models/NAME",
    ),
    invalid(
        "a model that there is not",
        {"prompt": "a circle", "options": {"model": "models/nobody"}},
        "animation.options.model",
        "ListModels",
        "MODEL_NOT_FOUND",
    ),
    Case(
        "body over the limit",
        {"prompt": "x" * 1_100_000},
        413,
        "INVALID_ARGUMENT",
        "BODY_TOO_LARGE",
        "",
        r"\d",
    ),
    invalid(
        "a missing element",
        story("a = circle red", "create a", "transform a b 2s"),
        "animation.source_storyboard.steps[1].transform.target",
        "line 3, column 13.*no element",
        "SCENE_INVALID",
    ),
    invalid(
        "a text of 5,000 words",
        story(f't = text "{"word " * 5_000}"', "write t"),
        "animation.source_storyboard",
        "line 1",
        "SCENE_INVALID",
    ),
    invalid(
        "a formula that does not parse",
        story(r'f = math "\frac{1}{"', "write f"),
        "animation.source_storyboard.elements[0].math.tex",
        "line 1, column 10",
        "SCENE_INVALID",
    ),
    invalid(
        "an expression that is code",
        story("ax = axes x=[0,10] y=[0,100]", "f = plot ax __import__('os').system('id')", "create f"),
        "animation.source_storyboard.elements[1].plot.function",
        "line 2, column 24",
        "SCENE_INVALID",
    ),
    invalid("a scene that shows nothing", {"sourceScene": {}}, "animation.source_scene", "", "SCENE_INVALID"),
)


def created_total(mesh: RunningMesh) -> float:
    """How many animations the router has accepted."""
    text = httpx.get(f"{mesh.admin_url('router')}/metrics").text
    return sum(
        float(line.rsplit(" ", 1)[1])
        for line in text.splitlines()
        if line.startswith("animathic_animations_created_total")
    )


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_request_that_makes_no_sense_is_refused(mesh: RunningMesh, acme: httpx.Client, case: Case) -> None:
    before = created_total(mesh)
    content = case.body if isinstance(case.body, bytes) else json.dumps(case.body).encode()
    request_id = "bad-" + re.sub(r"[^a-z0-9]+", "-", case.name.lower())
    response = acme.post(
        "/v1/animations",
        content=content,
        params={"requestId": request_id},
        headers={"content-type": "application/json"},
    )
    assert response.status_code == case.status, response.text
    error = response.json()["error"]
    assert re.fullmatch(case.code, error["status"])
    assert reason_of(response) == case.reason, response.text
    assert error["message"].strip()
    if case.field:
        assert case.field in fields_of(response), response.text
    assert re.search(case.advice, response.text), response.text
    assert "Traceback" not in response.text

    # Nothing half-created: nothing was counted, and the request_id is still free.
    assert created_total(mesh) == before
    assert create(acme, {"sourceStoryboard": SHORT_STORY}, requestId=request_id)["name"]


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", ""),
        ("GET", ":watch"),
        ("GET", "/video"),
        ("POST", ":cancel"),
        ("POST", ":refine"),
        ("DELETE", ""),
    ],
)
def test_an_unknown_id(acme: httpx.Client, method: str, path: str) -> None:
    body = {"prompt": "make it blue"} if path == ":refine" else {} if method == "POST" else None
    headers = {"accept": "application/x-ndjson"} if path == ":watch" else {}
    response = acme.request(method, f"/v1/animations/nowhere{path}", json=body, headers=headers)
    assert response.status_code == 404
    assert response.json()["error"]["status"] == "NOT_FOUND"
    assert reason_of(response) == "ANIMATION_NOT_FOUND"


def test_a_name_that_is_none(acme: httpx.Client) -> None:
    response = acme.get("/v1/animations/..%2f..%2fetc%2fpasswd")
    assert response.status_code in {400, 404}
    assert reason_of(response) in {"FIELD_INVALID", "ROUTE_NOT_FOUND"}


def test_a_request_id_with_another_request(acme: httpx.Client) -> None:
    first = create(acme, {"sourceStoryboard": SHORT_STORY}, requestId="twice")
    response = acme.post("/v1/animations", json={"prompt": "a star"}, params={"requestId": "twice"})
    assert response.status_code == 409
    assert response.json()["error"]["status"] == "ALREADY_EXISTS"
    assert reason_of(response) == "REQUEST_ID_REUSED"
    assert create(acme, {"sourceStoryboard": SHORT_STORY}, requestId="twice")["name"] == first["name"]


def test_cancelling_what_has_ended(acme: httpx.Client) -> None:
    name = wait(acme, create(acme, {"sourceStoryboard": SHORT_STORY})["name"])["name"]
    response = acme.post(f"/v1/{name}:cancel", json={})
    assert response.status_code == 400
    assert response.json()["error"]["status"] == "FAILED_PRECONDITION"
    assert reason_of(response) == "ANIMATION_ENDED"
    assert acme.get(f"/v1/{name}").json()["state"] == "ANIMATION_STATE_SUCCEEDED"


def test_a_video_before_there_is_one(acme: httpx.Client) -> None:
    long = "a = circle red\ncreate a 30s\n"
    name = create(acme, {"sourceStoryboard": long, "options": {"qualityPreset": "QUALITY_PRESET_1080P60"}})[
        "name"
    ]
    response = acme.get(f"/v1/{name}/video")
    assert response.status_code == 400
    assert reason_of(response) == "VIDEO_NOT_READY"
    assert acme.delete(f"/v1/{name}").status_code == 200


def test_an_unknown_route_and_a_wrong_method(acme: httpx.Client) -> None:
    missing = acme.get("/v1/nothing")
    assert (missing.status_code, reason_of(missing)) == (404, "ROUTE_NOT_FOUND")
    wrong = acme.put("/v1/animations", json={})
    assert (wrong.status_code, reason_of(wrong)) == (405, "METHOD_NOT_ALLOWED")
    assert "POST" in wrong.headers["allow"]


def test_a_bad_scene_at_the_check_is_an_answer(acme: httpx.Client) -> None:
    response = acme.post("/v1/scenes:check", json={"storyboard": "a = circle\ncreate b\n"})
    assert response.status_code == 200, response.text
    answer = response.json()
    assert not answer.get("valid", False)
    assert answer["issues"][0]["line"] == 2


def test_the_command_refuses_the_same(mesh: RunningMesh, tmp_path) -> None:
    ran = mesh.command("generate", "", "-o", str(tmp_path / "o.mp4"), "--json")
    assert ran.returncode == 3
    error = json.loads(ran.stdout)["error"]
    assert error["reason"] == "FIELD_INVALID"
    assert error["field_violations"][0]["field"] == "animation.prompt"
    file = tmp_path / "bad.story"
    file.write_text("a = circle red\ncreate b\n")
    ran = mesh.command("render", str(file), "-o", str(tmp_path / "o.mp4"))
    assert ran.returncode == 3
    assert "bad.story:2:8" in ran.stderr
    assert "^" in ran.stderr
    assert not (tmp_path / "o.mp4").exists()
