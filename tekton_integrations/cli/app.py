"""The application: the core's own commands, a module each, and those that packages bring."""

from importlib.metadata import version as distribution_version

import typer

from tekton_integrations.cli.commands import Commands
from tekton_integrations.cli.doctor import doctor
from tekton_integrations.cli.record import record
from tekton_integrations.cli.render import render
from tekton_integrations.cli.report import report
from tekton_integrations.cli.run import run
from tekton_integrations.cli.serve import serve
from tekton_integrations.cli.why import why

app = typer.Typer(
    cls=Commands,
    no_args_is_help=True,
    context_settings={"help_option_names": ["-h", "--help"]},
    help="Shows Tekton runs at GitHub and elsewhere.",
)


@app.callback()
def main() -> None:
    """Keeps what GitHub and others show about a Tekton run equal to what the run is."""


@app.command()
def version() -> None:
    """Print the version."""
    typer.echo(distribution_version("tekton-integrations"))


app.command()(run)
app.command()(serve)
app.command()(record)
app.command()(why)
app.command()(render)
app.command()(report)
app.add_typer(doctor, name="doctor")
