"""The fork server: `python -m services.render.zygote FD`.

It imports Manim once, stays single-threaded, and forks a child for every job that the service hands it. It
never imports gRPC, whose threads do not survive a fork, and never typesets a formula: a child of a process
that has done so can deadlock.

The service sends `{"fork": id}` with the socket of the job, and `{"kill": id}`. It answers `{"ready": true}`,
`{"forked": id, "pid": …}` and `{"exited": id, "code": …, "signal": …, "cpu_seconds": …, "memory_bytes": …}`.
"""

from __future__ import annotations

import os
import select
import signal
import socket
import sys
import traceback
from pathlib import Path
from typing import Any

from services.render.child.confinement import die_with_parent
from services.render.wire import pack, unpack

__all__ = ["ForkServer", "main"]


class ForkServer:
    """Forks children and tells how they ended.

    Args:
        control: A sequenced-packet socket to the service.
    """

    def __init__(self, control: socket.socket) -> None:
        self._control = control
        self._children: dict[int, int] = {}

    def serve(self) -> None:
        """Serves until the service is gone."""
        from services.render.child.work import live
        from services.render.compiler.compile import rooms

        self._registry = rooms()
        self._live = live
        wake_read, wake_write = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.set_wakeup_fd(wake_write, warn_on_full_buffer=False)
        self._wake = (wake_read, wake_write)
        threads = len(list(Path("/proc/self/task").iterdir()))
        if threads != 1:
            raise RuntimeError(f"the fork server has {threads} threads: its children could deadlock")
        self._say({"ready": True, "pid": os.getpid()})
        while True:
            ready, _, _ = select.select([self._control.fileno(), wake_read], [], [])
            if wake_read in ready:
                os.read(wake_read, 4096)
                self._reap()
            if self._control.fileno() in ready and not self._take():
                return

    def _take(self) -> bool:
        """Takes one order; False when the service is gone."""
        data, descriptors, _, _ = socket.recv_fds(self._control, 4096, 1)
        if not data:
            return False
        order, _ = unpack(data[4:])
        if "fork" in order:
            self._fork(int(order["fork"]), descriptors[0])
        elif "kill" in order:
            self._kill(int(order["kill"]))
        return True

    def _fork(self, job: int, descriptor: int) -> None:
        parent = os.getpid()
        pid = os.fork()
        if pid == 0:
            self._be_child(parent, descriptor)
        os.close(descriptor)
        self._children[pid] = job
        self._say({"forked": job, "pid": pid})

    def _be_child(self, parent: int, descriptor: int) -> None:
        """Never returns."""
        code = 70
        try:
            os.setsid()
            die_with_parent(parent)
            signal.set_wakeup_fd(-1)
            for number in (signal.SIGCHLD, signal.SIGINT, signal.SIGTERM):
                signal.signal(number, signal.SIG_DFL)
            self._control.close()
            for wake in self._wake:
                os.close(wake)
            with socket.socket(fileno=descriptor) as channel:
                code = self._live(channel, self._registry)
        except BaseException:  # noqa: BLE001 (the child must not run the fork server's code)
            traceback.print_exc()
        finally:
            sys.stderr.flush()
            os._exit(code)

    def _kill(self, job: int) -> None:
        """Kills a child with all that it started. Only children that are not reaped are in the table."""
        for pid, known in self._children.items():
            if known == job:
                for kill in (os.killpg, os.kill):
                    try:
                        kill(pid, signal.SIGKILL)
                    except ProcessLookupError:
                        continue

    def _reap(self) -> None:
        while self._children:
            pid, status, usage = os.wait4(-1, os.WNOHANG)
            if pid == 0:
                return
            job = self._children.pop(pid, None)
            if job is None:
                continue
            self._say(
                {
                    "exited": job,
                    "code": os.waitstatus_to_exitcode(status) if os.WIFEXITED(status) else None,
                    "signal": os.WTERMSIG(status) if os.WIFSIGNALED(status) else None,
                    "cpu_seconds": usage.ru_utime + usage.ru_stime,
                    "memory_bytes": usage.ru_maxrss * 1024,
                }
            )

    def _say(self, what: dict[str, Any]) -> None:
        self._control.sendall(pack(what))


def main() -> int:
    """Serves on the socket whose descriptor is the first argument."""
    die_with_parent(int(sys.argv[2]))
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with socket.socket(fileno=int(sys.argv[1])) as control:
        try:
            ForkServer(control).serve()
        except (BrokenPipeError, ConnectionResetError):
            return 0
    return 0


if __name__ == "__main__":
    sys.exit(main())
