"""How commands print: a table or sentences for people, the same objects as JSON or YAML for programs; and how they end.

What others wrote is shown as text: no control sequence of theirs reaches the terminal.
"""

import enum
import sys
from collections.abc import Iterable, Sequence
from typing import Annotated, Any, NoReturn

import typer

from tekton_integrations.text import clean

# How commands end; 0 is well. A wrong use of a command is 2, which is typer's own, and TIMED_OUT that of timeout(1).
WRONG, USAGE, NOTHING, TIMED_OUT = 1, 2, 3, 124
# Columns of a table where the output is no terminal; a terminal's own width holds where it is one.
WIDTH = 80
_CELL, _LINE = 1000, 8000


class Output(enum.StrEnum):
    TABLE = "table"
    JSON = "json"
    YAML = "yaml"


OutputOption = Annotated[
    Output, typer.Option("--output", "-o", help="For people (table), or the same for programs (json, yaml).")
]


def structured(value: Any, output: Output) -> bool:
    """Prints `value` (of dictionaries, lists and plain values) as JSON or YAML; False where a table is wanted."""
    if output is Output.JSON:
        import json  # noqa: PLC0415  (as below)

        typer.echo(json.dumps(value, indent=2))
    elif output is Output.YAML:
        typer.echo(yaml_of(value), nl=False)
    return output is not Output.TABLE


def yaml_of(value: Any) -> str:
    """With texts of several lines as people read them."""
    import yaml  # noqa: PLC0415  (commands start faster without)

    class Dumper(yaml.SafeDumper):
        pass

    def text(dumper: Any, said: str) -> Any:
        style = "|" if "\n" in said else None
        return dumper.represent_scalar("tag:yaml.org,2002:str", said, style=style)

    Dumper.add_representer(str, text)
    return str(yaml.dump(value, Dumper=Dumper, sort_keys=False, allow_unicode=True, width=WIDTH))


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Columns as wide as they have to be; a cell that is too long goes on in the next line."""
    from rich.console import Console  # noqa: PLC0415
    from rich.table import Table  # noqa: PLC0415
    from rich.text import Text  # noqa: PLC0415

    made = Table(box=None, pad_edge=False, header_style="bold")
    for name in head:
        made.add_column(name.upper(), overflow="fold")
    for row in rows:
        made.add_row(*(Text(clean(cell, _CELL)) for cell in row))
    console = Console(width=None if sys.stdout.isatty() else WIDTH, highlight=False, soft_wrap=False)
    with console.capture() as captured:
        console.print(made)
    for line in captured.get().splitlines():
        typer.echo(line.rstrip())


def say(line: str, *, err: bool = False) -> None:
    """A line in which others' text may be."""
    typer.echo(clean(line, _LINE), err=err)


def fail(message: str, code: int = WRONG) -> NoReturn:
    """Ends the command with a line for people on stderr."""
    say(f"error: {message}", err=True)
    raise typer.Exit(code)
