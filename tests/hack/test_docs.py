"""The checks of the docs fail where the docs are wrong, and what the docs tell to apply and to type works."""

import asyncio
import os
import re
import shlex
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from tekton_integrations_github import output

from hack.controller import Controller
from hack.docs.__main__ import main
from hack.docs.check import problems, write
from hack.docs.links import anchors, broken
from hack.docs.raised import Shown, raised, unlike
from hack.docs.reasons import bare, known
from hack.testbed import TEKTON_CRDS, TestBed
from hack.testbed.api import polled
from tekton_integrations.reasons import Entry
from tekton_integrations.run import State
from tests.fakes.github import GitHub

ROOT = Path(__file__).parents[2]
README, GITHUB = "README.md", "integrations/github/README.md"
TROUBLES, METRICS = "docs/troubleshooting.md", "docs/metrics.md"
ALERTS, DASHBOARD = "manifests/monitoring/alerts.yaml", "manifests/monitoring/dashboard.json"
API = "integrations/github/tekton_integrations_github/answers.py"
NEW, DOC = "tekton_integrations/new.py", "docs/x.md"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of what the checks read, with its generated parts made anew."""
    root = tmp_path_factory.mktemp("made")
    for folder in ("docs", "integrations", "tekton_integrations", "manifests"):
        ignored = shutil.ignore_patterns("__pycache__", "*.png")
        shutil.copytree(ROOT / folder, root / folder, ignore=ignored)
    for file in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md", "SECURITY.md", "LICENSE", "pyproject.toml"):
        shutil.copy(ROOT / file, root / file)
    for picture in (ROOT / "docs").rglob("*.png"):
        (root / picture.relative_to(ROOT)).touch()
    write(root)
    return root


@pytest.fixture
def tree(made: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(made, tmp_path / "tree"))


def edit(path: Path, before: str, after: str) -> None:
    text = path.read_text()
    assert before in text
    path.write_text(text.replace(before, after, 1))


def test_the_docs_are_right(tree: Path) -> None:
    assert problems(tree) == []


NEW_REASON = "nothing says what NewReason means"
# What is broken → the file, what is replaced in it (None: the file is new), by what, and what is said of it.
BROKEN: dict[str, tuple[str, str | None, str, str]] = {
    "a PermanentError": (NEW, None, 'raise PermanentError("NewReason", "said")', NEW_REASON),
    "a TemporaryError": (NEW, None, 'raise errors.TemporaryError("NewReason", "said", needs_help=True)', NEW_REASON),
    "an error class with a reason of its own": (
        NEW,
        None,
        'class Odd(TemporaryError):\n    def __init__(self): super().__init__("NewReason", "said")',
        NEW_REASON,
    ),
    "a function that gives reasons": (API, 'return "Refused"', 'return "NewReason"', NEW_REASON),
    "a condition": ("tekton_integrations/ledger.py", '"MaybeSent"', '"NewReason"', NEW_REASON),
    "a reason that only running the code would tell": (
        NEW,
        None,
        "\nraise PermanentError(reason, text)",
        f"{NEW}:2: write the reason of PermanentError out",
    ),
    "a reason's section": (
        TROUBLES,
        "### NotGranted\n\nREPORTED is `False`",
        "### NotGranted\n\nREPORTED is `True`",
        f"{TROUBLES}: the part 'reasons' is out of date; run: python -m hack.docs --write",
    ),
    "a row of the metrics": (METRICS, "| counter |", "| gauge |", f"{METRICS}: the part 'metrics' is out of date"),
    "an alert": (ALERTS, "for: 5m", "for: 6m", f"{METRICS}: the part 'alerts' is out of date"),
    "the dashboard": (DASHBOARD, '"refresh": "1m"', '"refresh": "2m"', f"{DASHBOARD}: is out of date"),
    "a row of the annotations": (
        GITHUB,
        "| `sha` | yes |",
        "| `sha` | no |",
        f"{GITHUB}: the part 'annotations' is out of date",
    ),
    "a layer": ("pyproject.toml", '  "ledger",\n', "", "CONTRIBUTING.md: the part 'layers' is out of date"),
    "markers": (GITHUB, "<!-- generated: annotations -->", "", f"{GITHUB}: has no `<!-- generated: annotations -->`"),
    "a link": (DOC, None, "[see](install.mdx)", f"{DOC}: install.mdx: there is no such file"),
    "a picture": (DOC, None, '<img src="none.png">', f"{DOC}: none.png: there is no such file"),
    "an anchor": (DOC, None, "[see](../README.md#no)", f"{DOC}: ../README.md#no: there is no such heading"),
    "a link out of here": (DOC, None, "[see](../../x.md)", f"{DOC}: ../../x.md: leads out of the repository"),
    "a decision": (NEW, None, '"""See docs/decisions/0999."""', f"{NEW}: docs/decisions/0999: there is no such"),
}


@pytest.mark.parametrize("what", BROKEN)
def test_what_is_broken_is_found(tree: Path, what: str) -> None:
    file, before, after, said = BROKEN[what]
    if before is None:
        (tree / file).write_text(after)
    else:
        edit(tree / file, before, after)
    assert [problem for problem in problems(tree) if said in problem], problems(tree)


def test_an_integration_without_a_readme_is_found(tree: Path) -> None:
    (tree / GITHUB).unlink()
    assert f"{GITHUB}: there is no such file, and the part 'annotations' belongs there" in problems(tree)


def test_an_explanation_of_what_nothing_produces_is_found(tree: Path) -> None:
    all_known = known(tree) | {"NobodySaysThis": Entry("", "")}
    assert list(unlike(raised(tree), all_known)) == [
        "tekton_integrations/reasons.py: NobodySaysThis is explained, but nothing produces it"
    ]


def test_an_explanation_that_explains_nothing_is_found() -> None:
    said = list(bare({"Odd": Entry("It is odd.", " "), "Well": Entry("It is well.", "Nothing.")}))
    assert said == ["tekton_integrations/reasons.py: Odd does not say what to do"]


def test_where_a_reason_is_read_follows_from_the_code(tree: Path) -> None:
    shown = raised(tree).reasons
    assert shown["NotGranted"] is Shown.GIVEN_UP
    assert shown["CredentialRefused"] is Shown.WAITING
    assert shown["Unreachable"] is Shown.RETRYING
    assert shown["Reported"] is Shown.DONE
    assert not {"True", "Unknown", "Warning"} & shown.keys()


def test_anchors_are_those_that_github_makes() -> None:
    text = "# A `code`, and [a link](x.md)!\n## Twice\n## Twice\n```sh\n# no heading\n```\n### Out: of_here\n"
    assert anchors(text) == {"a-code-and-a-link", "twice", "twice-1", "out-of_here"}


def test_what_only_looks_like_a_link_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "x.md").write_text(
        "`[a](b.md)` [web](https://example.com/x)\n```\n[c](d.md)\n```\n[e](#here)\n# Here\n"
    )
    assert list(broken(tmp_path)) == []


def test_the_command_fails_where_the_docs_are_wrong_and_mends_what_it_can(
    tree: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    edit(tree / METRICS, "| counter |", "| gauge |")
    assert main(["--root", str(tree)]) == 1
    assert "out of date" in capsys.readouterr().err
    assert main(["--root", str(tree), "--write"]) == 0
    assert f"wrote {METRICS}" in capsys.readouterr().out


def test_the_readme_is_short() -> None:
    """But for its tables, which nobody reads from top to bottom."""
    lines = (ROOT / README).read_text().splitlines()
    assert len([line for line in lines if not line.startswith("|")]) <= 160


def test_the_table_of_states_says_what_github_is_told() -> None:
    rows = re.findall(r"^\|.*\| `(\w+)` \| `(\w+)` \| `(\w+)` \|$", (ROOT / GITHUB).read_text(), re.MULTILINE)
    told = {state: output._CHECK[state][1] or output._CHECK[state][0] for state in State}
    assert rows == [(str(state), told[state], output._STATUS[state]) for state in State]
    assert (
        f"| the run was deleted before its end was known | | `{output.settled_check_run()['conclusion']}`"
        in (ROOT / GITHUB).read_text()
    )


def blocks(file: str, language: str) -> Iterator[str]:
    """The code blocks of a file, also those within lists."""
    for indent, text in re.findall(rf"^( *)```{language}\n(.*?)^ *```$", (ROOT / file).read_text(), re.M | re.S):
        yield "\n".join(line.removeprefix(indent) for line in text.splitlines())


# kubectl takes no flags before the name of a plug-in.
_SHELL = """
integrations() {{ shift; KUBECONFIG={access} {python} -m tekton_integrations "$@"; }}
kubectl() {{ if [ "$1" = integrations ]; then integrations "$@"; else {kubectl} "$@"; fi; }}
"""


class Reader:
    """Types what the docs say into a shell, in an empty folder with the checkout's manifests."""

    def __init__(self, bed: TestBed, folder: Path) -> None:
        self._bed = bed
        self._folder = folder

    async def types(self, script: str, *, without: str = "$^") -> str:
        """The output of a code block, but for lines that fit `without`. A command that fails fails the test."""
        kubectl, access = shlex.join(await self._bed.kubectl_command()), self._bed.admin_kubeconfig
        shell = _SHELL.format(kubectl=kubectl, access=access, python=sys.executable)
        lines = [line for line in script.splitlines() if not re.match(without, line)]
        process = await asyncio.create_subprocess_exec(
            "bash", "-euo", "pipefail", "-c", "\n".join([shell, *lines]),
            cwd=self._folder, env={**os.environ, "TOKEN": "ghp_secret"},
            stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
        )  # fmt: skip
        output, _ = await process.communicate()
        assert process.returncode == 0, output.decode()
        return output.decode()


@pytest.mark.e2e
async def test_who_does_what_the_docs_say_sees_the_first_run(tmp_path: Path) -> None:
    """From an empty cluster to the check, the looks at it, and the removal; with the look-alike for GitHub."""
    _, apply, checkout, secret, looks = blocks(README, "sh")
    provider, run = map(yaml.safe_load, blocks(README, "yaml"))
    shutil.copytree(ROOT / "manifests", tmp_path / "manifests")
    beds = TestBed.started(controller_manager=True, manifests=[TEKTON_CRDS])
    async with beds as bed, GitHub.started() as github:
        app = github.add_app(provider["spec"]["githubApp"]["appId"])
        github.add_repository("acme/api", installation_of=app, permissions={"checks": "write"})
        github.accept_any_commit("acme/api")
        (tmp_path / "app.pem").write_text(app.private_key_pem)
        reader = Reader(bed, tmp_path)
        await reader.types(apply)
        await reader.types(checkout, without=r"make install|\.venv/bin/tekton-integrations run ")
        await reader.types(secret)
        provider["spec"]["endpoint"] = github.url
        async with Controller.started(tmp_path / "controller.kubeconfig", tmp_path / "log"):
            await bed.apply(provider, run)
            await polled(lambda: _queued(github, run))
            ended = {"status": {"conditions": [{"type": "Succeeded", "status": "True", "reason": "Succeeded"}]}}
            await bed.api.patch("/apis/tekton.dev/v1/namespaces/default/pipelineruns/hello/status", ended, "merge")
            said = await reader.types(looks)
            other = await reader.types("\n".join(list(blocks("docs/why.md", "sh"))[3:]))
        assert "condition met" in other
        assert other.count("hello-github-") >= 2
        assert "check 'Tekton / hello' of acme/api: Queued" in said
        assert said.count("github: shown\n") >= 3
        assert "hello-github-" in said
        assert "integration.integrations.tekton.dev/github" in said
        await reader.types("kubectl create namespace team-a")
        _, more, *others, remove = blocks("docs/install.md", "sh")
        [team] = [each for each in others if "--clusterrole=tekton-integrations-secrets" in each]
        own, say = [each for each in others if "tekton-integrations-record" in each or " record demo " in each]
        await reader.types(more, without="buildah|.*rollout")
        await reader.types(team)
        await reader.types(own)
        command = say.replace("tekton-integrations", f"{sys.executable} -m tekton_integrations", 1)
        said = await reader.types(f"export KUBECONFIG={bed.admin_kubeconfig}\n{{ {command}\n}} || true")
        assert "there is no PipelineRun demo in namespace team-a" in said
        await reader.types(list(blocks(GITHUB, "sh"))[1])
        await bed.apply(*_objects(GITHUB))
        await reader.types(remove)


async def _queued(github: GitHub, run: dict[str, Any]) -> bool:
    sha = run["metadata"]["annotations"]["github.integrations.tekton.dev/sha"]
    return [(check.name, check.status) for check in github.check_runs("acme/api", sha)] == [
        ("Tekton / hello", "queued")
    ]


def _objects(file: str) -> Iterator[dict[str, Any]]:
    """Those of a file; of a TriggerTemplate the runs that it would make."""
    values = {"owner": "acme", "repo": "api", "sha": "f" * 40}
    for block in blocks(file, "yaml"):
        found = yaml.safe_load(block)
        if found["kind"] != "TriggerTemplate":
            yield found
            continue
        text = yaml.safe_dump(found["spec"]["resourcetemplates"])
        for made in yaml.safe_load(re.sub(r"\$\(tt\.params\.(\w+)\)", lambda match: values[match[1]], text)):
            made["metadata"]["name"] = made["metadata"].pop("generateName") + "1"
            yield made
