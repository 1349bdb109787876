"""The compiled YAML: what the kfp SDK and the specification read, and rules of the open-source backend."""

import json
import re

import pytest
import yaml

NODE = "RetrievalTrainer"
SETTINGS = (
    *("--set", f"kubeflow.nodes.{NODE}.gpu=1", "--set", f"kubeflow.nodes.{NODE}.memory=16Gi"),
    *("--set", f"kubeflow.nodes.{NODE}.timeout_seconds=3600", "--set", "retrieval.embedding_dim=32"),
    *("--set", f"kubeflow.nodes.{NODE}.node_selector={{pool: big}}", "--set", "kubeflow.defaults.retries=4"),
    *("--set", "gates.min_ndcg=0.25", "--source", "postgresql://reader:s3cret@db.example/shop"),
    *("--set", f"kubeflow.nodes.{NODE}.workers=3", "--set", "retrieval.distribution=multi_worker"),
    *("--metadata-url", "postgresql://towerline:0ther@metadata:5432/towerline"),
)


@pytest.fixture(scope="module")
def compiled(compile_kubeflow):
    done, path = compile_kubeflow(*SETTINGS)
    assert done.returncode == 0, done.stderr
    said = done.stderr.splitlines()
    assert all(line.startswith(("Loading TFX to read", "The password of the ")) for line in said), said
    return done, path


@pytest.fixture(scope="module")
def documents(compiled):
    return list(yaml.safe_load_all(compiled[1].read_text()))


@pytest.fixture(scope="module")
def executors(documents):
    return {
        name: executor["container"]
        for name, executor in documents[0]["deploymentSpec"]["executors"].items()
        if set(executor) == {"container"}
    }


def test_the_sdk_and_the_specification_read_it(compiled, documents):
    from google.protobuf import json_format
    from kfp import components
    from kfp.pipeline_spec import pipeline_spec_pb2

    loaded = components.load_component_from_file(str(compiled[1]))
    assert loaded.name == "towerline"
    spec = json_format.ParseDict(documents[0], pipeline_spec_pb2.PipelineSpec())
    assert spec.schema_version == "2.1.0"
    json_format.ParseDict(documents[1], pipeline_spec_pb2.PlatformSpec())


def test_only_what_the_open_source_backend_runs(documents, executors):
    (spec, platform) = documents
    tasks = spec["root"]["dag"]["tasks"]
    assert set(executors) == set(spec["deploymentSpec"]["executors"]) and len(executors) == 26
    assert all(re.fullmatch(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?", name) for name in tasks)
    for task in tasks.values():
        assert not task["cachingOptions"].get("enableCache")
        assert set(task.get("dependentTasks", [])) <= set(tasks)
        assert set(task.get("inputs", {})) <= {"parameters"}
    assert set(platform["platforms"]["kubernetes"]["deploymentSpec"]["executors"]) == set(executors)
    text = json.dumps(executors)
    assert set(re.findall(r"\{\{.*?\}\}", text)) == {
        "{{$.inputs.parameters['%s']}}" % name  # noqa: UP031
        for name in (*spec["root"]["inputDefinitions"]["parameters"], "run")
    }


def test_the_graph_is_that_of_the_pipeline(documents):
    tasks = documents[0]["root"]["dag"]["tasks"]
    waits = {name: set(task.get("dependentTasks", [])) for name, task in tasks.items()}
    assert waits["plan"] == set()
    assert waits["product-example-gen"] == waits["import-schema-gen"] == {"plan"}
    assert waits["statistics-gen"] == {"product-example-gen"}
    assert "interaction-validator" in waits["transform"] & waits["baseline-recommender"]
    assert {"recommender-evaluator", "ranking-evaluator", "serving-validator"} <= waits["pusher"]
    assert "pusher" in waits["outcome"]
    assert "transform" not in waits["baseline-recommender"]  # so they run side by side


def test_run_parameters_are_typed_and_have_defaults(documents, executors):
    inputs = documents[0]["root"]["inputDefinitions"]["parameters"]
    assert inputs["source"]["defaultValue"] == "postgresql://reader:***@db.example/shop"
    assert inputs["gates_min_ndcg"]["defaultValue"] == 0.25
    assert inputs["gates_min_ndcg"]["parameterType"] == "NUMBER_DOUBLE"
    assert inputs["retrieval_num_epochs"]["parameterType"] == "NUMBER_INTEGER"
    assert inputs["split_eval_window"]["parameterType"] == inputs["source"]["parameterType"] == "STRING"
    assert "--set=retrieval.embedding_dim=32" in executors["exec-plan"]["args"]
    assert not [part for part in executors["exec-plan"]["args"] if "kubeflow." in part]


def test_resources_of_a_node(documents, executors):
    tasks = documents[0]["root"]["dag"]["tasks"]
    trainer = executors["exec-retrieval-trainer"]["resources"]
    assert trainer["accelerator"]["resourceType"] == "nvidia.com/gpu"
    assert trainer["resourceMemoryLimit"] == "16Gi" and trainer["resourceCpuRequest"] == "1"
    assert "accelerator" not in executors["exec-transform"]["resources"]
    assert tasks["retrieval-trainer"]["retryPolicy"]["maxRetryCount"] == 4
    assert "retryPolicy" not in tasks["outcome"]
    platform = documents[1]["platforms"]["kubernetes"]["deploymentSpec"]["executors"]
    assert platform["exec-retrieval-trainer"]["activeDeadlineSeconds"] == "3600"
    assert platform["exec-retrieval-trainer"]["nodeSelector"] == {"labels": {"pool": "big"}}
    assert all(executor["pvcMount"][0]["mountPath"] == "/mnt/pipeline" for executor in platform.values())


def test_no_task_runs_as_root(documents, compile_kubeflow):
    platform = documents[1]["platforms"]["kubernetes"]["deploymentSpec"]["executors"]
    expected = {"runAsUser": "10001", "runAsGroup": "10001", "runAsNonRoot": True}
    assert [name for name, executor in platform.items() if executor["securityContext"] != expected] == []
    done, output = compile_kubeflow("--source", "postgresql://db.example/shop", "--set", "kubeflow.user=null")
    assert done.returncode == 0, done.stderr
    assert "securityContext" not in output.read_text()
    done, _ = compile_kubeflow("--source", "postgresql://db.example/shop", "--set", "kubeflow.user=0")
    assert done.returncode == 2 and "kubeflow.user" in done.stderr


def test_a_trainer_in_several_pods(documents, executors):
    tasks = documents[0]["root"]["dag"]["tasks"]
    helpers = [name for name in tasks if "-worker-" in name]
    assert helpers == ["retrieval-trainer-worker-1", "retrieval-trainer-worker-2"]
    for place, name in enumerate(helpers, 1):
        container = executors[f"exec-{name}"]
        assert container["command"] == ["python", "-m", "pipeline.kubeflow.worker"]
        assert container["args"][-2:] == ["--node=RetrievalTrainer", f"--worker={place}"]
        assert container["resources"] == executors["exec-retrieval-trainer"]["resources"]
        assert tasks[name]["dependentTasks"] == tasks["retrieval-trainer"]["dependentTasks"]
    assert executors["exec-retrieval-trainer"]["args"][-2:] == ["--node=RetrievalTrainer", "--workers=3"]
    assert "--workers=3" not in executors["exec-ranking-trainer"]["args"]


def test_passwords_are_in_the_secret_only(compiled):
    done, path = compiled
    text = path.read_text()
    assert "s3cret" not in text + done.stdout + done.stderr
    assert "0ther" not in text + done.stdout + done.stderr
    assert "--metadata-url=postgresql://towerline:***@metadata:5432/towerline" in text
    assert "`source-password`" in done.stderr and "`metadata-password`" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("--pipeline-root", "gs://bucket/root"), "--pipeline-root` must be an absolute folder"),
        (("--metadata-url", "oracle://host/db"), "The metadata URL (`metadata.url`) must be"),
        (("--set", "kubeflow.nodes.Trainer.cpu=2"), "kubeflow.nodes.Trainer"),
        (("--set", "kubeflow.defaults.memory=lots"), "kubeflow.defaults.memory"),
        (("--set", 'source.tables={"events": {"query": "{{x}}"}}'), "takes for a placeholder"),
        (("--output", "/nowhere/at/all.yaml"), "`--output` names a .yaml file"),
        (("--image", " "), "`--image` names a container image"),
    ],
)
def test_mistakes_are_one_line(tmp_path, capsys, monkeypatch, arguments, told):
    from pipeline.cli import main
    from pipeline.kubeflow import graph as kubeflow_graph

    monkeypatch.setattr(kubeflow_graph, "tasks", lambda config, refresh: {"plan": (), "outcome": ("plan",)})
    base = ["compile", "kubeflow", "--workdir", str(tmp_path), "--output", str(tmp_path / "p.yaml")]
    base += ["--image", "image:1", "--pipeline-root", "/mnt/pipeline", *arguments]
    assert main(base) == 2
    line = capsys.readouterr().err.splitlines()[-1]
    assert line.startswith("towerline: ") and told in line


@pytest.fixture(scope="module")
def refresh(compile_kubeflow):
    """The two documents of a refresh, from a configuration that both kinds of runs share."""
    resources = (
        "--set",
        "kubeflow.nodes.RetrievalTrainer.gpu=1",
        "--set",
        "kubeflow.nodes.IndexRefresh.cpu='4'",
    )
    settings = ("--set", "ranking.hidden_dim=32", "--set", "gates.max_latency_ms=300", "--set", "seed=5")
    source = ("--source", "postgresql://reader:s3cret@db.example/shop")
    done, path = compile_kubeflow("--refresh", *resources, *settings, *source)
    assert done.returncode == 0, done.stderr
    return list(yaml.safe_load_all(path.read_text()))


def test_a_refresh_is_a_document_of_its_own(refresh):
    from google.protobuf import json_format
    from kfp.pipeline_spec import pipeline_spec_pb2

    spec, platform = refresh
    assert json_format.ParseDict(spec, pipeline_spec_pb2.PipelineSpec()).schema_version == "2.1.0"
    assert spec["pipelineInfo"]["name"] == "towerline-refresh"
    tasks = spec["root"]["dag"]["tasks"]
    waits = {name: set(task.get("dependentTasks", [])) for name, task in tasks.items()}
    assert waits["pushed-retrieval-model"] == waits["product-example-gen"] == {"plan"}
    assert {"catalog-transform", "pushed-retrieval-model"} <= waits["index-refresh"]
    assert {"index-refresh", "pushed-ranking-model", "pushed-preranker"} <= waits["recommender-refresh"]
    assert {"serving-validator", "pushed-model-blessing"} <= waits["pusher"] and "pusher" in waits["outcome"]
    assert not {"retrieval-trainer", "ranking-trainer", "transform"} & set(tasks)
    resources = spec["deploymentSpec"]["executors"]["exec-index-refresh"]["container"]["resources"]
    assert resources["resourceCpuRequest"] == "4"
    executors = platform["platforms"]["kubernetes"]["deploymentSpec"]["executors"]
    assert all(executor["pvcMount"] for executor in executors.values())


def test_a_refresh_is_told_of_the_database_and_the_gates_alone(refresh):
    spec, _ = refresh
    inputs = spec["root"]["inputDefinitions"]["parameters"]
    assert {name for name in inputs if not name.startswith("gates_")} == {"source"}
    assert inputs["gates_max_latency_ms"]["defaultValue"] == 300
    arguments = spec["deploymentSpec"]["executors"]["exec-plan"]["container"]["args"]
    assert "--refresh" in arguments and "--set=ranking.hidden_dim=32" in arguments
    assert not [part for part in arguments if "s3cret" in part]


def test_a_warm_start_has_the_models_that_it_begins_from(compile_kubeflow):
    done, path = compile_kubeflow("--source", "sqlite:////shop.db", "--set", "warm_start=true")
    assert done.returncode == 0, done.stderr
    tasks = next(yaml.safe_load_all(path.read_text()))["root"]["dag"]["tasks"]
    assert "pushed-towers" in tasks["retrieval-trainer"]["dependentTasks"]
    assert "pushed-ranker" in tasks["ranking-trainer"]["dependentTasks"]
    assert tasks["pushed-towers"]["dependentTasks"] == ["plan"]
