"""Keeps TFX's cache from answering for the push directory, which changes without its knowledge.

A push from the cache is no push: if the model of an earlier run is due again after another was served, or
after its folder was removed, it has to be judged against what is served now, and published anew.
"""

from __future__ import annotations

import json
from pathlib import Path

from pipeline.metadata.store import Artifact, Execution, RunStore
from pipeline.planning.plan import PIPELINE_NAME
from schema.served.versions import newest_version


def retire_stale(metadata_path: str, push_directory: str) -> None:
    """Takes out of the cache pushes that are no longer served, and judgements against other champions.

    What led to the served version stays, so that an unchanged run is served from the cache as a whole.
    """
    store = RunStore(metadata_path, PIPELINE_NAME)
    served = newest_version(Path(push_directory))
    pushes = [(execution, _only(store, execution, "pushed_model")) for execution in _done(store, "Pusher")]
    pushes = [(execution, pushed) for execution, pushed in pushes if _was_pushed_to(pushed, push_directory)]
    of_served = {
        blessing.id
        for execution, pushed in pushes
        if pushed.properties["pushed_version"] == str(served)
        for blessing in store.inputs(execution).get("model_blessing", [])
    }
    stale = [pushed for _, pushed in pushes if pushed.properties["pushed_version"] != str(served)]
    for execution in _done(store, "RecommenderEvaluator"):
        blessing, evaluation = (_only(store, execution, key) for key in ("blessing", "evaluation"))
        if blessing.id not in of_served and _champion(evaluation) != served:
            stale += [blessing, evaluation]
    store.retire(artifact for artifact in stale if artifact.is_live)


def _done(store: RunStore, node: str) -> list[Execution]:
    return [
        execution
        for run in store.runs()
        for execution in run.executions
        if execution.node == node and execution.state == "COMPLETE"
    ]


def _only(store: RunStore, execution: Execution, key: str) -> Artifact:
    return store.outputs(execution)[key][0]


def _was_pushed_to(pushed: Artifact, directory: str) -> bool:
    destination = pushed.properties.get("pushed_destination", "")
    return bool(pushed.properties.get("pushed")) and Path(destination).parent == Path(directory)


def _champion(evaluation: Artifact) -> int | None:
    path = Path(evaluation.uri, "metrics.json")
    if not path.is_file():
        return None
    version = json.loads(path.read_text(encoding="utf-8")).get("champion", {}).get("version")
    return None if version is None else int(version)
