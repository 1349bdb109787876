"""How fast a pushed model is served, in process and over HTTP, beside the plain way."""

from benchmarks.serving.benchmark import Figures, Load, markdown, measure

__all__ = ["Figures", "Load", "markdown", "measure"]
