"""Quality on real data: whole runs of Towerline over several seeds, held against the classics and a bar.

Towerline is run as a stranger would run it, as a command of its own process, and only what it prints is
read; so this package needs nothing of `pipeline`.
"""

from benchmarks.quality.benchmark import measure
from benchmarks.quality.protocols import PROTOCOLS, Protocol, protocol
from benchmarks.quality.report import Report
from benchmarks.quality.tables import markdown

__all__ = ["PROTOCOLS", "Protocol", "Report", "markdown", "measure", "protocol"]
