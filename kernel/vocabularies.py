"""Vocabularies of a pushed version: one entry a line, whose number is the index."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from kernel.description import KernelError
from schema.served.vocabulary import LINE_ENDS, restore_id

_REPLACED = [(character.encode(), picture.encode()) for character, picture in LINE_ENDS]


class Vocabulary:
    """Entries in their order.

    Args:
        entries: As the file has them.
    """

    def __init__(self, entries: list[bytes]) -> None:
        self._index = {entry: number for number, entry in enumerate(entries)}
        self.ids = entries if not _any_picture(entries) else [restore_id(entry).encode() for entry in entries]
        """What the entries stand for."""

    def index(self, value: bytes | str) -> int:
        """Index of an id, -1 if it is unknown."""
        found = value.encode() if isinstance(value, str) else value
        for character, picture in _REPLACED:
            if character in found:
                found = found.replace(character, picture)
        return self._index.get(found, -1)

    def indices(self, values: Sequence[bytes]) -> list[int]:
        """Indices of ids, -1 for unknown ones."""
        # Entries hold no ends of lines: an id that is found as it is needs no look at its characters.
        found = [self._index.get(value, -1) for value in values]
        if -1 in found:
            return [
                self.index(value) if number < 0 else number
                for value, number in zip(values, found, strict=True)
            ]
        return found

    def raw_index(self, entry: bytes) -> int:
        """Index of an entry as the file has it, -1 if it is unknown."""
        return self._index.get(entry, -1)


def read_vocabulary(folder: Path, name: str, size: int | None = None) -> Vocabulary:
    """Reads a vocabulary from the assets of a SavedModel.

    Args:
        folder: Of the SavedModel.
        name: Of the file.
        size: Entries that it must have.

    Raises:
        KernelError: There is none, or one of another size.
    """
    path = folder / "assets" / name
    try:
        lines = path.read_bytes().split(b"\n")
    except OSError as error:
        raise KernelError(f"vocabulary `{name}` is missing") from error
    entries = lines[:-1] if lines and not lines[-1] else lines
    if size is not None and len(entries) != size:
        raise KernelError(f"vocabulary `{name}` has {len(entries)} entries instead of {size}")
    return Vocabulary(entries)


def _any_picture(entries: list[bytes]) -> bool:
    whole = b"\n".join(entries)
    return any(picture in whole for _, picture in _REPLACED)
