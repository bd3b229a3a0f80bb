"""For the tests of integrations: runs, children and records as the core hands them over, and a Context to call with.

Public: the tests of integrations may import from here.
"""

from tekton_integrations.testing.values import RUN, make_child, make_record, make_run
from tekton_integrations.testing.workbench import SECRET, Workbench

__all__ = ["RUN", "SECRET", "Workbench", "make_child", "make_record", "make_run"]
