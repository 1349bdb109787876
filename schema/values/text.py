"""Words of texts, the same in training, in the graph and in the server."""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    import tensorflow as tf

_NO_WORD: Final = r"[^\pL\pM\pN]+"
_OF_WORDS: Final = frozenset("LMN")


def words(text: str) -> list[str]:
    """Runs of letters, marks and digits, in lower case: `Low_fat 2%` is `low`, `fat`, `2`."""
    kept = (letter if unicodedata.category(letter)[0] in _OF_WORDS else " " for letter in text.lower())
    return "".join(kept).split()


def split_words(texts: tf.Tensor) -> tf.RaggedTensor:
    """`words` in the graph: texts `[texts]` to `[texts, (words)]`."""
    import tensorflow as tf

    return tf.strings.split(tf.strings.regex_replace(tf.strings.lower(texts, "utf-8"), _NO_WORD, " "))
