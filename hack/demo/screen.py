"""What the demo says: wrapped to the terminal, coloured where there is one."""

import shutil
import sys
import textwrap

from rich.console import Console
from rich.text import Text

WIDEST = 100
FIELD = 11  # columns of the names before fields
COLOURS = {
    "success": "green",
    "Succeeded": "green",
    "failure": "red",
    "Failed": "red",
    "CouldNotStart": "red",
    "cancelled": "bright_black",
    "Cancelled": "bright_black",
    "in_progress": "yellow",
    "Running": "yellow",
    "queued": "yellow",
    "Queued": "yellow",
}


class Screen:
    """Text for people, on stdout."""

    def __init__(self) -> None:
        columns = shutil.get_terminal_size().columns  # 80 where nobody knows
        self.width = min(columns, WIDEST)
        self.interactive = sys.stdin.isatty() and sys.stdout.isatty()
        # Where output goes to a file, nothing has to fit into a terminal's lines.
        self.table_width = columns if sys.stdout.isatty() else 1000
        self._console = Console(highlight=False, emoji=False, markup=False, soft_wrap=True)

    def say(self, text: str = "", *, indent: int = 0, hang: int = 0, style: str = "") -> None:
        """A paragraph; its further lines stand `hang` further right."""
        lines = textwrap.wrap(
            text,
            self.width,
            initial_indent=" " * indent,
            subsequent_indent=" " * (indent + hang),
            break_long_words=False,
            break_on_hyphens=False,
        )
        self.verbatim("\n".join(lines), style=style)

    def verbatim(self, text: str, *, style: str = "") -> None:
        """As it is: a table, a command to copy."""
        self._console.print(Text(text, style=style), soft_wrap=True)

    def heading(self, text: str) -> None:
        self.verbatim("")
        self.verbatim(text, style="bold")

    def event(self, when: str, who: str, where: str, what: str, detail: str = "") -> None:
        """One line of progress; a detail that does not fit is cut."""
        start = f"{when:>6}  {who:<9}  {where:<6}  "
        line = Text(start)
        line.append(what, style=COLOURS.get(what, ""))
        if detail:
            room = self.width - len(line) - 2
            line.append(f": {detail if len(detail) <= room else detail[: room - 1] + '…'}")
        self._console.print(line, soft_wrap=True)

    def field(self, name: str, text: str) -> None:
        """A name, and beside it a paragraph."""
        wrapped = textwrap.wrap(text, self.width - FIELD, break_long_words=False, break_on_hyphens=False)
        for number, part in enumerate(wrapped or [""]):
            self.verbatim(f"{name if number == 0 else '':<{FIELD}}{part}")
