"""Real database servers for the tests: started in a temporary folder, stopped and removed at the end."""

from __future__ import annotations

import contextlib
import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest

PASSWORD = "p@ss:w/rd %41"  # everything that a URL must escape
QUOTED_PASSWORD = "p%40ss%3Aw%2Frd%20%2541"
_UNPRIVILEGED = "nobody"  # servers refuse to run as root


@contextlib.contextmanager
def postgres_server() -> Iterator[str]:
    """Starts PostgreSQL (of the package `pgserver`, or of the system) and yields its URL."""
    binaries = _postgres_binaries()
    with _folder("towerline-postgres-") as folder:
        binaries = _reachable(binaries, folder)
        password_file = folder / "password"
        password_file.write_text(PASSWORD)
        data = folder / "data"
        data.mkdir()
        _hand_over(folder)
        options = ["-U", "towerline", "--auth=scram-sha-256", "--encoding=UTF8", "--no-sync"]
        _run([binaries / "bin/initdb", "-D", data, f"--pwfile={password_file}", *options])
        port = _free_port()
        options = ["-c", "fsync=off", "-c", "listen_addresses=127.0.0.1", "-p", str(port), "-k", str(folder)]
        command = [binaries / "bin/postgres", "-D", data, *options]
        with _running(command, folder / "log", port):
            yield f"postgresql://towerline:{QUOTED_PASSWORD}@127.0.0.1:{port}/postgres"


@contextlib.contextmanager
def mysql_server() -> Iterator[str]:
    """Starts the MySQL that `TOWERLINE_TEST_MYSQLD` names, else MariaDB, and yields the URL of a database."""
    with _folder("towerline-mysql-") as folder:
        data = folder / "data"
        data.mkdir()
        _hand_over(folder)
        named = os.environ.get("TOWERLINE_TEST_MYSQLD")
        # An index of ML Metadata is longer than what MySQL 5.6 takes in utf8mb4.
        characters = "utf8" if named else "utf8mb4"
        server = _prepare_mysql(Path(named), data) if named else _prepare_mariadb(data)
        start = folder / "start.sql"
        start.write_text(
            f"CREATE DATABASE shop CHARACTER SET {characters};\n"
            f"CREATE USER 'towerline'@'127.0.0.1' IDENTIFIED BY '{PASSWORD}';\n"
            "GRANT ALL ON *.* TO 'towerline'@'127.0.0.1';\n"
        )
        _hand_over(folder)
        port = _free_port()
        options = [f"--socket={folder}/s", f"--port={port}", "--bind-address=127.0.0.1"]
        command = [*server, *options, f"--init-file={start}", "--skip-name-resolve"]
        with _running([*command, f"--character-set-server={characters}"], folder / "log", port):
            yield f"mysql://towerline:{QUOTED_PASSWORD}@127.0.0.1:{port}/shop"


def _prepare_mariadb(data: Path) -> list[object]:
    server = shutil.which("mariadbd") or shutil.which("mariadbd", path="/usr/sbin:/usr/local/sbin")
    installer = shutil.which("mariadb-install-db")
    if server is None or installer is None:
        pytest.skip("MariaDB is not installed (apt-get install mariadb-server)")
    _run([installer, "--no-defaults", f"--datadir={data}", "--skip-test-db"])
    return [server, "--no-defaults", f"--datadir={data}"]


def _prepare_mysql(program: Path, data: Path) -> list[object]:
    """Of MySQL 5.6, which has its library and the SQL of its own tables beside the program."""
    folder = program.parent
    options = [f"--basedir={folder}", f"--datadir={data}", f"--lc-messages-dir={folder}/share"]
    server = ["env", f"LD_LIBRARY_PATH={folder}", program, "--no-defaults", *options]
    tables = [folder / "share" / f"mysql_system_tables{part}.sql" for part in ("", "_data")]
    creates = [b"CREATE DATABASE mysql;\nUSE mysql;\n", *(path.read_bytes() for path in tables)]
    _run([*server, "--bootstrap"], b"".join(creates))
    return server


def _postgres_binaries() -> Path:
    spec = find_spec("pgserver")
    if spec is not None and spec.submodule_search_locations:
        return Path(next(iter(spec.submodule_search_locations)), "pginstall")
    found = sorted(Path("/usr/lib/postgresql").glob("*"))
    if not found:
        pytest.skip("there is neither the package pgserver nor PostgreSQL of the system")
    return found[-1]


def _reachable(binaries: Path, folder: Path) -> Path:
    """Copies the binaries where the unprivileged user may not go."""
    try:
        _run([binaries / "bin/postgres", "--version"])
        return binaries
    except (OSError, subprocess.CalledProcessError):
        return Path(shutil.copytree(binaries, folder / "binaries", symlinks=True))


def _user() -> dict[str, object]:
    if os.geteuid() != 0:
        return {}
    return {"user": _UNPRIVILEGED, "group": pwd.getpwnam(_UNPRIVILEGED).pw_gid, "extra_groups": []}


def _run(command: list[object], given: bytes | None = None) -> None:
    asked = {"input": given, "capture_output": True, "cwd": "/tmp"}
    subprocess.run(list(map(str, command)), check=True, **asked, **_user())


@contextlib.contextmanager
def _folder(prefix: str) -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix=prefix, dir="/tmp"))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _hand_over(folder: Path) -> None:
    if os.geteuid() == 0:
        for path in [folder, *folder.rglob("*")]:
            shutil.chown(path, _UNPRIVILEGED)


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


@contextlib.contextmanager
def _running(command: list[object], log: Path, port: int) -> Iterator[None]:
    with log.open("wb") as output:
        process = subprocess.Popen(
            list(map(str, command)), stdout=output, stderr=output, cwd="/tmp", **_user()
        )
    try:
        _wait_for(process, log, port)
        yield
    finally:
        process.terminate()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _wait_for(process: subprocess.Popen[bytes], log: Path, port: int) -> None:
    for _ in range(300):
        if process.poll() is not None:
            raise RuntimeError(f"The server ended: {log.read_text()}")
        try:
            with socket.create_connection(("127.0.0.1", port), timeout=1):
                time.sleep(0.5)
                return
        except OSError:
            time.sleep(0.1)
    raise RuntimeError(f"The server does not listen: {log.read_text()}")
