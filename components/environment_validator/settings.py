"""Settings of the EnvironmentValidator."""

from __future__ import annotations

from components.node import NodeSettings


class EnvironmentValidatorSettings(NodeSettings):
    """Which rows are validated, and as what."""

    environment: str
    """Environment of the schema that the validated splits belong to, such as `QUERY`."""
    exclude_splits: tuple[str, ...] = ()
    """Splits that are not validated."""
