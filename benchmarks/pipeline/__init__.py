"""How the time and memory of the stages grow with the data, beside the straightforward way."""

from benchmarks.pipeline.benchmark import measure
from benchmarks.pipeline.report import Measured, as_dict, markdown

__all__ = ["Measured", "as_dict", "markdown", "measure"]
