"""The lock file pins everything that is installed to run and test Catenary, and what is installed is what it pins."""

import tomllib
from importlib.metadata import requires, version
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

ROOT = Path(__file__).parents[1]
CUDA = ("nvidia-", "cuda-", "triton")  # torch pins these itself, and only on machines that use them


def locked() -> dict[str, Version]:
    lines = (ROOT / "requirements.lock").read_text().splitlines()
    pins = [Requirement(line) for line in lines if line and not line.startswith("#")]
    return {canonicalize_name(pin.name): Version(str(pin.specifier).removeprefix("==")) for pin in pins}


def needed() -> set[str]:
    """The names of all distributions that `catenary[test]` needs on this machine, directly or not."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    todo = [Requirement(text) for text in project["dependencies"] + project["optional-dependencies"]["test"]]
    seen: set[tuple[str, frozenset[str]]] = set()
    while todo:
        requirement = todo.pop()
        name, extras = canonicalize_name(requirement.name), frozenset(requirement.extras)
        if (name, extras) in seen or name.startswith(CUDA):
            continue
        seen.add((name, extras))
        for dependency in map(Requirement, requires(name) or []):
            marker = dependency.marker
            if marker is None or any(marker.evaluate({"extra": extra}) for extra in ("", *extras)):
                todo.append(dependency)
    return {name for name, _ in seen}


def test_the_lock_pins_everything_that_is_needed() -> None:
    assert needed() <= locked().keys()


def test_the_tests_run_with_the_locked_versions() -> None:
    installed = {name: Version(Version(version(name)).public) for name in needed()}
    assert installed == {name: locked()[name] for name in installed}
