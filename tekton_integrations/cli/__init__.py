"""The command line, a module for each command: `tekton-integrations run`, `record`, and what packages bring.

Whoever needs much imports it inside the command: the others start faster without it.
"""

from tekton_integrations.cli.app import app

__all__ = ["app"]
