"""The crash drill: seeds, guards, and the report."""

import argparse
import asyncio
import contextlib
import json
import os
import platform
import secrets
import shutil
import subprocess
import tempfile
import time
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from services.chassis.database import Database
from services.chassis.identity import signer_and_verifier
from services.chassis.logging import configure_logging
from services.chassis.tracing import configure_tracing
from services.router.app import MIGRATIONS
from tests.drills.crash.checker import judge
from tests.drills.crash.guards import GUARDS
from tests.drills.crash.history import History
from tests.drills.crash.neighbours import Neighbours
from tests.drills.crash.plan import Plan, plan_of
from tests.drills.crash.processes import Spares
from tests.drills.crash.seed import Stage, run_seed
from tests.support.postgres import PostgresServer
from tests.support.postgres_database import create_database

_ROOT = Path(__file__).resolve().parents[3]
_ROUNDS = 3
_SIDE_BY_SIDE = 2


class Drill:
    """Runs seeds, two at a time, and collects what they show."""

    def __init__(self, stage: Stage, folder: Path, postgres: PostgresServer | None, console: Console) -> None:
        self._stage = stage
        self._folder = folder
        self._postgres = postgres
        self._console = console
        self._template = folder / "template.db"
        self._counter = 0
        self.rows: list[dict[str, Any]] = []

    async def prepare(self) -> None:
        """Migrates the SQLite file that every seed starts from."""
        database = Database(f"sqlite+aiosqlite:///{self._template}")
        await database.migrate(MIGRATIONS)
        await database.close()

    async def _fresh(self, kind: str) -> str:
        self._counter += 1
        if kind == "postgresql":
            assert self._postgres is not None
            return await asyncio.to_thread(create_database, self._postgres)
        file = self._folder / f"seed-{self._counter}.db"
        shutil.copy(self._template, file)
        return f"sqlite+aiosqlite:///{file}"

    async def one(self, plan: Plan, kind: str) -> tuple[History, list[str]]:
        """Runs one seed, and judges it."""
        started = time.monotonic()
        history = await run_seed(self._stage, plan, await self._fresh(kind), 2 if kind == "postgresql" else 1)
        problems = judge(history)
        self.rows.append(
            {
                "database": kind,
                "seed": plan.seed,
                "without": plan.without,
                "kinds": list(plan.kinds),
                "strikes": history.faults,
                "seconds": round(time.monotonic() - started, 2),
                "problems": problems,
            }
        )
        return history, problems

    async def seeds(self, kind: str, first: int, count: int, deadline: float) -> None:
        """Runs random seeds, as many as the time allows."""
        pending = iter(range(first, first + count))

        async def lane() -> None:
            for seed in pending:
                if time.monotonic() > deadline:
                    return
                plan = plan_of(seed, kind)
                _, problems = await self.one(plan, kind)
                for problem in problems:
                    self._console.print(f"[red]{kind} seed {seed}[/red]: {problem}", highlight=False)
                if (seed + 1) % 10 == 0:
                    self._console.print(f"{kind}: seed {seed} done", highlight=False)

        await asyncio.gather(*(lane() for _ in range(_SIDE_BY_SIDE)))

    async def guard(self, name: str, kind: str) -> bool:
        """Removes a guard: the same plan must be green with it, and red without it."""
        guard = GUARDS[name]
        crashes = 3 if "poison" in guard.kinds else 5
        red: list[str] = []
        for attempt in range(_ROUNDS):
            plan = Plan(9000 + attempt, tuple(guard.kinds), tuple(guard.faults), crashes, name)
            _, red = await self.one(plan, kind)
            if red:
                break
        _, green = await self.one(replace(plan, without=""), kind)
        for problem in green:
            self._console.print(f"[red]{kind}, all guards in place ({name}'s plan)[/red]: {problem}")
        said = red[0] if red else "NOT DETECTED"
        self._console.print(f"without {name} (rule {guard.rule}): {said}", highlight=False)
        return bool(red) and not green


async def main() -> int:
    """Runs the drill; the exit code is 1 where a promise was broken or a missing guard went unnoticed."""
    options = _options()
    console = Console()
    databases = ["sqlite", "postgresql"] if options.database == "both" else [options.database]
    started = time.monotonic()
    deadline = started + options.minutes * 60
    configure_tracing("drill")
    configure_logging("drill", "WARNING")
    async with _drill(databases, console, keep=options.keep) as drill:
        undetected: list[str] = []
        if options.without or options.guards:
            names = [options.without] if options.without else list(GUARDS)
            undetected = [name for name in names if not await drill.guard(name, databases[-1])]
        if not options.without:
            left = len(databases)
            for kind in databases:
                share = time.monotonic() + (deadline - time.monotonic()) / left
                await drill.seeds(kind, options.first, options.seeds, share)
                left -= 1
    return _report(drill.rows, undetected, time.monotonic() - started, console)


@contextlib.asynccontextmanager
async def _drill(databases: list[str], console: Console, *, keep: bool) -> AsyncIterator[Drill]:
    folder = Path(tempfile.mkdtemp(prefix="animathic-drill-"))
    key = secrets.token_bytes(32)
    key_file = folder / "mesh.key"
    key_file.write_text(key.hex())
    signer, verifier = signer_and_verifier([key], "drill")
    neighbours = Neighbours(verifier)
    spares = Spares(3, folder / "routers.log")
    with contextlib.ExitStack() as stack:
        if keep:
            console.print(f"databases and logs stay in {folder}")
        else:
            stack.callback(shutil.rmtree, folder, ignore_errors=True)
        postgres = stack.enter_context(PostgresServer()) if "postgresql" in databases else None
        await neighbours.start()
        await spares.fill()
        try:
            drill = Drill(Stage(neighbours, spares, signer, key_file), folder, postgres, console)
            await drill.prepare()
            yield drill
        finally:
            await spares.stop()
            await neighbours.stop()


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m tests.drills.crash",
        description="Kills routers at every boundary, and judges what remains.",
    )
    parser.add_argument("--minutes", type=float, default=50, help="the longest that the seeds may take")
    parser.add_argument("--seeds", type=int, default=100, help="seeds per database")
    parser.add_argument("--first", type=int, default=0, help="the first seed: repeats a seed that failed")
    parser.add_argument("--database", choices=["sqlite", "postgresql", "both"], default="both")
    parser.add_argument("--guards", action="store_true", help="also remove each guard once")
    parser.add_argument(
        "--without", choices=sorted(GUARDS), default="", help="remove this guard, and only that"
    )
    parser.add_argument("--keep", action="store_true", help="leave databases and router logs behind")
    return parser.parse_args()


def _report(rows: list[dict[str, Any]], undetected: list[str], seconds: float, console: Console) -> int:
    seeds = [row for row in rows if row["seed"] < 9000]
    broken = [row for row in rows if row["problems"] and not row["without"]]
    table = Table(title="crash drill")
    for heading in (
        "database",
        "seeds",
        "animations",
        "kills",
        "freezes",
        "late",
        "broken promises",
        "median s",
    ):
        table.add_column(heading)
    summary: list[dict[str, Any]] = []
    for kind in sorted({row["database"] for row in seeds}):
        mine = [row for row in seeds if row["database"] == kind]
        strikes = Counter(strike for row in mine for strike in row["strikes"])
        times = sorted(row["seconds"] for row in mine)
        summary.append(
            {
                "database": kind,
                "seeds": len(mine),
                "animations": sum(len(row["kinds"]) for row in mine),
                "kills": sum(count for strike, count in strikes.items() if strike.startswith("kill")),
                "freezes": sum(count for strike, count in strikes.items() if strike.startswith("freeze")),
                # Leases that ran out because the machine was too busy: strikes of its own.
                "late": sum(count for strike, count in strikes.items() if strike.startswith("late")),
                "broken": sum(bool(row["problems"]) for row in mine),
                "median_seconds": times[len(times) // 2],
                "strikes": dict(sorted(strikes.items())),
            }
        )
        table.add_row(*(str(value) for value in list(summary[-1].values())[:-1]))
    console.print(table)
    for line in summary:
        console.print(f"{line['database']}: {line['strikes']}", highlight=False)
    guards = {row["without"] for row in rows if row["without"]}
    if guards:
        console.print(f"guards removed: {len(guards)}, unnoticed: {undetected or 'none'}")
    report = {
        "name": "drill-crash",
        "commit": _commit(),
        "machine": {"cores": os.cpu_count(), "python": platform.python_version()},
        "rows": rows,
        "summary": {"databases": summary, "undetected": undetected, "seconds": round(seconds, 1)},
    }
    (_ROOT / "reports").mkdir(exist_ok=True)
    (_ROOT / "reports" / "drill-crash.json").write_text(json.dumps(report, indent=1))
    return 1 if broken or undetected else 0


def _commit() -> str:
    found = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"], cwd=_ROOT, capture_output=True, text=True, check=False
    )
    return found.stdout.strip()
