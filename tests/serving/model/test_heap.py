"""What is settled is not looked at again, and what is garbage goes."""

import gc
import weakref

from serving.model.heap import settle


class Ring:
    def __init__(self):
        self.itself = self


def test_garbage_goes_and_what_stays_is_not_looked_at_again():
    kept, dropped = Ring(), Ring()
    gone = weakref.ref(dropped)
    try:
        settle()
        assert not any(one is kept for one in gc.get_objects())
        del dropped
        assert gone() is not None  # frozen by then
        settle()
        assert gone() is None
        assert kept.itself is kept
    finally:
        gc.unfreeze()
