"""Shares with their uncertainty, and the table of families."""

from __future__ import annotations

import math
from collections.abc import Iterable
from statistics import median
from typing import Any


def wilson(right: int, total: int, z: float = 1.96) -> tuple[float, float]:
    """Returns the 95 % interval of a share, after Wilson."""
    if total == 0:
        return 0.0, 1.0
    share, square = right / total, z * z
    middle = (share + square / (2 * total)) / (1 + square / total)
    half = z * math.sqrt(share * (1 - share) / total + square / (4 * total * total)) / (1 + square / total)
    return max(0.0, middle - half), min(1.0, middle + half)


def percentile(values: list[float], share: float) -> float:
    """Returns the smallest value that at least that share does not exceed."""
    ordered = sorted(values)
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)]


def summary(rows: Iterable[dict[str, Any]]) -> dict[str, Any]:
    """Returns how many of the rows are wholly right, valid and declined, and how long they took."""
    rows = list(rows)
    right, total = sum(r["right"] for r in rows), len(rows)
    low, high = wilson(right, total)
    seconds = [r["seconds"] for r in rows]
    return {
        "n": total,
        "right": right,
        "share": round(right / total, 4) if total else None,
        "wilson_low": round(low, 4),
        "wilson_high": round(high, 4),
        "valid": round(sum(r["valid"] for r in rows) / total, 4) if total else None,
        "declined": sum(r["declined"] for r in rows),
        "seconds_median": round(median(seconds), 3) if seconds else None,
        "seconds_p95": round(percentile(seconds, 0.95), 3) if seconds else None,
        "tokens_median": median(r["tokens"] for r in rows) if rows else None,
    }


def table(rows: list[dict[str, Any]]) -> list[tuple[str, dict[str, Any]]]:
    """Returns one labelled summary for each split, and for each family within it."""
    out: list[tuple[str, dict[str, Any]]] = []
    for split in ("dev", "held_out"):
        part = [r for r in rows if r["split"] == split]
        if not part:
            continue
        families = dict.fromkeys(r["family"] for r in part)
        out += [(f"{split} {f}", summary(r for r in part if r["family"] == f)) for f in families]
        out.append((f"{split} all", summary(part)))
    if len({r["split"] for r in rows}) > 1:
        out.append(("all", summary(rows)))
    return out


def sure(rows: list[dict[str, Any]], threshold: float) -> dict[str, Any]:
    """Returns what share is answered with at least that confidence, and what share of those is right."""
    told = [r for r in rows if r.get("confidence") is not None]
    kept = [r for r in told if r["confidence"] >= threshold]
    return {
        "threshold": threshold,
        "answered": round(len(kept) / len(told), 4) if told else None,
        "right_of_answered": round(sum(r["right"] for r in kept) / len(kept), 4) if kept else None,
    }
