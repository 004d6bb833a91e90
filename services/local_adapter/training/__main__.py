"""Trains the local model's adapter from nothing: `make train-local`.

    python -m services.local_adapter.training [--out DIR] [--skip-evaluation]

Makes the training environment if need be, checks that no evaluation prompt is among the examples, writes
them, trains (going on where it was stopped), converts, writes the manifest, and scores the result.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from ..model_files import DEFAULT_ADAPTER, MANIFEST_NAME, find_base
from .data import DataSummary, write_data
from .environment import python_of, run_in
from .leaks import main as check_leaks
from .manifest import add_evaluation, write_manifest
from .recipe import HERE, RECIPE, ROOT


def main() -> int:
    """Runs all steps; the exit status is that of the first that fails."""
    parser = argparse.ArgumentParser(prog="python -m services.local_adapter.training", description=__doc__)
    parser.add_argument(
        "--out", type=Path, default=DEFAULT_ADAPTER, help="the adapter file; the manifest beside it"
    )
    parser.add_argument(
        "--work", type=Path, default=ROOT / "var" / "training", help="examples and checkpoints"
    )
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--skip-evaluation", action="store_true")
    options = parser.parse_args()

    if status := check_leaks():
        return status
    python = python_of(ROOT / ".venv-train")
    base = find_base()
    data: list[DataSummary] = []
    metrics: list[dict[str, Any]] = []
    adapter: Path | None = None
    for number, stage in enumerate(RECIPE.stages, 1):
        work = options.work / f"stage-{number}"
        data.append(write_data(work / "examples.jsonl", base, stage.amounts))
        paths = {"--data": work / "examples.jsonl", "--base": base, "--out": work / "adapter", "--work": work}
        if adapter is not None:
            paths["--init"] = adapter
        words = [word for name, path in paths.items() for word in (name, str(path))]
        run_in(
            python, HERE / "trainer.py", [*words, "--threads", str(options.threads), *RECIPE.arguments(stage)]
        )
        adapter = work / "adapter"
        metrics.append(json.loads((adapter / "metrics.json").read_text(encoding="utf-8")))
    run_in(python, HERE / "convert.py", ["--adapter", str(adapter), "--out", str(options.out)])
    manifest = options.out.with_name(MANIFEST_NAME)
    write_manifest(manifest, options.out, base, RECIPE, data, metrics)
    if options.skip_evaluation:
        return 0
    report = ROOT / "reports" / "eval-local.json"
    command = [sys.executable, "-m", "evals.local", "--adapter", str(options.out), "--report", str(report)]
    subprocess.run(command, check=True, cwd=ROOT)  # noqa: S603 - our own module
    add_evaluation(manifest, json.loads(report.read_text(encoding="utf-8"))["summary"])
    return 0


if __name__ == "__main__":
    sys.exit(main())
