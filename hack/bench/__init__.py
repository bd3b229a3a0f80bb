"""`python -m hack.bench`: what the controller costs on a real API server, beside a bare loop of the same calls."""
