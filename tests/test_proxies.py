"""Which calls the environment sends through a proxy."""

import pytest

from tekton_integrations.proxies import Proxies

PROXY = "http://proxy.example.com:3128"
URL = "https://ghe.example.com:8443/api/v3"


@pytest.mark.parametrize(
    ("environ", "proxy"),
    [
        ({}, ""),
        ({"HTTPS_PROXY": ""}, ""),
        ({"HTTPS_PROXY": PROXY}, PROXY),
        ({"https_proxy": PROXY}, PROXY),
        ({"HTTPS_PROXY": PROXY, "https_proxy": "http://other:1"}, PROXY),
        ({"HTTPS_PROXY": "proxy.example.com:3128"}, PROXY),
        ({"HTTPS_PROXY": "http://me:secret@proxy:1"}, "http://me:secret@proxy:1"),
        ({"HTTPS_PROXY": "https://proxy:1"}, "https://proxy:1"),
        ({"HTTP_PROXY": PROXY, "ALL_PROXY": PROXY}, ""),
    ],
)
def test_the_proxy_is_that_for_https(environ: dict[str, str], proxy: str) -> None:
    assert Proxies(environ).of(URL) == proxy


def test_what_has_no_tls_has_a_proxy_of_its_own() -> None:
    url = "http://hooks.example.com/x"
    assert Proxies({"HTTP_PROXY": PROXY, "HTTPS_PROXY": "http://other:1"}).of(url) == PROXY
    assert Proxies({"http_proxy": PROXY}).of(url) == PROXY
    assert Proxies({"http_proxy": PROXY, "NO_PROXY": "example.com:80"}).of(url) == ""
    assert Proxies({"ALL_PROXY": PROXY}).of(url) == ""


@pytest.mark.parametrize(
    "value", ["socks5://me:secret@proxy:1", "http://:1", "http://[", "http://me:secret@h:99999", "/"]
)
def test_a_proxy_that_cannot_be_used_is_told_without_its_password(value: str) -> None:
    for name in ("HTTPS_PROXY", "HTTP_PROXY"):
        with pytest.raises(ValueError, match=f"{name} is no URL .* write it as http://host:port") as caught:
            Proxies({name: value})
        assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    "url",
    ["http://localhost:1", "https://localhost", "https://127.0.0.1:1", "https://127.1.2.3", "https://[::1]:1"],
)
def test_loopback_is_never_proxied(url: str) -> None:
    assert Proxies({"HTTPS_PROXY": PROXY, "HTTP_PROXY": PROXY}).of(url) == ""


@pytest.mark.parametrize(
    ("exceptions", "url"),
    [
        ("*", URL),
        ("ghe.example.com", URL),
        ("example.com", URL),
        (".example.com", URL),
        ("*.example.com", URL),
        ("GHE.Example.COM", URL),
        ("a.test, ghe.example.com ,", URL),
        ("ghe.example.com:8443", URL),
        ("example.com:443", "https://ghe.example.com"),
        ("ghe.example.com", "https://GHE.example.com./"),
        ("10.1.2.3", "https://10.1.2.3"),
        ("10.0.0.0/8", "https://10.1.2.3"),
        ("10.1.2.3:443", "https://10.1.2.3"),
        ("fd00::/8", "https://[fd00::1]"),
        ("[fd00::1]", "https://[fd00::1]"),
        ("[fd00::1]:443", "https://[fd00::1]"),
    ],
)
def test_exceptions_are_not_proxied(exceptions: str, url: str) -> None:
    for name in ("NO_PROXY", "no_proxy"):
        assert Proxies({"HTTPS_PROXY": PROXY, name: exceptions}).of(url) == ""


@pytest.mark.parametrize(
    ("exceptions", "url"),
    [
        ("", URL),
        (",", URL),
        ("he.example.com", URL),
        ("ghe.example.com:443", URL),
        (".ghe.example.com", URL),
        ("ghe.example", URL),
        ("10.0.0.0/8", "https://11.1.2.3"),
        ("10.0.0.0/8", URL),
        ("fd00::1", "https://[fd00::2]"),
        ("10.1.2.3:8443", "https://10.1.2.3"),
    ],
)
def test_others_are(exceptions: str, url: str) -> None:
    assert Proxies({"HTTPS_PROXY": PROXY, "NO_PROXY": exceptions}).of(url) == PROXY
