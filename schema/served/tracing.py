"""The trace of one product through the stages: names that the served graph and its readers share.

Ranks count from 1; 0 means that there is none. The outputs of the signature `explain` are those of
`recommend_diverse` and, for each field, `trace_<field>`; `docs/served-model.md` has the contract.
"""

from __future__ import annotations

from typing import Final

PREFIX: Final = "trace_"

# Inputs beside those of `recommend_diverse` and `product_id`.
WITHOUT_RULES: Final = "without_rules"
WITHOUT_EXCLUSION: Final = "without_exclusion"

RELEVANCE: Final = "relevance"
ONLY: Final = "only"
CALIBRATION: Final = "calibration"
DIVERSITY: Final = "diversity"
EXPLORATION: Final = "exploration"
AT_MOST: Final = "at_most"
PIN: Final = "pin"
STEPS: Final = (RELEVANCE, ONLY, CALIBRATION, DIVERSITY, EXPLORATION, AT_MOST, PIN)
"""Of post-ranking, in the order in which they come."""
