"""What is wrong with an installation, found out from outside and with the rights of whoever asks: each check gives
findings, and says so where it may not look."""

from tekton_integrations.diagnosis.doctor import diagnosed
from tekton_integrations.diagnosis.findings import Finding, Level

__all__ = ["Finding", "Level", "diagnosed"]
