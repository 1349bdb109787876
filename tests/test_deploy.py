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


def test_user_of_the_image_owns_the_volume(manifests):
    user = re.search(r"^USER (\d+):", (ROOT / "Dockerfile").read_text(), re.M)[1]
    (owner,) = manifests["Job", "towerline-volume"]["spec"]["template"]["spec"]["containers"]
    assert owner["command"][1] == f"{user}:{user}"


def test_documented_commands_can_be_parsed():
    import shlex

    text = DOCS.replace("\\\n", " ")
    calls = re.findall(r"^ *towerline (.*)$", text, re.M)
    assert len(calls) >= 3
    for call in calls:
        build_parser().parse_args(shlex.split(call))


def test_what_was_not_run_is_said():
    assert "**What was not run: a real cluster.**" in DOCS
