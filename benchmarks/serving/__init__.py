"""How fast a pushed model is served, in process and over HTTP, beside the plain way."""

from benchmarks.serving.benchmark import Load, Measurements, markdown, measure

__all__ = ["Load", "Measurements", "markdown", "measure"]
