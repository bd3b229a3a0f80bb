"""What a call needs its token for: the permissions to ask for, in GitHub's words and in those of its pages."""

import re

import msgspec

# As GitHub's settings pages call them, where that is not the permission's own name.
_TITLES = {"statuses": "Commit statuses"}
_PAIR = re.compile(r"([a-z_]{1,60})=(read|write|admin)")


class Need(msgspec.Struct, frozen=True, kw_only=True):
    """`permissions`: sets of which each would do, the best first. `makes`: a path of its usual POST, for its quota.
    `comments`: what it writes counts as content."""

    name: str
    permissions: tuple[dict[str, str], ...]
    makes: str = ""
    comments: bool = False

    @property
    def title(self) -> str:
        """As people find it on GitHub's pages: "`Checks: write`"."""
        return " or ".join(titles(each) for each in self.permissions)


def titles(permissions: dict[str, str]) -> str:
    return " and ".join(f"`{_title(name)}: {level}`" for name, level in permissions.items())


def accepted(header: str) -> str:
    """GitHub's `x-accepted-github-permissions` as people read it; empty where it says nothing that we understand.

    `;` separates what would do, `,` what is needed together; see
    https://docs.github.com/en/rest/using-the-rest-api/troubleshooting-the-rest-api
    """
    alternatives = [dict(_PAIR.findall(part)) for part in header[:1000].split(";")]
    return " or ".join(titles(each) for each in alternatives if each)


def _title(name: str) -> str:
    return _TITLES.get(name, name.replace("_", " ").capitalize())


CHECKS = Need(name="checks", permissions=({"checks": "write"},), makes="/check-runs")
STATUSES = Need(name="statuses", permissions=({"statuses": "write"},), makes="/statuses/*")
# A pull request is an issue, and either permission opens its comments.
COMMENTS = Need(
    name="comments",
    permissions=({"pull_requests": "write"}, {"issues": "write"}),
    makes="/issues/*/comments",
    comments=True,
)
DEPLOYMENTS = Need(name="deployments", permissions=({"deployments": "write"},), makes="/deployments")
