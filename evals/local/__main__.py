"""Runs the evaluation prompts through the local model as it is served, and scores them.

    python -m evals.local [--split dev] [--adapter FILE] [--base-sample 30] [--threads 1]

Prints a table and writes reports/eval-local.json. Failures are listed for `dev` only.
"""

from __future__ import annotations

import argparse
import asyncio
import hashlib
import json
import os
import platform
import random
import subprocess
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import track
from rich.table import Table

from evals.local.models import Base, ModelUnavailableError, Served, base, served
from evals.local.scorer import score
from evals.local.statistics import summary, sure, table
from services.local_adapter.model_files import DEFAULT_ADAPTER

ROOT = Path(__file__).resolve().parents[2]
PROMPTS = ROOT / "evals" / "prompts" / "simple.jsonl"


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m evals.local", description="Score the local model.")
    parser.add_argument("--split", choices=["dev", "held_out"], help="one split only")
    parser.add_argument("--adapter", type=Path, default=DEFAULT_ADAPTER)
    parser.add_argument("--base-sample", type=int, default=30, help="prompts for the base model, 0: none")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--report", type=Path, default=ROOT / "reports" / "eval-local.json")
    return parser.parse_args()


def records(split: str | None) -> list[dict[str, Any]]:
    """Returns the prompts, of one split or all."""
    lines = PROMPTS.read_text(encoding="utf-8").splitlines()
    found = [json.loads(line) for line in lines]
    return [r for r in found if split in (None, r["split"])]


async def run(
    model: Served | Base, prompts: list[dict[str, Any]], label: str, console: Console
) -> list[dict[str, Any]]:
    """Returns one row for each prompt."""
    rows = []
    for record in track(prompts, description=label, console=console, transient=True):
        answer = await model.answer(record["prompt"])
        if answer.scene is not None:
            failures = score(record, answer.scene)
        else:
            failures = ["declined"] if answer.declined else [f"invalid: {answer.problem}"]
        row: dict[str, Any] = {
            "model": model.version,
            "id": record["id"],
            "family": record["family"],
            "split": record["split"],
            "right": not failures,
            "valid": answer.scene is not None or answer.declined,
            "declined": answer.declined,
            "seconds": round(answer.seconds, 3),
            "tokens": answer.tokens,
            "confidence": None if answer.confidence is None else round(answer.confidence, 4),
        }
        if record["split"] == "dev":
            row |= {"prompt": record["prompt"], "storyboard": answer.storyboard, "failures": failures}
        rows.append(row)
    return rows


def show(console: Console, title: str, rows: list[dict[str, Any]]) -> None:
    """Prints the table of one model."""
    out = Table(title=title)
    for column in ("", "n", "right", "%", "95 % interval", "valid", "declined", "s median", "s p95"):
        out.add_column(column, justify="left" if not column else "right")
    for label, line in table(rows):
        interval = f"{100 * line['wilson_low']:.0f}–{100 * line['wilson_high']:.0f}"
        cells = [
            line["n"],
            line["right"],
            f"{100 * line['share']:.1f}",
            interval,
            f"{100 * line['valid']:.1f} %",
        ]
        cells += [line["declined"], line["seconds_median"], line["seconds_p95"]]
        out.add_row(label, *map(str, cells), style="bold" if label.endswith("all") else "")
    console.print(out)


def list_failures(console: Console, rows: list[dict[str, Any]]) -> None:
    """Prints what is wrong, for the prompts that may be looked at."""
    for row in rows:
        if row["split"] == "dev" and not row["right"]:
            said = f"{row['id']}: {row['prompt']}\n    {row['storyboard']!r}\n    {row['failures']}"
            console.print(said, highlight=False, markup=False)


def _commit() -> str:
    said = subprocess.run(["git", "rev-parse", "HEAD"], cwd=ROOT, capture_output=True, text=True, check=False)
    return said.stdout.strip()


async def main() -> int:
    """Runs both models and writes the report."""
    options, console = arguments(), Console(width=130)
    prompts = records(options.split)
    sample: list[dict[str, Any]] = []
    if options.base_sample:
        sample = random.Random(1).sample(prompts, min(options.base_sample, len(prompts)))
    base_rows: list[dict[str, Any]] = []
    try:
        async with served(options.adapter, options.threads) as model:
            rows = await run(model, prompts, "adapter", console)
        show(console, f"{rows[0]['model']} as served", rows)
        list_failures(console, rows)
        if sample:
            async with base(options.threads) as zero_shot:
                base_rows = await run(zero_shot, sample, "base, zero-shot", console)
            title = f"{base_rows[0]['model']} zero-shot with a JSON schema, {len(sample)} prompts (seed 1)"
            show(console, title, base_rows)
    except ModelUnavailableError as error:
        console.print(f"[red]{error}")
        return 1
    report = {
        "name": "eval-local",
        "commit": _commit(),
        "machine": {
            "cpu": platform.processor() or platform.machine(),
            "cores": os.cpu_count(),
            "load": os.getloadavg()[0],
        },
        "prompts_sha256": hashlib.sha256(PROMPTS.read_bytes()).hexdigest(),
        "threads": options.threads,
        "rows": [*rows, *base_rows],
        "summary": {
            "adapter": dict(table(rows)),
            "confidence": [sure(rows, t) for t in (0.5, 0.6, 0.7, 0.8, 0.9)],
            "zero_shot": {"sample": len(sample), "seed": 1, **(summary(base_rows) if base_rows else {})},
        },
    }
    options.report.parent.mkdir(parents=True, exist_ok=True)
    options.report.write_text(json.dumps(report, indent=1, ensure_ascii=False), encoding="utf-8")
    console.print(f"confidence: {report['summary']['confidence']}", highlight=False)
    console.print(f"report: {options.report}")
    return 0


if __name__ == "__main__":
    raise SystemExit(asyncio.run(main()))
