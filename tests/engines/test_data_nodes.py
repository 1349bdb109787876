"""ProductExampleGen, StatisticsGen and Transform give on every engine what the DirectRunner gives."""

import pytest

pytestmark = [
    pytest.mark.e2e,
    # Beam's workers in this process lose a job server that has stopped.
    pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning"),
]


def test_workers_over_grpc(run_nodes, direct_data, python_job_server, comparing):
    args = (f"--job_endpoint={python_job_server}", "--environment_type=LOOPBACK")
    comparing.assert_equal_data(direct_data, run_nodes(runner="portable", args=args))


def test_processes_of_the_direct_runner(run_nodes, direct_data, comparing):
    args = ("--direct_running_mode=multi_processing", "--direct_num_workers=2")
    comparing.assert_equal_data(direct_data, run_nodes(args=args))


@pytest.mark.flink
def test_flink_in_two_threads(run_nodes, direct_data, flink, comparing):
    comparing.assert_equal_data(direct_data, run_nodes(**flink))


@pytest.mark.spark
def test_spark_in_two_threads(run_nodes, direct_data, spark, comparing):
    comparing.assert_equal_data(direct_data, run_nodes(**spark))


@pytest.mark.cluster
@pytest.mark.timeout(1800)
def test_a_cluster_of_flink_with_two_task_managers(run_nodes, direct_data, flink_cluster, comparing):
    comparing.assert_equal_data(direct_data, run_nodes(**flink_cluster))


@pytest.mark.cluster
@pytest.mark.timeout(1800)
def test_a_cluster_of_spark_with_two_workers(run_nodes, direct_data, spark_cluster, comparing):
    comparing.assert_equal_data(direct_data, run_nodes(**spark_cluster))
