"""Makes the same lists alone, with helpers, side by side, and in a fork: `threads.py LIBRARY`.

Prints how many lists were compared, and how many differ.
"""

import os
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
from sanitised import load_synthetic

from kernel.library import ANSWERED, Answer, Library, Request

PRODUCTS, NUM_LISTS, NUM_HELPERS, SIDE_BY_SIDE = 9_000, 8, 3, 4
"""So many products that every stage is divided."""


def requests_of(synthetic, generator):
    """Histories: products, times, types."""
    for count in generator.integers(1, 80, NUM_LISTS):
        product = generator.integers(0, PRODUCTS, count).astype(np.int32)
        time = np.sort(generator.integers(0, 10**7, count)).astype(np.int64)
        yield product, time, generator.integers(0, synthetic.TYPES, count).astype(np.int32)


def list_of(opened, hidden, fill, history) -> bytes:
    """All that is answered, bit by bit."""
    found = {name: np.zeros(20, dtype) for name, dtype in ANSWERED}
    product, time, kind = history
    arrays = (product.ctypes.data, time.ctypes.data, kind.ctypes.data)
    shown = (hidden.ctypes.data, fill.ctypes.data, len(fill))
    request = Request(len(product), 20, 0, 0.3, *arrays, 3, 10**7, None, None, *shown)
    answer = Answer(0, *(values.ctypes.data for values in found.values()))
    if not opened.recommend(request, answer) or answer.count != 20:
        raise AssertionError("a list is missing")
    return b"".join(values.tobytes() for values in found.values())


def main(path: str) -> None:
    synthetic, library, generator = load_synthetic(), Library(Path(path)), np.random.default_rng(3)
    arrays, settings = synthetic.synthetic(0, PRODUCTS)
    hidden = (generator.random(PRODUCTS) < 0.1).astype(np.uint8)
    fill = arrays["fill"][hidden[arrays["fill"]] == 0].copy()
    opened, asked = library.open(arrays, settings), list(requests_of(synthetic, generator))

    def all_lists(_=None) -> list[bytes]:
        return [list_of(opened, hidden, fill, history) for history in asked]

    library.set_helpers(0)
    expected = all_lists()
    library.set_helpers(NUM_HELPERS)
    found = [all_lists()]
    with ThreadPoolExecutor(SIDE_BY_SIDE) as pool:
        found += pool.map(all_lists, range(SIDE_BY_SIDE))
    child = os.fork()
    if not child:  # has none of the threads, and starts its own
        os._exit(0 if all_lists() == expected else 1)
    _, status = os.waitpid(child, 0)
    different = sum(one != other for lists in found for one, other in zip(lists, expected, strict=True))
    sys.stdout.write(f"{len(found) * len(expected)} {different + (status != 0)}\n")


if __name__ == "__main__":
    main(sys.argv[1])
