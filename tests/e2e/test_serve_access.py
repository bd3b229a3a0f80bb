"""Who may read what: users of the Secret, the listener's user, tokens of Kubernetes, and strangers. Decided before
anything is looked up."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import yaml

from hack.testbed import Kubelet, TestBed
from tekton_integrations.web.passwords import hashed
from tests.e2e.handmade import Handmade
from tests.e2e.served import ACCOUNT, HOME, basic, bind, may_read_logs, served

SECRET = "correct horse"


def user(name: str, password: str, *namespaces: str) -> dict[str, Any]:
    return {"name": name, "password": hashed(password), "namespaces": list(namespaces)}


class Asking:
    """Somebody with credentials."""

    def __init__(self, session: aiohttp.ClientSession, url: str, header: str = "") -> None:
        self._session, self._url, self._header = session, url, header

    async def get(self, path: str) -> tuple[int, str]:
        headers = {"Authorization": self._header} if self._header else {}
        async with self._session.get(self._url + path, headers=headers) as answer:
            return answer.status, await answer.text()

    async def code(self, path: str) -> int:
        return (await self.get(path))[0]


@pytest.fixture(scope="module")
def users(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("users")


@pytest.fixture(scope="module")
async def url(bed: TestBed, users: Path) -> AsyncIterator[str]:
    settings = {"users": users, "tokens": True, "username": "listener", "password": SECRET, "namespace": "default"}
    async with served(bed, insecure=False, **settings) as url:
        yield url


@pytest.fixture
async def run(bed: TestBed, kubelet: Kubelet, namespace: str) -> Handmade:
    """One that has succeeded, with a log that may be read by the service."""
    await may_read_logs(bed, namespace)
    run = Handmade(bed, kubelet, namespace, "demo")
    await run.create()
    await run.task("build")
    run.write("build", "written")
    await run.end("build")
    await run.finish()
    return run


def paths(run: Handmade, name: str = "") -> tuple[str, str]:
    root = f"/namespaces/{run.namespace}"
    return f"{root}/status/{name or run.name}", f"{root}/logs/{name or run.name}?wait=0"


async def test_a_stranger_learns_nothing_not_even_which_runs_there_are(
    url: str, session: aiohttp.ClientSession, run: Handmade
) -> None:
    for header in (
        "",
        basic("nobody", SECRET),
        basic("listener", "wrong"),
        "Basic ???",
        "Bearer x",
        "Bearer ",
        "Digest x",
    ):
        stranger = Asking(session, url, header)
        answers = {await stranger.get(path) for name in ("demo", "none") for path in paths(run, name)}
        assert len(answers) == 1
        assert answers.pop()[0] == 401
    async with session.get(url + paths(run)[0]) as answer:
        assert answer.headers.getall("WWW-Authenticate")[0].startswith("Basic realm=")


async def test_a_user_reads_the_namespaces_beside_the_name(
    url: str, session: aiohttp.ClientSession, users: Path, run: Handmade
) -> None:
    written = [user("one", SECRET, run.namespace), user("all", SECRET, "*"), user("other", SECRET, "elsewhere")]
    (users / "team.yaml").write_text(yaml.safe_dump({"users": written}))
    for name in ("one", "all"):
        reader = Asking(session, url, basic(name, SECRET))
        assert [await reader.code(path) for path in paths(run)] == [200, 200]
        assert [await reader.code(path) for path in paths(run, "none")] == [404, 404]
    for header in (basic("other", SECRET), basic("listener", SECRET)):
        reader = Asking(session, url, header)
        answers = {await reader.get(path) for name in ("demo", "none") for path in paths(run, name)}
        assert {code for code, _ in answers} == {403}
        assert len(answers) == 2  # one for status, one for logs, whether or not there is such a run
    assert await Asking(session, url, basic("listener", SECRET)).code("/status/none") == 404


async def test_a_password_that_was_changed_counts_at_once_and_a_broken_file_changes_nothing(
    url: str, session: aiohttp.ClientSession, users: Path, run: Handmade
) -> None:
    path = paths(run)[0]
    (users / "team.yaml").write_text(yaml.safe_dump({"users": [user("changing", SECRET, "*")]}))
    before, after = Asking(session, url, basic("changing", SECRET)), Asking(session, url, basic("changing", "new"))
    assert [await before.code(path), await after.code(path)] == [200, 401]
    (users / "team.yaml").write_text(yaml.safe_dump({"users": [user("changing", "new", "*")]}))
    assert [await before.code(path), await after.code(path)] == [401, 200]
    (users / "team.yaml").write_text("users: [{name: changing, password: plain}]")
    assert await after.code(path) == 200
    (users / "team.yaml").write_text("users: []")
    assert await after.code(path) == 401


async def test_a_token_reads_what_its_account_may(
    bed: TestBed, url: str, session: aiohttp.ClientSession, run: Handmade
) -> None:
    await bed.apply(account(run.namespace, "reader"), account(run.namespace, "tail"))
    viewer = {"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "Role"}
    rules = [{"apiGroups": ["tekton.dev"], "resources": ["pipelineruns"], "verbs": ["get"]}]
    await bed.apply(viewer | {"metadata": {"name": "viewer", "namespace": run.namespace}, "rules": rules})
    role = {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": "viewer"}
    await bind(bed, run.namespace, role, "reader", run.namespace)
    await may_read_logs(bed, run.namespace, "tail", run.namespace)
    reader = Asking(session, url, f"Bearer {await bed.token(run.namespace, 'reader')}")
    assert [await reader.code(path) for path in paths(run)] == [200, 403]
    assert [await reader.code(path) for path in paths(run, "none")] == [404, 403]
    tail = Asking(session, url, f"Bearer {await bed.token(run.namespace, 'tail')}")
    assert [await tail.code(path) for path in paths(run)] == [403, 200]
    assert "[build : run] written" in (await tail.get(paths(run)[1]))[1]


async def test_tokens_may_have_to_be_made_for_the_service(bed: TestBed, session: aiohttp.ClientSession) -> None:
    spec = {"audiences": ["runs.example.com"], "expirationSeconds": 600}
    path = f"/api/v1/namespaces/{HOME}/serviceaccounts/{ACCOUNT}/token"
    async with served(bed, insecure=False, tokens=True, audience="runs.example.com") as url:
        made = await bed.request("POST", path, {"spec": spec})
        token = made["status"]["token"]
        assert await Asking(session, url, f"Bearer {token}").code("/status/none?namespace=default") == 404
        usual = await bed.token(HOME, ACCOUNT)
        assert await Asking(session, url, f"Bearer {usual}").code("/status/none?namespace=default") == 401


async def test_who_guesses_passwords_has_to_wait_and_nobody_else(bed: TestBed, session: aiohttp.ClientSession) -> None:
    async with served(bed, insecure=False, username="ci", password=SECRET) as url:
        for _ in range(5):
            assert await Asking(session, url, basic("ci", "guess")).code("/status/x") == 401
        async with session.get(f"{url}/status/x", headers={"Authorization": basic("ci", "guess")}) as answer:
            assert (answer.status, 0 < int(answer.headers["Retry-After"]) <= 60) == (429, True)
        assert await Asking(session, url, basic("ci", SECRET)).code("/status/x") == 429
        assert await Asking(session, url, basic("somebody", "else")).code("/status/x") == 401


async def test_the_service_asks_for_nothing_that_it_may_not_have(bed: TestBed) -> None:
    """But for pods and logs of namespaces that have not bound the role, which it may not know before."""
    entries = bed.audit(user=f"system:serviceaccount:{HOME}:{ACCOUNT}")
    refused = [each for each in entries if each["annotations"].get("authorization.k8s.io/decision") == "forbid"]
    other = [each["requestURI"] for each in refused if each["objectRef"]["resource"] != "pods"]
    assert not other, "\n".join(other)
    assert {each["objectRef"]["resource"] for each in entries} >= {"tokenreviews", "subjectaccessreviews"}


def account(namespace: str, name: str) -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": name, "namespace": namespace}}
