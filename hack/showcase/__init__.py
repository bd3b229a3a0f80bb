"""`make showcase`: docs/github/ and docs/slack/, where every recording is to be seen as each would show it."""
