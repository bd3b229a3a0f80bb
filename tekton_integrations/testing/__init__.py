"""For the tests of integrations: runs, children and records as the core hands them over; a Context to call with, before
a service on loopback or any other; hostile texts; and `check_contract`, which finds what an author can get wrong.

Public: the tests of integrations may import from here.
"""

from tekton_integrations.testing.contract import check_contract
from tekton_integrations.testing.corpus import CORPUS, unfit
from tekton_integrations.testing.stage import Stage, staged
from tekton_integrations.testing.values import RUN, make_child, make_record, make_run
from tekton_integrations.testing.wire import Call
from tekton_integrations.testing.workbench import SECRET, Workbench

__all__ = [
    "CORPUS",
    "RUN",
    "SECRET",
    "Call",
    "Stage",
    "Workbench",
    "check_contract",
    "make_child",
    "make_record",
    "make_run",
    "staged",
    "unfit",
]
