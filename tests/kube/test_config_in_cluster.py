"""How the API server is reached from a pod: the mounted token and the cluster's authority."""

import ssl
import time
from pathlib import Path

import pytest

from hack.testbed.certificates import Authority
from tekton_integrations.kube.config import TOKEN_AGE, ConfigError, MountedToken, load
from tests.virtual_time import run


@pytest.fixture
def mounted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """What the kubelet mounts into a pod."""
    monkeypatch.setenv("KUBERNETES_SERVICE_HOST", "10.0.0.1")
    monkeypatch.delenv("KUBERNETES_SERVICE_PORT", raising=False)
    Authority(tmp_path)  # writes ca.crt
    (tmp_path / "token").write_text("first\n")
    return tmp_path


async def test_in_a_pod_its_own_account_is_used(mounted: Path) -> None:
    config = await load(None, mounted)
    assert (config.url, await config.authorization()) == ("https://10.0.0.1:443", "Bearer first")
    assert config.ssl is not None
    assert (config.ssl.verify_mode, config.ssl.check_hostname) == (ssl.CERT_REQUIRED, True)
    assert len(config.ssl.get_ca_certs()) == 1


@pytest.mark.parametrize(
    ("host", "port", "url"),
    [("10.0.0.1", "6443", "https://10.0.0.1:6443"), ("fd00::1", "443", "https://[fd00::1]:443")],
)
async def test_host_and_port_make_the_url(
    mounted: Path, monkeypatch: pytest.MonkeyPatch, host: str, port: str, url: str
) -> None:
    monkeypatch.setenv("KUBERNETES_SERVICE_HOST", host)
    monkeypatch.setenv("KUBERNETES_SERVICE_PORT", port)
    assert (await load(None, mounted)).url == url


@pytest.mark.parametrize("missing", ["token", "ca.crt"])
async def test_what_is_not_mounted_is_told(mounted: Path, missing: str) -> None:
    (mounted / missing).unlink()
    with pytest.raises(ConfigError) as caught:
        await load(None, mounted)
    assert str(caught.value) == (
        f"in a cluster, but {mounted} can't be read (No such file or directory): does the pod mount its token?"
    )


async def test_an_authority_that_is_none_is_told(mounted: Path) -> None:
    (mounted / "ca.crt").write_text("none")
    with pytest.raises(ConfigError, match="in a cluster, but"):
        await load(None, mounted)


def test_a_rotated_token_is_read_after_a_minute(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    now = 1000.0
    monkeypatch.setattr(time, "monotonic", lambda: now)
    path = tmp_path / "token"
    path.write_text("first")
    token = MountedToken(path)
    assert run(token.header()) == "Bearer first"
    path.write_text("second")
    now += TOKEN_AGE - 1
    assert run(token.header()) == "Bearer first"
    now += 1
    assert run(token.header()) == "Bearer second"
