"""The typed asynchronous client of an Animathic mesh.

```python
from animathic.client import Client

async with Client() as client:
    animation = await client.create_animation(prompt="a red circle transforms into a blue square")
    async for animation in client.watch(animation.name):
        print(animation.progress.message)
    await client.download_video(animation.name, "circle.mp4")
```
"""

from __future__ import annotations

from animathic.client.client import Client, has_ended
from animathic.client.config import ClientConfig
from animathic.client.downloads import Downloaded
from animathic.client.errors import AnimathicError, FieldViolation
from animathic.client.options import (
    animation_options,
    model_name,
    parse_aspect,
    parse_priority,
    parse_quality,
)

__all__ = [
    "AnimathicError",
    "Client",
    "ClientConfig",
    "Downloaded",
    "FieldViolation",
    "animation_options",
    "has_ended",
    "model_name",
    "parse_aspect",
    "parse_priority",
    "parse_quality",
]
