"""Packages bring commands by an entry point; whoever does not use them does not load them. Real distributions, thrown
away."""

import subprocess
import sys
import textwrap
from dataclasses import dataclass
from pathlib import Path

import pytest

HELLO = """
    from typing import Annotated
    import typer

    def hello(name: Annotated[str, typer.Argument(help="Whom to greet.")], loud: bool = False) -> None:
        \"\"\"Greet somebody.\"\"\"
        print(f"HELLO {name}" if loud else f"hello {name}")
"""
LOADED = (
    "import sys; from tekton_integrations.cli import app; app(['{}'], standalone_mode=False); print([*sys.modules])"
)


@dataclass(frozen=True)
class Answer:
    code: int
    text: str


class Site:
    """A folder of distributions, and the command line as a process that finds them."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def install(self, source: str = HELLO, *, name: str = "hello", by: str = "greeter") -> None:
        module = f"{by}_commands"
        (self._folder / f"{module}.py").write_text(textwrap.dedent(source))
        info = self._folder / f"{by}-1.0.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {by}\nVersion: 1.0\n")
        (info / "entry_points.txt").write_text(f"[tekton_integrations.commands]\n{name} = {module}:hello\n")

    def run(self, *arguments: str, program: str = "from tekton_integrations.cli import app; app()") -> Answer:
        """Wide enough that no line of the help is broken."""
        code = f"import sys; sys.path.insert(0, {str(self._folder)!r}); {program}"
        done = subprocess.run(
            [sys.executable, "-c", code, *arguments],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env={"COLUMNS": "200", "PATH": "", "NO_COLOR": "1"},
            check=False,
        )
        return Answer(done.returncode, done.stdout)


@pytest.fixture
def site(tmp_path: Path) -> Site:
    return Site(tmp_path)


def test_a_package_s_command_takes_its_arguments_and_options(site: Site) -> None:
    site.install()
    assert site.run("hello", "you") == Answer(0, "hello you\n")
    assert site.run("hello", "you", "--loud") == Answer(0, "HELLO you\n")
    assert "Whom to greet." in site.run("hello", "--help").text
    assert site.run("hello").code == 2


def test_the_list_shows_it_beside_the_core_s_own(site: Site) -> None:
    site.install()
    text = site.run("--help").text
    assert "Greet somebody." in text
    assert "Run the controller." in text


def test_it_is_loaded_only_when_it_is_used(site: Site) -> None:
    site.install()
    assert "greeter_commands" not in site.run(program=LOADED.format("version")).text


def test_one_that_cannot_be_imported_says_so_and_keeps_no_other_from_working(site: Site) -> None:
    site.install("raise RuntimeError('broken')")
    listed, used = site.run("--help"), site.run("hello", "you", "--loud")
    assert listed.code == 0
    assert "(can't be loaded)" in listed.text
    assert used == Answer(
        1, "error: the command 'hello' of greeter can't be imported: RuntimeError('broken'); reinstall it\n"
    )


def test_two_of_one_name_are_refused(site: Site) -> None:
    site.install()
    site.install(by="other")
    used = site.run("hello", "you")
    assert used.code == 1
    assert "uninstall all but one" in used.text


def test_nobody_replaces_the_core_s_commands(site: Site) -> None:
    site.install(name="version")
    assert site.run("version").text[0].isdigit()


def test_what_nobody_brings_is_told(site: Site) -> None:
    used = site.run("nonsense")
    assert used.code == 2
    assert "No such command 'nonsense'" in used.text
