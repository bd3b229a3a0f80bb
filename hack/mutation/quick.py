"""A plug-in for pytest: random tests make few examples, and none smaller once one has failed."""

from hypothesis import Phase, settings

settings.register_profile(
    "mutation", settings.get_profile("ci"), phases=(Phase.explicit, Phase.generate), max_examples=30
)
