"""The rules find each way of breaking them, so that manifests without a finding mean something."""

import copy

import pytest

POD = {
    "securityContext": {"runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}},
    "containers": [
        {
            "name": "c",
            "securityContext": {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}},
        }
    ],
    "volumes": [{"name": "tmp", "emptyDir": {}}],
}


def broken(*path, value):
    pod = copy.deepcopy(POD)
    place = pod
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = value
    return pod


def test_nothing_is_found_in_a_good_pod(pod_security):
    assert pod_security.violations(POD) == []
    served = broken(
        "containers",
        0,
        "securityContext",
        "capabilities",
        value={"drop": ["ALL"], "add": ["NET_BIND_SERVICE"]},
    )
    assert pod_security.violations(served) == []


def test_a_bare_container_breaks_four_rules(pod_security):
    """What a real API server warned of before the manifests had a word of security."""
    assert pod_security.violations({"containers": [{"name": "c"}]}) == [
        "c: allowPrivilegeEscalation is not false",
        "c: runAsNonRoot is not true",
        "c: seccompProfile is not RuntimeDefault or Localhost",
        "c: capabilities are not dropped",
    ]


CONTAINER = ("containers", 0)
SECURITY = (*CONTAINER, "securityContext")


@pytest.mark.parametrize(
    ("path", "value", "found"),
    [
        (("hostNetwork",), True, "hostNetwork"),
        (("hostPID",), True, "hostPID"),
        (("hostIPC",), True, "hostIPC"),
        (("volumes", 0), {"name": "tmp", "hostPath": {"path": "/"}}, "volume of type hostPath"),
        (("securityContext", "runAsNonRoot"), False, "c: runAsNonRoot is not true"),
        (("securityContext", "runAsUser"), 0, "runAsUser is 0"),
        (("securityContext", "sysctls"), [], "sysctls"),
        ((*SECURITY, "runAsNonRoot"), False, "c: runAsNonRoot is not true"),
        ((*SECURITY, "runAsUser"), 0, "c: runAsUser is 0"),
        ((*SECURITY, "procMount"), "Unmasked", "c: procMount"),
        ((*SECURITY, "privileged"), True, "c: privileged"),
        ((*SECURITY, "capabilities"), {"drop": ["ALL"], "add": ["SYS_ADMIN"]}, "c: capability SYS_ADMIN"),
        ((*SECURITY, "capabilities"), {"drop": ["KILL"]}, "c: capabilities are not dropped"),
        (
            (*SECURITY, "seccompProfile"),
            {"type": "Unconfined"},
            "c: seccompProfile is not RuntimeDefault or Localhost",
        ),
        ((*CONTAINER, "ports"), [{"containerPort": 80, "hostPort": 80}], "c: hostPort"),
    ],
)
def test_each_rule(pod_security, path, value, found):
    assert pod_security.violations(broken(*path, value=value)) == [found]


def test_init_containers_count(pod_security):
    assert pod_security.violations(POD | {"initContainers": [{"name": "first"}]}) == [
        "first: allowPrivilegeEscalation is not false",
        "first: capabilities are not dropped",
    ]
