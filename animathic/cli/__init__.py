"""The `animathic` command."""

from __future__ import annotations

__all__ = ["main"]


def main() -> None:
    """Runs the command line and ends the process with its exit code."""
    import sys

    from animathic.cli.app import run

    sys.exit(run(sys.argv[1:]))
