"""Runs with a library that AddressSanitizer and UndefinedBehaviourSanitizer watch: `sanitised.py LIBRARY`.

First sound tables and many requests; then tables and settings with one thing damaged, which must be refused,
or be harmless. Whatever the sanitisers see ends the process.
"""

import importlib.util
import sys
from pathlib import Path

import numpy as np

from kernel.description import KernelError
from kernel.library import ANSWERED, Answer, Library, Request

NUM_DAMAGED = 400


def load_synthetic():
    spec = importlib.util.spec_from_file_location("synthetic", Path(__file__).with_name("synthetic.py"))
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def ask(opened, generator, synthetic, hidden, fill, sound=True) -> bool:
    """A random request: any length of history and list, or ranked candidates; unknown products and types."""
    count, top_k = int(generator.integers(0, 80)), int(generator.integers(1, 130))
    least = -1 if generator.random() < 0.8 else -synthetic.PRODUCTS  # often nothing of it is known
    product = np.maximum(generator.integers(least, synthetic.PRODUCTS, count), -1).astype(np.int32)
    time = np.sort(generator.integers(0, 10**7, count)).astype(np.int64)
    kind = generator.integers(-1, synthetic.TYPES, count).astype(np.int32)
    cold = np.full(30, -1)
    cold[:20] = generator.permutation(synthetic.PRODUCTS)[:20]
    cold[np.isin(cold, np.flatnonzero(hidden))] = -1  # as the executor leaves out what is hidden
    if not sound and generator.random() < 0.2:
        cold[0] = synthetic.PRODUCTS + 7
    vector = generator.normal(size=synthetic.DIM).astype(np.float32)
    only_ranks = int(generator.random() < 0.3)
    # What a damaged setting says of their number is at most the products, or the tables are refused.
    size = synthetic.PRODUCTS if only_ranks else top_k
    arrays = {name: np.empty(size, dtype) for name, dtype in ANSWERED}
    request = Request(
        count,
        top_k,
        int(generator.integers(2)),
        float(generator.choice([0.0, 0.3, 1.0])),
        product.ctypes.data,
        time.ctypes.data,
        kind.ctypes.data,
        int(generator.integers(-1, synthetic.USERS + 5)),
        10**7,
        vector.ctypes.data if generator.random() < 0.5 else None,
        None,
        hidden.ctypes.data,
        fill.ctypes.data,
        len(fill),
        cold.ctypes.data,
        int(generator.integers(-1, len(cold) + 1)),
        int(generator.integers(2)),
        only_ranks,
    )
    answer = Answer(0, *(values.ctypes.data for values in arrays.values()))
    try:
        answered = opened.recommend(request, answer)
    except KernelError:
        return False
    products = arrays["product"][: answer.count]
    if answered and sound:
        assert len(set(products.tolist())) == len(products)
        assert only_ranks or not hidden[products].any()
    return answered


def damaged(generator, arrays, settings):
    """The same with one array or setting changed."""
    arrays, settings = dict(arrays), dict(settings)
    if generator.random() < 0.3:
        name = generator.choice(sorted(settings))
        values = [0, -1, 1, 10**9, -(10**9), 3]
        found = settings[name]
        wild = values[generator.integers(len(values))]
        settings[name] = [wild] * len(found) if isinstance(found, list) else wild
        return name, arrays, settings
    name = str(generator.choice(sorted(arrays)))
    found = arrays[name].copy()
    way = generator.integers(5)
    if way == 0:
        del arrays[name]
    elif way == 1:
        arrays[name] = found[: len(found) // 2]
    elif way == 2:
        arrays[name] = found.astype(np.int64 if found.dtype != np.int64 else np.int32)
    elif way == 3 and found.ndim == 2:
        arrays[name] = np.ascontiguousarray(found[:, : found.shape[1] // 2])
    elif found.size:
        wild = [np.nan, np.inf, 3e38, -3e38] if found.dtype.kind == "f" else [-1, -(2**31), 2**31 - 1, 61]
        wild = [0, 1] if found.dtype.kind == "b" else wild
        found.reshape(-1)[generator.integers(found.size)] = wild[generator.integers(len(wild))]
        arrays[name] = found
    return name, arrays, settings


def main(path: str) -> None:
    synthetic, library, generator = load_synthetic(), Library(Path(path)), np.random.default_rng(1)
    arrays, settings = synthetic.synthetic()
    hidden, fill = np.zeros(synthetic.PRODUCTS, np.uint8), arrays["fill"]
    opened = library.open(arrays, settings)
    answered = sum(ask(opened, generator, synthetic, hidden, fill) for _ in range(300))
    hidden[generator.integers(0, synthetic.PRODUCTS, 20)] = 1
    fill = fill[hidden[fill] == 0]
    answered += sum(ask(opened, generator, synthetic, hidden, fill) for _ in range(300))
    refused = harmless = 0
    for _ in range(NUM_DAMAGED):
        _, tables, numbers = damaged(generator, arrays, settings)
        try:
            opened = library.open(tables, numbers)
        except KernelError:
            refused += 1
            continue
        harmless += 1
        for _ in range(3):
            ask(opened, generator, synthetic, hidden, fill, sound=False)
    sys.stdout.write(f"{answered} {refused} {harmless}\n")


if __name__ == "__main__":
    main(sys.argv[1])
