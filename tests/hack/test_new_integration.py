"""What docs/authors.md tells to type works as it stands there; and `make new-integration` makes of it a package that
passes all that the others pass, with its name in all lists. Nothing of the checkout is changed.
"""

import os
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml

from hack.new_integration.__main__ import main
from hack.new_integration.package import shown

ROOT = Path(__file__).parents[2]
DOCS = (ROOT / "docs" / "authors.md").read_text()
# Long enough to make lines that have to be broken.
NAME = "mergerequestsandmore"
COPIED = ("docs", "hack", "integrations", "manifests", "tekton_integrations")
FILES = ("README.md", "CONTRIBUTING.md", "CHANGELOG.md", "SECURITY.md", "LICENSE", "pyproject.toml", "Makefile")
OVERLAYS, FILE = ROOT / "manifests" / "overlays", "kustomization.yaml"
PIP = ("-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps", "--no-build-isolation")


@dataclass(frozen=True)
class Tree:
    """A copy of the checkout, and a folder that packages are installed into."""

    root: Path
    site: Path

    def run(self, *command: str, given: str | None = None) -> str:
        """What it printed; it has to succeed."""
        places = os.pathsep.join(map(str, (self.root, self.site)))
        environment = {
            **os.environ,
            "PYTHONPATH": places,
            "MYPYPATH": str(self.root / "integrations" / NAME),
            "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        }
        done = subprocess.run(
            command, cwd=self.root, env=environment, input=given, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def python(self, *arguments: str) -> str:
        return self.run(sys.executable, *arguments)

    def install(self, package: Path) -> None:
        self.python(*PIP, "--target", str(self.site), str(package))


def copied(folder: Path, names: Sequence[str] = COPIED) -> Tree:
    root = folder / "tree"
    ignored = shutil.ignore_patterns("__pycache__", "*.egg-info", "build", ".*cache")
    for name in names:
        shutil.copytree(ROOT / name, root / name, ignore=ignored)
    for file in FILES:
        shutil.copy(ROOT / file, root / file)
    return Tree(root, folder / "site")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Tree:
    """With a new integration, as `make new-integration` leaves it."""
    tree = copied(tmp_path_factory.mktemp("made"))
    tree.python("-m", "hack.new_integration", NAME)
    tree.install(tree.root / "integrations" / NAME)
    tree.python("-m", "hack.docs", "--write")
    return tree


def test_what_the_tutorial_tells_to_type_passes_its_test_and_renders(tmp_path: Path) -> None:
    tree = Tree(tmp_path, tmp_path / "site")
    package = tmp_path / "integrations" / "board"
    for place, text in shown(DOCS).items():
        (package / place).parent.mkdir(parents=True, exist_ok=True)
        (package / place).write_text(text)
    (package / "tekton_integrations_board" / "__init__.py").touch()
    tree.install(package)
    (tmp_path / "pytest.ini").write_text("[pytest]\nasyncio_mode = auto\n")
    assert "2 passed" in tree.python("-m", "pytest", "-q", "-p", "no:cacheprovider", str(package))
    [command, manifest] = re.findall(r"^\.venv/bin/(tekton-integrations .*) <<'END'\n(.*?)^END$", DOCS, re.M | re.S)[0]
    printed = tree.run(*command.split(), given=manifest)
    assert "POST https://board.example" in printed
    [said] = re.findall(r"`(Then the record says: .*)`", DOCS)
    assert printed.endswith(f"{said}\n")


def test_the_tutorial_takes_at_most_60_lines_of_code() -> None:
    assert 20 < sum(bool(line.strip()) for text in shown(DOCS).values() for line in text.splitlines()) <= 60


def test_a_new_integration_passes_its_own_tests(made: Tree) -> None:
    assert "2 passed" in made.python("-m", "pytest", "-q", "-p", "no:cacheprovider", f"integrations/{NAME}")


def test_a_new_integration_is_well_formed(made: Tree) -> None:
    made.run("ruff", "format", "--no-cache", "--check", f"integrations/{NAME}", "tekton_integrations/registry.py")
    made.run("ruff", "check", "--no-cache", f"integrations/{NAME}", "tekton_integrations/registry.py")


def test_a_new_integration_has_types_that_fit(made: Tree) -> None:
    packages = [part for name in (f"tekton_integrations_{NAME}", f"integrations.{NAME}.tests") for part in ("-p", name)]
    configured = (made.root / "pyproject.toml").read_text()
    assert [name for name in packages[1::2] if f'  "{name}",\n' not in configured] == []
    made.run("mypy", "--follow-imports", "silent", "--cache-dir", str(made.site.parent / "mypy"), *packages)


def test_a_new_integration_keeps_to_the_layers(made: Tree) -> None:
    assert "0 broken" in made.run("lint-imports", "--no-cache")
    contracts = tomllib.loads((made.root / "pyproject.toml").read_text())["tool"]["importlinter"]
    package = f"tekton_integrations_{NAME}"
    assert package in contracts["root_packages"]
    assert sum(package in str(each) for each in contracts["contracts"]) == 4


def test_the_docs_know_a_new_integration(made: Tree) -> None:
    made.python("-m", "hack.docs")
    readme = (made.root / "integrations" / NAME / "README.md").read_text()
    assert "| `room` | yes | The room that is told. | `builds` |" in readme
    assert f"| [{NAME}](integrations/{NAME}/README.md) |" in (made.root / "README.md").read_text()


def test_messages_and_overlays_know_a_new_integration(made: Tree) -> None:
    asked = f"from tekton_integrations.registry import PACKAGES, load; print(PACKAGES[{NAME!r}], load([{NAME!r}]))"
    assert made.python("-c", asked).startswith(f"tekton-integrations-{NAME} [<tekton_integrations_{NAME}.")
    overlays = made.root / "manifests" / "overlays"
    assert re.search(rf"--integrations=[a-z,]+,{NAME}\b", (overlays / "all-integrations" / FILE).read_text())
    overlay = yaml.safe_load((overlays / "separate" / FILE).read_text())
    [folder] = set(overlay["resources"]) - set(yaml.safe_load((OVERLAYS / "separate" / FILE).read_text())["resources"])
    assert folder == NAME
    subjects = yaml.safe_load(overlay["patches"][0]["patch"])
    assert subjects[-1]["value"]["name"] == f"tekton-integrations-{NAME}"
    assert subjects[-1].keys() == subjects[0].keys()
    one = (overlays / "separate" / NAME / FILE).read_text()
    assert f"value: [run, --integrations={NAME}]" in one
    assert one.count(NAME) == 3


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("", "say which: make new-integration NAME=gitlab"),
        ("GitLab", "'GitLab' can't be a name; take up to 40 lower-case letters"),
        ("git-lab", "'git-lab' can't be a name"),
        ("../x", "'../x' can't be a name"),
        ("class", "'class' can't be a name"),
        ("core", "'core' is the controller's own; take another"),
        ("github", "integrations/github is there already; take another name, or remove it"),
    ],
)
def test_a_name_that_is_bad_or_taken_is_refused(name: str, said: str, capsys: pytest.CaptureFixture[str]) -> None:
    before = sorted((ROOT / "integrations").iterdir())
    assert main([name]) == 2
    assert capsys.readouterr().err.startswith(f"error: {said}")
    assert sorted((ROOT / "integrations").iterdir()) == before


def test_a_name_that_something_else_installed_has_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["slack", "--root", str(tmp_path)]) == 2
    assert "an integration 'slack' is installed already" in capsys.readouterr().err
