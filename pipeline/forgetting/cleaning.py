"""Takes people out of what is served, recorded and logged."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

from components.recommender_assembler.assets.histories import write_mapped
from pipeline.config.forgotten_users import known_forgotten
from pipeline.forgetting.searching import Person, people_in
from pipeline.planning.plan import RunPlan
from schema import names
from schema.files import whole_file, write_bytes
from schema.served.versions import CHAMPIONS, versions
from schema.served.vocabulary import restore_id
from schema.source.forgotten import Forgotten

USERS_FILE: Final = "users.arrow"
_VOCABULARY: Final = Path("assets", names.USER_VOCABULARY)


def clean_pushed(directory: Path, forgotten: Forgotten) -> dict[str, list[str]]:
    """Takes forgotten users out of every version of a push directory, and of the evaluated ones beside them.

    Also of what is pushed later: a run that had read them before may push it, and a refresh takes over a
    vocabulary that has them.

    Returns:
        Version -> the files that were changed, relative to its folder; `.evaluated/` for the other one.
    """
    changed = {
        str(version): clean_model(directory / str(version), forgotten) for version in versions(directory)
    }
    for version, files in changed.items():
        files += [f"{CHAMPIONS}/{name}" for name in clean_model(directory / CHAMPIONS / version, forgotten)]
    return changed


def leave_clean(plan: RunPlan) -> None:
    """Takes forgotten users out of what a run has pushed: a refresh takes over a vocabulary that has them."""
    clean_pushed(Path(plan.push_directory), known_forgotten(Path(plan.workdir)))


def clean_model(folder: Path, forgotten: Forgotten) -> list[str]:
    """Takes forgotten users out of the snapshot and the vocabulary of a pushed model; its weights stay.

    A server that has the snapshot mapped goes on reading the old file until it loads the model again; it
    does not read of forgotten users.

    Returns:
        The files that were changed, relative to the folder.
    """
    if not forgotten:
        return []
    histories, vocabulary = folder / names.HISTORIES / USERS_FILE, folder / _VOCABULARY
    changed = [histories] if _clean_histories(histories, forgotten) else []
    changed += [vocabulary] if _clean_vocabulary(vocabulary, forgotten) else []
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


def _clean_histories(path: Path, forgotten: Forgotten) -> bool:
    if not path.is_file():
        return False
    with pa.OSFile(str(path)) as source, pa.ipc.open_file(source) as file:
        table = file.read_all()
    theirs = forgotten.flags(table[names.USER_ID])
    if not pc.any(theirs).as_py():
        return False
    with whole_file(path) as temporary:
        write_mapped(table.filter(pc.invert(theirs)), temporary)
    return True


def _clean_vocabulary(path: Path, forgotten: Forgotten) -> bool:
    """Puts a word that is nobody's in the place of an id, for the lines are rows of a table."""
    if not path.is_file():
        return False
    lines = path.read_bytes().split(b"\n")
    replaced = [
        f"forgotten-{secrets.token_hex(8)}".encode() if line and restore_id(line) in forgotten else line
        for line in lines
    ]
    if replaced == lines:
        return False
    write_bytes(path, b"\n".join(replaced))
    return True
