"""What CI checks, and what is run by name: ``nox -l`` lists them, ``nox -s tests`` runs one."""

from __future__ import annotations

import shutil
from pathlib import Path

import nox

nox.options.default_venv_backend = "venv"
nox.options.reuse_existing_virtualenvs = True
# The steps of .ci/run, in its order. The rest takes minutes more, and is run before a release.
nox.options.sessions = [
    "coverage",
    "lint",
    "types",
    "imports",
    "changelog",
    "docs",
    "wheel",
]


@nox.session
def tests(session: nox.Session) -> None:
    """Run the suite, doctests and documentation examples included."""
    session.install("-e", ".[dev]")
    session.run("python", "-m", "pytest", *session.posargs)


@nox.session
def thorough(session: nox.Session) -> None:
    """Run the tests with twenty times as many random examples."""
    session.install("-e", ".[dev]")
    session.run("python", "-m", "pytest", *session.posargs, env={"TELCRM_EXAMPLES": "thorough"})


@nox.session
def coverage(session: nox.Session) -> None:
    """Run their tests, and ask for 95 % of branches on the rooms that everything stands on."""
    session.install("-e", ".[dev]")
    rooms = ("domain", "tables", "ledger")
    tests = session.posargs or [f"tests/{room}" for room in rooms]
    quick = ["-m", "not slow and not spark"]
    session.run("python", "-m", "pytest", "--cov", "--cov-report=", *quick, *tests)
    for room in rooms:
        session.run("coverage", "report", f"--include=src/telcrm/{room}/*", "--fail-under=95")


@nox.session
def lowest(session: nox.Session) -> None:
    """Run the rooms that meet other people's dataframes on the lowest versions we admit."""
    session.install("-c", "constraints/lowest.txt", "-e", ".[all,spark,testing]", "pytest")
    # Old releases warn about new releases of what they stand on: not ours to mend.
    command = ["python", "-m", "pytest", "-W", "default", "--disable-warnings", "-m", "not slow"]
    session.run(*command, *(session.posargs or ["tests/tables", "tests/kpi", "tests/segmentation"]))


@nox.session(python=["3.12", "3.13"])
def smoke(session: nox.Session) -> None:
    """Import every room on the later Pythons, where they are installed."""
    session.install(".[all,testing]")
    session.run("python", "scripts/import_every_room.py")


@nox.session
def lint(session: nox.Session) -> None:
    """Check style and formatting."""
    session.install("-e", ".[dev]")
    session.run("ruff", "check")
    session.run("ruff", "format", "--check")


@nox.session
def types(session: nox.Session) -> None:
    """Check types, strictly."""
    session.install("-e", ".[dev]")
    session.run("mypy")


@nox.session
def imports(session: nox.Session) -> None:
    """Check that imports point down the floors of the house."""
    session.install("-e", ".[dev]")
    session.run("lint-imports", "--no-logo")


@nox.session
def docs(session: nox.Session) -> None:
    """Build the site; a broken link is an error."""
    session.install("-e", ".[docs]")
    session.run("mkdocs", "build", "--strict")


@nox.session
def wheel(session: nox.Session) -> None:
    """Build the wheel and run the demo from it, with no source tree in reach."""
    out = Path(session.create_tmp())
    shutil.rmtree(out)
    out.mkdir()
    session.run("python", "-m", "pip", "wheel", "--no-deps", "-w", str(out / "dist"), ".")
    (built,) = (out / "dist").glob("telcrm-*.whl")
    session.install(f"{built.resolve()}[all]")
    with session.chdir(out):
        session.run("telcrm", "demo")
    if not any(report.stat().st_size > 10_000 for report in out.rglob("*.html")):
        session.error("telcrm demo wrote no report")


@nox.session
def bench(session: nox.Session) -> None:
    """Run every benchmark side by side with its peers; takes minutes."""
    session.install("-e", ".[bench]")
    for script in ("movement", "validate", "synth", "ledger", "ledger_concurrency"):
        session.run("python", f"benchmarks/{script}.py", *session.posargs)


@nox.session
def changelog(session: nox.Session) -> None:
    """Show what the next release will say."""
    session.install("towncrier>=24.8")
    session.run("towncrier", "build", "--draft", "--version", "next")


@nox.session
def api(session: nox.Session) -> None:
    """Compare the public API with the last tag's."""
    tag = session.run("git", "tag", "--list", "v*", "--sort=-v:refname", external=True, silent=True)
    if not tag:
        session.skip("no release is tagged yet")
    session.install("griffe>=1.5")
    session.run("griffe", "check", "telcrm", "-s", "src", "-a", str(tag).split()[0])
