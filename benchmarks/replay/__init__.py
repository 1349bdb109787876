"""The last days of a shop once more, day by day: what a schedule of refreshes and runs is worth.

Towerline is run as commands of its own processes; this package needs nothing of `pipeline`.
"""

from benchmarks.replay.benchmark import measure
from benchmarks.replay.report import as_dict, markdown

__all__ = ["as_dict", "markdown", "measure"]
