"""A small shop with every awkward thing in it, taken through all nodes that make the served model.

The nodes' own executors are called one after the other with the parameters that `create_pipeline` gives them.
"""

from __future__ import annotations

import json
import random
import shutil
import sqlite3
import sys
from pathlib import Path
from types import SimpleNamespace
from unittest.mock import patch

DAY = 86_400
NEWEST = 1_700_000_000
NUM_PRODUCTS = 30
HIDDEN = ("p4", "p5")
CONFIG = {
    "split": {
        "ranking_windows": 2,
        "eval_window": "12d",
        "test_window": "12d",
        "retrieval_history_length": 8,
    },
    "retrieval": {"embedding_dim": 8, "hidden_dim": 16, "num_epochs": 2, "num_uniform_negatives": 32},
    "ranking": {"num_candidates": 20, "hidden_dim": 16, "num_epochs": 3, "batch_size": 16},
    "index": {"num_neighbours": 5, "similar_users": 5},
    # The order of the ranker as it is: what post-ranking changes has tests of its own.
    "post_ranking": {
        "exclude_purchased": "off",
        "popularity_discount": 0.0,
        "new_product_share": 0.0,
        "diversity": 0.0,
        "cold_start": "model",
    },
}
ODD_PRODUCTS = {0: "line\nend", 1: "größe 日本", 2: "0  07", 3: "q\"uo'te"}
ODD_USERS = {0: "ü 1", 1: "tab\tstop"}


def product_id(number: int) -> str:
    return ODD_PRODUCTS.get(number, f"p{number}")


def user_id(number: int) -> str:
    return ODD_USERS.get(number, f"u{number}")


def labels(number: int) -> str | None:
    """A set, as a JSON list: every third product has none."""
    return None if number % 3 == 0 else json.dumps(["fair trade", "new", "refill"][number % 4 :])


def aisle(number: int) -> str | None:
    """A path of two levels, or one for every fifth product."""
    floor = ("ground", "upper")[number % 2]
    return None if number == 7 else floor if number % 5 == 0 else f"{floor} > shelf {number % 3}"


def write_database(path: Path, num_users: int = 40, sets: bool = True) -> str:
    """Two colours as on the checkerboard; users also view products, and some columns have gaps.

    Without `sets` the columns of several values and of paths are empty, and so left out; so are all columns
    of users but the town, so that the kernel makes the vectors of queries.
    """
    rng = random.Random(5)
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE users (user_id TEXT, town TEXT, age REAL, about TEXT, topics TEXT)")
    for number in range(num_users):
        town = None if number % 7 == 0 else ("Ulm", "Köln", "Bonn")[number % 3]
        age = None if not sets or number % 5 == 0 else 18.5 + number
        about = None if not sets else f"likes {('red', 'blue')[number % 2]} things number {number}"
        topics = None if not sets or number % 6 == 0 else "|".join(["tea", "jam", "bread"][number % 3 :])
        row = (user_id(number), town, age, about, topics)
        connection.execute("INSERT INTO users VALUES (?, ?, ?, ?, ?)", row)
    connection.execute(
        "CREATE TABLE products (product_id TEXT, colour TEXT, price REAL, available INTEGER, picture TEXT, "
        "labels TEXT, aisle TEXT)"
    )
    for number in range(NUM_PRODUCTS):
        available = 0 if product_id(number) in HIDDEN else 1
        price = None if number % 9 == 0 else 1.5 + number
        colour = ("red", "blue")[number % 2]
        picture = None if number % 11 == 0 else json.dumps([1.0, number / NUM_PRODUCTS, 0.0])
        several = (labels(number), aisle(number)) if sets else (None, None)
        row = (product_id(number), colour, price, available, picture, *several)
        connection.execute("INSERT INTO products VALUES (?, ?, ?, ?, ?, ?, ?)", row)
    connection.execute(
        "CREATE TABLE events (user_id TEXT, product_id TEXT, occurred_at INTEGER, event_type TEXT)"
    )
    events = []
    for number in range(num_users):
        own = [p for p in range(NUM_PRODUCTS) if p % 2 == number % 2]
        favourites = rng.sample(own, 3)
        stamp = NEWEST - 120 * DAY + rng.randrange(4 * DAY)
        while stamp < NEWEST - DAY:
            bought = rng.choice(favourites) if rng.random() < 0.7 else rng.choice(own)
            events.append((user_id(number), product_id(rng.choice(own)), stamp - 60, "view"))
            events.append((user_id(number), product_id(bought), stamp, "purchase"))
            stamp += rng.randrange(2 * DAY, 7 * DAY)
    events.append((user_id(3), product_id(3), NEWEST, "purchase"))
    connection.executemany("INSERT INTO events VALUES (?, ?, ?, ?)", sorted(events, key=lambda row: row[2]))
    connection.commit()
    connection.close()
    return f"sqlite:///{path}"


def train_shop(directory: Path, transforming, sets: bool = True) -> SimpleNamespace:
    """Returns the plan, the transform output, and the path of what each node wrote."""
    import tensorflow_transform as tft
    from tfx.types import artifact_utils, standard_artifacts

    from components.artifacts import CandidateIndex, Interactions, Preranker, RecommenderMetrics
    from pipeline.config.settings import TowerlineConfig
    from pipeline.create_pipeline import create_pipeline
    from pipeline.planning.planner import make_plan
    from schema import names
    from schema.tensors.tf_schema import SCHEMA_FILE

    url = write_database(directory / "shop.db", sets=sets)
    config = TowerlineConfig.parse(CONFIG | {"source": {"url": url}})
    plan = make_plan(config, str(directory / "work")).plan
    nodes = {node.id: node for node in create_pipeline(plan).components}

    def artifact(kind, name: str, splits=None):
        made = kind()
        made.uri = str(directory / name)
        if splits:
            made.split_names = artifact_utils.encode_split_names(list(splits))
        return made

    def run(node: str, inputs, outputs) -> None:
        wrapped = [{name: [value] for name, value in given.items()} for given in (inputs, outputs)]
        nodes[node].executor_spec.executor_class().Do(*wrapped, dict(nodes[node].exec_properties))

    def train(node: str, run_fn, examples: str, model: str, base_model: str | None = None) -> None:
        files = {split: f"{directory}/{examples}/Split-{split}/*" for split in ("train", "eval", "catalog")}
        (directory / model / "run").mkdir(parents=True)
        run_fn(
            SimpleNamespace(
                train_files=[files["train"], files["catalog"]],
                eval_files=[files["eval"]],
                custom_config=json.loads(nodes[node].exec_properties["custom_config"]),
                transform_graph_path=str(directory / "transformed" / "transform_graph"),
                serving_model_dir=str(directory / model / "Format-Serving"),
                model_run_dir=str(directory / model / "run"),
                base_model=base_model,
            )
        )

    raw = artifact(standard_artifacts.Examples, "raw")
    interactions = artifact(Interactions, "interactions")
    run("ProductExampleGen", {}, {"examples": raw, "interactions": interactions})
    rows = {split: transforming.read_transformed(directory / "raw", split) for split in names.SPLITS}
    schema = artifact(standard_artifacts.Schema, "schema")
    (directory / "schema").mkdir()
    shutil.copy(plan.schema_file, directory / "schema" / SCHEMA_FILE)
    transformed = artifact(standard_artifacts.Examples, "transformed")
    graph = artifact(standard_artifacts.TransformGraph, "transformed/transform_graph")
    with patch.object(sys, "argv", ["test"]):  # TFX parses it beside the arguments of Beam
        run(
            "Transform",
            {"examples": raw, "schema": schema},
            {"transform_graph": graph, "transformed_examples": transformed},
        )
    retrieval = artifact(standard_artifacts.Model, "retrieval")
    ranking = artifact(standard_artifacts.Model, "ranking")
    index, model = artifact(CandidateIndex, "index"), artifact(standard_artifacts.Model, "model")
    candidates = artifact(standard_artifacts.Examples, "candidates")
    preranker = artifact(Preranker, "preranker")
    evaluation = artifact(RecommenderMetrics, "evaluation")

    from trainer.ranking import run as ranking_trainer
    from trainer.retrieval import run as retrieval_trainer

    train("RetrievalTrainer", retrieval_trainer.run_fn, "transformed", "retrieval")
    found = {"model": retrieval, "transformed_examples": transformed}
    events = {"transform_graph": graph, "interactions": interactions}
    run("CandidateIndexer", found | events, {"index": index})
    run("PrerankingTrainer", found | {"index": index}, {"preranker": preranker})
    chosen = {"index": index, "preranker": preranker}
    run("CandidateGenerator", found | chosen | events, {"examples": candidates})
    base = str(directory / "retrieval" / "Format-Serving")
    train("RankingTrainer", ranking_trainer.run_fn, "candidates", "ranking", base)
    run("RetrievalEvaluator", {"examples": candidates} | chosen, {"evaluation": evaluation})
    run(
        "RecommenderAssembler",
        {"retrieval_model": retrieval, "ranking_model": ranking, "transform_graph": graph}
        | chosen
        | {"candidates": candidates, "examples": raw, "interactions": interactions},
        {"model": model, "classic_model": artifact(standard_artifacts.Model, "classic")},
    )
    return SimpleNamespace(
        plan=plan,
        nodes=nodes,
        rows=rows,
        transform=tft.TFTransformOutput(graph.uri),
        directory=directory,
        retrieval=base,
        ranking=str(directory / "ranking" / "Format-Serving"),
        model=str(directory / "model" / "Format-Serving"),
        classic=str(directory / "classic" / "Format-Serving"),
        hidden=HIDDEN,
        product_ids=[product_id(number) for number in range(NUM_PRODUCTS)],
    )
