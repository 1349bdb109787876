"""Ends a run in which a process of the DirectRunner was killed.

Beam waits for ever for the answer of such a process (`--direct_running_mode=multi_processing`); other
engines see it themselves and fail the job.
"""

from __future__ import annotations

import re
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Final

from schema.errors import UserError

_WATCHER: Final = "run_worker"
"""Name of Beam's threads, each of which waits for one process."""
_ENDED: Final = re.compile(r"Worker subprocess exited with return code (-?\d+)")
_OF_SHELL: Final = 128
"""A shell adds it to the number of the signal by which what it ran was ended."""


@contextmanager
def ended_by_dead_workers() -> Iterator[None]:
    """Raises in the main thread when a worker's process has been ended by a signal.

    Only a signal wakes the main thread out of Beam's waiting; SIGUSR1 is taken for it in the block. In
    other threads than the main one there is nothing to wake, and the block is as it was.

    Raises:
        UserError: A process was ended; TFX removes what the node had begun to write.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    ended: list[int] = []

    def notice(found: threading.ExceptHookArgs) -> None:
        hook(found)
        number = signal_of(str(found.exc_value))
        if found.thread is not None and found.thread.name == _WATCHER and number and not ended:
            ended.append(number)
            signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGUSR1)

    def wake(_number: int, _frame: FrameType | None) -> None:
        for number in ended:
            raise UserError(
                f"A worker process of Beam was ended by signal {number} in the middle of a node; nothing of "
                "what it wrote is used. Remedy: if the machine was out of memory, lower "
                "`--direct_num_workers` in `beam.args`; then run again."
            )

    hook, before = threading.excepthook, signal.signal(signal.SIGUSR1, wake)
    threading.excepthook = notice
    try:
        yield
    finally:
        threading.excepthook = hook
        signal.signal(signal.SIGUSR1, before)


def signal_of(message: str) -> int:
    """Number of the signal that ended a process, of what Beam says of its end; 0 if it ended by itself."""
    found = _ENDED.search(message)
    code = int(found[1]) if found else 0
    return -code if code < 0 else max(0, code - _OF_SHELL)
