"""Which repository a URL leads to: never another one than git would clone, and never what is no repository."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from tekton_integrations_github.addresses import Address, parse, served

from tests.calm import calmly

API = Address("github.com", "acme", "api")


@pytest.mark.parametrize(
    "url",
    [
        "https://github.com/acme/api",
        "https://github.com/acme/api/",
        "https://github.com/acme/api.git",
        "https://github.com/acme/api.git/",
        "http://github.com/acme/api",
        "https://github.com:443/acme/api.git",
        "https://GitHub.com/acme/api",
        "HTTPS://github.com/acme/api",
        "https://www.github.com/acme/api",
        "https://jane@github.com/acme/api",
        "https://x-access-token:ghs_0123@github.com/acme/api.git",
        "https://jane:p%40ss@github.com/acme/api.git",
        "git://github.com/acme/api.git",
        "ssh://git@github.com/acme/api.git",
        "ssh://git@github.com:22/acme/api.git",
        "ssh://git@ssh.github.com:443/acme/api.git",
        "git@github.com:acme/api.git",
        "git@github.com:acme/api",
        "git@github.com:/acme/api.git",
        "github.com:acme/api.git",
        "org-123@github.com:acme/api.git",
    ],
)
def test_every_spelling_that_git_clones_leads_to_the_repository(url: str) -> None:
    assert parse(url) == API


@pytest.mark.parametrize(
    ("url", "address"),
    [
        ("https://github.example.com/acme/api", ("github.example.com", "acme", "api")),
        ("https://127.0.0.1:8080/acme/api", ("127.0.0.1", "acme", "api")),
        ("https://intranet/acme/api", ("intranet", "acme", "api")),
        ("https://github.com/acme/.github", ("github.com", "acme", ".github")),
        ("https://github.com/acme/a.b.git", ("github.com", "acme", "a.b")),
        ("https://github.com/acme/git", ("github.com", "acme", "git")),
        ("https://gitlab.com/acme/api", ("gitlab.com", "acme", "api")),
        # Whoever stands before the @ is a user, however much it looks like a host.
        ("https://github.com@evil.example/acme/api", ("evil.example", "acme", "api")),
        ("https://github.com:443@evil.example/acme/api", ("evil.example", "acme", "api")),
        ("github.com@evil.example:acme/api", ("evil.example", "acme", "api")),
    ],
)
def test_the_host_is_the_one_that_would_be_asked(url: str, address: tuple[str, str, str]) -> None:
    assert parse(url) == address


@pytest.mark.parametrize(
    "url",
    [
        "",
        "acme/api",
        "github.com/acme/api",
        "https://github.com",
        "https://github.com/acme",
        "https://github.com/acme/",
        "https://github.com//acme/api",
        "https://github.com/acme//api",
        "https://github.com/acme/api//",
        "https://github.com/acme/api/tree/main",
        "https://github.com/group/acme/api",
        "https://api.github.com/repos/acme/api",
        "https://github.com/acme/api?ref=main",
        "https://github.com/acme/api#readme",
        "https://github.com/acme/api\n",
        "\nhttps://github.com/acme/api",
        " https://github.com/acme/api",
        "https://github.com/acme/api https://github.com/acme/other",
        "https://github.com/acme/..",
        "https://github.com/acme/.",
        "https://github.com/../api",
        "https://github.com/acme/.git",
        "https://github.com/acme/api.git.git",
        "https://github.com/acme%2fapi",
        "https://github.com/acme/api%2fother",
        "https://github.com/acme/%61pi",
        "https://github.com/acme/ápi",
        "https://github.com/аcme/api",  # noqa: RUF001  (the first letter is Cyrillic)
        "https://gıthub.com/acme/api",  # noqa: RUF001  (an i without its dot)
        "https://github。com/acme/api",
        "https://github.com/acme/api\u202e",
        "https://github.com\\@evil.example/acme/api",
        "https://evil.example\\@github.com/acme/api",
        "https://a@b@github.com/acme/api",
        "https://github.com:port/acme/api",
        "https://[::1]/acme/api",
        "https://-github.com/acme/api",
        "https://github..com/acme/api",
        "https:/github.com/acme/api",
        "https:acme/api",
        "C:/acme/api",
        "file:///acme/api",
        "ftp://github.com/acme/api",
        "git@github.com:acme/api.git:evil",
        "git@github.com:2222/acme/api",
        "ext::sh -c true% github.com:acme/api",
        "$(params.url)",
        "https://github.com/" + "a" * 2000 + "/api",
    ],
)
def test_what_is_not_plainly_the_address_of_a_repository_is_none(url: str) -> None:
    assert parse(url) is None


WORDS = ["https://", "ssh://", "git@", "github.com", "evil.example", ":", "/", "//", "@", "\\", "acme", "api", ".git"]
pieces = st.sampled_from([*WORDS, "..", ".", "%2f", "?", "#", "443", "-", "\n", " ", "\u202e", "аcme", "ı"])  # noqa: RUF001
urls = st.text(max_size=60) | st.lists(pieces, max_size=14).map("".join)


@calmly
@example("https://github.com/acme/api.git/")
@given(urls)
def test_whatever_is_found_the_url_says_it(url: str) -> None:
    found = parse(url)
    if found is None:
        return
    assert url.isascii()
    assert found.owner in url
    assert found.repo in url
    assert (found.host in url.lower()) or found.host == "github.com"
    assert found.repo not in (".", "..")
    # Behind the host there are these two and nothing more.
    path = f"{found.owner}/{found.repo}"
    assert url.removesuffix("/").removesuffix(".git").removesuffix("/").endswith((f"/{path}", f":{path}"))


@calmly
@given(
    owner=st.from_regex(r"\A[A-Za-z0-9](-?[A-Za-z0-9_]){0,20}\Z"),
    repo=st.from_regex(r"\A[A-Za-z0-9._-]{1,40}\Z").filter(
        lambda repo: repo not in (".", "..") and not repo.lower().endswith(".git")
    ),
    form=st.sampled_from(
        ["https://{}/{}/{}", "https://u:p@{}/{}/{}.git", "ssh://git@{}:22/{}/{}.git", "git@{}:{}/{}.git"]
    ),
    host=st.sampled_from(["github.com", "github.example.com", "127.0.0.1"]),
)
def test_every_repository_is_found_in_its_urls(owner: str, repo: str, form: str, host: str) -> None:
    assert parse(form.format(host, owner, repo)) == (host, owner, repo)


def test_spellings_of_one_repository_are_the_same() -> None:
    found = parse("git@github.com:Acme/API.git")
    assert found is not None
    assert found.key == API.key


def test_a_megabyte_is_read_in_no_time() -> None:
    for text in (
        "https://" + "a" * 10**6,
        "a." * 10**6,
        "https://" + "a-" * 400 + "!",
        "a" * 900 + ":" + "b" * 90 + "!",
    ):
        assert parse(text) is None


@pytest.mark.parametrize(
    ("endpoint", "host"),
    [
        ("https://api.github.com", "github.com"),
        ("https://API.github.com/", "github.com"),
        ("https://github.example.com/api/v3", "github.example.com"),
        ("https://api.example.com:8443/api/v3", "api.example.com"),
        ("https://api.octocorp.ghe.com", "octocorp.ghe.com"),
        ("http://127.0.0.1:4711", "127.0.0.1"),
    ],
)
def test_an_endpoint_serves_the_host_that_people_see(endpoint: str, host: str) -> None:
    assert served(endpoint) == host
