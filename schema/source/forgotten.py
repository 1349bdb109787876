"""Users who are to be forgotten, known by a keyed hash of their ids and never by the ids themselves.

Two files in a folder: `list.json` holds the hashes, `key` (for its owner's eyes only) what they are keyed
with. Who has the list alone can test nobody. Who has both can test a guess, so can find ids that can be
counted through: that is what an exclusion needs, and why the two are kept apart
(docs/adr/0031-forgotten-by-a-keyed-hash.md).
"""

from __future__ import annotations

import hmac
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc

from schema.errors import UserError
from schema.source.ids import canonical_id

KEY_VARIABLE: Final = "TOWERLINE_FORGET_KEY"
"""Environment variable with the key, in hexadecimal digits, for processes that do not see its file."""
LIST_FILE: Final = "list.json"
KEY_FILE: Final = "key"
_HASH_BYTES: Final = 16


def keyed_hash(user_id: str, key: bytes) -> str:
    """HMAC-SHA256 of the canonical form of an id, cut to 128 bits, in hexadecimal digits."""
    return hmac.digest(key, canonical_id(user_id).encode(), "sha256")[:_HASH_BYTES].hex()


class Forgotten:
    """Who is on the list.

    Args:
        hashes: Of `keyed_hash`.
        key: What they are keyed with; may be missing only if there are none.

    Raises:
        UserError: There are hashes and no key.
    """

    def __init__(self, hashes: Iterable[str] = (), key: str | None = None) -> None:
        self.hashes = frozenset(hashes)
        if self.hashes and not key:
            raise UserError(
                f"{len(self.hashes)} users are to be forgotten, and the key by which they are known is "
                f"missing. Remedy: put back the file `forgotten/{KEY_FILE}` of the work directory, or set "
                f"{KEY_VARIABLE}."
            )
        try:
            self._key = bytes.fromhex(key or "")
        except ValueError as error:
            raise UserError(
                f"The key by which forgotten users are known is not in hexadecimal digits. Remedy: put back "
                f"the file `forgotten/{KEY_FILE}` of the work directory, or correct {KEY_VARIABLE}."
            ) from error

    def __bool__(self) -> bool:
        return bool(self.hashes)

    def __contains__(self, user_id: object) -> bool:
        """Whether a user is on the list; the id may have any form."""
        if not self.hashes or not isinstance(user_id, str):
            return False
        return keyed_hash(user_id, self._key) in self.hashes

    def flags(self, user_ids: pa.Array | pa.ChunkedArray) -> pa.Array:
        """Says for each id, null is nobody, whether it is on the list."""
        distinct = pc.unique(user_ids).to_pylist() if self.hashes else []
        forgotten_here = [name for name in distinct if name is not None and name in self]
        return pc.is_in(user_ids, value_set=pa.array(forgotten_here, user_ids.type))


def read_forgotten(folder: Path, environment: Any = None) -> tuple[tuple[str, ...], str | None]:
    """Hashes of a folder, none where nobody has been forgotten, and their key; its file before the variable.

    Args:
        folder: With the two files.
        environment: Of the process.

    Raises:
        UserError: The list is no list of ours.
    """
    key = (environment or {}).get(KEY_VARIABLE)
    path, key_path = folder / LIST_FILE, folder / KEY_FILE
    try:
        if key_path.is_file():
            key = key_path.read_text(encoding="ascii").strip()
        if not path.is_file():
            return (), key
        users = json.loads(path.read_text(encoding="utf-8"))["users"]
        return tuple(sorted({str(user["hash"]) for user in users})), key
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise UserError(
            f"The list of forgotten users cannot be read. Received: {path} ({error}). Remedy: put it back "
            "from a copy, or remove it and run `towerline forget` again for each of them."
        ) from error
