"""Processes that begin where their imports are done: forked from one that has done them, for short calls.

`WarmInterpreter` is what tests use. Run as a script, this is the process behind it: each connection to its
socket is one call of `python -m module …` and receives the exit code. Nothing of TensorFlow runs in that
process, so that a fork of it is as good as a new one.
"""

from __future__ import annotations

import importlib
import json
import os
import runpy
import socket
import subprocess
import sys
import tempfile
import time
import traceback
from collections.abc import Mapping, Sequence
from pathlib import Path


class Forked:
    """A process that was forked, with as much of `subprocess.Popen` as tests need."""

    def __init__(self, address: str, request: Mapping[str, object]) -> None:
        self.returncode: int | None = None
        self._connection = socket.socket(socket.AF_UNIX)
        self._connection.connect(address)
        self._connection.sendall(f"{json.dumps(request)}\n".encode())

    def wait(self) -> int:
        """Waits for its end; the exit code, negative for a signal."""
        with self._connection, self._connection.makefile() as answer:
            self.returncode = int(answer.readline())
        return self.returncode


class WarmInterpreter:
    """Starts `python -m module …` without the time of its imports, until it is closed.

    Args:
        imported: Modules that are imported beforehand, in this order; those of the calls need the most of
            them. A function may be called instead: `module:function`.
        environment: Of the interpreter, and what every call has beside its own.
    """

    def __init__(self, imported: Sequence[str], environment: Mapping[str, str]) -> None:
        self._folder = tempfile.TemporaryDirectory()
        self._address, log = (str(Path(self._folder.name, name)) for name in ("calls", "log"))
        command = [sys.executable, __file__, self._address, *imported]
        with open(log, "wb") as output:
            self._process = subprocess.Popen(
                command,
                env=dict(environment),
                cwd=self._folder.name,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
            )
        while not Path(self._address).exists():
            assert self._process.poll() is None, Path(log).read_text()
            time.sleep(0.05)

    def start(
        self, command: Sequence[str], environment: Mapping[str, str], folder: str, out: str, err: str
    ) -> Forked:
        """Starts `[python, "-m", module, …]` in a folder, with the paths that its output goes to."""
        request = {"command": list(command), "environment": dict(environment), "folder": folder}
        return Forked(self._address, request | {"out": out, "err": err})

    def run(
        self, command: Sequence[str], environment: Mapping[str, str], folder: str | Path
    ) -> subprocess.CompletedProcess[str]:
        """The same to its end, with its output as texts."""
        with tempfile.TemporaryDirectory() as outputs:
            out, err = (Path(outputs, name) for name in ("out", "err"))
            code = self.start(command, environment, str(folder), str(out), str(err)).wait()
            return subprocess.CompletedProcess(command, code, out.read_text(), err.read_text())

    def close(self) -> None:
        """Ends the interpreter, and none of the processes that it has started."""
        self._process.kill()
        self._process.wait()
        self._folder.cleanup()


def serve(path: str, imported: Sequence[str]) -> None:
    """Forks a process for each connection, until it is killed."""
    for name in imported:
        module, _, function = name.partition(":")
        found = importlib.import_module(module)
        if function:
            getattr(found, function)()
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(f"{path}.new")
        server.listen()
        os.rename(f"{path}.new", path)  # it is there when it can be called
        while True:
            connection, _ = server.accept()
            if os.fork() == 0:
                server.close()
                supervise(connection)
            connection.close()
            while _reaped():
                pass


def _reaped() -> bool:
    try:
        return os.waitpid(-1, os.WNOHANG)[0] != 0
    except ChildProcessError:
        return False


def supervise(connection: socket.socket) -> None:
    """Makes the call of a connection in a child of this process, and answers with its exit code."""
    request = json.loads(connection.makefile().readline())
    pid = os.fork()
    if pid == 0:
        connection.close()
        call(**request)
    status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    connection.sendall(f"{status}\n".encode())
    os._exit(0)


def call(command: list[str], environment: dict[str, str], folder: str, out: str, err: str) -> None:
    """Becomes `python -m module …`, in a session of its own."""
    os.setsid()
    for stream, path in ((1, out), (2, err)):
        os.dup2(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), stream)
    os.chdir(folder)
    os.environ.update(environment)  # to what the modules have set as they were imported
    _, option, module, *arguments = command
    code = 0
    try:
        assert option == "-m", command
        sys.argv = [module, *arguments]
        runpy.run_module(module, run_name="__main__", alter_sys=True)
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else int(end.code is not None)
    except BaseException:
        traceback.print_exc()
        code = 1
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


if __name__ == "__main__":
    serve(sys.argv[1], sys.argv[2:])
