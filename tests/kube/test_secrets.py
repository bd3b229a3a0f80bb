"""Credentials from Secrets: only offered ones of the Provider's own namespace; each problem comes with its cure."""

import base64
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import msgspec
import pytest
from aiohttp import web

from tekton_integrations import ProviderType, SecretSource, TemporaryError
from tekton_integrations.kube.client import KubeClient
from tekton_integrations.kube.config import ClusterConfig
from tekton_integrations.kube.secrets import PROVIDER_LABEL, Credentials
from tekton_integrations.provider import Provider
from tests.kube.watched import no_authorization
from tests.loopback import serving, unused_url

TYPE = "integrations.tekton.dev/Toy"


class Settings(msgspec.Struct, rename="camel"):
    account_id: int
    api_token: SecretSource
    signing_key: SecretSource | None = None


KIND = ProviderType(name="Toy", block="toy", settings=Settings, endpoint="https://toy.example")


@dataclass
class Cluster:
    """Its Secrets, by path."""

    credentials: Credentials
    secrets: dict[str, dict[str, Any]] = field(default_factory=dict)
    refuse: int = 0
    asked: list[str] = field(default_factory=list)

    def put(
        self, name: str, data: dict[str, str], *, namespace: str = "team-a", version: str = "1", **more: Any
    ) -> None:
        encoded = {key: base64.b64encode(value.encode()).decode() for key, value in data.items()}
        metadata = {"resourceVersion": version} | more.pop("metadata", {})
        path = f"/api/v1/namespaces/{namespace}/secrets/{name}"
        self.secrets[path] = {"metadata": metadata, "type": TYPE, "data": encoded} | more

    async def answer(self, request: web.BaseRequest) -> web.Response:
        self.asked.append(request.raw_path)
        found = self.secrets.get(request.raw_path)
        if self.refuse or found is None:
            return web.json_response({"message": "the API server's words"}, status=self.refuse or 404)
        return web.json_response(found)

    async def get(self, provider: Provider) -> dict[str, bytes]:
        return dict((await self.credentials.get(provider, KIND)).secrets)

    async def problem(self, provider: Provider, *, needs_help: bool = True) -> TemporaryError:
        with pytest.raises(TemporaryError) as caught:
            await self.credentials.get(provider, KIND)
        assert (caught.value.delay, caught.value.needs_help, caught.value.maybe_sent) == (30.0, needs_help, False)
        return caught.value


@pytest.fixture
async def cluster() -> AsyncIterator[Cluster]:
    async def answer(request: web.BaseRequest) -> web.Response:
        return await made.answer(request)

    async with serving(answer) as url, KubeClient(ClusterConfig(url, None, no_authorization)) as client:
        made = Cluster(Credentials(client))
        yield made


def provider(name: str = "app", *, secret: str = "s", key: str = "", generation: int = 1, **spec: Any) -> Provider:
    reference = {"name": secret} | ({"key": key} if key else {})
    toy = {"accountId": 7, "apiToken": {"secretRef": reference}}
    return Provider(
        namespace="team-a",
        name=name,
        uid=f"uid-{name}",
        resource_version="1",
        generation=generation,
        type="Toy",
        endpoint="",
        grants=(),
        spec={"toy": toy | spec},
    )


async def test_a_secret_of_the_right_type_is_read(cluster: Cluster) -> None:
    cluster.put("s", {"token": "abc"})
    credential = await cluster.credentials.get(provider(), KIND)
    assert (credential.secrets, credential.settings.account_id) == ({"api_token": b"abc"}, 7)
    assert (credential.type, credential.endpoint) == ("Toy", "https://toy.example")


async def test_a_secret_whose_label_names_the_provider_is_read(cluster: Cluster) -> None:
    cluster.put("s", {"token": "abc"}, type="Opaque", metadata={"labels": {PROVIDER_LABEL: "app"}})
    assert await cluster.get(provider()) == {"api_token": b"abc"}
    assert (await cluster.problem(provider("another"))).reason == "SecretNotOffered"


@pytest.mark.parametrize("kind", ["Opaque", "", "integrations.tekton.dev/Other", "kubernetes.io/service-account-token"])
async def test_any_other_secret_is_not_used(cluster: Cluster, kind: str) -> None:
    cluster.put("s", {"token": "abc"}, type=kind)
    error = await cluster.problem(provider())
    assert error.reason == "SecretNotOffered"
    assert error.message == (
        "Secret team-a/s of Provider team-a/app is not meant for it; give it the type integrations.tekton.dev/Toy "
        "or the label integrations.tekton.dev/provider=app"
    )


@pytest.mark.parametrize(
    "name", ["../../other/secrets/s", "%2e%2e/%2e%2e/other/secrets/s", "x/../../../other/secrets/s"]
)
async def test_no_name_leads_into_another_namespace(cluster: Cluster, name: str) -> None:
    cluster.put("s", {"token": "somebody else's"}, namespace="other")
    await cluster.problem(provider(secret=name))
    assert not any("other" in path for path in cluster.asked)


async def test_a_key_that_was_named_is_read(cluster: Cluster) -> None:
    cluster.put("s", {"token": "abc", "other": "x"})
    assert await cluster.get(provider(key="token")) == {"api_token": b"abc"}


@pytest.mark.parametrize(
    ("data", "key", "message"),
    [
        ({"a": "1", "b": "2"}, "", "has not exactly one key; name it in secretRef.key"),
        ({}, "", "has not exactly one key; name it in secretRef.key"),
        ({"a": "1"}, "b", "has no key 'b'"),
    ],
)
async def test_a_key_that_is_not_clear_is_told(cluster: Cluster, data: dict[str, str], key: str, message: str) -> None:
    cluster.put("s", data)
    error = await cluster.problem(provider(key=key))
    assert (error.reason, error.message) == (
        "CredentialUnavailable",
        f"Secret team-a/s of Provider team-a/app {message}",
    )


@pytest.mark.parametrize(
    ("status", "message"),
    [
        (403, "we may not read it; bind the role tekton-integrations-secrets in team-a"),
        (404, "it does not exist"),
        (500, "the API server's words"),
    ],
)
async def test_a_secret_that_cannot_be_read_is_told_with_the_cure(cluster: Cluster, status: int, message: str) -> None:
    cluster.refuse = status
    # A fault of the API server passes by itself: nobody need be told.
    error = await cluster.problem(provider(), needs_help=status != 500)
    assert error.reason == "CredentialUnavailable"
    assert error.message == f"Secret team-a/s of Provider team-a/app: {message}"


async def test_an_api_server_that_is_away_is_told() -> None:
    async with KubeClient(ClusterConfig(await unused_url(), None, no_authorization)) as client:
        error = await Cluster(Credentials(client)).problem(provider(), needs_help=False)
        assert error.reason == "CredentialUnavailable"


@pytest.mark.parametrize(
    ("spec", "said"),
    [
        ({"accountId": "seven"}, "Expected `int`, got `str` - at `$.accountId`"),
        ({"apiToken": {}}, "`secretRef`"),
        ({"apiToken": {"secretRef": {}}}, "`name`"),
    ],
)
async def test_settings_that_do_not_fit_are_told_with_where(cluster: Cluster, spec: dict[str, Any], said: str) -> None:
    error = await cluster.problem(provider(**spec))
    assert error.reason == "InvalidProvider"
    assert error.message.startswith("Provider team-a/app, spec.toy: ")
    assert said in error.message


async def test_a_provider_without_its_block_is_told(cluster: Cluster) -> None:
    bare = msgspec.structs.replace(provider(), spec={})
    assert "spec.toy: Object missing required field `accountId`" in (await cluster.problem(bare)).message


async def test_every_secret_that_is_named_is_read(cluster: Cluster) -> None:
    cluster.put("s", {"token": "abc"})
    cluster.put("k", {"key": "def"})
    both = provider(signingKey={"secretRef": {"name": "k"}})
    assert await cluster.get(both) == {"api_token": b"abc", "signing_key": b"def"}


async def test_a_credential_is_read_once_until_the_provider_changes_or_it_is_refused(cluster: Cluster) -> None:
    cluster.put("s", {"token": "old"}, version="1")
    first = await cluster.credentials.get(provider(), KIND)
    cluster.put("s", {"token": "new"}, version="2")
    assert await cluster.credentials.get(provider(), KIND) == first
    assert len(cluster.asked) == 1
    cluster.credentials.forget(provider())
    second = await cluster.credentials.get(provider(), KIND)
    assert second.secrets == {"api_token": b"new"}
    third = await cluster.credentials.get(provider(generation=2), KIND)
    assert len(cluster.asked) == 3
    assert len({first.version, second.version, third.version}) == 3


async def test_a_failure_is_not_remembered(cluster: Cluster) -> None:
    await cluster.problem(provider())
    cluster.put("s", {"token": "abc"})
    assert await cluster.get(provider()) == {"api_token": b"abc"}
