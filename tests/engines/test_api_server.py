"""A real Kubernetes API server, with Pod Security `restricted`, takes what `deploy/` holds."""

import copy
from pathlib import Path

import pytest
import yaml

pytestmark = pytest.mark.kubernetes

DEPLOY = Path(__file__).parents[2] / "deploy"
NAMESPACE = yaml.safe_load((DEPLOY / "kustomization.yaml").read_text())["namespace"]
DRY_RUN = ("--dry-run=server", "--validate=strict")
WORKLOADS = (
    ("job", "towerline-volume"),
    ("statefulset", "towerline-metadata"),
    ("deployment", "towerline-server"),
)


@pytest.fixture(scope="module")
def cluster(kubectl):
    """A namespace that refuses pods, and warns of templates of pods, that are not `restricted`."""
    levels = {f"pod-security.kubernetes.io/{mode}": "restricted" for mode in ("enforce", "warn")}
    metadata = {"name": NAMESPACE, "labels": levels}
    done = kubectl("apply", "-f", "-", given={"apiVersion": "v1", "kind": "Namespace", "metadata": metadata})
    assert done.returncode == 0, done.stderr
    # What a controller gives every namespace, and without which no pod is admitted.
    account = {"name": "default", "namespace": NAMESPACE}
    done = kubectl(
        "apply", "-f", "-", given={"apiVersion": "v1", "kind": "ServiceAccount", "metadata": account}
    )
    assert done.returncode == 0, done.stderr
    return kubectl


@pytest.fixture(scope="module")
def applied(cluster):
    """The command of docs/kubeflow.md has been called."""
    done = cluster("apply", "-k", str(DEPLOY), "--validate=strict")
    assert (done.returncode, done.stderr) == (0, "")
    return cluster


def sources():
    """Kind and name of everything that the kustomization names."""
    names = yaml.safe_load((DEPLOY / "kustomization.yaml").read_text())["resources"]
    found = [document for name in names for document in yaml.safe_load_all((DEPLOY / name).read_text())]
    return {(document["kind"], document["metadata"]["name"]) for document in found}


def pod_of(kubectl, kind, name):
    """A pod as the controller makes it of the template that the server holds."""
    spec = kubectl.get(kind, name, "-n", NAMESPACE)["spec"]
    pod = copy.deepcopy(spec["template"]["spec"])
    for claim in spec.get("volumeClaimTemplates", []):
        volume = claim["metadata"]["name"]
        pod["volumes"].append({"name": volume, "persistentVolumeClaim": {"claimName": f"{volume}-{name}-0"}})
    metadata = {"name": name, "namespace": NAMESPACE, "labels": spec["template"]["metadata"]["labels"]}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": pod}


def test_a_strict_dry_run(cluster):
    done = cluster("apply", "-k", str(DEPLOY), *DRY_RUN)
    assert (done.returncode, done.stderr) == (0, "")
    assert len(done.stdout.splitlines()) == len(sources())


def test_the_documented_command(applied):
    for kind, name in sources():
        labels = applied.get(kind, name, "-n", NAMESPACE)["metadata"]["labels"]
        assert labels["app.kubernetes.io/part-of"] == "towerline"
    again = applied("apply", "-k", str(DEPLOY))
    assert (again.returncode, again.stderr) == (0, "")
    # The server fills in what was left out of some, which is said to configure them.
    assert {line.split()[-1] for line in again.stdout.splitlines()} <= {"unchanged", "configured"}


@pytest.mark.parametrize(("kind", "name"), WORKLOADS)
def test_pods_are_admitted(applied, kind, name):
    done = applied("create", "-f", "-", "--validate=strict", given=pod_of(applied, kind, name))
    assert (done.returncode, done.stderr) == (0, "")
    assert applied.get("pod", name, "-n", NAMESPACE)["status"]["phase"] == "Pending"


def test_an_unknown_field_is_refused(applied):
    deployment = applied.get("deployment", "towerline-server", "-n", NAMESPACE)
    deployment["spec"]["template"]["spec"]["containers"][0]["imagePullPolcy"] = "Always"
    done = applied("apply", "-f", "-", *DRY_RUN, given=deployment)
    assert done.returncode == 1
    assert 'unknown field "spec.template.spec.containers[0].imagePullPolcy"' in done.stderr


def test_a_template_that_is_not_restricted_is_warned_of(applied):
    deployment = applied.get("deployment", "towerline-server", "-n", NAMESPACE)
    deployment["spec"]["template"]["spec"]["containers"][0]["securityContext"]["privileged"] = True
    deployment["spec"]["template"]["spec"]["containers"][0]["securityContext"].pop("allowPrivilegeEscalation")
    done = applied("apply", "-f", "-", *DRY_RUN, given=deployment)
    assert 'Warning: would violate PodSecurity "restricted:latest"' in done.stderr


def privileged(pod):
    pod["containers"][0]["securityContext"] |= {"privileged": True, "allowPrivilegeEscalation": True}


def escalating(pod):
    pod["containers"][0]["securityContext"].pop("allowPrivilegeEscalation")


def capable(pod):
    pod["containers"][0]["securityContext"].pop("capabilities")


def more_capable(pod):
    pod["containers"][0]["securityContext"]["capabilities"]["add"] = ["SYS_TIME"]


def root(pod):
    pod["securityContext"]["runAsUser"] = 0


def perhaps_root(pod):
    pod["securityContext"].pop("runAsNonRoot")


def unconfined(pod):
    pod["securityContext"]["seccompProfile"] = {"type": "Unconfined"}


def of_the_host(pod):
    pod["volumes"].append({"name": "host", "hostPath": {"path": "/"}})


def in_the_network_of_the_host(pod):
    pod["hostNetwork"] = True


def binding_ports(pod):
    pod["containers"][0]["securityContext"]["capabilities"]["add"] = ["NET_BIND_SERVICE"]


@pytest.mark.parametrize(
    "change",
    [
        *(privileged, escalating, capable, more_capable, root, perhaps_root, unconfined, of_the_host),
        *(in_the_network_of_the_host, binding_ports),
    ],
)
def test_the_rules_written_out_are_those_of_the_server(applied, pod_security, change):
    """`tests/pod_security.py` judges as the server does; without a server the manifests are held to it."""
    pod = pod_of(applied, "deployment", "towerline-server")
    change(pod["spec"])
    pod["metadata"]["name"] = f"changed-{change.__name__.replace('_', '-')}"
    done = applied("create", "-f", "-", *DRY_RUN, given=pod)
    refused = 'violates PodSecurity "restricted:latest"' in done.stderr
    assert refused == bool(pod_security.violations(pod["spec"])), done.stderr
    assert refused == (change is not binding_ports)
    assert refused == (done.returncode != 0), done.stderr
