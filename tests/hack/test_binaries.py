"""Programs are taken from where they are, checked before they are taken, and built once where nobody has them."""

import asyncio
import fcntl
import os
from pathlib import Path

import pytest

from hack.testbed.api import polled
from hack.testbed.binaries import find
from hack.testbed.build import BuildError, build
from hack.testbed.programs import BINARIES, cache

WORKS = "#!/bin/sh\necho version {}\n"
BROKEN = "#!/bin/sh\nexit 1\n"
GO = """#!/bin/sh
case "$1 $2" in
  "version ") echo go version go1.99.0 any/any ;;
  "mod download") echo '{"GoMod": "any"}' ;;
  "mod edit") echo '{"Replace": [{"Old": {"Path": "k8s.io/api"}, "New": {"Path": "./staging/api"}}]}' ;;
  build*) echo compiling >&2; while [ "$1" != -o ]; do shift; done; echo "built $3 $GOFLAGS" >> "$2" ;;
esac
"""


@pytest.fixture(autouse=True)
def places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Only what a test puts there: `assets`, `cache` and `path`, in this folder."""
    for name in ("assets", "path"):
        (tmp_path / name).mkdir()
    monkeypatch.setenv("KUBEBUILDER_ASSETS", str(tmp_path / "assets"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("PATH", f"{tmp_path / 'path'}:/usr/bin:/bin")
    cache().mkdir(parents=True)
    return tmp_path


def said(capsys: pytest.CaptureFixture[str]) -> str:
    """What went to stderr, however it was folded."""
    return " ".join(capsys.readouterr().err.split())


def put(folder: Path, name: str, script: str) -> Path:
    path = folder / name
    path.write_text(script.replace("{}", folder.name))
    path.chmod(0o755)
    return path


async def test_the_assets_go_before_the_cache_and_the_cache_before_the_path(
    places: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folders = [places / "assets", cache(), places / "path"]
    for name, having in {"etcd": folders, "kube-apiserver": folders[1:]}.items():
        paths = [put(folder, name, WORKS) for folder in having]
        assert await find(name) == paths[0]
    assert "kube-apiserver (KUBEBUILDER_ASSETS has none, the cache has version" in said(capsys)


async def test_a_program_that_does_not_run_is_passed_over(places: Path, capsys: pytest.CaptureFixture[str]) -> None:
    put(places / "assets", "kubectl", BROKEN)
    expected = put(places / "path", "kubectl", WORKS)
    assert await find("kubectl") == expected
    assert "the one of KUBEBUILDER_ASSETS does not run" in said(capsys)


async def test_what_nobody_has_is_built_with_the_published_staging_modules(places: Path) -> None:
    put(places / "path", "go", GO)
    built = await build(BINARIES["kube-controller-manager"])
    assert built.read_text() == "built k8s.io/kubernetes/cmd/kube-controller-manager -mod=mod -buildvcs=false\n"
    module = (cache() / "modules" / "kubernetes" / "go.mod").read_text()
    assert "replace k8s.io/api => k8s.io/api v0.36.3\n" in module
    assert "tool k8s.io/kubernetes/cmd/kubectl\n" in module


async def test_what_is_no_part_of_a_cluster_is_built_with_its_tags_and_kept_by_its_version(places: Path) -> None:
    put(places / "path", "go", GO.replace("$GOFLAGS", "$tags").replace("echo compiling", "tags=$5; echo compiling"))
    promtool = BINARIES["promtool"]
    built = await build(promtool)
    assert built.read_text() == f"built {promtool.package} remove_all_sd\n"
    assert built.parent == cache().parent / f"promtool-{promtool.version}"
    module = (built.parent / "modules" / "promtool" / "go.mod").read_text()
    assert f"require github.com/prometheus/prometheus v{promtool.version}\n" in module
    assert await find("promtool") == built


async def test_two_builds_at_once_build_once(places: Path, capsys: pytest.CaptureFixture[str]) -> None:
    put(places / "path", "go", GO)
    paths = await asyncio.gather(build(BINARIES["etcd"]), build(BINARIES["etcd"]))
    assert paths[0] == paths[1]
    assert capsys.readouterr().err.count("built etcd in") == 1


async def test_a_build_waits_for_another_process(places: Path, capsys: pytest.CaptureFixture[str]) -> None:
    put(places / "path", "go", GO)
    descriptor = os.open(cache() / "lock", os.O_WRONLY | os.O_CREAT)
    fcntl.flock(descriptor, fcntl.LOCK_EX)
    building = asyncio.create_task(build(BINARIES["etcd"]))

    async def waits() -> bool:
        return "another process builds" in said(capsys)

    await polled(waits)
    assert not (cache() / "etcd").exists()
    os.close(descriptor)
    assert (await building).exists()


async def test_a_failed_build_says_why_and_leaves_nothing(places: Path) -> None:
    failing = GO.replace("echo compiling >&2;", "echo no such module >&2; exit 1;")
    put(places / "path", "go", failing)
    with pytest.raises(BuildError, match="no such module"):
        await build(BINARIES["etcd"])
    assert sorted(path.name for path in cache().iterdir()) == ["lock", "modules"]
