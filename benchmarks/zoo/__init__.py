"""A zoo of shops: Towerline with its defaults on shops that nobody tuned it for, beside every tuned classic.

The generated shops have a known truth (`benchmarks.zoo.recipes`); two real ones are read from installed
packages. Each is run as a user would run it, and only what `towerline run` prints is read.
"""

from benchmarks.zoo.benchmark import SHOPS, measure
from benchmarks.zoo.report import as_dict, markdown

__all__ = ["SHOPS", "as_dict", "markdown", "measure"]
