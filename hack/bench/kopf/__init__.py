"""The same job written with kopf, as what a user would write instead."""
