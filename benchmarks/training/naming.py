"""Names of the contestants; nothing heavy is imported here."""

from __future__ import annotations

from typing import Final

OURS: Final = "Towerline"
SAME_QUERIES: Final = "TFRS, as many queries a step"
SAME_PAIRS: Final = "TFRS, as many pairs a step"
CONTESTANTS: Final = (OURS, SAME_QUERIES, SAME_PAIRS)
