"""What the terminal shows while the nodes of a pipeline run: a line for each, a bar, and a sign of life."""

from __future__ import annotations

import shutil
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final, TextIO

RAN: Final = "ran"
CACHED: Final = "cached"
FAILED: Final = "failed"

_SAMPLE_SECONDS: Final = 0.5
_HEARTBEAT_SECONDS: Final = 5.0
_MOST_UNKNOWN: Final = 1
_SHORT_SECONDS: Final = 5.0

_CELLS: Final = 20
_EIGHTHS: Final = " ▏▎▍▌▋▊▉█"
_MIN_COLUMNS: Final = 100
"""Narrower terminals have no room for a bar beside the line."""


@dataclass(frozen=True)
class Stage:
    """One node that is done.

    Attributes:
        node: Its id.
        outcome: `ran`, `cached` or `failed`.
        seconds: How long it took.
        peak_memory: Most resident bytes of this process and its children meanwhile.
    """

    node: str
    outcome: str
    seconds: float
    peak_memory: int


class Progress:
    """Follows the nodes; a thread samples the memory and writes the heartbeat.

    Args:
        stream: The terminal.
        num_nodes: Nodes in all.
        outcome_of: Node id -> `ran` or `cached`, asked when a node is finished.
        expected: Node id -> seconds that it takes, for those of which that is known.
    """

    def __init__(
        self,
        stream: TextIO,
        num_nodes: int,
        outcome_of: Callable[[str], str],
        expected: Mapping[str, float] | None = None,
    ) -> None:
        self.stages: list[Stage] = []
        self._stream = stream
        self._is_terminal = stream.isatty()
        self._has_bar, self._is_unicode = shows_bar(stream), is_unicode(stream)
        self._num_nodes = num_nodes
        self._expected = dict(expected or {})
        self._outcome_of = outcome_of
        self._node: str | None = None
        self._started = 0.0
        self._peak = 0
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> Progress:
        """Starts the heartbeat."""
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Stops the heartbeat; a node that is still running has failed."""
        self._stop.set()
        self._thread.join()
        if self._node is not None:
            self._finish(FAILED)

    @property
    def running(self) -> str | None:
        """The node that is running, if any."""
        return self._node

    def start(self, node: str) -> None:
        """A node begins."""
        with self._lock:
            self._node, self._started, self._peak = node, time.monotonic(), _resident_bytes()

    def finish(self) -> None:
        """The running node is done."""
        if self._node is not None:
            self._finish(self._outcome_of(self._node))

    def _finish(self, outcome: str) -> None:
        with self._lock:
            stage = Stage(
                self._node or "",
                outcome,
                time.monotonic() - self._started,
                max(self._peak, _resident_bytes()),
            )
            self.stages.append(stage)
            self._node = None
        line = _line(stage.node, stage.outcome, stage.seconds, stage.peak_memory)
        self._write(f"{self._position(0)} {line}{self._left(None, 0.0)}")

    def _watch(self) -> None:
        due = time.monotonic() + _HEARTBEAT_SECONDS
        while not self._stop.wait(_SAMPLE_SECONDS):
            with self._lock:
                node, seconds = self._node, time.monotonic() - self._started
                self._peak = max(self._peak, _resident_bytes())
                peak = self._peak
            if node is None:
                continue
            text = f"{self._position(1)} {_line(node, '…', seconds, peak)}{self._left(node, seconds)}"
            if self._is_terminal:
                begin = f"{bar(self._share(node, seconds), self._is_unicode)} " if self._has_bar else ""
                self._stream.write(f"\r\x1b[2K{begin}{text}")
                self._stream.flush()
            elif time.monotonic() >= due and seconds >= _HEARTBEAT_SECONDS:
                due = time.monotonic() + _HEARTBEAT_SECONDS
                self._write(text)

    def _position(self, ahead: int) -> str:
        return f"[{len(self.stages) + ahead:>2}/{self._num_nodes}]"

    def _share(self, node: str, seconds: float) -> float:
        """Of the work that is done: by the time that the nodes take, or else by their number."""
        done = {stage.node for stage in self.stages}
        if self._num_nodes - len({*self._expected, *done}) > _MOST_UNKNOWN or node not in self._expected:
            return len(done) / self._num_nodes
        total = sum(self._expected.values())
        behind = sum(self._expected.get(name, 0.0) for name in done)
        return (behind + min(seconds, self._expected[node])) / total if total else 0.0

    def _left(self, node: str | None, seconds: float) -> str:
        """How long the rest takes, if that is known of the running node and nearly all behind it."""
        done = {stage.node for stage in self.stages}
        ahead = {name: took for name, took in self._expected.items() if name not in done}
        unknown = self._num_nodes - len(self.stages) - len(ahead)
        if not ahead or unknown > _MOST_UNKNOWN or (node is not None and node not in ahead):
            return ""
        total = sum(ahead.values()) - min(seconds, ahead.get(node or "", 0.0))
        return f"  {_duration(total)} left"

    def _write(self, text: str) -> None:
        clear = "\r\x1b[2K" if self._is_terminal else ""
        self._stream.write(f"{clear}{text}\n")
        self._stream.flush()


def _line(node: str, outcome: str, seconds: float, peak: int) -> str:
    return f"{node:<22} {outcome:<7} {seconds:7.1f} s  {peak / 1e9:5.2f} GB"


def _duration(seconds: float) -> str:
    """`about 3 min`; a few seconds are not counted."""
    if seconds < _SHORT_SECONDS:
        return "a few seconds"
    minutes = seconds / 60
    return f"about {seconds:.0f} s" if minutes < 2 else f"about {minutes:.0f} min"


def _resident_bytes() -> int:
    import psutil

    process = psutil.Process()
    total = int(process.memory_info().rss)
    for child in process.children(recursive=True):
        try:
            total += int(child.memory_info().rss)
        except psutil.Error:  # it has ended meanwhile
            continue
    return total


def bar(share: float, is_unicode: bool) -> str:
    """Returns a bar of twenty cells and the share in per cent.

    Args:
        share: Of all that is to be done, 0 to 1; what is outside is cut.
        is_unicode: Whether the terminal shows blocks, of which an eighth is the finest; `#` otherwise.
    """
    share = min(max(share, 0.0), 1.0)
    if is_unicode:
        full, rest = divmod(int(share * _CELLS * 8), 8)
        cells = (_EIGHTHS[8] * full + (_EIGHTHS[rest] if rest else "")).ljust(_CELLS)
        return f"▕{cells}▏{share:4.0%}"
    return f"[{'#' * int(share * _CELLS):<{_CELLS}}]{share:4.0%}"


def shows_bar(stream: TextIO) -> bool:
    """Whether a stream is a terminal that is wide enough."""
    return stream.isatty() and shutil.get_terminal_size().columns >= _MIN_COLUMNS


def is_unicode(stream: TextIO) -> bool:
    """Whether a stream takes blocks."""
    try:
        _EIGHTHS.encode(stream.encoding or "ascii")
    except (LookupError, UnicodeEncodeError):
        return False
    return True
