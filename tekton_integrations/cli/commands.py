"""Further commands of `tekton-integrations`, which packages bring by entry points; the core knows none of them.

An entry point of GROUP has the command's name and leads to a function whose parameters typer understands. It is
imported when somebody uses the command or asks for the list; the controller never does.
"""

from collections.abc import Callable
from importlib.metadata import EntryPoint, entry_points
from typing import Any

import typer
from typer.core import TyperGroup

GROUP = "tekton_integrations.commands"
_ANYTHING = {"ignore_unknown_options": True, "allow_extra_args": True}


class Commands(TyperGroup):
    """The core's own commands, whose names nobody else can have, and those of packages."""

    group = GROUP

    # Newer versions of typer bring a copy of click, so there is no telling which module its types are of.
    def list_commands(self, ctx: Any) -> list[str]:
        own = super().list_commands(ctx)
        return [*own, *sorted({point.name for point in entry_points(group=self.group)} - set(own))]

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        own = super().get_command(ctx, cmd_name)
        points = () if own else tuple(entry_points(group=self.group, name=cmd_name))
        return _loaded(points) if points else own


def _loaded(points: tuple[EntryPoint, ...]) -> Any:
    """What can't be loaded is a command all the same: the list of all others must not fail for it."""
    name, who = points[0].name, " and ".join(point.dist.name if point.dist else "?" for point in points)
    if len(points) > 1:
        return _broken(name, f"the command {name!r} is brought by {who}; uninstall all but one")
    try:
        function: Callable[..., Any] = points[0].load()
    except Exception as error:  # whatever somebody else's module raises
        return _broken(name, f"the command {name!r} of {who} can't be imported: {error!r}; reinstall it")
    return _single(name, function)


def _broken(name: str, message: str) -> Any:
    def fail() -> None:
        typer.echo(f"error: {message}", err=True)
        raise typer.Exit(1)

    return _single(name, fail, help="(can't be loaded)", context_settings=_ANYTHING)


def _single(name: str, function: Callable[..., Any], **settings: Any) -> Any:
    alone = typer.Typer(add_completion=False)
    alone.command(name, **settings)(function)
    return typer.main.get_command(alone)
