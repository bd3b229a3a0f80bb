"""The command lines of the test bed's programs, and the files they need."""

import json
import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from .certificates import Authority, Pair, write_key
from .process import free_port

HOST = "127.0.0.1"
_AUDIT = {
    "apiVersion": "audit.k8s.io/v1",
    "kind": "Policy",
    "omitStages": ["RequestReceived", "ResponseStarted"],
    "rules": [{"level": "Metadata"}],
}


@dataclass(frozen=True, kw_only=True)
class Layout:
    """Ports, credentials and files of one test bed."""

    folder: Path
    port: int
    etcd_port: int
    peer_port: int
    authority: Authority
    serving: Pair
    account_key: Path
    admin_token: str
    manager_token: str

    @property
    def url(self) -> str:
        return f"https://{HOST}:{self.port}"

    @property
    def audit_log(self) -> Path:
        return self.folder / "audit.log"


def layout(folder: Path) -> Layout:
    """Chooses ports and writes certificates, tokens and the audit policy into `folder`."""
    authority = Authority(folder)
    chosen = Layout(
        folder=folder,
        port=free_port(),
        etcd_port=free_port(),
        peer_port=free_port(),
        authority=authority,
        serving=authority.issue("apiserver"),
        account_key=write_key(folder / "service-accounts.key"),
        admin_token=secrets.token_urlsafe(24),
        manager_token=secrets.token_urlsafe(24),
    )
    tokens = folder / "tokens.csv"
    tokens.touch(mode=0o600)
    tokens.write_text(
        f'{chosen.admin_token},admin,admin,"system:masters"\n'
        f"{chosen.manager_token},system:kube-controller-manager,system:kube-controller-manager\n"
    )
    (folder / "audit-policy.yaml").write_text(json.dumps(_AUDIT))
    return chosen


def etcd(binary: Path, bed: Layout) -> list[str]:
    peer = f"http://{HOST}:{bed.peer_port}"
    client = f"http://{HOST}:{bed.etcd_port}"
    return [
        str(binary),
        f"--data-dir={bed.folder / 'etcd'}",
        f"--listen-client-urls={client}",
        f"--advertise-client-urls={client}",
        f"--listen-peer-urls={peer}",
        f"--initial-advertise-peer-urls={peer}",
        f"--initial-cluster=default={peer}",
        "--unsafe-no-fsync",  # a test's data may die with the machine
        "--log-level=warn",
    ]


def apiserver(binary: Path, bed: Layout) -> list[str]:
    return [
        str(binary),
        f"--etcd-servers=http://{HOST}:{bed.etcd_port}",
        f"--bind-address={HOST}",
        f"--secure-port={bed.port}",
        f"--advertise-address={HOST}",
        "--endpoint-reconciler-type=none",  # the Service `kubernetes` may not point at loopback
        f"--tls-cert-file={bed.serving.certificate}",
        f"--tls-private-key-file={bed.serving.key}",
        f"--cert-dir={bed.folder}",
        "--service-account-issuer=https://kubernetes.default.svc",
        f"--service-account-key-file={bed.account_key}",
        f"--service-account-signing-key-file={bed.account_key}",
        "--service-cluster-ip-range=10.0.0.0/24",
        "--authorization-mode=RBAC",
        f"--token-auth-file={bed.folder / 'tokens.csv'}",
        "--disable-admission-plugins=ServiceAccount",  # nothing here creates the ServiceAccount `default`
        "--kubelet-preferred-address-types=InternalIP",
        f"--audit-policy-file={bed.folder / 'audit-policy.yaml'}",
        f"--audit-log-path={bed.audit_log}",
        # Without it a client that renews its watches (controller-manager) holds up the end for a minute.
        "--shutdown-watch-termination-grace-period=1s",
        "--audit-log-maxsize=4096",  # MiB: a rotated log would look like an empty one
    ]


def controller_manager(binary: Path, bed: Layout) -> list[str]:
    config = kubeconfig(bed, bed.folder / "controller-manager.kubeconfig", bed.manager_token)
    return [
        str(binary),
        f"--kubeconfig={config}",
        "--controllers=garbage-collector-controller,namespace-controller",
        "--leader-elect=false",
        "--secure-port=0",
        # Each controller then acts with its own ServiceAccount and the roles the API server brings for it.
        "--use-service-account-credentials=true",
        f"--service-account-private-key-file={bed.account_key}",
    ]


def kubeconfig(bed: Layout, path: Path, token: str, namespace: str = "default") -> Path:
    """Writes a kubeconfig for `token` to `path`, readable by its owner alone, and returns `path`."""
    context = {"cluster": "testbed", "user": "testbed", "namespace": namespace}
    cluster = {"server": bed.url, "certificate-authority": str(bed.authority.file)}
    config: dict[str, Any] = {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": "testbed",
        "clusters": [{"name": "testbed", "cluster": cluster}],
        "users": [{"name": "testbed", "user": {"token": token}}],
        "contexts": [{"name": "testbed", "context": context}],
    }
    path.touch(mode=0o600)
    path.write_text(yaml.safe_dump(config))
    return path
