"""`tekton-integrations convert`: prints what older Tektons kept of their CloudEvents as IntegrationStatuses.

Only prints: the controller's own records are nobody else's to make (docs/decisions/0012).
"""

import sys
from collections.abc import Iterator
from typing import Annotated, Any, cast

import msgspec
import typer
import yaml

from tekton_integrations_cloudevent.deliveries import Object, converted, count

_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
# Typer opens it, as it does with what is given.
_STDIN = cast(typer.FileBinaryRead, "-")
_TIME = "tag:yaml.org,2002:timestamp"


class _Loader(_LOADER):  # type: ignore[misc]
    """Times stay what they are in Kubernetes: text."""

    yaml_implicit_resolvers = {  # noqa: RUF012 (of the class that it overrides)
        first: [(tag, pattern) for tag, pattern in known if tag != _TIME]
        for first, known in _LOADER.yaml_implicit_resolvers.items()
    }


def convert(
    file: Annotated[
        typer.FileBinaryRead,
        typer.Argument(
            metavar="FILE|-",
            help="TaskRuns as YAML or JSON: one, several, or a List, as `kubectl get` prints. Left out or -: stdin.",
        ),
    ] = _STDIN,
) -> None:
    """Print what Tekton kept of CloudEvents it sent (status.cloudEvents) as IntegrationStatuses.

    Exit code 1 where something can't be read: what could be is printed all the same.
    """
    records: list[Object] = []
    failures: list[str] = []
    for number, document in enumerate(_documents(file.read()), 1):
        found, problems = converted(document)
        records += found
        failures += [f"document {number}: {problem}" for problem in problems]
    if records:
        yaml.safe_dump_all(records, sys.stdout, sort_keys=False, allow_unicode=True, explicit_start=True)
    for failure in failures:
        typer.echo(f"error: {failure}", err=True)
    typer.echo(f"{count(records)} found", err=True)
    if failures:
        raise typer.Exit(1)


def _documents(content: bytes) -> Iterator[Any]:
    """Those of a stream; empty ones are left out."""
    try:
        if content.lstrip()[:1] == b"{":  # may be indented with tabs, which YAML does not allow
            yield msgspec.json.decode(content)
            return
    except (msgspec.DecodeError, UnicodeDecodeError):
        pass
    try:
        yield from (found for found in yaml.load_all(content, _Loader) if found is not None)
    except (yaml.YAMLError, UnicodeDecodeError, RecursionError) as error:
        typer.echo(f"error: this is neither YAML nor JSON: {' '.join(str(error).split())}", err=True)
        raise typer.Exit(1) from error
