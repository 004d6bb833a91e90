"""Ollama's published protocol, newline-delimited JSON, in front of a real llama.cpp server."""

from __future__ import annotations

import asyncio
import json

import httpx

from tests.support.llama_server import LlamaServer
from tests.support.scripted_http import Request, ScriptedServer, answering, head, response

MODEL = "smollm2:135m"
DIGEST = "9077fe9d2ae1a4a41a868836b56b8163731a8fe16621397028c2c76f838c6907"


def speak_ollama(script: ScriptedServer, backing: LlamaServer) -> None:
    """Lets a scripted server answer `/api/version`, `/api/tags` and `/api/chat`."""
    script.on("GET /api/version", answering({"version": "0.12.11"}))
    script.on(
        "GET /api/tags",
        answering({"models": [{"name": MODEL, "model": MODEL, "size": 98_362_432, "digest": DIGEST}]}),
    )

    async def chat(request: Request, writer: asyncio.StreamWriter) -> None:
        asked = request.json()
        if asked["model"] != MODEL:
            error = {"error": f"model '{asked['model']}' not found"}
            writer.write(response(json.dumps(error).encode(), status="404 Not Found"))
            return
        options = asked["options"]
        body = {
            "messages": asked["messages"],
            "stream": True,
            "stream_options": {"include_usage": True},
            "logprobs": True,
            "max_tokens": options["num_predict"],
            "temperature": options["temperature"],
            "seed": options["seed"],
        }
        writer.write(head(media_type="application/x-ndjson"))
        finish, usage = "stop", {}
        async with (
            httpx.AsyncClient(base_url=backing.url, trust_env=False, timeout=30) as client,
            client.stream(
                "POST", "/v1/chat/completions", json=body, headers={"Authorization": f"Bearer {backing.key}"}
            ) as upstream,
        ):
            async for line in upstream.aiter_lines():
                if not line.startswith("data: {"):
                    continue
                event = json.loads(line[6:])
                usage = event.get("usage") or usage
                for choice in event["choices"]:
                    finish = choice["finish_reason"] or finish
                    if text := choice["delta"].get("content"):
                        tokens = choice["logprobs"]["content"]
                        piece = {
                            "model": MODEL,
                            "created_at": "2026-01-01T00:00:00Z",
                            "message": {"role": "assistant", "content": text},
                            "done": False,
                            "logprobs": [{"token": t["token"], "logprob": t["logprob"]} for t in tokens],
                        }
                        writer.write(json.dumps(piece).encode() + b"\n")
                        await writer.drain()
        last = {
            "model": MODEL,
            "created_at": "2026-01-01T00:00:00Z",
            "message": {"role": "assistant", "content": ""},
            "done": True,
            "done_reason": finish,
            "total_duration": 1,
            "prompt_eval_count": usage["prompt_tokens"],
            "eval_count": usage["completion_tokens"],
        }
        writer.write(json.dumps(last).encode() + b"\n")

    script.on("POST /api/chat", chat)
