"""The kinds of failure. Whoever knows the status code decides which; anything else that is raised is a bug."""

from tekton_integrations.opening import Opening


class IntegrationError(Exception):
    """`reason` is CamelCase for conditions and Events; `message` says what happened and what to change."""

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(f"{reason}: {message}")
        self.reason = reason
        self.message = message


class PermanentError(IntegrationError):
    """Hopeless until somebody changes the annotations, the Provider or the remote side."""


class MissingAnnotation(PermanentError):
    """It may yet come: Tekton copies a Pipeline's annotations to the run when it has resolved the reference."""

    def __init__(self, message: str) -> None:
        super().__init__("MissingAnnotation", message)


class TemporaryError(IntegrationError):
    """Worth another try, after `delay` seconds, or by back-off when None.

    `maybe_sent`: the call may have taken effect, or still may. The record keeps its intent then.
    `needs_help`: time alone will not cure it, so the run's owner is told at once.
    `down`: it says that the service as a whole does not work, not just for this call.
    `at`: what is closed. Whoever waits for it need not count seconds, but is let go in turn once it opens.
    """

    def __init__(
        self,
        reason: str,
        message: str,
        delay: float | None = None,
        *,
        maybe_sent: bool = False,
        needs_help: bool = False,
        down: bool = False,
        at: Opening | None = None,
    ) -> None:
        super().__init__(reason, message)
        self.delay = delay
        self.maybe_sent = maybe_sent
        self.needs_help = needs_help
        self.down = down
        self.at = at


class Throttled(TemporaryError):
    """The service (or our own pacing for it) asks to wait `delay` seconds; nothing was sent."""

    def __init__(self, message: str, delay: float, *, at: Opening | None = None) -> None:
        super().__init__("Throttled", message, delay, at=at)
