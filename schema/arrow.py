"""Arrow without pandas, which it imports by itself as soon as somebody makes an array."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any


class _WithoutPandas(MetaPathFinder):
    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if fullname == "pandas":
            raise ModuleNotFoundError(fullname, name=fullname)
        return None


def import_arrow() -> Any:
    """Imports Arrow, and has it look for pandas at a moment at which there seems to be none; returns it.

    Arrow looks once, which takes .4 s of processor time where it finds pandas. Whoever asks it for a data
    frame later gets one all the same.
    """
    import pyarrow as pa

    if "pandas" not in sys.modules:
        finder = _WithoutPandas()
        sys.meta_path.insert(0, finder)
        try:
            pa.array([0])
        finally:
            sys.meta_path.remove(finder)
    return pa
