"""Real product databases from installed data packages, for trying Towerline out."""

from pipeline.demo.complete_journey import write_complete_journey
from pipeline.demo.datasets import DATASETS, write_demo
from pipeline.demo.movielens import write_movielens_100k
from pipeline.demo.writing import DemoSummary

__all__ = ["DATASETS", "DemoSummary", "write_complete_journey", "write_demo", "write_movielens_100k"]
