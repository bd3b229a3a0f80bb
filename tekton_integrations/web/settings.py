"""Every setting of `tekton-integrations serve`, once. Flags and variables are made from it in cli/serve.py."""

from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network
from pathlib import Path


class SettingsError(Exception):
    """Tells the user what to change."""


@dataclass(frozen=True, kw_only=True)
class WebSettings:
    """Times are in seconds."""

    host: str = "0.0.0.0"  # noqa: S104  (who may read is decided for each request)
    port: int = 8080
    # The controller's namespace, where shared Providers and Notifications are.
    home: str = "tekton-integrations"
    # That of runs which are asked for without one.
    namespace: str = "tekton-pipelines"
    # The listener's one user, who reads `namespace` only; both or neither.
    username: str = ""
    password: str = ""
    # A file of users with their namespaces, or a folder of such files; read anew when it changes.
    users: Path | None = None
    # Whether tokens of Kubernetes are taken, and for which audience; the API server's own when empty.
    tokens: bool = False
    audience: str = ""
    # A folder of keys: whose signed links open the pages that they name. None are taken when it is None.
    link_keys: Path | None = None
    # Everybody reads everything.
    insecure: bool = False
    certificate: Path | None = None
    key: Path | None = None
    # Whose X-Forwarded-* is believed.
    trusted_proxies: tuple[IPv4Network | IPv6Network, ...] = ()
    # How long a log waits for a run that does not exist yet, unless the request says; how long any request may wait.
    wait: float = 300.0
    longest_wait: float = 3600.0
    # A reader that takes nothing for so long is dropped.
    stall: float = 120.0
    # How often a log that is followed asks anew whether its reader still may; a page that is open does so as well.
    recheck: float = 600.0
    # So many logs are followed at a time; each costs 1 to 2 MiB.
    readers: int = 250
    # A watch without a byte for so long is dead; the API server sends bookmarks about once a minute.
    watch_silence: float = 90.0

    def check(self) -> None:
        """Raises SettingsError."""
        secured = bool(self.username or self.users or self.tokens or self.link_keys)
        if bool(self.username) != bool(self.password):
            raise SettingsError("AUTH_USERNAME and AUTH_PASSWORD belong together: set both, or neither")
        if (self.username, self.password) == ("admin", "admin"):
            raise SettingsError("admin/admin is the password that everybody tries first: set another AUTH_PASSWORD")
        if bool(self.certificate) != bool(self.key):
            raise SettingsError("--tls-certificate and --tls-key belong together: give both, or neither")
        if secured and self.insecure:
            raise SettingsError("--insecure lets everybody read everything: take it away, or all credentials")
        if not secured and not self.insecure:
            raise SettingsError(
                "nobody could be told from a stranger: give --users FILE, --tokens, or AUTH_USERNAME and "
                "AUTH_PASSWORD; or let everybody read everything with --insecure"
            )
