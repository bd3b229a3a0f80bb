"""What the reasons mean is known where the program runs, also those of an integration that is only installed."""

import subprocess
import sys
from pathlib import Path

from tekton_integrations import reasons

ASKED = (
    "import sys; from tekton_integrations import reasons; print('NotVisible' in reasons.of('github'), [*sys.modules])"
)


def test_an_integration_s_own_are_known_without_importing_it() -> None:
    printed = subprocess.run([sys.executable, "-c", ASKED], capture_output=True, text=True, check=True).stdout
    assert printed.startswith("True")
    assert "tekton_integrations_github" not in printed


def test_an_integration_that_is_not_here_has_those_of_the_core() -> None:
    assert reasons.of("elsewhere") == reasons.REASONS
    assert reasons.of("webhook") == reasons.REASONS


def test_no_integration_explains_what_the_core_does_or_without_a_cure() -> None:
    for file in sorted(Path(__file__).parents[1].glob(f"integrations/*/*/{reasons.FILE}")):
        own = reasons.own(file)
        assert not own.keys() & reasons.REASONS.keys()
        assert all(entry.cause and entry.cure for entry in own.values())
