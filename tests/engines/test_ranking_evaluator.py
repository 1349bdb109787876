"""RankingEvaluator, which is TFMA on Beam, measures on every engine what it measures on the DirectRunner."""

import pytest

pytestmark = [
    pytest.mark.e2e,
    # Beam's workers in this process lose a job server that has stopped.
    pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning"),
]


@pytest.fixture
def assert_equal_metrics(direct_evaluation, comparing):
    def check(evaluation):
        expected, found = (comparing.metrics_of(folder) for folder in (direct_evaluation, evaluation))
        assert set(found) == set(expected) and len(expected) > 1
        assert {"auc", "example_count", "binary_crossentropy", "calibration"} <= set(expected[()])
        for slice_key, metrics in expected.items():
            # Sums of single precision, in another order.
            assert found[slice_key] == pytest.approx(metrics, rel=1e-6, nan_ok=True), slice_key

    return check


@pytest.mark.flink
def test_flink_in_two_threads(evaluate, flink, assert_equal_metrics):
    assert_equal_metrics(evaluate(**flink))


@pytest.mark.spark
def test_spark_in_two_threads(evaluate, spark, assert_equal_metrics):
    assert_equal_metrics(evaluate(**spark))
