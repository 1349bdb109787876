"""How the processes that train a model together find each other: by files in a folder that all of them see.

Each of them writes its address there. The first, which TFX runs, waits for all and writes the job: the
addresses, and what its `run_fn` was given. The others do the same job, and are dismissed when it is done.
"""

from __future__ import annotations

import json
import os
import socket
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Final

from schema.errors import UserError
from schema.files import write_text

MEETING_VARIABLE: Final = "TOWERLINE_WORKERS"
"""Environment variable of the first process: number of processes and the folder, as `4:/folder`."""
CLUSTER_VARIABLE: Final = "TF_CONFIG"
"""Environment variable with the addresses of all workers and the index of this one, for TensorFlow."""

_JOB, _CLOSED = "job.json", "closed"
_GIVEN: Final = (
    "train_files",
    "eval_files",
    "custom_config",
    "transform_graph_path",
    "serving_model_dir",
    "model_run_dir",
    "base_model",
)
_SECONDS: Final = 0.5
_PATIENCE: Final = 3600.0


@dataclass(frozen=True)
class Meeting:
    """Where the processes meet.

    Attributes:
        folder: Theirs alone.
        count: Number of processes, the first included.
        patience: Seconds that the first waits for the others.
    """

    folder: Path
    count: int
    patience: float = _PATIENCE

    @classmethod
    def of_environment(cls) -> Meeting | None:
        """Returns the meeting that this process is the first of, None if it is of none."""
        count, _, folder = os.environ.get(MEETING_VARIABLE, "").partition(":")
        return cls(Path(folder), int(count)) if folder else None

    def invite(self) -> None:
        """Names this process, in its environment, as the first; an earlier attempt is forgotten."""
        self.folder.mkdir(parents=True, exist_ok=True)
        for path in self.folder.iterdir():
            path.unlink(missing_ok=True)
        os.environ[MEETING_VARIABLE] = f"{self.count}:{self.folder}"

    def lead(self, run_fn: str, fn_args: Any) -> None:
        """Waits for the others, and gives them the job.

        Args:
            run_fn: Dotted path of the function that all call.
            fn_args: What TFX gave it here.

        Raises:
            UserError: Not all of them came.
        """
        self._write("0.address", _own_address())
        deadline = time.monotonic() + self.patience
        while len(addresses := self._addresses()) < self.count:
            if time.monotonic() > deadline:
                raise UserError(
                    f"Only {len(addresses)} of {self.count} workers came within {self.patience:.0f} s. "
                    "Remedy: fewer `workers` in `kubeflow.nodes`, or a cluster that has room for them."
                )
            time.sleep(_SECONDS)
        given = {name: getattr(fn_args, name, None) for name in _GIVEN}
        self._write(_JOB, json.dumps({"workers": addresses, "run_fn": run_fn, "fn_args": given}))
        _join(addresses, 0)

    def help(self, index: int, run: Callable[[str, Any], None]) -> bool:
        """Waits for the job and does it.

        Args:
            index: Index of this process, from 1.
            run: Called with the dotted path and the arguments.

        Returns:
            Whether there was a job; the first process may have found the model in the cache.
        """
        address = _own_address()
        while True:
            closed = (self.folder / _CLOSED).exists()  # before the job, which is there when it is closed
            self._write(f"{index}.address", address)
            job = self._job()
            if job and job["workers"][index] == address:
                _join(job["workers"], index)
                run(job["run_fn"], SimpleNamespace(**job["fn_args"]))
                return True
            if closed:
                return False
            time.sleep(_SECONDS)

    def close(self) -> None:
        """Dismisses those who still wait."""
        self._write(_CLOSED, "")

    def _addresses(self) -> list[str]:
        paths = [self.folder / f"{index}.address" for index in range(self.count)]
        return [path.read_text(encoding="utf-8") for path in paths if path.is_file()]

    def _job(self) -> Any:
        path = self.folder / _JOB
        return json.loads(path.read_text(encoding="utf-8")) if path.is_file() else None

    def _write(self, name: str, text: str) -> None:
        path = self.folder / name
        if path.is_file() and path.read_text(encoding="utf-8") == text:
            return
        write_text(path, text)


def _own_address() -> str:
    """This machine's address among its like, with a port that is free."""
    with socket.socket() as listener:
        listener.bind(("", 0))
        port = listener.getsockname()[1]
    return f"{socket.gethostbyname(socket.gethostname())}:{port}"


def _join(addresses: list[str], index: int) -> None:
    cluster = {"cluster": {"worker": addresses}, "task": {"type": "worker", "index": index}}
    os.environ[CLUSTER_VARIABLE] = json.dumps(cluster)
