"""URLs that users write: which are taken, where they lead in the words of grants, and which lie below others. Pure."""

from yarl import URL

from tekton_integrations.errors import PermanentError

MAX_URL = 2048
_HOST = r"([A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?(\.[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?)*|\[[0-9A-Fa-f:.]+\])"
# `.` and `..` as servers may understand them, also in part encoded, or with parameters, which Tomcat takes off:
# https://url.spec.whatwg.org/#single-dot-path-segment
_SLASH, _DOT = r"(/|%2[Ff]|%5[Cc])", r"(\.|%2[Ee])"
_UP = rf"{_SLASH}{_DOT}{{1,2}}({_SLASH}|[?;]|\Z)"
# http or https, without a user, white space, a fragment, or a path that leads up.
PATTERN = rf"\Ahttps?://{_HOST}(:[0-9]{{1,5}})?(?!\S*{_UP})([/?][!$-;=?-\[\]_a-z~]*)?\Z"


def place(url: str) -> str:
    """What a grant names as target: `example.com`, `example.com:8080`; with `http://` before it where nothing is
    encrypted. Raises PermanentError(InvalidAnnotation) for what is no URL."""
    try:
        found = URL(url, encoded=True)
        host, port, default = found.host, found.explicit_port, found.is_default_port()
    except ValueError as error:
        raise PermanentError("InvalidAnnotation", f"{url!r} is not a URL; write https://host/path") from error
    if not host or found.scheme not in ("http", "https"):
        raise PermanentError("InvalidAnnotation", f"{url!r} is not a URL; write https://host/path")
    shown = f"[{host}]" if ":" in host else host
    where = shown.lower() + (f":{port}" if port and not default else "")
    return where if found.scheme == "https" else f"http://{where}"


def below(url: str, base: str) -> bool:
    """Whether `url` is `base`, or a path below it at the same place."""
    mine, other = URL(url, encoded=True), URL(base, encoded=True)
    if place(url) != place(base):
        return False
    path, root = mine.raw_path.rstrip("/"), other.raw_path.rstrip("/")
    return path == root or path.startswith(root + "/")
