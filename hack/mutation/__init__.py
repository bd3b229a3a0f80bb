"""Mutation testing: how many small faults put into the code are noticed by its tests. See docs/mutation.md."""
