"""What Prometheus reads."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5)


class ServerMetrics:
    """Counts requests and fallbacks, and measures their time.

    Args:
        in_hand: Requests that run or wait for a worker.
        version: The version that is served; 0 if there is none yet.
        ages: Part of the answers -> how old it is.
        loaded: Executor -> whether it is loaded.
    """

    def __init__(
        self,
        in_hand: Callable[[], int],
        version: Callable[[], int],
        ages: Callable[[], Mapping[str, float]] = dict,
        loaded: Callable[[], Mapping[str, bool]] = dict,
    ) -> None:
        self._read_ages, self._read_loaded = ages, loaded
        self._registry = registry = CollectorRegistry()
        self._requests = Counter(
            "towerline_requests", "Requests by route and status.", ["route", "status"], registry=registry
        )
        self._seconds = Histogram(
            "towerline_request_seconds", "Time of requests.", ["route"], buckets=_SECONDS, registry=registry
        )
        self._fallbacks = Counter(
            "towerline_fallbacks", "Answers other than asked for.", ["kind"], registry=registry
        )
        self._unfit = Counter(
            "towerline_unfit_values",
            "Values of rows and requests that do not fit their column.",
            ["column"],
            registry=registry,
        )
        self._executors = Counter(
            "towerline_lists", "Lists by the executor that made them.", ["executor"], registry=registry
        )
        self._kernel = Gauge(
            "towerline_kernel",
            "Whether the served version has a kernel, and why not.",
            ["why"],
            registry=registry,
        )
        self._loaded = Gauge(
            "towerline_executor_loaded",
            "Whether an executor of the served version is loaded.",
            ["executor"],
            registry=registry,
        )
        self._ages = Gauge(
            "towerline_age_seconds", "Age of the parts of an answer.", ["part"], registry=registry
        )
        waiting = Gauge("towerline_in_hand", "Requests that run or wait.", registry=registry)
        waiting.set_function(in_hand)
        served = Gauge("towerline_model_version", "Version that is served.", registry=registry)
        served.set_function(version)

    def request(self, route: str, status: int, seconds: float) -> None:
        """Counts a finished request."""
        self._requests.labels(route, str(status)).inc()
        self._seconds.labels(route).observe(seconds)

    def fallback(self, kind: str) -> None:
        """Counts an answer that is not what was asked for."""
        self._fallbacks.labels(kind).inc()

    def lists(self, executor: str, count: int) -> None:
        """Counts lists of an executor."""
        self._executors.labels(executor).inc(count)

    def kernel(self, reason: str) -> None:
        """Tells why the served version has no kernel; empty if it has."""
        self._kernel.clear()
        self._kernel.labels(reason).set(0 if reason else 1)

    def unfit(self, column: str, count: int) -> None:
        """Counts values that were taken as missing, since they do not fit their column."""
        self._unfit.labels(column).inc(count)

    def text(self) -> bytes:
        """The exposition format."""
        for part, seconds in self._read_ages().items():
            self._ages.labels(part).set(seconds)
        self._loaded.clear()  # another version may have others
        for executor, is_loaded in self._read_loaded().items():
            self._loaded.labels(executor).set(is_loaded)
        return generate_latest(self._registry)
