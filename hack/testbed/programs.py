"""The programs of the test bed: which, in which version, how they are built, and where the built ones are kept."""

import os
import sys
import textwrap
from dataclasses import dataclass
from pathlib import Path

KUBERNETES = "1.36.3"
ETCD = "3.6.7"
HELM = "4.3.1"
PROMETHEUS = "0.313.5"  # of its Go module: the release is 3.13.5


@dataclass(frozen=True, kw_only=True)
class Binary:
    """A program of the test bed, and what its build needs to know."""

    name: str
    package: str
    version: str
    seconds: int  # of building it, on two cores and with an empty build cache
    check: tuple[str, ...] = ("--version",)
    module: str = ""  # that it is a package of; itself, unless given
    tags: str = ""  # of its build: what it is to leave out
    rare: bool = False  # needed by `make test-long` only

    @property
    def folder(self) -> Path:
        """Where the built one is kept. What is not of the pair has a folder of its own for each version."""
        return cache() if self.version in (KUBERNETES, ETCD) else cache().parent / f"{self.name}-{self.version}"


BINARIES = {
    binary.name: binary
    for binary in (
        Binary(name="etcd", package="go.etcd.io/etcd/server/v3", version=ETCD, seconds=60),
        Binary(
            name="kube-apiserver",
            package="k8s.io/kubernetes/cmd/kube-apiserver",
            version=KUBERNETES,
            seconds=220,
        ),
        Binary(
            name="kube-controller-manager",
            package="k8s.io/kubernetes/cmd/kube-controller-manager",
            version=KUBERNETES,
            seconds=80,
        ),
        Binary(
            name="kubectl",
            package="k8s.io/kubernetes/cmd/kubectl",
            version=KUBERNETES,
            seconds=50,
            check=("version", "--client"),
        ),
        Binary(
            name="promtool",
            package="github.com/prometheus/prometheus/cmd/promtool",
            module="github.com/prometheus/prometheus",
            version=PROMETHEUS,
            seconds=110,
            tags="remove_all_sd",
            rare=True,
        ),
        Binary(
            name="helm",
            package="helm.sh/helm/v4/cmd/helm",
            module="helm.sh/helm/v4",
            version=HELM,
            seconds=140,
            check=("version", "--short"),
            rare=True,
        ),
    )
}


def say(message: str) -> None:
    text = textwrap.fill(
        f"testbed: {message}", 79, subsequent_indent="  ", break_long_words=False, break_on_hyphens=False
    )
    print(text, file=sys.stderr, flush=True)


def cache() -> Path:
    """The folder of the built API server and etcd: outside the tree, and another one for each pair of versions."""
    home = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(home) / "tekton-integrations" / "testbed" / f"{KUBERNETES}-{ETCD}"
