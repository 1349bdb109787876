"""Every function of the kernel's arithmetic gives the bits of TensorFlow's operation.

Products of a few rows or one column are those of oneDNN, which TensorFlow asks on processors with AVX-512.
On others Eigen makes them, which adds up in another order: there they are held to their value, and to the
order that is ours.
"""

import ctypes
import re
import subprocess
from pathlib import Path

import numpy as np
import pytest

NATIVE = Path(__file__).parents[2] / "kernel" / "native"
LENGTHS = (600, 603, 7)
PROCESSOR = set(re.findall(r"\b(?:fma|avx512f)\b", Path("/proc/cpuinfo").read_text("ascii")))


@pytest.fixture(scope="module")
def driver(tmp_path_factory):
    target = tmp_path_factory.mktemp("driver") / "driver.so"
    sources = [str(Path(__file__).with_name("arithmetic_driver.cpp")), str(NATIVE / "arithmetic.cpp")]
    options = ["-std=gnu++17", "-O3", "-fPIC", "-shared", "-Wno-psabi"]
    subprocess.run(["g++", *options, "-o", str(target), *sources], check=True)
    library = ctypes.CDLL(str(target))
    library.driver_sum.restype = library.driver_column.restype = ctypes.c_float
    library.driver_sketch.restype = ctypes.c_float
    return library


@pytest.fixture(scope="module")
def run():
    """Operations as a server computes them: in a session, in the thread that asks."""
    import tensorflow as tf

    config = tf.compat.v1.ConfigProto(intra_op_parallelism_threads=1, inter_op_parallelism_threads=-1)

    def computed(operation, *values):
        with tf.Graph().as_default() as graph:
            fed = [tf.compat.v1.placeholder(tf.float32, [None] * value.ndim) for value in values]
            result = operation(*fed)
            with tf.compat.v1.Session(graph=graph, config=config) as session:
                return session.run(result, dict(zip(fed, values, strict=True)))

    return computed


def pointer(values):
    return values.ctypes.data_as(ctypes.c_void_p)


def product(driver, one, other):
    (rows, inner), columns = one.shape, other.shape[1]
    found = np.empty((rows, -(-columns // 16) * 16), np.float32)
    sizes = [ctypes.c_int64(size) for size in (rows, inner, columns)]
    driver.driver_multiply(pointer(one), sizes[0], pointer(other), *sizes[1:], pointer(found))
    return found[:, :columns]


def assert_as_tensorflow_has_it(found, expected):
    if "avx512f" in PROCESSOR:
        assert np.array_equal(found, expected)
    else:
        np.testing.assert_allclose(found, expected, rtol=1e-5, atol=2e-5)


@pytest.mark.parametrize("count", LENGTHS)
@pytest.mark.parametrize("number, name", enumerate(("exp", "log", "log1p", "expm1", "halved")))
def test_functions_of_one_number(driver, run, number, name, count):
    import tensorflow as tf

    generator = np.random.default_rng(count)
    values = {
        "exp": -generator.exponential(20, count),
        "log": np.exp(generator.normal(0, 8, count)),
        "log1p": np.exp(generator.normal(0, 4, count)) * (generator.random(count) < 0.9),
        "expm1": np.abs(generator.normal(0, 4, count)),
        "halved": generator.exponential(9, count),
    }[name].astype(np.float32)
    operation = (lambda x: tf.pow(0.5, x)) if name == "halved" else getattr(tf.math, name)
    expected = run(operation, values)
    driver.driver_flat(number, pointer(values), ctypes.c_int64(count))
    assert np.array_equal(values, expected)


@pytest.mark.parametrize("count", (*LENGTHS, 20_011))
def test_sums(driver, run, count):
    import tensorflow as tf

    values = np.random.default_rng(count).random(count, np.float32)
    expected = run(lambda x: tf.reduce_sum(x, axis=1), values[np.newaxis])[0]
    assert driver.driver_sum(pointer(values), ctypes.c_int64(count)) == expected


@pytest.mark.parametrize("rows, columns", [(2000, 41), (600, 77), (13, 9), (30, 41)])
def test_means_of_columns(driver, run, rows, columns):
    from schema.tensors.centring import mean_of_list

    values = np.random.default_rng(rows).normal(size=(rows, columns)).astype(np.float32)
    expected = run(mean_of_list, values[np.newaxis])[0, 0]
    found = np.empty(columns, np.float32)
    driver.driver_means(pointer(values), ctypes.c_int64(rows), ctypes.c_int64(columns), pointer(found))
    assert np.array_equal(found, expected)


@pytest.mark.parametrize("rows, inner, columns", [(1, 64, 500), (200, 41, 64), (60, 77, 77), (13, 9, 8)])
def test_products_of_matrices(driver, run, rows, inner, columns):
    import tensorflow as tf

    generator = np.random.default_rng(rows)
    one = generator.normal(size=(rows, inner)).astype(np.float32)
    other = generator.normal(size=(inner, columns)).astype(np.float32)
    assert_as_tensorflow_has_it(product(driver, one, other), run(tf.matmul, one, other))


@pytest.mark.skipif("fma" not in PROCESSOR, reason="products are not fused on this processor")
@pytest.mark.parametrize(
    "rows, inner, columns", [(1, 64, 500), (13, 41, 48), (7, 9, 16), (30, 77, 33), (12, 5, 8)]
)
def test_products_add_up_along_the_inner_axis_and_are_fused(driver, rows, inner, columns):
    generator = np.random.default_rng(columns)
    one = generator.normal(size=(rows, inner)).astype(np.float32)
    other = generator.normal(size=(inner, columns)).astype(np.float32)
    total = np.zeros((rows, columns), np.float32)
    for k in range(inner):  # a product of two float32 is exact in float64, so that only the sum is rounded
        total = (one[:, k, None].astype(np.float64) * other[None, k] + total).astype(np.float32)
    assert np.array_equal(product(driver, one, other), total)


@pytest.mark.parametrize("inner", [5, 9, 32, 45, 110, 127])
def test_products_with_one_column(driver, run, inner):
    import tensorflow as tf

    generator = np.random.default_rng(inner)
    one, other = (generator.normal(size=(rows, inner)).astype(np.float32) for rows in (100, 1))
    found = [driver.driver_column(pointer(row), pointer(other), ctypes.c_int64(inner)) for row in one]
    expected = run(tf.matmul, one, np.ascontiguousarray(other.T))[:, 0]
    assert_as_tensorflow_has_it(np.array(found, np.float32), expected)


@pytest.mark.parametrize("count", [1, 8, 21])
def test_products_with_rows_are_those_of_the_whole_matrix(driver, run, count):
    import tensorflow as tf

    generator = np.random.default_rng(count)
    query, table = (generator.normal(size=(rows, 61)).astype(np.float32) for rows in (1, 40))
    rows, found = generator.integers(0, 40, count).astype(np.int32), np.empty(count, np.float32)
    sizes = [ctypes.c_int64(size) for size in (61, count)]
    driver.driver_dot_rows(pointer(query), sizes[0], pointer(table), pointer(rows), sizes[1], pointer(found))
    assert_as_tensorflow_has_it(found, run(tf.matmul, query, np.ascontiguousarray(table.T))[0, rows])


@pytest.mark.parametrize("scale", [1e-3, 1.0, 1e4])
@pytest.mark.parametrize("dim", [3, 64])
def test_a_sketch_is_off_by_its_error_at_most_and_not_by_much_more_than_it_is(driver, dim, scale):
    generator = np.random.default_rng(dim)
    query, vectors = ((scale * generator.normal(size=(rows, dim))).astype(np.float32) for rows in (1, 5_001))
    found = np.empty(len(vectors), np.float32)
    sizes = [ctypes.c_int64(size) for size in vectors.shape]
    error = driver.driver_sketch(pointer(query), pointer(vectors), *sizes, pointer(found))
    off = np.abs(found - vectors.astype(np.float64) @ query[0].astype(np.float64)).max()
    assert 0 < off <= error < 8 * off
