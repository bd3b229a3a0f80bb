"""URLs that users write: which are taken, what a grant calls them, and which lie below a Provider's endpoint."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from yarl import URL

from tekton_integrations import PermanentError
from tekton_integrations.addresses import PATTERN, below, place
from tests.calm import calmly

BASE = "https://hooks.example.com/team-a"


def taken(url: str) -> bool:
    return re.search(PATTERN, url) is not None


@pytest.mark.parametrize(
    "url",
    [
        "https://example.com",
        "https://example.com:8080",
        "http://localhost/",
        "https://[2001:db8::1]:8443/x",
        "https://gitlab.example.com/api/v4/projects/group%2Fname/hooks",
        "https://example.com/.well-known/a..b/...?x=/y&z=%20",
    ],
)
def test_what_is_an_address_is_taken(url: str) -> None:
    assert taken(url)


@pytest.mark.parametrize(
    "url",
    [
        "ftp://example.com",
        "example.com",
        "https://",
        "https://user@example.com/",
        "https://user:password@example.com/",
        "https://example.com/a b",
        "https://example.com/a\n",
        "https://example.com/#x",
        "https://example.com\\@evil.example",
        "https://exämple.com/",
        "https://example.com:123456",
    ],
)
def test_what_is_no_address_or_holds_more_than_one_is_refused(url: str) -> None:
    assert not taken(url)


@pytest.mark.parametrize(
    "path",
    [
        "/..",
        "/./x",
        "/a/../b",
        "/a/%2e%2E/b",
        "/a/.%2e/b",
        "/a/..%2fb",
        "/a%2f..%2Fb",
        "/a/..;/b",
        "/a/%2e%2e;x=1/b",
        "/a/..%5cb",
        "/a/..?b",
    ],
)
def test_a_path_that_a_server_may_take_to_lead_up_is_refused(path: str) -> None:
    assert not taken(f"https://example.com{path}")


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("https://Example.COM/x?y", "example.com"),
        ("https://example.com:443", "example.com"),
        ("https://example.com:8080/x", "example.com:8080"),
        ("http://example.com", "http://example.com"),
        ("http://127.0.0.1:80/", "http://127.0.0.1"),
        ("https://[::1]:8443", "[::1]:8443"),
    ],
)
def test_a_grant_names_host_and_port_and_whether_nothing_is_encrypted(url: str, shown: str) -> None:
    assert place(url) == shown


@pytest.mark.parametrize("url", ["https://a:99999", "x", "ftp://a/", "", "https://", "https://[::/"])
def test_what_leads_nowhere_is_refused_with_what_to_write(url: str) -> None:
    with pytest.raises(PermanentError) as caught:
        place(url)
    assert caught.value.reason == "InvalidAnnotation"
    assert caught.value.message.endswith("is not a URL; write https://host/path")


@pytest.mark.parametrize("url", [BASE, f"{BASE}/", f"{BASE}/x?y", f"{BASE}?x", "https://HOOKS.example.com:443/team-a"])
def test_what_is_at_the_base_or_beneath_it_is_below(url: str) -> None:
    assert below(url, BASE)


@pytest.mark.parametrize(
    "url",
    [
        "https://hooks.example.com/team-ab",
        "https://hooks.example.com/",
        "https://hooks.example.com/team-b?/team-a",
        "http://hooks.example.com/team-a",
        "https://hooks.example.com:8443/team-a",
        "https://hooks.example.com.evil.example/team-a",
    ],
)
def test_what_is_beside_it_is_not_below(url: str) -> None:
    assert not below(url, BASE)


@calmly
@given(st.text(st.sampled_from("/.%2eEfF5cC;?ab"), max_size=30))
def test_whatever_is_taken_and_lies_below_stays_there_however_a_server_reads_it(rest: str) -> None:
    url = f"{BASE}/{rest}"
    if taken(url) and below(url, BASE):
        path = URL(url, encoded=True).raw_path.replace("%2f", "/").replace("%2F", "/").replace("%5c", "/")
        plain = path.replace("%5C", "/").replace("%2e", ".").replace("%2E", ".")
        parts = [part.partition(";")[0] for part in plain.split("/")]
        assert not {".", ".."} & set(parts)
