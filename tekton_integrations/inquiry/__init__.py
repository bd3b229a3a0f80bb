"""Reads what there is to know about runs and their reports, with the rights of whoever asks. What can't be read is said
(Facts.unread), and not raised.
"""

from tekton_integrations.inquiry.asking import Inquiry
from tekton_integrations.inquiry.search import Search
from tekton_integrations.inquiry.watching import Watch, watched

__all__ = ["Inquiry", "Search", "Watch", "watched"]
