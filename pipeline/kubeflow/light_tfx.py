"""Lets a process import TFX's launcher without all of TFX's components.

The launcher knows a strategy for resolvers, which names a component, and with it comes the whole package:
TensorFlow Model Analysis, Keras Tuner, the clients of Kubernetes. Four tenths of the time that a container
needs before it begins its work went there, and no node but the Evaluator has a use for any of it.
"""

from __future__ import annotations

import importlib.util
import sys
from types import ModuleType
from typing import Any, Final

_PACKAGE: Final = "tfx.components"
_NOTEBOOKS: Final = "tqdm.notebook"


class _UnopenedPackage(ModuleType):
    """A package whose `__init__` runs when something is asked of the package itself.

    Its modules can be imported before that, by their full names, as the launcher imports executors.
    """

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        self.__class__ = ModuleType  # type: ignore[assignment]
        spec = self.__spec__
        if spec is not None and spec.loader is not None:
            spec.loader.exec_module(self)
        return getattr(self, name)


def use_light_tfx() -> None:
    """Makes later imports of TFX light; to be called before the first of them, by processes of one node."""
    spec = importlib.util.find_spec(_PACKAGE)
    if _PACKAGE in sys.modules or spec is None:
        return
    package = _UnopenedPackage(_PACKAGE)
    package.__spec__, package.__loader__, package.__file__ = spec, spec.loader, spec.origin
    package.__path__ = list(spec.submodule_search_locations or ())
    package.__package__ = _PACKAGE
    sys.modules[_PACKAGE] = package
    # The client of BigQuery, which Beam imports, asks for the progress bars of notebooks and so for IPython.
    sys.modules.setdefault(_NOTEBOOKS, None)  # type: ignore[arg-type]
