"""`python -m hack.fuzz`: goes on with the fuzzers of tests/fuzz for as long as it is told."""
