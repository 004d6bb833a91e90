"""A real S3 server for tests: seaweedfs with one identity and one bucket."""

import json
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path

from tests.support.ports import free_ports

_SECONDS = 45.0
_FLAGS = (
    "master.port",
    "master.port.grpc",
    "volume.port",
    "volume.port.grpc",
    "filer.port",
    "filer.port.grpc",
    "s3.port",
    "s3.port.grpc",
)


class SeaweedServer:
    """One server with its own data, on ports of 127.0.0.1. Use it as a context manager.

    Attributes:
        bucket: The bucket that exists.
        endpoint: The URL of the S3 API.
    """

    access_key = "animathic"
    secret_key = "animathic-secret"
    bucket = "artifacts"

    def __init__(self) -> None:
        self._folder = Path(tempfile.mkdtemp(prefix="animathic-seaweed-"))
        self._process: subprocess.Popen[bytes] | None = None
        self._ports = dict(zip(_FLAGS, free_ports(len(_FLAGS)), strict=True))
        self.endpoint = f"http://127.0.0.1:{self._ports['s3.port']}"

    @property
    def options(self) -> dict[str, str]:
        """What `ArtifactStore` needs to reach it."""
        return {
            "endpoint": self.endpoint,
            "access_key_id": self.access_key,
            "secret_access_key": self.secret_key,
            "region": "us-east-1",
        }

    @property
    def environment(self) -> dict[str, str]:
        """The same for a service that reads its environment."""
        return {
            "AWS_ENDPOINT_URL": self.endpoint,
            "AWS_ACCESS_KEY_ID": self.access_key,
            "AWS_SECRET_ACCESS_KEY": self.secret_key,
            "AWS_REGION": "us-east-1",
        }

    def url(self, prefix: str = "") -> str:
        """The store's URL for a prefix of the bucket."""
        return f"s3://{self.bucket}/{prefix}"

    def __enter__(self) -> "SeaweedServer":
        try:
            self._start()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        if self._process is not None:
            # Its orderly end takes ten seconds, and the data goes anyway.
            self._process.kill()
            self._process.wait()
        shutil.rmtree(self._folder, ignore_errors=True)

    def _start(self) -> None:
        identities = {
            "identities": [
                {
                    "name": "test",
                    "credentials": [{"accessKey": self.access_key, "secretKey": self.secret_key}],
                    "actions": ["Admin", "Read", "Write", "List", "Tagging"],
                }
            ]
        }
        config = self._folder / "s3.json"
        config.write_text(json.dumps(identities))
        weed = Path(sys.executable).parent / "weed"
        command = [str(weed), "server", "-s3", f"-s3.config={config}", f"-dir={self._folder}"]
        command += ["-ip=127.0.0.1", "-ip.bind=127.0.0.1", "-master.volumeSizeLimitMB=64", "-volume.max=8"]
        command += ["-s3.port.iceberg=0", "-s3.port.lance=0", "-master.telemetry=false"]
        command += [f"-{flag}={port}" for flag, port in self._ports.items()]
        with (self._folder / "weed.log").open("wb") as log:
            self._process = subprocess.Popen(command, stdout=log, stderr=log, cwd=self._folder)
        self._wait(self._create_bucket)
        self._wait(lambda: self._answers(f"{self.endpoint}/healthz"))

    def _create_bucket(self) -> bool:
        # The filer keeps buckets as folders: a folder made there needs no signed request.
        url = f"http://127.0.0.1:{self._ports['filer.port']}/buckets/{self.bucket}/"
        return self._answers(url, method="POST")

    def _answers(self, url: str, method: str = "GET") -> bool:
        try:
            with urllib.request.urlopen(urllib.request.Request(url, method=method), timeout=5) as answer:
                return bool(answer.status < 300)
        except (urllib.error.URLError, OSError):
            return False

    def _wait(self, condition) -> None:  # type: ignore[no-untyped-def]
        end = time.monotonic() + _SECONDS
        while not condition():
            if self._process is None or self._process.poll() is not None or time.monotonic() > end:
                log = (self._folder / "weed.log").read_text(errors="replace")[-2000:]
                raise RuntimeError(f"the S3 server did not start: {log}")
            time.sleep(0.1)
