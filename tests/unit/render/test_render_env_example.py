"""The example of a configuration has every setting of rendering, with its default."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from services.render.config import RenderSettings

_EXAMPLE = (Path(__file__).parents[3] / ".env.example").read_text(encoding="utf-8")
_VALUES = dict(re.findall(r"^#([A-Z_]+)=(.*)$", _EXAMPLE, re.MULTILINE))
_OWN = [name for name in RenderSettings.model_fields if name.startswith(("render_", "artifact_"))]
_OF_THE_MACHINE = {"render_slots", "render_allow_weak_sandbox"}
"""Their values depend on the machine, or are set by the command that starts a mesh."""


@pytest.mark.parametrize("name", _OWN)
def test_every_setting_is_in_the_example_with_its_default(name: str) -> None:
    written = _VALUES[name.upper()]
    default = RenderSettings.model_fields[name].default
    if name not in _OF_THE_MACHINE:
        assert written == ("" if default is None else str(default))


def test_the_example_can_be_uncommented() -> None:
    given = {name: _VALUES[name.upper()] for name in _OWN if _VALUES[name.upper()]}
    RenderSettings(_env_file=None, **given)
