"""The manifests name what the compiled pipeline names; docs/kubeflow.md calls commands that there are."""

import re
from pathlib import Path

import pytest
import yaml

from pipeline.cli import build_parser
from pipeline.config.kubeflow_settings import KubeflowSettings

ROOT = Path(__file__).parents[1]
SETTINGS = KubeflowSettings()
DOCS = (ROOT / "docs" / "kubeflow.md").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def manifests():
    found = {}
    for name in yaml.safe_load((ROOT / "deploy" / "kustomization.yaml").read_text())["resources"]:
        for manifest in yaml.safe_load_all((ROOT / "deploy" / name).read_text()):
            found[manifest["kind"], manifest["metadata"]["name"]] = manifest
    return found


def test_the_volume_is_the_one_that_pods_mount(manifests):
    claim = manifests["PersistentVolumeClaim", SETTINGS.volume_claim]
    assert claim["spec"]["accessModes"] == ["ReadWriteMany"]
    text = yaml.safe_dump(manifests["Deployment", "towerline-server"])
    assert f"claimName: {SETTINGS.volume_claim}" in text and "mountPath: /mnt/pipeline" in text


def test_passwords_come_from_the_secret(manifests):
    text = yaml.safe_dump(list(manifests.values()))
    used = set(re.findall(r"key: (\w+-password)\n\s+name: (\w+)", text))
    assert used == {("metadata-password", SETTINGS.secret), ("source-password", SETTINGS.secret)}
    assert ("Secret", SETTINGS.secret) not in manifests


def test_the_server_is_called_as_it_wants(manifests):
    (container,) = manifests["Deployment", "towerline-server"]["spec"]["template"]["spec"]["containers"]
    arguments = build_parser().parse_args(container["command"][1:])
    assert arguments.workdir == "/mnt/pipeline" and arguments.host == "0.0.0.0"


def test_user_of_the_image_is_that_of_tasks_server_and_volume(manifests):
    user = int(re.search(r"^USER (\d+):\1$", (ROOT / "Dockerfile").read_text(), re.M)[1])
    assert user == SETTINGS.user
    for kind, name in (("Job", "towerline-volume"), ("Deployment", "towerline-server")):
        context = manifests[kind, name]["spec"]["template"]["spec"]["securityContext"]
        assert {context[key] for key in ("runAsUser", "runAsGroup", "fsGroup")} == {user}


def pods(manifests):
    return {
        name: manifest["spec"]["template"]["spec"]
        for (_, name), manifest in manifests.items()
        if "template" in manifest.get("spec", {})
    }


def test_pods_are_admitted_by_restricted_pod_security(manifests, pod_security):
    found = pods(manifests)
    assert set(found) == {"towerline-volume", "towerline-metadata", "towerline-server"}
    assert [line for pod in found.values() for line in pod_security.violations(pod)] == []


def test_pods_keep_to_what_they_need(manifests):
    for name, pod in pods(manifests).items():
        assert pod["automountServiceAccountToken"] is False, name
        for container in pod["containers"]:
            assert container["securityContext"]["readOnlyRootFilesystem"] is True, name
            assert {"cpu", "memory"} <= set(container["resources"]["requests"]), name


def test_what_serves_has_probes(manifests):
    for name in ("towerline-metadata", "towerline-server"):
        (container,) = pods(manifests)[name]["containers"]
        assert {"startupProbe", "readinessProbe", "livenessProbe"} <= set(container), name


def test_one_server_stays_while_machines_are_drained(manifests):
    server = manifests["Deployment", "towerline-server"]["spec"]
    budget = manifests["PodDisruptionBudget", "towerline-server"]["spec"]
    assert server["replicas"] == 2 and budget["minAvailable"] == 1
    assert budget["selector"] == server["selector"]
    labels = server["template"]["metadata"]["labels"].items()
    assert labels >= budget["selector"]["matchLabels"].items()


def test_documented_commands_can_be_parsed():
    import shlex

    text = DOCS.replace("\\\n", " ")
    calls = re.findall(r"^ *towerline (.*)$", text, re.M)
    assert len(calls) >= 3
    for call in calls:
        build_parser().parse_args(shlex.split(call))


def test_what_was_not_run_is_said():
    assert "**What was not run: a real cluster.**" in DOCS
