"""Which repository a URL leads to, and which host an API endpoint serves. Strict: what is not plainly the address of a
repository is none, and nothing is unescaped."""

import re
from typing import NamedTuple
from urllib.parse import urlsplit

from tekton_integrations_github.options import HOST

_LONGEST = 1000
_PATH = r"(?P<owner>[A-Za-z0-9_-]+)/(?P<repo>[A-Za-z0-9._-]+?)(?:\.git)?/?"
_URL = re.compile(
    rf"(?:https?|git|ssh)://(?:[A-Za-z0-9._~%-]*(?::[A-Za-z0-9._~%-]*)?@)?(?P<host>{HOST})(?::[0-9]{{1,5}})?/{_PATH}",
    re.ASCII | re.IGNORECASE,
)
# git@github.com:acme/api.git; a host without a dot would be any word before a colon.
_SHORT = re.compile(rf"(?:[A-Za-z0-9._-]+@)?(?P<host>(?=[^:]*\.){HOST}):/?{_PATH}", re.ASCII | re.IGNORECASE)
# Other names of hosts that serve the same repositories.
_SAME = {"www.github.com": "github.com", "ssh.github.com": "github.com"}


class Address(NamedTuple):
    """Owner and repository as they were written; the host in lower case and without a port."""

    host: str
    owner: str
    repo: str

    @property
    def key(self) -> tuple[str, str, str]:
        """The same for all spellings of one repository."""
        return self.host, self.owner.lower(), self.repo.lower()


def parse(url: str) -> Address | None:
    """Of a URL that git can clone from, also the short form `git@github.com:acme/api.git`. None if it is none."""
    found = len(url) <= _LONGEST and (_URL.fullmatch(url) or _SHORT.fullmatch(url))
    if not found or found["repo"] in (".", "..") or found["repo"].lower().endswith(".git"):
        return None
    host = found["host"].lower()
    return Address(_SAME.get(host, host), found["owner"], found["repo"])


def served(endpoint: str) -> str:
    """The host on which people see the repositories of an API: github.com for https://api.github.com."""
    host = (urlsplit(endpoint).hostname or "").lower()
    is_cloud = host == "api.github.com" or (host.startswith("api.") and host.endswith(".ghe.com"))
    return host.removeprefix("api.") if is_cloud else host
