"""Migrations of the router's database."""

from services.chassis.migrations import run_environment
from services.router.store.tables import metadata

run_environment(metadata)
