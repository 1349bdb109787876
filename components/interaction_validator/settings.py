"""Settings of the InteractionValidator."""

from __future__ import annotations

from components.node import NodeSettings
from components.settings import GateSettings
from schema.findings import Finding


class InteractionValidatorSettings(NodeSettings):
    """Thresholds, and what is known already."""

    gates: GateSettings
    """Thresholds."""
    findings: tuple[Finding, ...] = ()
    """What was noticed when the database was read."""
