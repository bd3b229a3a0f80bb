"""`make new-integration NAME=x`: the integration of docs/authors.md under another name, known to whatever lists it."""
