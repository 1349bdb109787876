"""One division into words: Python's and the graph's."""

import pytest
import tensorflow as tf

from schema.values.text import split_words, words


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Low_fat 2% milk", ["low", "fat", "2", "milk"]),
        ("  it's-a\tB2 ", ["it", "s", "a", "b2"]),
        ("ÄPFEL & Öl ½", ["äpfel", "öl", "½"]),
        ("हिन्दी किताब", ["हिन्दी", "किताब"]),  # vowels are marks of their own
        ("e\u0301t\u00e9", ["e\u0301t\u00e9"]),
        ("İstanbul ΟΔΟΣ", ["i\u0307stanbul", "οδος"]),
        ("日本語 テスト・です", ["日本語", "テスト", "です"]),
        ("🍎 ... __", []),
        ("", []),
    ],
)
def test_both_find_the_same_words(text, expected):
    graph = tf.function(split_words, input_signature=[tf.TensorSpec([None], tf.string)])
    assert words(text) == expected
    assert [word.decode() for word in graph(tf.constant([text]))[0].numpy()] == expected
