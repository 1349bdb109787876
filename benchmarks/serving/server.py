"""`towerline serve` in a process of its own."""

from __future__ import annotations

import contextlib
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from schema.errors import UserError

_PATIENCE = 300


@dataclass(frozen=True)
class Running:
    """A server that is ready.

    Attributes:
        port: Where it listens.
        process_id: Of the process.
        seconds: From its start until it was ready.
    """

    port: int
    process_id: int
    seconds: float

    def resident_gb(self) -> float:
        """Memory of the process now."""
        lines = Path(f"/proc/{self.process_id}/status").read_text().splitlines()
        return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS")) / 1e6


@contextlib.contextmanager
def serving(workdir: Path, *more: str) -> Iterator[Running]:
    """Starts the server on a free port and stops it at the end.

    Args:
        workdir: With a pushed model.
        more: Further arguments of the command.

    Raises:
        UserError: It ended, or was not ready within five minutes.
    """
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "pipeline", "serve", "--workdir", str(workdir), "--port", str(port)]
    command += more
    start = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        while not _ready(port):
            waited = time.perf_counter() - start
            if process.poll() is not None or waited > _PATIENCE:
                raise UserError(
                    f"The server did not become ready. Received: --workdir {workdir}. "
                    "Remedy: `towerline serve` says why."
                )
            time.sleep(0.05)
        yield Running(port, process.pid, time.perf_counter() - start)
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait()


def _ready(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=5) as answer:
            return int(answer.status) == 200
    except OSError:
        return False
