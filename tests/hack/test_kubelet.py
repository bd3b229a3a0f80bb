"""The real API server streams pod logs from the stand-in kubelet."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from hack.testbed import ApiError, Kubelet, TestBed
from hack.testbed.api import polled


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


async def test_a_deleted_namespace_does_not_wait_for_its_pods(bed: TestBed, kubelet: Kubelet) -> None:
    path = "/api/v1/namespaces/with-pods"
    await bed.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "with-pods"}})
    await kubelet.create_pod("with-pods", "pod")
    await bed.request("DELETE", path)

    async def gone() -> bool:
        try:
            await bed.request("GET", path)
        except ApiError as error:
            return error.status == 404
        return False

    await polled(gone, 60)
