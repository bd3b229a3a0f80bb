"""Pictures of the page, light and dark, by whatever Chromium there is."""

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
# What Chromium calls them: https://source.chromium.org/search?q=PreferredColorScheme
SCHEMES = {"light": 1, "dark": 0}
WIDTH, HEIGHT = 1100, 2250
SECONDS = 60.0


class BrowserError(Exception):
    """The browser made no picture; the message says what it wrote."""


def browser() -> str | None:
    return next((path for name in BROWSERS if (path := shutil.which(name))), None)


def has_emoji() -> bool:
    """Whether a font has them; without one the pictures show boxes. Who has no fontconfig is not asked."""
    program = shutil.which("fc-list")
    return program is None or bool(_run([program, ":charset=2705"]).strip())


def screenshots(page: Path, program: str, *, width: int = WIDTH, height: int = HEIGHT) -> list[Path]:
    """`light.png` and `dark.png` beside the page: its beginning, in pixels. Raises BrowserError."""
    return [_screenshot(page, program, scheme, f"{width},{height}") for scheme in SCHEMES]


def _screenshot(page: Path, program: str, scheme: str, size: str) -> Path:
    picture = page.with_name(f"{scheme}.png")
    picture.unlink(missing_ok=True)
    with tempfile.TemporaryDirectory(prefix="tekton-showcase-", ignore_cleanup_errors=True) as profile:
        command = [
            program,
            "--headless",
            "--disable-gpu",
            "--hide-scrollbars",
            *(["--no-sandbox"] if os.geteuid() == 0 else []),  # Chromium's own needs another user
            f"--user-data-dir={profile}",
            f"--blink-settings=preferredColorScheme={SCHEMES[scheme]}",
            f"--window-size={size}",
            f"--screenshot={picture}",
            page.resolve().as_uri(),
        ]
        told = _run(command)
    if not picture.exists():
        raise BrowserError(f"{program} made no picture: {told[-500:]}")
    return picture


def _run(command: list[str]) -> str:
    try:
        done = subprocess.run(command, capture_output=True, check=False, timeout=SECONDS, text=True)
    except subprocess.TimeoutExpired:
        return f"it did not end within {SECONDS:.0f} s"
    return done.stdout + done.stderr
