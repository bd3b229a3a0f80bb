"""What is said of a report is worded in one place."""

import pytest

from tekton_integrations import words


@pytest.mark.parametrize(
    ("said", "text"),
    [
        (words.asked_by(own=True), "asked for by the run's annotations"),
        (words.asked_by(own=False, notifications=["a/b"]), "asked for by Notification a/b"),
        (words.asked_by(own=True, notifications=["a/b"]), "asked for by the run's annotations and Notification a/b"),
        (
            words.asked_by(own=True, sources={"sha": "label commit", "repo": "label commit", "owner": "parameter org"}),
            "asked for by the run's annotations and its label commit and parameter org",
        ),
        (words.footer("x", words.because("asked for by y", "a/p")), "x; asked for by y, granted by Provider a/p."),
        (words.footer("x", ""), ""),
        (words.sentence("True", "shown\nthere"), "shown there"),
        (words.sentence("Unknown", ""), "its report is being made"),
    ],
)
def test_what_is_said_reads_as_people_write(said: str, text: str) -> None:
    assert said == text


def test_a_message_can_draw_nothing() -> None:
    assert words.sentence("False", "\x1b[2Jred\u202e") == "[2Jred"
