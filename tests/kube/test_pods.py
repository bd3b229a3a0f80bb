"""Which Secrets a pod can reach, and how much is read of its log."""

from collections.abc import AsyncIterator
from typing import Any

import msgspec
import pytest

from tekton_integrations.kube.client import ApiError
from tekton_integrations.kube.pods import KEEP, MOST, MOST_SECRETS, Pod, Pods, Unreadable
from tests.kube.pod_server import NAMESPACE, PodServer

OPTIONAL = {"optional": True}


@pytest.fixture
async def server() -> AsyncIterator[PodServer]:
    async with PodServer.started() as started:
        yield started


@pytest.fixture
def pods(server: PodServer) -> Pods:
    return Pods(server.client)


async def values(pods: Pods) -> set[str]:
    return {value.decode() for value in await pods.secrets(await pods.read("n", "p"))}


REACHED = {
    "an environment variable": {"containers": [{"env": [{"valueFrom": {"secretKeyRef": {"name": "s", "key": "k"}}}]}]},
    "a whole environment": {"containers": [{"envFrom": [{"secretRef": {"name": "s"}}]}]},
    "an init container": {"initContainers": [{"envFrom": [{"secretRef": {"name": "s"}}]}]},
    "a debug container": {"ephemeralContainers": [{"envFrom": [{"secretRef": {"name": "s"}}]}]},
    "a volume": {"volumes": [{"name": "v", "secret": {"secretName": "s"}}]},
    "a projected volume": {"volumes": [{"projected": {"sources": [{"secret": {"name": "s"}}]}}]},
    "a CSI driver": {"volumes": [{"csi": {"driver": "d", "nodePublishSecretRef": {"name": "s"}}}]},
    "a storage driver": {"volumes": [{"azureFile": {"secretName": "s", "shareName": "x"}}]},
    "an image": {"imagePullSecrets": [{"name": "s"}]},
}


@pytest.mark.parametrize("spec", REACHED.values(), ids=REACHED)
async def test_every_way_in_which_a_pod_reaches_a_secret_is_known(server: PodServer, pods: Pods, spec: Any) -> None:
    server.pod(**spec)
    server.secret("s", k="hunter2", other="hunter3")
    assert await values(pods) == {"hunter2", "hunter3"}


async def test_what_the_service_account_lists_is_reached_too(server: PodServer, pods: Pods) -> None:
    account = {"secrets": [{"name": "a"}], "imagePullSecrets": [{"name": "b"}]}
    server.objects[f"{NAMESPACE}/serviceaccounts/robot"] = account
    server.pod(serviceAccountName="robot")
    server.secret("a", "kubernetes.io/service-account-token", token="jwt", namespace="n", **{"ca.crt": "public"})
    server.secret("b", password="hunter2")
    assert await values(pods) == {"jwt", "hunter2"}


async def test_what_reminds_of_a_reference_is_none(server: PodServer, pods: Pods) -> None:
    server.pod(
        nodeSelector={"secret": "x"},
        containers=[{"env": [{"name": "secret", "value": "x"}], "args": ["secret"]}],
        volumes=[{"configMap": {"name": "x"}}, {"csi": {"volumeAttributes": {"secretName": "../nodes"}}}],
    )
    assert await values(pods) == set()
    assert server.asked == [f"{NAMESPACE}/pods/p", f"{NAMESPACE}/serviceaccounts/default"]


@pytest.mark.parametrize(
    "spec",
    [
        {"containers": [{"envFrom": [{"secretRef": {"name": "s"} | OPTIONAL}]}]},
        {"volumes": [{"secret": {"secretName": "s"} | OPTIONAL}]},
        {"imagePullSecrets": [{"name": "s"}, {}]},
    ],
)
async def test_a_secret_that_need_not_exist_may_be_missing(server: PodServer, pods: Pods, spec: Any) -> None:
    server.pod(**spec)
    assert await values(pods) == set()


async def test_a_secret_that_was_there_and_is_gone_can_not_be_known(server: PodServer, pods: Pods) -> None:
    reference = {"name": "s"}
    server.pod(containers=[{"envFrom": [{"secretRef": reference | OPTIONAL}, {"secretRef": reference}]}])
    with pytest.raises(Unreadable, match="was deleted"):
        await values(pods)


@pytest.mark.parametrize("refused", ["secrets/s", "serviceaccounts/default"])
async def test_what_may_not_be_read_can_not_be_known(server: PodServer, pods: Pods, refused: str) -> None:
    server.pod(volumes=[{"secret": {"secretName": "s"}}])
    server.secret("s", k="hunter2")
    server.refused[f"{NAMESPACE}/{refused}"] = 403
    with pytest.raises(Unreadable, match="can't be read"):
        await values(pods)


async def test_there_is_a_limit_to_the_secrets_of_a_pod(server: PodServer, pods: Pods) -> None:
    server.pod(volumes=[{"secret": {"secretName": f"s{number}"}} for number in range(MOST_SECRETS + 1)])
    with pytest.raises(Unreadable, match=f"more than {MOST_SECRETS}"):
        await values(pods)


@pytest.mark.parametrize("name", ["", "../secrets/s", "a/b", "a?b", "A"])
async def test_a_name_that_nothing_can_have_is_not_asked_for(server: PodServer, pods: Pods, name: str) -> None:
    with pytest.raises(ApiError, match="404"):
        await pods.read("n", name)
    assert server.asked == []


async def test_an_answer_that_is_no_pod_is_an_error(server: PodServer, pods: Pods) -> None:
    answers: list[object] = [[], {}, {"spec": []}]
    for answer in answers:
        server.objects[f"{NAMESPACE}/pods/p"] = answer
        with pytest.raises(msgspec.DecodeError):
            await pods.read("n", "p")


POD = Pod(namespace="n", name="p", service_account="default", secrets={})


async def test_the_end_of_a_log_is_kept(server: PodServer, pods: Pods) -> None:
    server.log = b"first\nlast\n"
    log = await pods.log(POD, "step-test", 201)
    assert (log.data, log.whole, log.endless) == (server.log, True, False)
    assert server.log_query == {"container": "step-test", "tailLines": "201"}
    server.log = b"".join(b"%09d\n" % number for number in range(100_000))
    log = await pods.log(POD, "step-test", 201)
    assert (log.data, log.whole, log.endless) == (server.log[-KEEP:], False, False)


async def test_a_log_without_an_end_is_not_read_to_it(server: PodServer, pods: Pods) -> None:
    server.log = b"x" * (MOST * 4)
    log = await pods.log(POD, "step-test", 201)
    assert (len(log.data), log.whole, log.endless) == (KEEP, False, True)
