"""Takes people out of what is served, recorded and logged."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

from components.recommender_assembler.assets.histories import write_mapped
from pipeline.forgetting.person import Person
from pipeline.forgetting.searching import people_in, vocabulary_entry
from schema import names
from schema.files import whole_file, write_text

USERS_FILE: Final = "users.arrow"
_VOCABULARY: Final = Path("assets", names.USER_VOCABULARY)


def clean_model(folder: Path, people: Sequence[Person]) -> list[str]:
    """Takes people out of the snapshot and the vocabulary of a pushed model; its weights stay as they are.

    A server that has the snapshot mapped goes on reading the old file until it loads the model again; it
    does not read of forgotten users.

    Returns:
        The files that were changed, relative to the folder.
    """
    histories = folder / names.HISTORIES / USERS_FILE
    changed = [histories] if _clean_histories(histories, people) else []
    changed += [folder / _VOCABULARY] if _clean_vocabulary(folder / _VOCABULARY, people) else []
    return [str(path.relative_to(folder)) for path in changed]


def clean_texts(folder: Path, pattern: str, people: Sequence[Person]) -> list[Path]:
    """Takes ids out of the texts of a folder; returns those that were changed.

    A text is written in place: a run that is under way goes on at the end of its log.
    """
    changed = []
    for path in sorted(folder.glob(pattern)):
        if path.is_file() and people_in(path, people):
            text = path.read_text(encoding="utf-8", errors="replace")
            for person in people:
                text = person.taken_out(text)
            with path.open("r+", encoding="utf-8") as file:
                file.write(text)
                file.truncate()
            changed.append(path)
    return changed


def remove_reports(folder: Path, people: Sequence[Person]) -> list[Path]:
    """Removes reports that name people, and returns them; `towerline report` makes one again."""
    found = [path for path in sorted(folder.glob("*.html")) if people_in(path, people)]
    for path in found:
        path.unlink()
    return found


def _clean_histories(path: Path, people: Sequence[Person]) -> bool:
    if not path.is_file() or not people_in(path, people):
        return False
    with pa.OSFile(str(path)) as source, pa.ipc.open_file(source) as file:
        table = file.read_all()
    ids = pa.array([person.user_id for person in people], table.schema.field(names.USER_ID).type)
    kept = table.filter(pc.invert(pc.is_in(table[names.USER_ID], value_set=ids)))
    with whole_file(path) as temporary:
        write_mapped(kept, temporary)
    return True


def _clean_vocabulary(path: Path, people: Sequence[Person]) -> bool:
    """Puts a word that is nobody's in the place of an id, for the lines are rows of a table."""
    if not path.is_file() or not people_in(path, people):
        return False
    entries = {vocabulary_entry(person.user_id) for person in people}
    lines = path.read_text(encoding="utf-8").split("\n")
    replaced = [f"forgotten-{secrets.token_hex(8)}" if line in entries else line for line in lines]
    write_text(path, "\n".join(replaced))
    return True
