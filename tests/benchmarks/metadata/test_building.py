"""The store of the benchmark has the size that it says, and the commands can read it."""

from __future__ import annotations

import sqlite3

from benchmarks.metadata.building import NODES, Size, build
from pipeline.inspection.addresses import find_model
from pipeline.inspection.graph import read_graph
from pipeline.inspection.listing import list_runs


def test_a_store_of_the_asked_size(tmp_path):
    size = Size(executions=len(NODES) + 3, artifacts=120)
    said = []
    build(tmp_path, size, said.append)
    with sqlite3.connect(tmp_path / "metadata.db") as connection:
        counts = [
            connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0]
            for table in ("Execution", "Artifact")
        ]
    assert counts == [25, 120] and size.num_runs == 2
    first, second = list_runs(str(tmp_path / "metadata.db"), tmp_path)
    assert first["nodes"] == {"complete": 22} and second["nodes"] == {"complete": 3}
    assert first["ndcg@10"] == 0.4 and first["pushed_version"] == "0" and second["pushed_version"] is None
    graph = read_graph(tmp_path / "metadata.db")
    assert len(graph.ancestors([find_model(graph, None).id])) == len(NODES)
