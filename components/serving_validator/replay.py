"""Runs in a process of its own: loads a SavedModel, replays requests one by one, and notes what it saw.

Usage: `python replay.py MODEL REQUESTS ANSWERS`. Needs TensorFlow and numpy only, and imports nothing
of Towerline or TFX: what works here works wherever the model is served.
"""

import json
import os
import sys
import time
from pathlib import Path
from typing import Any

os.environ["TF_USE_LEGACY_KERAS"] = "1"

import numpy as np
import tensorflow as tf


def main(model: str, requests: str, answers: str) -> None:
    """Writes `{"load_seconds", "latencies_ms", "resident_mb", "answers"}`."""
    start = time.perf_counter()
    loaded = tf.saved_model.load(model)
    recommend = loaded.signatures["recommend"]
    load_seconds = time.perf_counter() - start
    latencies, lists = [], []
    for request in json.loads(Path(requests).read_text("utf-8")):
        inputs = {name: _tensor(value) for name, value in request.items()}
        start = time.perf_counter()
        answer = {name: value.numpy() for name, value in recommend(**inputs).items()}
        latencies.append((time.perf_counter() - start) * 1000)
        ids = [value.decode() for value in answer["product_id"][0]]
        lists.append({"product_ids": ids, "scores": [float(score) for score in answer["score"][0]]})
    report = {
        "load_seconds": load_seconds,
        "latencies_ms": latencies,
        "resident_mb": _resident_mb(),
        "answers": lists,
    }
    Path(answers).write_text(json.dumps(report, ensure_ascii=False), "utf-8")


def _tensor(value: dict[str, Any]) -> Any:
    if value["dtype"] == "string":
        content = np.array([text.encode() for text in value["values"]], object)
    else:
        content = np.array(value["values"], value["dtype"])
    return tf.constant(content.reshape(value["shape"]))


def _resident_mb() -> float:
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    return 0.0


if __name__ == "__main__":
    main(*sys.argv[1:])
