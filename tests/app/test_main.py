"""The program from the outside: its options, a run without a display, and that the window never brings torch."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

from app.__main__ import main


def catenary(*arguments: str, folder: Path) -> "subprocess.CompletedProcess[str]":
    """Run the program as on a machine without a display."""
    hidden = ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM")
    environment = {k: v for k, v in os.environ.items() if k not in hidden}
    environment["PYTHONPATH"] = str(Path(__file__).parents[2])
    command = [sys.executable, "-m", "app", *arguments]
    return subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, timeout=110, check=False
    )


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="elsewhere there is always a display")
def test_without_a_display_the_example_runs_and_pictures_say_so(tmp_path: Path) -> None:
    done = catenary(folder=tmp_path)
    assert done.returncode == 0, done.stderr
    assert done.stdout == "float32 (1, 1, 67, 67)\n"
    preview, canvas = (tmp_path / "build" / f"catenary-{name}.png" for name in ("preview", "canvas"))
    assert str(preview) in done.stderr
    assert str(canvas) in done.stderr
    with Image.open(preview) as picture:
        assert picture.size == (67, 67)
        assert len(picture.convert("RGB").getcolors(2**24) or []) > 20
    with Image.open(canvas) as picture:
        assert max(picture.size) <= 4000
        assert len(picture.convert("RGB").getcolors(2**24) or []) > 20


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="elsewhere there is always a display")
def test_a_run_that_fails_without_a_display_says_where_and_gives_a_code(tmp_path: Path) -> None:
    path = tmp_path / "wrong.catenary"
    path.write_text(
        '{"catenary": 1, "root": "root", "nodes": ['
        '{"id": "a", "kind": "Lambda", "name": "Maker", "params": {"func": "lambda: torch.ones(2, 3)"}},'
        '{"id": "b", "kind": "Linear", "params": {"in_features": 4, "out_features": 4, "bias": true}},'
        '{"id": "root", "kind": "Chain", "children": ["a", "b"]}], "view": []}'
    )
    done = catenary(str(path), folder=tmp_path)
    assert done.returncode == 1
    assert "the run failed at Linear" in done.stderr
    missing = catenary("nowhere.catenary", folder=tmp_path)
    assert missing.returncode == 1
    assert "nowhere.catenary" in missing.stderr


def test_a_file_is_drawn_without_a_display_or_a_run(tmp_path: Path) -> None:
    example = Path(__file__).parents[2] / "resources" / "examples" / "hello-context.catenary"
    done = catenary(str(example), "--picture", "drawn.svg", folder=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "pixels" in done.stderr
    assert "<path" in (tmp_path / "drawn.svg").read_text()
    assert main([str(example), "--picture", "drawn.gif"]) == 2


def test_the_version_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--version"]) == 0
    assert capsys.readouterr().out.startswith("catenary ")


def test_a_wrong_option_is_an_error_on_standard_error(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        main(["--theme", "pink"])
    assert stopped.value.code == 2
    assert "pink" in capsys.readouterr().err


def test_neither_the_entry_nor_the_window_imports_torch() -> None:
    for module, banned in (("app.__main__", ("PySide6", "torch")), ("app.window", ("torch", "engine.runtime"))):
        code = f"import sys, {module}; print([m for m in {banned!r} if m in sys.modules])"
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
        assert done.stdout.strip() == "[]"
