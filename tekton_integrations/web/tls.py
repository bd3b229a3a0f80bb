"""TLS by a certificate and its key in files. A new certificate counts from the next connection on."""

import ssl
from pathlib import Path

from tekton_integrations.log import logger
from tekton_integrations.web.settings import SettingsError


class Certificate:
    """Raises SettingsError if the files can't be used at the start; later the certificate of before stays."""

    def __init__(self, certificate: Path, key: Path) -> None:
        self._files = certificate, key
        self._seen = self._look()
        try:
            self._now = self._load()
        except (OSError, ssl.SSLError) as error:
            raise SettingsError(f"{certificate} and {key} are no certificate and its key: {error}") from error
        # What the server listens with; each connection is handed on to the newest.
        self.context = self._now
        self.context.sni_callback = self._hand_on

    def _hand_on(self, connection: ssl.SSLObject, _name: str | None, _context: ssl.SSLContext) -> None:
        if (seen := self._look()) != self._seen:
            self._seen = seen
            try:
                self._now = self._load()
                logger.info("certificate read anew")
            except (OSError, ssl.SSLError) as error:
                logger.error("certificate not read anew; that of before stays", error=str(error))
        connection.context = self._now

    def _load(self) -> ssl.SSLContext:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(*self._files)
        return context

    def _look(self) -> tuple[tuple[int, int], ...]:
        try:
            stats = [path.stat() for path in self._files]
        except OSError:
            return ()
        return tuple((each.st_ino, each.st_mtime_ns) for each in stats)
