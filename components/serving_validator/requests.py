"""The requests that are replayed, and the process that replays them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from schema import names
from schema.features import FeatureSet
from schema.served.request import Query, encode_queries

_SCRIPT = Path(__file__).with_name("replay.py")
_KEPT_VARIABLES = ("PATH", "HOME", "LANG", "TMPDIR", "LD_LIBRARY_PATH")
_TIMEOUT_SECONDS = 900
_SHOWN_CHARACTERS = 2000


class ReplayError(Exception):
    """The fresh process did not come to an end, or to a good one."""


def encode_request(
    query: Query, features: FeatureSet, history_length: int, top_k: int
) -> dict[str, dict[str, Any]]:
    """One query as JSON: input name -> dtype, shape and flat values."""
    inputs = {
        **encode_queries(features, [query], history_length),
        names.TOP_K: np.array(top_k, np.int64),
        names.EXCLUDE_PURCHASED: np.array(False),
    }
    return {name: _encode(np.asarray(value)) for name, value in inputs.items()}


def replay(model: str, requests: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Replays the requests in a fresh process with hardly any environment.

    Raises:
        ReplayError: It failed or took too long.
    """
    with tempfile.TemporaryDirectory() as folder:
        requests_file, answered = Path(folder) / "requests.json", Path(folder) / "answers.json"
        requests_file.write_text(json.dumps(requests, ensure_ascii=False), "utf-8")
        command = [sys.executable, "-I", str(_SCRIPT), model, str(requests_file), str(answered)]
        kept = {name: os.environ[name] for name in _KEPT_VARIABLES if name in os.environ}
        environment = {**kept, "TF_USE_LEGACY_KERAS": "1", "TF_CPP_MIN_LOG_LEVEL": "2"}
        try:
            done = subprocess.run(
                command,
                env=environment,
                capture_output=True,
                text=True,
                timeout=_TIMEOUT_SECONDS,
                check=False,
            )
        except subprocess.TimeoutExpired as error:
            raise ReplayError(f"the fresh process was not done after {_TIMEOUT_SECONDS} s") from error
        if done.returncode:
            raise ReplayError(
                f"the fresh process ended with code {done.returncode}: {done.stderr[-_SHOWN_CHARACTERS:]}"
            )
        report: dict[str, Any] = json.loads(answered.read_text("utf-8"))
        return report


def _encode(value: np.ndarray[Any, Any]) -> dict[str, Any]:
    flat = value.ravel().tolist()
    if value.dtype == object:
        return {"dtype": "string", "shape": value.shape, "values": [text.decode() for text in flat]}
    return {"dtype": value.dtype.name, "shape": value.shape, "values": flat}
