"""The test bed is a real cluster's API, and leaves nothing behind."""

import asyncio
import os
import shutil
import signal
import sys
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import yaml

from hack.testbed import Api, ApiError, CommandError, Kubelet, StartError, TestBed
from hack.testbed.api import polled

Object = dict[str, Any]


def running(folder: Path) -> list[str]:
    """The command lines of the processes that work in a folder."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and int(entry.name) != os.getpid():
            try:
                line = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
            except OSError:
                continue
            if str(folder) in line:
                found.append(line)
    return found


async def polled_until_none_runs(folder: Path) -> None:
    async def none_runs() -> bool:
        return not running(folder)

    await polled(none_runs, 10)


def config_map(name: str, namespace: str = "default", **metadata: Any) -> Object:
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name, "namespace": namespace, **metadata}}


async def test_two_test_beds_run_at_once_and_leave_nothing_behind() -> None:
    async with TestBed.started() as first, TestBed.started() as second:
        await first.apply(config_map("only-here"))
        assert first.port != second.port
        with pytest.raises(ApiError, match="NotFound"):
            await second.request("GET", "/api/v1/namespaces/default/configmaps/only-here")
        folders = [first.directory, second.directory]
        assert all(len(running(folder)) == 2 for folder in folders)
    assert not any(running(folder) or folder.exists() for folder in folders)


async def test_a_start_that_fails_half_way_leaves_nothing_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    with pytest.raises(ApiError, match="Invalid"):
        async with TestBed.started(manifests=[config_map("named", labels={"a label": ""})]):
            pass
    assert os.listdir(tmp_path) == []
    assert running(tmp_path) == []


async def test_a_cancelled_start_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))

    async def start() -> None:
        async with TestBed.started():
            pass

    async def etcd_runs() -> bool:
        return bool(running(tmp_path))

    task = asyncio.create_task(start())
    await polled(etcd_runs)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert os.listdir(tmp_path) == []
    assert running(tmp_path) == []


async def test_an_api_server_that_cannot_start_says_why(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    broken = tmp_path / "kube-apiserver"
    broken.write_text('#!/bin/sh\n[ "$1" = --version ] && exit 0\necho "no such flag" >&2\nexit 3\n')
    broken.chmod(0o755)
    monkeypatch.setattr("hack.testbed.binaries._found", {})
    monkeypatch.setenv("KUBEBUILDER_ASSETS", str(tmp_path))
    with pytest.raises(StartError, match=r"kube-apiserver ended with 3\nno such flag"):
        async with TestBed.started():
            pass


@pytest.fixture
async def command() -> AsyncIterator[tuple[asyncio.subprocess.Process, Path]]:
    """`python -m hack.testbed`, ready, and the folder of its test bed."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "hack.testbed", stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL
    )
    assert process.stdout
    line = (await process.stdout.readline()).decode()
    folder = Path(line.strip().removeprefix("export KUBECONFIG=")).parent
    yield process, folder
    if process.returncode is None:
        process.kill()
    await process.communicate()
    shutil.rmtree(folder, ignore_errors=True)


async def test_nothing_runs_on_when_the_parent_is_killed(command: tuple[asyncio.subprocess.Process, Path]) -> None:
    process, folder = command
    assert len(running(folder)) == 2
    process.kill()
    await process.wait()
    await polled_until_none_runs(folder)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
async def test_the_command_ends_cleanly_when_told(
    number: signal.Signals, command: tuple[asyncio.subprocess.Process, Path]
) -> None:
    process, folder = command
    async with Api.from_kubeconfig(folder / "admin.kubeconfig") as api:
        assert await api.request("GET", "/apis/tekton.dev/v1/pipelineruns")
    process.send_signal(number)
    assert await process.wait() == 0
    assert not folder.exists()
    assert running(folder) == []


@pytest.mark.parametrize("kill", [False, True])
async def test_a_restarted_api_server_has_its_data_and_its_address(kill: bool) -> None:
    async with TestBed.started() as bed:
        await bed.apply(config_map("kept"))
        await bed.stop_apiserver(kill=kill)
        with pytest.raises(aiohttp.ClientError):
            await bed.request("GET", "/readyz")
        await bed.start_apiserver()
        assert await bed.request("GET", "/api/v1/namespaces/default/configmaps/kept")
        created = bed.audit(verbs=["patch"], resource="configmaps")
        assert [entry["objectRef"]["name"] for entry in created] == ["kept"]


async def test_a_service_account_may_do_what_its_roles_allow_and_is_named_in_the_audit_log(
    bed: TestBed, namespace: str
) -> None:
    await bed.apply({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": _named("reader", namespace)})
    path = f"/api/v1/namespaces/{namespace}/configmaps"
    async with Api.from_kubeconfig(await bed.service_account_kubeconfig(namespace, "reader")) as api:
        with pytest.raises(ApiError, match="Forbidden"):
            await api.request("GET", path)
        await bed.apply(*_reader_role(namespace))
        assert (await api.request("GET", path))["items"] == []

    async def audited() -> list[int]:
        entries = bed.audit(user=f"system:serviceaccount:{namespace}:reader", verbs=["list"])
        return [entry["responseStatus"]["code"] for entry in entries]

    async def both() -> bool:
        return await audited() == [403, 200]

    await polled(both)


def _named(name: str, namespace: str) -> Object:
    return {"name": name, "namespace": namespace}


def _reader_role(namespace: str) -> list[Object]:
    group = "rbac.authorization.k8s.io"
    rule = {"apiGroups": [""], "resources": ["configmaps"], "verbs": ["list"]}
    role = {"apiVersion": f"{group}/v1", "kind": "Role", "metadata": _named("reader", namespace), "rules": [rule]}
    binding = {
        "apiVersion": f"{group}/v1",
        "kind": "RoleBinding",
        "metadata": _named("reader", namespace),
        "roleRef": {"apiGroup": group, "kind": "Role", "name": "reader"},
        "subjects": [{"kind": "ServiceAccount", "name": "reader", "namespace": namespace}],
    }
    return [role, binding]


async def test_a_service_account_directory_is_laid_out_as_in_a_pod(bed: TestBed, namespace: str) -> None:
    await bed.apply({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": _named("app", namespace)})
    folder = await bed.service_account_directory(namespace, "app")
    assert sorted(path.name for path in folder.iterdir()) == ["ca.crt", "namespace", "token"]
    assert (folder / "namespace").read_text() == namespace
    spec = {"token": (folder / "token").read_text()}
    review = {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenReview", "spec": spec}
    answer = await bed.request("POST", "/apis/authentication.k8s.io/v1/tokenreviews", review)
    assert answer["status"]["user"]["username"] == f"system:serviceaccount:{namespace}:app"


async def test_a_kustomization_is_applied_with_kinds_before_their_objects(bed: TestBed, tmp_path: Path) -> None:
    names = {"kind": "Thing", "plural": "things", "singular": "thing"}
    schema = {"openAPIV3Schema": {"type": "object", "x-kubernetes-preserve-unknown-fields": True}}
    version = {"name": "v1", "served": True, "storage": True, "schema": schema}
    definition = {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": "things.testbed.dev"},
        "spec": {"group": "testbed.dev", "scope": "Namespaced", "names": names, "versions": [version]},
    }
    thing = {"apiVersion": "testbed.dev/v1", "kind": "Thing", "metadata": _named("one", "of-things")}
    space = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "of-things"}}
    base = tmp_path / "base"
    base.mkdir()
    (base / "all.yaml").write_text(yaml.safe_dump_all([thing, definition, space]))
    (base / "kustomization.yaml").write_text(yaml.safe_dump({"resources": ["all.yaml"]}))
    (tmp_path / "kustomization.yaml").write_text(yaml.safe_dump({"resources": ["base"]}))

    await bed.apply(tmp_path)
    assert "one" in await bed.kubectl("get", "things", "--namespace=of-things")


async def test_kubectl_reports_an_error_as_one(bed: TestBed) -> None:
    with pytest.raises(CommandError, match="NotFound"):
        await bed.kubectl("get", "configmap", "nowhere")
    assert "NotFound" in await bed.kubectl("get", "configmap", "nowhere", check=False)


async def test_an_unknown_field_of_a_runs_status_is_dropped_with_a_warning(bed: TestBed, namespace: str) -> None:
    runs = f"{bed.url}/apis/tekton.dev/v1/namespaces/{namespace}/pipelineruns"
    run = {"apiVersion": "tekton.dev/v1", "kind": "PipelineRun", "metadata": {"name": "run"}}
    await bed.request("POST", runs.removeprefix(bed.url), run)
    async with bed.api.session.patch(
        f"{runs}/run/status",
        json={"status": {"integrations": [], "observedGeneration": 1}},
        headers={"Content-Type": "application/merge-patch+json"},
    ) as response:
        assert response.status == 200
        assert 'unknown field \\"status.integrations\\"' in response.headers["Warning"]
        assert (await response.json())["status"] == {"observedGeneration": 1}


async def test_runs_are_listed_as_tekton_lists_them(bed: TestBed) -> None:
    for short in ("pr", "prs", "tr", "trs", "customruns", "tekton", "tekton-pipelines"):
        assert "No resources found" in await bed.kubectl("get", short, "--namespace=kube-public", check=False)


@pytest.fixture
async def kubelet(bed: TestBed) -> AsyncIterator[Kubelet]:
    async with Kubelet.started(bed) as started:
        yield started


async def test_kubectl_streams_a_log_as_it_is_written(bed: TestBed, namespace: str, kubelet: Kubelet) -> None:
    await kubelet.create_pod(namespace, "pod", ["step-build"])
    for line in ("left out", "first"):
        kubelet.write(namespace, "pod", "step-build", line)
    command = await bed.kubectl_command("logs", "-f", "--tail=1", f"--namespace={namespace}", "pod", "-c", "step-build")
    process = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE)
    assert process.stdout
    for line in ("second", "third"):
        previous = "first" if line == "second" else "second"
        assert await process.stdout.readline() == f"{previous}\n".encode()
        kubelet.write(namespace, "pod", "step-build", line)
    kubelet.end(namespace, "pod", "step-build")
    assert await process.stdout.read() == b"third\n"
    assert await process.wait() == 0


async def test_a_log_can_be_cut_to_size(bed: TestBed, namespace: str, kubelet: Kubelet) -> None:
    await kubelet.create_pod(namespace, "pod", ["step"])
    for number in range(3):
        kubelet.write(namespace, "pod", "step", f"line {number}")
    answer = await bed.request("GET", f"/api/v1/namespaces/{namespace}/pods/pod/log?tailLines=2&limitBytes=10")
    assert answer["text"] == "line 1\nlin"


async def test_a_container_that_has_not_started_has_no_log(bed: TestBed, namespace: str, kubelet: Kubelet) -> None:
    await kubelet.create_pod(namespace, "pod", ["step"])
    with pytest.raises(ApiError, match="is waiting to start"):
        await bed.request("GET", f"/api/v1/namespaces/{namespace}/pods/pod/log")


async def test_a_deleted_namespace_goes_with_its_runs_and_pods(bed: TestBed, kubelet: Kubelet) -> None:
    await bed.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "to-go"}})
    await kubelet.create_pod("to-go", "pod")
    run = {"apiVersion": "tekton.dev/v1", "kind": "PipelineRun", "metadata": _named("run", "to-go")}
    await bed.apply(run)
    await bed.request("DELETE", "/api/v1/namespaces/to-go")
    await _gone(bed, "/api/v1/namespaces/to-go")


async def test_garbage_goes_with_its_owner(bed: TestBed, namespace: str) -> None:
    run = {"apiVersion": "tekton.dev/v1", "kind": "PipelineRun", "metadata": _named("run", namespace)}
    uid = (await bed.apply(run))[0]["metadata"]["uid"]
    owner = {"apiVersion": "tekton.dev/v1", "kind": "PipelineRun", "name": "run", "uid": uid}
    child = {"apiVersion": "tekton.dev/v1", "kind": "TaskRun", "metadata": _named("child", namespace)}
    child["metadata"] |= {"ownerReferences": [owner]}  # type: ignore[operator]
    await bed.apply(child)
    await bed.request("DELETE", f"/apis/tekton.dev/v1/namespaces/{namespace}/pipelineruns/run")
    await _gone(bed, f"/apis/tekton.dev/v1/namespaces/{namespace}/taskruns/child")


async def _gone(bed: TestBed, path: str) -> None:
    async def gone() -> bool:
        try:
            await bed.request("GET", path)
        except ApiError as error:
            return error.status == 404
        return False

    await polled(gone, 60)
