"""Fuzzers: what users, Tekton, the API server and services could say, by chance. A short, seeded part of each runs with
all tests; `make fuzz` goes on for as long as it is told, with other seeds."""
