"""What the analyzers compute, on values counted by hand."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

FREQUENCY = 1


def accumulate(**values):
    import tensorflow as tf
    from tensorflow_transform.analyzer_nodes import VocabularyAccumulate

    with tf.Graph().as_default():  # labels come from the names of a graph
        return VocabularyAccumulate(**{"vocab_ordering_type": FREQUENCY} | values)


@pytest.fixture(scope="module")
def operations():
    from components.local_transform import operations

    return operations


def test_tokens_are_counted_over_batches(operations):
    import tensorflow as tf

    count = operations.VocabularyCount(("tokens",))
    for tokens in (["a", "b", "a"], ["a", "c"], []):
        count.add({"tokens": tf.constant(tokens, tf.string)})
    assert count.value == {b"a": 3, b"b": 1, b"c": 1}


@pytest.mark.parametrize(
    ("top_k", "kept"), [(2, [(3, b"a"), (1, b"c")]), (9, [(3, b"a"), (1, b"c"), (1, b"b")])]
)
def test_the_most_frequent_are_kept_and_of_equal_ones_the_last(operations, top_k, kept):
    counts = operations.merge_vocabulary(None, {b"b": 1, b"a": 3, b"c": 1})
    assert operations.prune_vocabulary(SimpleNamespace(top_k=top_k), counts) == kept


def test_without_a_limit_all_are_kept(operations):
    counts = [(1, b"b"), (2, b"a")]
    assert operations.prune_vocabulary(SimpleNamespace(top_k=None), counts) == counts


@pytest.mark.parametrize(
    ("counts", "content", "size"),
    [
        ([(1, b"b"), (3, b"a"), (1, "ü".encode())], "a\nü\nb\n", 3),
        ([], "49d0cd50-04bb-48c0-bc6f-5b575dce351a\n", 1),
    ],
)
def test_a_vocabulary_is_a_line_a_token(operations, tmp_path, counts, content, size):
    wanted = SimpleNamespace(vocab_filename="words", input_dtype="string")
    path = operations.write_vocabulary(wanted, counts, str(tmp_path))
    assert str(path) == str(tmp_path / "words")
    assert (tmp_path / "words").read_text(encoding="utf-8") == content
    assert operations.count_vocabulary(None, counts) == size


def test_what_is_not_known_is_refused(operations):
    from tensorflow_transform.beam.beam_nodes import Flatten

    operations.check(Flatten(label="both"))
    operations.check(accumulate())
    with pytest.raises(operations.Unsupported, match=r"VocabularyAccumulate .* input_dtype"):
        operations.check(accumulate(input_dtype="int64"))
    with pytest.raises(operations.Unsupported, match="vocab_ordering_type"):
        operations.check(accumulate(vocab_ordering_type=2))
    with pytest.raises(operations.Unsupported, match="SimpleNamespace other"):
        operations.check(SimpleNamespace(label="other"))
