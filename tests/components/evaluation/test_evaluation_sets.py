"""What is asked of every system."""

import pytest

from components.evaluation.evaluation_sets import (
    build_evaluation_set,
    never_bought,
    read_shop,
)
from components.evaluation.examples import read_split
from schema.errors import PipelineRefusedError

DAY = 86_400


@pytest.fixture
def tables(shop):
    return read_shop(shop.examples, shop.interactions), read_split(shop.examples, "test")


def test_question_of_the_test_split(tables, shop):
    eval_set = build_evaluation_set(*tables, shop.windows.test_start, "test", "off")
    assert eval_set.past.times.max() < shop.windows.test_start
    assert eval_set.targets.codes.tolist() == [number % 8 for number in range(24)]
    assert len(eval_set.excluded.codes) == 0


def test_exclusion_of_some_days(tables, shop):
    # The favourite was last bought 5 days before the test's start, p08 60 days before.
    always = build_evaluation_set(*tables, shop.windows.test_start, "test", "always")
    assert always.excluded.lengths.tolist() == [2] * 24
    lately = build_evaluation_set(*tables, shop.windows.test_start, "test", "30d")
    assert lately.excluded.codes.tolist() == [number % 8 for number in range(24)]
    never = build_evaluation_set(*tables, shop.windows.test_start, "test", "3d")
    assert never.excluded.lengths.sum() == 0


def test_never_bought_takes_purchased_targets_away(tables, shop):
    eval_set = never_bought(build_evaluation_set(*tables, shop.windows.test_start, "test", "off"))
    assert eval_set.targets.lengths.sum() == 0
    assert eval_set.excluded.lengths.tolist() == [2] * 24


def test_an_empty_split_is_refused_and_a_wrong_moment_is_an_error(tables, shop):
    with pytest.raises(PipelineRefusedError, match="Split `test` has no user"):
        build_evaluation_set(tables[0], tables[1].slice(0, 0), shop.windows.test_start, "test", "off")
    with pytest.raises(ValueError, match="asked at the start of its window"):
        build_evaluation_set(*tables, shop.windows.eval_start, "test", "off")
