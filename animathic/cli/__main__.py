"""`python -m animathic.cli` is the `animathic` command."""

from animathic.cli import main

main()
