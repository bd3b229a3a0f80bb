"""The commands as docs/cli.md lists them, made from typer's own help: the core's, and those of the packages here."""

import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import typer

from tekton_integrations.cli import app

NAME = "tekton-integrations"


def commands() -> str:
    """A section for each, in the order of `--help`."""
    group = typer.main.get_command(app)
    return "\n\n".join(_section(words, command) for words, command in _all(group, ()))


def _all(group: Any, above: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], Any]]:
    context = group.context_class(group, info_name=NAME)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        yield (*above, name), command
        if hasattr(command, "list_commands"):
            yield from _all(command, (*above, name))


def _section(words: Sequence[str], command: Any) -> str:
    given = [each for each in command.params if not getattr(each, "hidden", False) and each.name != "help"]
    arguments = [each.metavar or each.name.upper() for each in given if each.param_type_name == "argument"]
    usage = " ".join((NAME, *words, *arguments))
    rows = [_row(each) for each in given]
    parts = [f"### `{' '.join(words)}`", f"```text\n{usage}\n```", _paragraphs(command.help or "")]
    if rows:
        parts.append("| | What it says |\n| --- | --- |\n" + "\n".join(rows))
    return "\n\n".join(parts)


def _paragraphs(text: str) -> str:
    return "\n\n".join(" ".join(each.split()) for each in text.split("\n\n") if each.strip())


def _row(param: Any) -> str:
    """`-`, `-n` first would be harder to find: the long name leads."""
    names = sorted((*param.opts, *param.secondary_opts), key=len, reverse=True)
    shown = ", ".join(f"`{each}`" for each in names)
    if param.param_type_name == "argument":
        shown = f"`{param.metavar or param.name.upper()}`"
    elif param.metavar:
        shown += f" `{param.metavar}`"
    said = [_cell(param.help or ""), *_default(param.default)]
    if param.envvar:
        said.append(f"Variable: `{param.envvar}`.")
    return f"| {shown.replace('|', chr(92) + '|')} | {' '.join(filter(None, said))} |"


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


def _default(value: Any) -> Iterator[str]:
    """What it is where the help does not say so. Paths are those of Linux, wherever this runs."""
    if isinstance(value, Path):
        value = os.fspath(value)
    if (value in (None, "", False, True, ()) and value not in (0, 1)) or isinstance(value, bool) or callable(value):
        return
    yield f"Default: `{value}`."
