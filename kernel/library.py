"""The compiled kernel, called through a thin C interface; a call leaves Python's lock to others."""

from __future__ import annotations

import ctypes
import hashlib
import threading
import weakref
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import numpy as np

from kernel.description import Array, KernelError

SOURCES: Final = tuple(sorted(Path(__file__).with_name("native").iterdir()))
"""Of which it is built."""
BUILT: Final = Path(__file__).with_name("libtowerline_kernel.so")
"""Where set-up puts it."""

_TYPES: Final = {"float32": 0, "int32": 1, "int64": 2, "bool": 3}
_INT, _FLOAT, _LONG, _POINTER = ctypes.c_int32, ctypes.c_float, ctypes.c_int64, ctypes.c_void_p


class _Table(ctypes.Structure):
    _fields_ = [
        ("name", ctypes.c_char_p),
        ("data", _POINTER),
        ("type", _INT),
        ("rank", _INT),
        ("shape", _LONG * 3),
    ]


class Settings(ctypes.Structure):
    """Numbers of the computation; `native/interface.h` has the same fields in the same order."""

    _fields_ = [
        *((name, _INT) for name in ("num_candidates", "pool_size", "num_new", "hides", "history_length")),
        *((name, _INT) for name in ("reserved_share", "num_similar", "head")),
        ("quotas", _INT * 8),
        ("own_rates", _FLOAT * 3),
        ("latest_rates", _FLOAT * 2),
        *((name, _FLOAT) for name in ("interest_rate", "new_priority", "smallest_score", "similar_scale")),
        ("window_days", _FLOAT),
        ("affinity_rates", _FLOAT * 4),
        *((name, _INT) for name in ("has_other_types", "num_categories", "anchor", "horizon", "half_life")),
        ("num_layers", _INT),
        *((name, _FLOAT) for name in ("exclude_days", "popularity_discount", "popularity_column")),
        *((name, _INT) for name in ("new_step", "tower_events")),
        ("tower_half_lives", _FLOAT * 2),
    ]


class Request(ctypes.Structure):
    """One user; arrays must outlive the call."""

    _fields_ = [
        *((name, _INT) for name in ("num_events", "top_k", "exclude_purchased")),
        ("diversity", _FLOAT),
        *((name, _POINTER) for name in ("product", "time", "type")),
        ("user", _LONG),
        ("query_time", _LONG),
        *((name, _POINTER) for name in ("query", "columns", "hidden", "fill")),
        ("num_fill", _LONG),
        ("cold", _POINTER),
        ("num_cold", _LONG),
        ("in_segment", _INT),
        ("only_ranks", _INT),
    ]


ANSWERED: Final = (
    *((name, np.int32) for name in ("product", "source", "neighbour_of")),
    *((name, np.float32) for name in ("score", "last", "interval", "two_tower", "preranker", "ranker")),
    ("times_bought", np.int64),
)
"""Arrays of an answer: `[top_k]` each, `[num_candidates]` of ranked candidates."""


class Answer(ctypes.Structure):
    """The list, best first, or the ranked candidates."""

    _fields_ = [("count", _INT), *((name, _POINTER) for name, _ in ANSWERED)]


class Library:
    """A compiled kernel.

    Args:
        path: Of the shared library.

    Raises:
        KernelError: It has not been built here, or of another source.
    """

    def __init__(self, path: Path = BUILT) -> None:
        if not path.is_file():
            raise KernelError("the kernel is not built here; `make setup` builds it where there is g++")
        # Looked for in the file: a library that is loaded once stays, whatever stands at its path later.
        if source_digest().encode() not in path.read_bytes():
            raise KernelError("the kernel was built of another source; `make setup` builds it anew")
        try:
            self._calls = ctypes.CDLL(str(path))
            self._declare()
        except (OSError, AttributeError) as error:
            raise KernelError(
                "the kernel that was built does not load; `make setup` builds it anew"
            ) from error

    def open(self, tables: Mapping[str, Array], settings: Mapping[str, Any]) -> OpenKernel:
        """Takes a version's tables.

        Raises:
            KernelError: Something is missing, or names what is not there.
        """
        given = _settings(settings)
        rows = (_Table * len(tables))(*(_table(name, values) for name, values in tables.items()))
        error = ctypes.create_string_buffer(200)
        handle = self._calls.towerline_open(rows, len(rows), ctypes.byref(given), error, len(error))
        if not handle:
            raise KernelError(error.value.decode())
        return OpenKernel(self._calls, handle, dict(tables))

    def set_helpers(self, count: int) -> None:
        """Sets how many threads of this process help the only list that is being made.

        Args:
            count: 0 for none; by default one for each core but one, at most three. Those that run stay.
        """
        self._calls.towerline_helpers(count)

    def _declare(self) -> None:
        calls = self._calls
        calls.towerline_open.argtypes = [_POINTER, _INT, _POINTER, ctypes.c_char_p, _INT]
        calls.towerline_open.restype = _POINTER
        calls.towerline_close.argtypes = calls.towerline_end.argtypes = [_POINTER]
        calls.towerline_helpers.argtypes, calls.towerline_helpers.restype = [_INT], None
        calls.towerline_run.argtypes, calls.towerline_run.restype = [_POINTER], _POINTER
        calls.towerline_recommend.argtypes, calls.towerline_recommend.restype = [_POINTER] * 3, _INT


class OpenKernel:
    """A kernel with the tables of a version; each thread has memory of its own."""

    def __init__(self, calls: Any, handle: int, tables: Mapping[str, Array]) -> None:
        self._calls, self._handle, self._tables = calls, handle, tables
        self._local = threading.local()
        weakref.finalize(self, calls.towerline_close, handle)

    def recommend(self, request: Request, answer: Answer) -> bool:
        """Fills the answer; False if the request is not covered.

        Raises:
            KernelError: The request names what is not there, or there is no memory.
        """
        run = getattr(self._local, "run", None)
        if run is None:
            run = self._local.run = _Run(self._calls, self._handle)
        code = self._calls.towerline_recommend(run.handle, ctypes.byref(request), ctypes.byref(answer))
        if code > 1:
            raise KernelError("the request names what the tables do not have" if code == 2 else "no memory")
        return bool(code == 0)


class _Run:
    def __init__(self, calls: Any, kernel: int) -> None:
        self.handle = calls.towerline_run(kernel)
        if not self.handle:
            raise KernelError("no memory")
        weakref.finalize(self, calls.towerline_end, self.handle)


def source_digest() -> str:
    """Of the source that a library must have been built of."""
    digest = hashlib.sha256()
    for path in SOURCES:
        digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


def _settings(values: Mapping[str, Any]) -> Settings:
    known = {field[0] for field in Settings._fields_}
    if known != set(values):
        raise KernelError(f"settings are not those of this kernel: {sorted(known ^ set(values))}")
    given = Settings()
    try:
        for name, value in values.items():
            kind = dict(field[:2] for field in Settings._fields_)[name]
            setattr(given, name, kind(*value) if isinstance(value, list | tuple) else value)
    except (TypeError, ValueError, IndexError) as error:
        raise KernelError(f"setting `{name}` is damaged") from error
    return given


def _table(name: str, values: Array) -> _Table:
    if values.dtype.name not in _TYPES or not 1 <= values.ndim <= 3:
        raise KernelError(f"table `{name}` has another type or rank")
    shape = (_LONG * 3)(*values.shape)
    return _Table(name.encode(), values.ctypes.data, _TYPES[values.dtype.name], values.ndim, shape)
