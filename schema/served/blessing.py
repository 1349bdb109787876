"""Whether a model is blessed, written as TFX's Evaluator and InfraValidator do, and read again."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

INFRA: Final = "INFRA_"
"""Prefix of the files that say whether a model can be served."""
_BLESSED: Final = "BLESSED"
_NOT_BLESSED: Final = "NOT_BLESSED"
_PREFIXES: Final = ("", INFRA)
_OF_CLASSIC: Final = "OF_CLASSIC"


def bless(artifact: Any, is_blessed: bool, message: str, prefix: str = "", of_classic: bool = False) -> None:
    """Writes the empty file that the Pusher looks for, and the custom properties.

    Args:
        artifact: The blessing.
        is_blessed: The verdict.
        message: Why.
        prefix: `INFRA` for the blessing of a server.
        of_classic: Whether it is the classical baseline that is blessed, in place of a refused model.
    """
    folder = Path(artifact.uri)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / (prefix + (_BLESSED if is_blessed else _NOT_BLESSED))).touch()
    if of_classic:
        (folder / _OF_CLASSIC).touch()
    artifact.set_string_custom_property("blessing_message", message)
    artifact.set_int_custom_property("blessed", int(is_blessed))


def verdict(properties: Any, folder: Path) -> bool | None:
    """What a blessing says, by its property or else by its file; None if by neither.

    Args:
        properties: Those of the artifact.
        folder: Where its files are.
    """
    if properties.get("blessed") is not None:
        return bool(properties["blessed"])
    status = properties.get("blessing_status")
    for prefix in _PREFIXES:
        for name, says in ((_BLESSED, True), (_NOT_BLESSED, False)):
            if status == prefix + name or (folder / (prefix + name)).exists():
                return says
    return None


def is_of_classic(folder: Path) -> bool:
    """Whether a blessing is that of the classical baseline, in place of a refused model.

    Args:
        folder: Where the blessing's files are.
    """
    return (folder / _OF_CLASSIC).exists()
