"""The shipped adapter is the one that its manifest describes."""

from __future__ import annotations

import json

import pytest

from services.local_adapter.model_files import DEFAULT_ADAPTER, MANIFEST_NAME, examine
from services.local_adapter.training.data import examples_of, fingerprint
from services.local_adapter.training.recipe import RECIPE


def test_the_shipped_files_are_those_of_the_manifest() -> None:
    files = examine(DEFAULT_ADAPTER)
    assert files.manifest is not None
    assert files.manifest.base_sha256
    assert files.version.endswith(files.manifest.sha256[:12])


@pytest.mark.slow
def test_the_generator_still_makes_what_the_shipped_adapter_was_trained_on() -> None:
    manifest = json.loads(DEFAULT_ADAPTER.with_name(MANIFEST_NAME).read_text(encoding="utf-8"))
    made = [fingerprint(*examples_of(stage.amounts)) for stage in RECIPE.stages]
    assert [part["fingerprint"] for part in manifest["data"]] == made
