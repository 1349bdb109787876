"""A Kubernetes API server on the etcd behind it, in processes of this machine: no node and no controller."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any

import yaml

_TOKEN = "of-the-tests"


class Kubectl:
    """`kubectl` as the administrator of the server."""

    def __init__(self, program: Path, config: Path) -> None:
        self._command = [str(program), "--kubeconfig", str(config)]

    def __call__(self, *arguments: str, given: object = None) -> subprocess.CompletedProcess[str]:
        """Calls it, with an object for its `-f -` if there is one."""
        text = None if given is None else json.dumps(given)
        command = [*self._command, *arguments]
        return subprocess.run(command, input=text, capture_output=True, text=True, check=False, timeout=120)

    def get(self, *arguments: str) -> dict[str, Any]:
        done = self("get", *arguments, "--output=json")
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)


@contextmanager
def api_server(folder: Path, binaries: Path, clusters: ModuleType) -> Iterator[Kubectl]:
    """Starts both and yields `kubectl`, which may do everything."""
    client, peer, port = (clusters.free_port() for _ in range(3))
    # Go names etcd's program after its package.
    store = [binaries / "server", "--data-dir", folder / "etcd", "--unsafe-no-fsync"]
    for kind, number in (("client", client), ("peer", peer)):
        store += [f"--listen-{kind}-urls", f"http://127.0.0.1:{number}"]
    store += ["--advertise-client-urls", f"http://127.0.0.1:{client}"]
    store += ["--initial-advertise-peer-urls", f"http://127.0.0.1:{peer}"]
    store += ["--initial-cluster", f"default=http://127.0.0.1:{peer}"]
    kubectl = Kubectl(binaries / "kubectl", _config(folder, port))
    with (
        clusters.running(store, folder / "etcd.log", lambda: clusters.is_open(client)),
        clusters.running(_server(folder, binaries, client, port), folder / "server.log", _ready(kubectl)),
    ):
        yield kubectl


def _server(folder: Path, binaries: Path, store: int, port: int) -> list[object]:
    _write_key(folder / "key.pem")
    (folder / "tokens.csv").write_text(f"{_TOKEN},admin,admin,system:masters\n")
    return [
        binaries / "kube-apiserver",
        f"--etcd-servers=http://127.0.0.1:{store}",
        "--bind-address=127.0.0.1",
        f"--secure-port={port}",
        f"--cert-dir={folder}",
        f"--token-auth-file={folder / 'tokens.csv'}",
        "--authorization-mode=RBAC",
        "--allow-privileged=true",  # so that Pod Security alone refuses privileged containers
        "--service-account-issuer=https://kubernetes.default.svc",
        f"--service-account-key-file={folder / 'key.pem'}",
        f"--service-account-signing-key-file={folder / 'key.pem'}",
        "--service-cluster-ip-range=10.0.0.0/24",
    ]


def _write_key(path: Path) -> None:
    """The key by which the server signs tokens of pods."""
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    form = (serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL)
    path.write_bytes(key.private_bytes(*form, serialization.NoEncryption()))


def _config(folder: Path, port: int) -> Path:
    """Written before the server makes its certificate, which is where the file says."""
    cluster = {
        "server": f"https://127.0.0.1:{port}",
        "certificate-authority": str(folder / "apiserver.crt"),
    }
    path = folder / "kubeconfig"
    path.write_text(
        yaml.safe_dump(
            {
                "apiVersion": "v1",
                "kind": "Config",
                "clusters": [{"name": "here", "cluster": cluster}],
                "users": [{"name": "admin", "user": {"token": _TOKEN}}],
                "contexts": [{"name": "here", "context": {"cluster": "here", "user": "admin"}}],
                "current-context": "here",
            }
        )
    )
    return path


def _ready(kubectl: Kubectl) -> Callable[[], bool]:
    return lambda: kubectl("get", "--raw=/readyz").stdout == "ok"
