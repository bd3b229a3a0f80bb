"""`python -m hack.bench.neighbours`: what a quiet tenant feels of a noisy one, and of a host that never answers."""
