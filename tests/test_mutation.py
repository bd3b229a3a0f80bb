"""What `make mutation` makes of mutmut's words: names, figures, and what somebody has looked at."""

import re
import tomllib
from pathlib import Path

import pytest

from hack.mutation.judged import FILE, Judged, Judgement
from hack.mutation.outcome import Outcome, outcome, table
from hack.mutation.tool import Mutant, modules

ROOT = Path(__file__).parents[1]
CHANGE = "-    return 1\n+    return 2"


def mutant(status: str, number: int = 1) -> Mutant:
    return Mutant.named(f"tekton_integrations.kube.records_json.x_to_object__mutmut_{number}", status)


@pytest.mark.parametrize(
    ("name", "where"),
    [
        ("tekton_integrations.provider.x_matches__mutmut_3", "provider.matches"),
        ("tekton_integrations.provider.x__listed__mutmut_30", "provider._listed"),
        ("tekton_integrations.kube.records_json.x__status__mutmut_1", "kube.records_json._status"),
        ("tekton_integrations.intents.xǁIntentsǁ_announce__mutmut_12", "intents.Intents._announce"),
        ("tekton_integrations.redaction.xǁ_Needlesǁ__init____mutmut_2", "redaction._Needles.__init__"),
    ],
)
def test_a_mutant_s_name_tells_where_it_is(name: str, where: str) -> None:
    assert Mutant.named(name, "killed") == Mutant(name=name, where=where, status="killed")


def test_a_name_of_another_form_is_an_error() -> None:
    with pytest.raises(ValueError, match="no name of a mutant"):
        Mutant.named("tekton_integrations.provider.matches", "killed")


def judged(*whys: str) -> Judged:
    return Judged(
        [Judgement(where="kube.records_json.to_object", change=CHANGE.replace("  ", "\n"), why=w) for w in whys]
    )


def test_what_was_looked_at_is_no_survivor_and_what_was_not_tried_does_not_count() -> None:
    mutants = [mutant("killed"), mutant("timeout"), mutant("survived", 4), mutant("no tests", 5), mutant("not checked")]
    found = outcome("record", mutants, judged(), lambda _: CHANGE)
    assert (found.mutants, found.tried, found.killed, found.timeout, found.equivalent) == (5, 4, 1, 1, 0)
    assert [each.name.rpartition("_")[2] for each in found.survivors] == ["4", "5"]
    assert found.score == 0.5
    looked_at = outcome("record", mutants, judged("the same"), lambda _: CHANGE)
    assert (looked_at.equivalent, looked_at.survivors, looked_at.score) == (2, (), 1.0)


def test_the_table_has_what_was_tried_and_the_sum() -> None:
    one = outcome("record", [mutant("killed"), mutant("survived")], judged(), lambda _: CHANGE)
    untried = Outcome(module="fair", mutants=7, tried=0, killed=0, timeout=0, equivalent=0)
    assert table([one, untried]).splitlines()[2:] == [
        "| record | 2 | 2 | 1 | 0 | 0 | 1 | 50 % |",
        "| all | 2 | 2 | 1 | 0 | 0 | 1 | 50 % |",
    ]


def test_each_module_and_each_of_its_tests_is_there() -> None:
    for name in modules():
        assert (ROOT / "tekton_integrations" / f"{name.replace('.', '/')}.py").is_file()
    written = tomllib.loads((ROOT / "hack" / "mutation" / "modules.toml").read_text())
    for tests in written.values():
        for test in tests["tests"]:
            assert (ROOT / "tests" / f"{test}.py").is_file()


def test_what_was_looked_at_still_stands_there_and_has_a_reason() -> None:
    for each in tomllib.loads(FILE.read_text())["equivalent"]:
        module = next(name for name in modules() if each["where"].startswith(f"{name}."))
        source = (ROOT / "tekton_integrations" / f"{module.replace('.', '/')}.py").read_text()
        gone = re.findall(r"^-(.*)$", each["change"], re.MULTILINE)
        assert gone
        assert all(line.strip() in source for line in gone), each
        assert each["why"]
