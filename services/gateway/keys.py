"""`python -m services.gateway.keys`: makes API keys and lists those of a file."""

from __future__ import annotations

import fcntl
import os
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from services.gateway.api_keys import ALL_SCOPES, KeyFile, KeyFileError, new_key, parse_keys
from services.gateway.contracts import public_methods, scopes_of

app = typer.Typer(no_args_is_help=True, add_completion=False, help="API keys of the gateway.")
FileOption = Annotated[
    Path, typer.Option("--file", envvar="API_KEYS_FILE", help="The key file; it is created where missing.")
]


@app.command("new")
def new_command(
    tenant: Annotated[str, typer.Option(help="Whose resources the key reaches.")],
    file: FileOption = Path("var/secrets/api_keys.json"),
    subject: Annotated[str, typer.Option(help="The person or program that holds the key.")] = "default",
    scopes: Annotated[
        str, typer.Option(help="With commas, for example animations.read,animations.write; * for all.")
    ] = ALL_SCOPES,
    days: Annotated[int, typer.Option(min=0, help="Days until it expires; 0 for never.")] = 0,
) -> None:
    """Prints a fresh key once and appends its hash to the file."""
    wanted = [scope.strip() for scope in scopes.split(",") if scope.strip()]
    known = scopes_of(public_methods())
    unknown = [scope for scope in wanted if scope != ALL_SCOPES and scope not in known]
    if unknown:
        _fail(f"no rpc knows the scope {unknown[0]}; there are: {', '.join(sorted(known))}")
    now = datetime.now(UTC)
    try:
        key, entry = new_key(
            tenant, subject, wanted, now=now, expire_time=now + timedelta(days=days) if days else None
        )
        file.parent.mkdir(parents=True, exist_ok=True)
        with file.with_suffix(file.suffix + ".lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            existing = parse_keys(file.read_bytes()) if file.exists() else KeyFile()
            _write(file, KeyFile(keys=(*existing.keys, entry)))
    except KeyFileError as error:
        _fail(f"{file} or the key {error}")
    typer.echo(key)
    typer.echo(f"Kept its hash in {file}. The key itself is not stored: copy it now.", err=True)


@app.command("list")
def list_command(file: FileOption = Path("var/secrets/api_keys.json")) -> None:
    """Lists the keys of the file, without their hashes."""
    try:
        keys = parse_keys(file.read_bytes()).keys
    except (OSError, KeyFileError) as error:
        _fail(f"{file}: {error}")
    table = Table("id", "tenant", "subject", "scopes", "created", "expires")
    for entry in keys:
        expires = entry.expire_time.date().isoformat() if entry.expire_time else "never"
        created = entry.create_time.date().isoformat()
        table.add_row(entry.id, entry.tenant, entry.subject, " ".join(entry.scopes), created, expires)
    Console().print(table)


@app.command("revoke")
def revoke_command(key_id: str, file: FileOption = Path("var/secrets/api_keys.json")) -> None:
    """Removes a key from the file; a running gateway refuses it a second later."""
    try:
        with file.with_suffix(file.suffix + ".lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            keys = parse_keys(file.read_bytes()).keys
            left = tuple(entry for entry in keys if entry.id != key_id)
            if len(left) == len(keys):
                _fail(f"{file} holds no key with the id {key_id}")
            _write(file, KeyFile(keys=left))
    except (OSError, KeyFileError) as error:
        _fail(f"{file}: {error}")


def _write(file: Path, keys: KeyFile) -> None:
    """Replaces the file in one step: a gateway that reads it meanwhile sees the old or the new."""
    descriptor, name = tempfile.mkstemp(dir=file.parent, prefix=file.name)
    with os.fdopen(descriptor, "w") as target:
        target.write(keys.model_dump_json(indent=2, exclude_none=True) + "\n")
        target.flush()
        os.fsync(target.fileno())
    Path(name).replace(file)


def _fail(message: str) -> None:
    typer.echo(f"error: {message}", err=True)
    raise typer.Exit(1)


if __name__ == "__main__":
    app()
