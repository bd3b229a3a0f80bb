"""mutmut (https://mutmut.readthedocs.io), as a command, in a folder of its own for each module: there it finds only the
tests that are meant for this module, and keeps what it found out.
"""

import json
import re
import subprocess
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
_WORK = ROOT / "build" / "mutation"
_MODULES = tomllib.loads(Path(__file__).with_name("modules.toml").read_text())
# `tekton_integrations.intents.xǁIntentsǁ_announce__mutmut_12`, `tekton_integrations.provider.x_matches__mutmut_3`
_NAME = re.compile(r"tekton_integrations\.(?P<module>[\w.]+)\.x(?:ǁ(?P<kind>\w+?)ǁ|_)(?P<function>\w+)__mutmut_\d+")
# What becomes of a mutant that some test notices.
NOTICED = ("killed", "timeout")
# Tests that measure time, or take long: each mutant would take as long.
_NOT = "proportion or thousand or hidden_limit or flood or whatever_fails"
_CONFIG = """\
[tool.mutmut]
source_paths = ["tekton_integrations"]
only_mutate = ["tekton_integrations/{path}.py"]
also_copy = ["hack", "manifests"]
track_dependencies = false
pytest_add_cli_args = ["-p", "no:cacheprovider", "-p", "hack.mutation.quick", "--hypothesis-profile=mutation"]
pytest_add_cli_args_test_selection = {tests}

[tool.pytest.ini_options]
{pytest}
"""


@dataclass(frozen=True, kw_only=True)
class Mutant:
    """`status`: killed, survived, timeout, no tests, not checked."""

    name: str
    where: str
    status: str

    @classmethod
    def named(cls, name: str, status: str) -> "Mutant":
        found = _NAME.fullmatch(name)
        if found is None:
            raise ValueError(f"no name of a mutant: {name}")
        function = f"{found['kind']}.{found['function']}" if found["kind"] else found["function"]
        return cls(name=name, where=f"{found['module']}.{function}", status=status)


def modules() -> Sequence[str]:
    return tuple(_MODULES)


class Tool:
    """For one module."""

    def __init__(self, module: str) -> None:
        self._module = module
        self._folder = _WORK / module

    def run(self, digits: str, *, left: bool = False) -> None:
        """Tries the mutants whose number ends with one of these digits; `left`: but none again that was noticed."""
        names = [f"*__mutmut_*{digit}" for digit in digits]
        if left and (known := self.mutants()):
            names = [each.name for each in known if each.name[-1] in digits and each.status not in NOTICED]
        self._prepare()
        if names:
            self._call("run", *names)

    def mutants(self) -> list[Mutant]:
        """All of them; none before the first run."""
        if not (self._folder / "mutants").exists():
            return []
        lines = (line.strip().rpartition(": ") for line in self._call("results", "--all", "true").splitlines())
        return [Mutant.named(name, status) for name, _, status in lines if name]

    def change(self, name: str) -> str:
        """The lines that it takes out and puts in."""
        lines = self._call("show", name).splitlines()
        return "\n".join(line for line in lines if re.match(r"[-+](?![-+]{2})", line))

    def _prepare(self) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        for name in ("tekton_integrations", "tests", "hack", "manifests"):
            if not (self._folder / name).exists():
                (self._folder / name).symlink_to(ROOT / name)
        options = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["pytest"]["ini_options"]
        tests = [f"tests/{name}.py" for name in _MODULES[self._module]["tests"]]
        text = _CONFIG.format(
            path=self._module.replace(".", "/"),
            tests=json.dumps([*tests, "-k", f"not ({_NOT})"]),
            pytest="\n".join(f"{key} = {json.dumps(value)}" for key, value in options.items() if key != "testpaths"),
        )
        (self._folder / "pyproject.toml").write_text(text)

    def _call(self, *arguments: str) -> str:
        command = [str(ROOT / ".venv" / "bin" / "mutmut"), *arguments]
        done = subprocess.run(command, cwd=self._folder, capture_output=True, text=True, check=False)
        if done.returncode:
            raise SystemExit(f"mutmut {arguments[0]} of {self._module}:\n{done.stdout[-4000:]}{done.stderr[-4000:]}")
        return done.stdout
