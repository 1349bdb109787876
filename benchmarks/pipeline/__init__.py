"""How the time and memory of the stages grow with the data and with workers."""

from benchmarks.pipeline.benchmark import measure
from benchmarks.pipeline.report import Measured, as_dict, markdown
from benchmarks.pipeline.scaling import measure_scaling, scaling_as_dict, scaling_table

__all__ = [
    "Measured",
    "as_dict",
    "markdown",
    "measure",
    "measure_scaling",
    "scaling_as_dict",
    "scaling_table",
]
