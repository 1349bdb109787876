"""Ids are found as the files of the vocabularies have them."""

import pytest

from kernel.description import KernelError
from kernel.vocabularies import Vocabulary, read_vocabulary

ENTRIES = [b"milk", "two\u2424lines".encode(), "h\u00e4m".encode()]


def test_each_id_is_found_alone_and_among_others():
    vocabulary = Vocabulary(list(ENTRIES))
    asked = [b"milk", b"two\nlines", b"bread", "h\u00e4m".encode(), "two\u2424lines".encode(), b"milk"]
    assert vocabulary.indices(asked) == [0, 1, -1, 2, 1, 0]
    assert [vocabulary.index(value) for value in asked] == [0, 1, -1, 2, 1, 0]
    assert vocabulary.indices([b"milk"]) == [0] and vocabulary.indices([]) == []
    assert vocabulary.ids[1] == b"two\nlines"


def test_a_vocabulary_of_another_size_is_refused(tmp_path):
    (tmp_path / "assets").mkdir()
    (tmp_path / "assets" / "products").write_bytes(b"\n".join(ENTRIES) + b"\n")
    assert read_vocabulary(tmp_path, "products", 3).index("milk") == 0
    with pytest.raises(KernelError, match="3 entries instead of 4"):
        read_vocabulary(tmp_path, "products", 4)
    with pytest.raises(KernelError, match="`users` is missing"):
        read_vocabulary(tmp_path, "users")
