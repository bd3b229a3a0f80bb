"""Whatever a user writes into annotations comes to options, or to an error that says in a line what to mend."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tekton_integrations import Integration, Run, clean, reasons
from tekton_integrations.errors import PermanentError
from tekton_integrations.plan import Plan, plan
from tekton_integrations.requests import Asked, work
from tekton_integrations.requests import asked as asking
from tekton_integrations.testing.values import make_run
from tests.calm import quickly
from tests.fuzz.runs import INSTALLED, INTEGRATIONS, annotations, asked
from tests.fuzz.shapes import FUZZ, LONGEST


@pytest.mark.parametrize("name", INSTALLED)
@FUZZ
@given(st.data())
def test_options_are_taken_or_refused_in_words(name: str, data: st.DataObject) -> None:
    said = {f"{name}.integrations.tekton.dev/{key}": value for key, value in data.draw(asked(name)).items()}
    run = make_run(annotations=said)
    if (wanted := asking(run).get(name)) is None:
        return
    found = quickly(lambda: come_to(INTEGRATIONS[name], run, wanted), LONGEST)
    if isinstance(found, PermanentError):
        assert found.reason in reasons.of(name)
        assert found.message == clean(found.message, 700)
    else:
        assert len(repr(found.target)) < 10_000
        assert come_to(INTEGRATIONS[name], run, wanted) == found


def come_to(integration: Integration, run: Run, wanted: Asked) -> Plan | PermanentError:
    try:
        return plan(integration, run, wanted)
    except PermanentError as error:
        return error


@FUZZ
@given(annotations())
def test_a_run_asks_for_few_reports_whose_names_are_good_ones(said: dict[str, str]) -> None:
    found = quickly(lambda: work(make_run(annotations=said)), LONGEST)
    assert len(found) <= 8
    for request in found:
        assert len(request.record_name) <= 253
        assert request.record_name.isascii()
