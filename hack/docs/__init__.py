"""Docs that can fail: tables made from the code, reasons, layers, links. `python -m hack.docs [--write]`."""
