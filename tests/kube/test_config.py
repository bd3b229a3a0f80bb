"""How the API server is reached from outside a cluster: kubeconfig files. In a pod: test_config_in_cluster.py."""

import json
import ssl
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from aiohttp import web

from hack.testbed.certificates import Authority
from tekton_integrations.kube.client import ApiError, KubeClient
from tekton_integrations.kube.config import ConfigError, KubeconfigToken, load
from tests.kube.tls import self_signed
from tests.loopback import serving


async def who(request: web.BaseRequest) -> web.Response:
    """Tells who asks, by token and by certificate."""
    certificate = request.get_extra_info("peercert") or {}
    subject = dict(pair for part in certificate.get("subject", ()) for pair in part)
    return web.json_response({"token": request.headers.get("Authorization"), "name": subject.get("commonName")})


@pytest.fixture
async def url() -> AsyncIterator[str]:
    async with serving(who) as url:
        yield url


def kubeconfig(folder: Path, server: str, user: dict[str, Any], **cluster: Any) -> str:
    path = folder / "kubeconfig"
    made = {
        "current-context": "here",
        "contexts": [{"name": "here", "context": {"cluster": "one", "user": "me"}}],
        "clusters": [{"name": "one", "cluster": {"server": server} | cluster}],
        "users": [{"name": "me", "user": user}],
    }
    path.write_text(yaml.safe_dump(made))
    return str(path)


async def seen(path: str) -> Any:
    """As whom the API server sees us."""
    async with KubeClient(await load(path)) as client:
        return json.loads(await client.get("/version"))


async def problem(path: str) -> str:
    with pytest.raises(ConfigError) as caught:
        await load(path)
    return str(caught.value)


def plugin(folder: Path, status: dict[str, Any]) -> dict[str, Any]:
    """An exec plug-in whose tokens are numbered."""
    answer = {"apiVersion": "client.authentication.k8s.io/v1", "kind": "ExecCredential", "status": status}
    script = folder / "plugin.sh"
    script.write_text(
        f"#!/bin/sh\necho x >> {folder}/calls\nn=$(wc -l < {folder}/calls | tr -d ' ')\n"
        f"sed \"s/NUMBER/$n/\" <<'END'\n{json.dumps(answer)}\nEND\n"
    )
    script.chmod(0o755)
    return {"exec": {"apiVersion": answer["apiVersion"], "command": str(script), "interactiveMode": "Never"}}


async def test_a_token_is_sent(tmp_path: Path, url: str) -> None:
    assert await seen(kubeconfig(tmp_path, url, {"token": "abc"})) == {"token": "Bearer abc", "name": None}


async def test_a_slash_at_the_end_of_the_server_does_no_harm(tmp_path: Path, url: str) -> None:
    assert (await seen(kubeconfig(tmp_path, f"{url}/", {"token": "abc"})))["token"] == "Bearer abc"


async def test_the_file_named_by_the_environment_is_used(
    tmp_path: Path, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("KUBERNETES_SERVICE_HOST", raising=False)
    assert (await load(kubeconfig(tmp_path, url, {}))).url == url


async def test_a_named_file_goes_before_the_pod_s_own_account(
    tmp_path: Path, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KUBERNETES_SERVICE_HOST", "10.0.0.1")
    assert (await load(kubeconfig(tmp_path, url, {}))).url == url


async def test_a_client_certificate_is_shown_to_a_server_that_is_verified(tmp_path: Path) -> None:
    authority, mine = Authority(tmp_path), self_signed(tmp_path, "ada")
    server = authority.issue("server")
    tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=str(mine.certificate))
    tls.load_cert_chain(server.certificate, server.key)
    tls.verify_mode = ssl.CERT_REQUIRED
    user = {"client-certificate": str(mine.certificate), "client-key": str(mine.key)}
    async with serving(who, tls) as url:
        known = kubeconfig(tmp_path, url, user, **{"certificate-authority": str(authority.file)})
        assert await seen(known) == {"token": None, "name": "ada"}
        unknown = kubeconfig(tmp_path, url, user)
        with pytest.raises(ApiError, match="certificate"):
            await seen(unknown)
        careless = kubeconfig(tmp_path, url, user, **{"insecure-skip-tls-verify": True})
        assert (await seen(careless))["name"] == "ada"


async def test_an_exec_plug_in_is_run_for_its_token(tmp_path: Path, url: str) -> None:
    user = plugin(tmp_path, {"token": "plugged-NUMBER"})
    assert (await seen(kubeconfig(tmp_path, url, user)))["token"] == "Bearer plugged-1"


async def test_a_token_that_has_not_expired_is_used_again(tmp_path: Path, url: str) -> None:
    user = plugin(tmp_path, {"token": "plugged-NUMBER", "expirationTimestamp": "2999-01-01T00:00:00Z"})
    config = await load(kubeconfig(tmp_path, url, user))
    assert [await config.authorization() for _ in range(3)] == ["Bearer plugged-1"] * 3


async def test_an_exec_plug_in_is_run_again_after_a_while(tmp_path: Path, url: str) -> None:
    token = KubeconfigToken(kubeconfig(tmp_path, url, plugin(tmp_path, {"token": "plugged-NUMBER"})), max_age=0)
    assert [await token.header() for _ in range(2)] == ["Bearer plugged-1", "Bearer plugged-2"]


async def test_a_file_that_breaks_later_leaves_the_token_as_it_was(tmp_path: Path, url: str) -> None:
    token = KubeconfigToken(kubeconfig(tmp_path, url, {"token": "abc"}), max_age=0)
    assert await token.header() == "Bearer abc"
    (tmp_path / "kubeconfig").write_text("{")
    assert await token.header() == "Bearer abc"


async def test_an_exec_plug_in_that_is_not_there_is_told(tmp_path: Path, url: str) -> None:
    user = {"exec": {"apiVersion": "client.authentication.k8s.io/v1", "command": "/no/such/plugin"}}
    assert "/no/such/plugin" in await problem(kubeconfig(tmp_path, url, user))


async def test_a_file_that_is_not_there_is_told_with_the_cure(tmp_path: Path) -> None:
    message = await problem(str(tmp_path / "none"))
    assert message.startswith("no usable kubeconfig (")
    assert message.endswith("): set KUBECONFIG, pass --kubeconfig, or run in a cluster")


async def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    assert str(tmp_path / "none") in await problem(str(tmp_path / "none"))


@pytest.mark.parametrize(
    ("text", "said"),
    [("kind: Config", "current-context"), ("{current-context: x, contexts: [], clusters: []}", "name x")],
)
async def test_a_file_that_is_not_complete_is_told(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "kubeconfig"
    path.write_text(text)
    message = await problem(str(path))
    assert said in message
    assert str(path) in message


@pytest.mark.parametrize("text", ["", "{", "[]", "a: b: c"])
async def test_a_file_that_is_no_kubeconfig_is_told(tmp_path: Path, text: str) -> None:
    path = tmp_path / "kubeconfig"
    path.write_text(text)
    assert "kubeconfig" in await problem(str(path))


async def test_an_authority_that_is_not_there_is_told(tmp_path: Path) -> None:
    path = kubeconfig(tmp_path, "https://127.0.0.1:1", {}, **{"certificate-authority": "/no/such/ca"})
    assert "/no/such/ca" in await problem(path)


async def test_an_authority_that_is_none_is_told(tmp_path: Path) -> None:
    (tmp_path / "ca").write_text("none")
    path = kubeconfig(tmp_path, "https://127.0.0.1:1", {}, **{"certificate-authority": str(tmp_path / "ca")})
    assert "kubeconfig" in await problem(path)
