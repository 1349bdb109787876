"""Files beside an exported model, by paths of any file system that TensorFlow knows."""

from __future__ import annotations

import io
import json
from typing import Any, Final

import numpy as np
import tensorflow as tf

Arrays = dict[str, np.ndarray]

DESCRIPTION: Final = "description"
"""Key of what arrays are, as JSON."""


def write_json(content: Any, path: str) -> None:
    """Writes JSON; the folder is made if it is missing."""
    _write(json.dumps(content, indent=1).encode(), path)


def write_arrays(arrays: Arrays, path: str) -> None:
    """Writes arrays as `.npz`; the folder is made if it is missing."""
    content = io.BytesIO()
    np.savez(content, **arrays)
    _write(content.getvalue(), path)


def _write(content: bytes, path: str) -> None:
    tf.io.gfile.makedirs(path.rpartition("/")[0])
    with tf.io.gfile.GFile(path, "wb") as file:
        file.write(content)
