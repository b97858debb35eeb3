"""A browser shows the page: the picture is not blank, and no plot is lost."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
from matplotlib import image

BROWSER = shutil.which("chromium") or shutil.which("chromium-browser")
INK = (11, 95, 133)  # PRIMARY, the first colour of every plot


@pytest.mark.slow
# CI promises the picture: there the test runs, and fails without Chromium.
@pytest.mark.skipif(
    BROWSER is None and "TELCRM_CI" not in os.environ,
    reason="needs Chromium, to take the picture",
)
@pytest.mark.parametrize("width", [1400, 500])
def test_a_browser_draws_the_plots(operator_html: str, tmp_path: Path, width: int) -> None:
    assert BROWSER is not None, "no Chromium on PATH, to take the picture"
    page, picture = tmp_path / "report.html", tmp_path / "report.png"
    page.write_text(operator_html, encoding="utf-8")
    command = [
        BROWSER,
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--no-first-run",
        "--disable-background-networking",
        f"--user-data-dir={tmp_path / 'profile'}",
        f"--window-size={width},4000",
        f"--screenshot={picture}",
        page.as_uri(),
    ]
    run = subprocess.run(  # noqa: S603
        command, capture_output=True, text=True, errors="replace", timeout=120, check=False
    )
    assert run.returncode == 0, (
        f"{BROWSER} ended with {run.returncode} and took no picture. Below 0 a signal ended it, "
        f"as a limit of address space (ulimit -v) does. It said: {run.stderr[-2000:]}"
    )
    pixels = (image.imread(picture)[:, :, :3] * 255).round().astype(int)
    drawn = (abs(pixels - np.array(INK)) <= 2).all(axis=2)
    assert drawn.mean() > 0.005
    assert drawn[-2000:].any()
