"""Which runs are about a commit or a pull request, as far as records and annotations tell."""

import msgspec

from tekton_integrations import annotations
from tekton_integrations.record import Record
from tekton_integrations.run import Run


class Search(msgspec.Struct, frozen=True, kw_only=True):
    """What is empty fits all. `repo` is owner/name, `sha` may be the beginning of one."""

    repo: str = ""
    sha: str = ""
    pull: str = ""

    def finds(self, record: Record) -> bool:
        """Where it is shown."""
        target = record.target
        if target is None:
            return False
        return (
            self.repo.lower() in ("", target.resource.lower())
            and target.detail.lower().startswith(self.sha.lower())
            and self.pull in ("", target.labels.get("pull-request", ""))
        )

    def asks(self, run: Run) -> bool:
        """What it says to any integration. A run may say so in vain, and have no record that leads there."""
        return any(
            self._fits(list(options.values())) for options in annotations.by_integration(run.annotations).values()
        )

    def _fits(self, values: list[str]) -> bool:
        said = {value.lower() for value in values}
        whole = {part for part in (*self.repo.lower().split("/"), self.pull) if part}
        return whole <= said and (not self.sha or any(value.startswith(self.sha.lower()) for value in said))
