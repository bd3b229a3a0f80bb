"""`make showcase`: docs/github/, where every recording is to be seen as GitHub would show it."""
