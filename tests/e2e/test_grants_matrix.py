"""Who may show what where: every combination of namespace, Provider's place, grant, target and name, on the real API
server and by one App of GitHub that sees all. What GitHub shows in the end is compared with an oracle.
"""

import asyncio
import hashlib
import itertools
import re
import uuid
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import pytest

from hack import objects
from hack.controller import NAMESPACE, SERVICE_ACCOUNT, Controller
from hack.testbed import ApiError, TestBed
from hack.testbed.api import polled
from tests.e2e.kinds import Made, Wanted, asking, looks
from tests.e2e.stage import GROUP, Stage, condition
from tests.sizes import sized

Object = dict[str, Any]
RBAC = "rbac.authorization.k8s.io"
A, B, NEAR, SHARED = "team-a", "team-b", "team-a-2", NAMESPACE
TEAMS = (A, B, NEAR)
# NEAR has labels like those of A, but none that a grant names.
LABELS: Mapping[str, Mapping[str, str]] = {
    A: {"tenant": "a", "tier": "prod"},
    B: {"tenant": "b", "tier": "prod"},
    NEAR: {"tenant": "aa", "tier": "prod"},
}
TARGETS = ("acme/api", "acme/web", "other/secret")
NAMES = ("Tekton / build", "deploy")
ANY = ["*"]


def by_name(*namespaces: str, targets: list[str], names: list[str] | None = ANY) -> Object:
    return {"namespaces": list(namespaces), "targets": targets} | ({} if names is None else {"names": names})


def by_label(labels: Mapping[str, str], targets: list[str], names: list[str] = ANY) -> Object:
    return {"namespaceSelector": {"matchLabels": dict(labels)}, "targets": targets, "names": names}


# Of each: the grants of one Provider.
GRANTS: dict[str, list[Object]] = {
    "none": [],
    "one": [by_name(A, targets=["acme/api"], names=["Tekton / *"])],
    "other": [by_name(B, targets=["acme/*"])],
    "cartesian": [by_name(A, targets=["acme/api"], names=["deploy"]), by_name(B, targets=["acme/web"])],
    "both": [by_name(A, B, targets=["acme/api", "other/*"], names=["deploy"])],
    "label": [by_label({"tenant": "a"}, ["acme/*"])],
    "labels": [by_label({"tenant": "a", "tier": "prod"}, ANY, ["deploy"]), by_label({"tenant": "a", "x": "y"}, ANY)],
    "label-or-name": [by_name(B, targets=["acme/web"]) | by_label({"tenant": "a"}, ["acme/web"])],
    "everybody": [by_name("*", targets=["acme/api"])],
    "prefix": [by_name(f"{A}*", targets=["*/secret"])],
    "any-name": [by_name(A, targets=["acme/web"], names=None)],
    "no-name": [by_name(A, targets=ANY, names=[])],
    "no-target": [by_name("*", targets=[])],
    "capitals": [by_name(B, targets=["ACME/Api"])],
    "names-in-small": [by_name("*", targets=ANY, names=["tekton / *", "Deploy"])],
    "no-regex": [by_name("team-.", "team-?", "[a-z]*", targets=ANY), by_name(B, targets=["acme/...", "acme/a?i"])],
}
# Besides one Provider of each of these in each place, under a name of its own, some have their name in all places.
TWINS = (("one", "other", "label"), ("other", "one", "cartesian"), ("cartesian", "both", "everybody"))
PLACES = (A, B, SHARED)


@dataclass(frozen=True, kw_only=True)
class Cell:
    namespace: str
    provider: str
    target: str
    name: str

    @property
    def sha(self) -> str:
        return hashlib.sha1(repr(self).encode(), usedforsecurity=False).hexdigest()

    @property
    def shown(self) -> tuple[str, str, str]:
        return self.target, self.sha, self.name


Providers = Mapping[tuple[str, str], list[Object]]
PROVIDERS: Providers = {
    **{(place, f"{grant}-in-{place}"): GRANTS[grant] for place in PLACES for grant in GRANTS},
    **{
        (place, f"twin-{n}"): GRANTS[grant]
        for n, twin in enumerate(TWINS)
        for place, grant in zip(PLACES, twin, strict=True)
    },
}


def fits(text: str, patterns: Iterable[str]) -> bool:
    return any(re.fullmatch(".*".join(map(re.escape, pattern.split("*"))), text) for pattern in patterns)


def permits(grant: Object, cell: Cell) -> bool:
    selected = grant.get("namespaceSelector", {}).get("matchLabels", {})
    mine = fits(cell.namespace, grant.get("namespaces", [])) or (
        bool(selected) and all(LABELS[cell.namespace].get(key) == value for key, value in selected.items())
    )
    there = fits(cell.target, [pattern.lower() for pattern in grant["targets"]])
    return mine and there and fits(cell.name, grant.get("names", ANY))


def oracle(cell: Cell) -> str:
    """The place of the Provider by which it is shown; empty where it must not be."""
    places = [place for place in (cell.namespace, SHARED) if (place, cell.provider) in PROVIDERS]
    permitting = [p for p in places if any(permits(grant, cell) for grant in PROVIDERS[p, cell.provider])]
    return permitting[0] if permitting else ""


def sharp(cell: Cell) -> bool:
    """Of Providers that are out of reach, only cells that one in reach would permit."""
    places = [place for place, name in PROVIDERS if name == cell.provider]
    within = any(place in (cell.namespace, SHARED) for place in places)
    return within or any(permits(grant, cell) for place in places for grant in PROVIDERS[place, cell.provider])


ALL_CELLS = [
    cell
    for namespace, provider, target, name in itertools.product(
        TEAMS, sorted({name for _, name in PROVIDERS}), TARGETS, NAMES
    )
    if sharp(cell := Cell(namespace=namespace, provider=provider, target=target, name=name))
]
# Ordinarily every fifth, so that each target and name comes with each place, grant and namespace sooner or later.
CELLS = ALL_CELLS[:: sized(5, 1)]


class Teams:
    """The namespaces, under names that no other test has."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self.mark = uuid.uuid4().hex[:6]

    def real(self, namespace: str) -> str:
        return namespace if namespace == SHARED else f"{self.mark}-{namespace}"

    async def create(self, namespace: str) -> None:
        name, bed = self.real(namespace), self.stage.bed
        await bed.request("POST", "/api/v1/namespaces", {"metadata": {"name": name, "labels": LABELS[namespace]}})
        subject = {"kind": "ServiceAccount", "name": SERVICE_ACCOUNT, "namespace": NAMESPACE}
        role = {"apiGroup": RBAC, "kind": "ClusterRole", "name": "tekton-integrations-secrets"}
        binding = {"metadata": {"name": "secrets"}, "roleRef": role, "subjects": [subject]}
        await bed.request("POST", f"/apis/{RBAC}/v1/namespaces/{name}/rolebindings", binding)
        await bed.apply(objects.github_app_secret(name, "github-app", self.stage.app.private_key_pem))

    def provider(self, place: str, name: str) -> Object:
        grants = [
            grant
            | ({"namespaces": [self._pattern(each) for each in named]} if (named := grant.get("namespaces")) else {})
            for grant in PROVIDERS[place, name]
        ]
        made = objects.github_app(
            self.real(place), name, app_id=7, secret="github-app", endpoint=self.stage.github.url, grants=grants
        )
        made["metadata"]["labels"] = {"matrix": self.mark}
        return made

    def _pattern(self, pattern: str) -> str:
        return pattern if pattern == "*" else f"{self.mark}-{pattern}"

    async def run(self, number: int, cell: Cell) -> None:
        owner, repo = cell.target.split("/")
        given = asking(cell.sha, owner=owner, repo=repo, name=cell.name, provider=cell.provider)
        wanted = Wanted(namespace=self.real(cell.namespace), name=f"cell-{number}", annotations=given)
        await Made.create(self.stage.bed, wanted)

    async def judged(self, controller: Controller) -> dict[Cell, Object]:
        """The records of all cells, once each says whether it is shown."""

        async def looked() -> bool:
            return await looks(controller) >= len(CELLS)

        async def probe() -> dict[Cell, Object] | None:
            found = [r for team in TEAMS for r in await self.stage.records(self.real(team))]
            done = {CELLS[int(r["spec"]["runRef"]["name"].partition("-")[2])]: r for r in found if _decided(r)}
            return done if len(done) == len(CELLS) else None

        await polled(looked, 90)  # costs less than the records do
        return await polled(probe, 30)


def _decided(record: Object) -> bool:
    said = condition(record)
    return (said["status"], said["reason"]) == ("Unknown", "InProgress") or said["status"] == "False"


@pytest.fixture
async def teams(bed: TestBed, stage: Stage) -> AsyncIterator[Teams]:
    teams = Teams(stage)
    for target in TARGETS[1:]:
        stage.github.add_repository(target, installation_of=stage.app, permissions={"checks": "write"})
    for target in TARGETS:
        stage.github.accept_any_commit(target)
    for team in TEAMS:
        await teams.create(team)
    await asyncio.gather(*(bed.apply(teams.provider(place, name)) for place, name in PROVIDERS))
    yield teams
    for place in PLACES:
        path = f"{GROUP}/namespaces/{teams.real(place)}/providers"
        await bed.request("DELETE", f"{path}?labelSelector=matrix={teams.mark}")
    for team in TEAMS:
        with suppress(ApiError):
            await bed.request("DELETE", f"/api/v1/namespaces/{teams.real(team)}")


def test_the_oracle_knows_what_the_docs_say() -> None:
    """A few cells by hand, so that two equal mistakes do not cancel out."""

    def at(namespace: str, provider: str, target: str = "acme/api", name: str = "deploy") -> str:
        return oracle(Cell(namespace=namespace, provider=provider, target=target, name=name))

    assert at(A, "cartesian-in-team-a") == A
    assert at(A, "cartesian-in-team-b") == ""
    assert at(A, "cartesian-in-tekton-integrations", "acme/web") == ""
    assert at(B, "cartesian-in-tekton-integrations", "acme/web") == SHARED
    assert at(NEAR, "label-in-tekton-integrations") == ""
    assert at(NEAR, "prefix-in-tekton-integrations", "other/secret") == SHARED
    assert 0.12 < sum(bool(oracle(cell)) for cell in ALL_CELLS) / len(ALL_CELLS) < 0.5


@pytest.mark.sized
async def test_github_shows_what_the_grants_permit_and_nothing_else(teams: Teams) -> None:
    stage = teams.stage
    async with stage.controller("--queued-after", "0") as controller:
        await asyncio.gather(*(teams.run(number, cell) for number, cell in enumerate(CELLS)))
        records = await teams.judged(controller)
    shown = {
        (repository.full_name, commit.sha, run.name)
        for repository, commit in stage.github.world.all_commits()
        for run in commit.runs
    }
    permitted = {cell.shown for cell in CELLS if oracle(cell)}
    assert (shown - permitted, permitted - shown) == (set(), set())
    assert stage.github.counts["POST /repos/{repo}/check-runs"] == len(permitted)
    by = {cell: records[cell]["status"].get("provider", "").partition("/")[0] for cell in CELLS if oracle(cell)}
    assert by == {cell: teams.real(place) for cell in CELLS if (place := oracle(cell))}
    refused = {condition(records[cell])["reason"] for cell in CELLS if not oracle(cell)}
    assert refused == {"NotGranted", "NoProvider"}
