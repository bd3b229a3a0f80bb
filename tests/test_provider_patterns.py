"""Patterns of grants fit exactly what they say: all short ones, against all short texts."""

import re
from itertools import product

from tekton_integrations.provider import matches


def texts(letters: str, longest: int) -> list[str]:
    return ["".join(each) for length in range(longest + 1) for each in product(letters, repeat=length)]


def test_a_pattern_fits_what_a_regular_expression_would() -> None:
    for pattern in texts("ab*", 4):
        reference = re.compile(".*".join(map(re.escape, pattern.split("*"))), re.DOTALL)
        for text in texts("ab", 5):
            assert matches(text, pattern) == bool(reference.fullmatch(text)), (text, pattern)


def test_a_star_stands_for_line_ends_and_other_letters_too() -> None:
    assert matches("a\nü", "*")
    assert matches("a\nü", "a*ü")
    assert not matches("a\nü", "a*u")
