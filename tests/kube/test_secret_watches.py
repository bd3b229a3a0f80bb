"""Only the Secrets that a type's settings ask for are watched, and not without number: each takes a connection."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import msgspec
import pytest

from hack.testbed.api import polled
from tekton_integrations import ProviderType, SecretSource
from tekton_integrations.kube.client import KubeClient
from tekton_integrations.kube.config import ClusterConfig
from tekton_integrations.kube.secret_watches import MOST, SecretWatches
from tekton_integrations.provider import Provider
from tests.fakes.object_server import ObjectServer
from tests.kube.watched import no_authorization


class Settings(msgspec.Struct, rename="camel"):
    api_token: SecretSource
    signing_key: SecretSource | None = None


KIND = ProviderType(name="Toy", block="toy", settings=Settings, endpoint="https://toy.example")


@dataclass
class Scene:
    server: ObjectServer
    watches: SecretWatches
    changed: list[str] = field(default_factory=list)

    def follow(self, *providers: Provider) -> None:
        self.watches.follow((provider, KIND) for provider in providers)

    @property
    def watched(self) -> set[str]:
        """Namespace and name, as the API server sees it."""
        return {f"{watch.path.split('/')[4]}/{watch.name}" for watch in self.server.watches}

    async def until_watched(self, *names: str) -> None:
        await self.server.until(lambda: self.watched >= set(names))


@pytest.fixture
async def scene() -> AsyncIterator[Scene]:
    async with (
        ObjectServer.started() as server,
        KubeClient(ClusterConfig(server.url, None, no_authorization)) as client,
    ):
        changed: list[str] = []
        watches = SecretWatches(client, 30.0, lambda provider: changed.append(provider.name))
        yield Scene(server, watches, changed)
        await watches.close()


def reference(name: str) -> dict[str, Any]:
    return {"secretRef": {"name": name}}


def provider(name: str, namespace: str = "team-a", *, spec: dict[str, Any] | None = None, **toy: Any) -> Provider:
    return Provider(
        namespace=namespace,
        name=name,
        uid=f"{namespace}/{name}",
        resource_version="1",
        generation=1,
        type="Toy",
        endpoint="",
        grants=(),
        spec={"type": "Toy", "toy": {"apiToken": reference(name)} | toy, **(spec or {})},
    )


LAST = provider("last", "team-z")


async def test_what_the_settings_ask_for_is_watched_and_a_change_is_told(scene: Scene) -> None:
    scene.follow(provider("app", signingKey=reference("key")))
    await scene.until_watched("team-a/app", "team-a/key")
    for name in ("app", "key", "other"):
        scene.server.put(f"/api/v1/namespaces/team-a/secrets/{name}", {})

    async def told() -> bool:
        return scene.changed == ["app", "app"]

    await polled(told, 5)


async def test_what_only_looks_like_a_reference_is_not_watched(scene: Scene) -> None:
    many: dict[str, Any] = {f"key-{number}": reference(f"secret-{number}") for number in range(200)}
    scene.follow(provider("app", extra=reference("extra"), **many), provider("b", spec={"slack": many}), LAST)
    await scene.until_watched("team-z/last")
    assert scene.watched == {"team-a/app", "team-a/b", "team-z/last"}


async def test_nothing_is_watched_for_settings_that_cannot_be_read(scene: Scene) -> None:
    scene.follow(provider("app", apiToken={"secretRef": {}}), provider("b", apiToken=reference("../x")), LAST)
    await scene.until_watched("team-z/last")
    assert scene.watched == {"team-z/last"}


async def test_so_many_secrets_of_one_namespace_are_watched_and_those_of_others_besides(scene: Scene) -> None:
    many = [provider(f"app-{number}") for number in range(2 * MOST)]
    scene.follow(*many, LAST)
    await scene.until_watched("team-z/last", *(f"team-a/app-{number}" for number in range(MOST)))
    assert len(scene.watched) == MOST + 1 == 51
    scene.follow(*many[MOST:], LAST)  # room for the others
    await scene.until_watched(*(f"team-a/app-{number}" for number in range(MOST, 2 * MOST)))


async def test_a_secret_that_several_name_is_watched_once(scene: Scene) -> None:
    both = [provider(name, apiToken=reference("shared")) for name in ("a", "b")]
    scene.follow(*both)
    await scene.until_watched("team-a/shared")
    assert len(scene.server.watches) == 1
    scene.server.put("/api/v1/namespaces/team-a/secrets/shared", {})

    async def told() -> bool:
        return sorted(scene.changed) == ["a", "b"]

    await polled(told, 5)
