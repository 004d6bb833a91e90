"""Which environment the processes of a local mesh get."""

from __future__ import annotations

import configparser
import json
import stat
from pathlib import Path

from animathic.cli.places import gateway_url, local_environment, places
from deploy.local.layout import ROOT, Layout
from deploy.local.supervision import write_configuration


def layout(tmp_path: Path, **more: str) -> Layout:
    tmp_path.mkdir(exist_ok=True)
    env_file = tmp_path / "none.env"
    env_file.touch()
    return Layout.read({"DATA_DIR": str(tmp_path / "var"), "ENV_FILE": str(env_file), **more})


def test_the_environment_wins_over_the_file_and_the_file_over_the_defaults(tmp_path):
    file = tmp_path / "some.env"
    file.write_text("LOG_LEVEL=DEBUG\nDRAIN_SECONDS=9\nRENDER_ALLOW_WEAK_SANDBOX=\n# x\n")
    given = {"DATA_DIR": str(tmp_path / "var"), "ENV_FILE": str(file), "LOG_LEVEL": "ERROR"}
    environment = Layout.read(given).environment
    assert environment["LOG_LEVEL"] == "ERROR"
    assert environment["DRAIN_SECONDS"] == "9"
    assert environment["RENDER_ALLOW_WEAK_SANDBOX"] == "true"
    assert environment["GATEWAY_LOCAL_PRINCIPAL"] == "true"
    assert environment["DATABASE_URL"] == f"sqlite+aiosqlite:///{tmp_path}/var/animathic.db"


def test_keys_close_the_local_door(tmp_path):
    assert "GATEWAY_LOCAL_PRINCIPAL" not in layout(tmp_path, API_KEYS_FILE="keys.json").environment


def test_an_offset_moves_every_port(tmp_path):
    moved = layout(tmp_path, PORT_OFFSET="700")
    assert {each.name: each.grpc_port for each in moved.places} == {
        "router": 50751,
        "local_adapter": 50752,
        "render": 50755,
        "gateway": 8781,
    }
    assert moved.environment["ROUTER_TARGET"] == "127.0.0.1:50751"
    gateway = next(each for each in moved.places if each.name == "gateway")
    assert moved.listening(gateway) == {
        "GRPC_LISTEN": "127.0.0.1:8781",
        "ADMIN_LISTEN": "127.0.0.1:9801",
        "HTTP_LISTEN": "127.0.0.1:8780",
    }


def test_no_secret_is_written_down(tmp_path):
    secrets = {
        "GOOGLE_AI_API_KEY": "s3cret-1",
        "ANIMATHIC_API_KEY": "s3cret-2",
        "DATABASE_URL": "postgresql+asyncpg://u:s3cret-3@h/d",
        "AWS_SECRET_ACCESS_KEY": "s3cret-4",
    }
    made = layout(tmp_path, **secrets)
    made.create_directories()
    write_configuration(made)
    for path in made.data_dir.rglob("*"):
        assert not path.is_file() or "s3cret" not in path.read_text(), path
    assert json.loads(made.mesh_file.read_text())["environment"]["GOOGLE_AI_API_KEY_SET"] == "true"


def test_the_mesh_key_is_private_and_kept(tmp_path):
    made = layout(tmp_path)
    made.create_directories()
    key = made.data_dir / "secrets" / "mesh.key"
    first = key.read_text()
    assert len(bytes.fromhex(first.strip())) == 32
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    assert stat.S_IMODE(key.parent.stat().st_mode) == 0o700
    made.create_directories()
    assert key.read_text() == first


def test_a_percent_sign_in_a_path_survives(tmp_path):
    made = layout(tmp_path / "50%")
    made.create_directories()
    write_configuration(made)
    written = configparser.RawConfigParser()
    written.read(made.run_dir / "supervisord.conf")
    assert "50%%" in written["supervisord"]["logfile"]


def test_a_long_path_gets_a_short_socket(tmp_path):
    assert len(str(layout(tmp_path / ("x" * 120)).socket)) < 100


def test_the_command_finds_a_mesh_by_its_data_directory(tmp_path):
    made = layout(tmp_path, PORT_OFFSET="900")
    made.create_directories()
    write_configuration(made)
    found = local_environment({"DATA_DIR": str(made.data_dir)})
    assert found["ANIMATHIC_TARGET"] == "127.0.0.1:8981"
    assert gateway_url(found) == "http://127.0.0.1:8980"
    assert [each.admin_port for each in places(found)] == [10002, 10003, 10006, 10001]
    chosen = local_environment({"DATA_DIR": str(made.data_dir), "ANIMATHIC_TARGET": "mesh:1"})
    assert chosen["ANIMATHIC_TARGET"] == "mesh:1"


def test_without_a_mesh_the_defaults_hold(tmp_path):
    found = local_environment({"DATA_DIR": str(tmp_path)})
    assert found["ANIMATHIC_TARGET"] == "127.0.0.1:8081"
    assert gateway_url(found) == "http://127.0.0.1:8080"


def test_every_setting_of_the_example_is_commented_out():
    lines = (ROOT / ".env.example").read_text().splitlines()
    assert [line for line in lines if line and not line.startswith("#")] == []
