"""The application: the core's own commands, a module each, and those that packages bring."""

import typer

from tekton_integrations.cli.commands import Commands
from tekton_integrations.cli.doctor import doctor
from tekton_integrations.cli.logs import logs
from tekton_integrations.cli.record import record
from tekton_integrations.cli.render import render
from tekton_integrations.cli.report import report
from tekton_integrations.cli.run import run
from tekton_integrations.cli.serve import serve
from tekton_integrations.cli.version import version
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


for command in (why, logs, report, render, record, run, serve, version):
    app.command()(command)
app.add_typer(doctor, name="doctor")
