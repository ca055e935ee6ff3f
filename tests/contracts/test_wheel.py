"""What a wheel holds: GraphiQL's files when it is built to be installed, and no need of Node in a checkout."""

import importlib.util
import json
import subprocess
import sys
import zipfile
from pathlib import Path
from types import SimpleNamespace

import pytest

from app.graphql.page import pack
from tests.contracts.repository import ROOT, project_files, shown
from tests.support.npm import is_unreachable
from tests.support.requirements import missing

PAGE = {"page.js", "page.css", "graphql.worker.js", "json.worker.js", "editor.worker.js", "licences.txt"}


def _built(folder: Path) -> set[str]:
    script = "import sys; from hatchling.build import build_wheel; build_wheel(sys.argv[1])"
    done = subprocess.run(
        [sys.executable, "-c", script, str(folder)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=900,
    )
    if done.returncode != 0 and is_unreachable(done.stderr):
        missing("npm's registry cannot be reached, which GraphiQL's files are packed from.")
    assert done.returncode == 0, done.stderr
    (wheel,) = folder.glob("*.whl")
    return set(zipfile.ZipFile(wheel).namelist())


@pytest.mark.timeout(900)  # npm on a busy machine
def test_a_wheel_holds_the_page_and_not_what_it_is_made_from(tmp_path: Path) -> None:
    names = _built(tmp_path)
    assert {f"app/graphql/assets/{name}" for name in PAGE} <= names
    assert not [name for name in names if name.startswith("app/graphql/page/") or "node_modules" in name]


def test_an_editable_installation_needs_no_node(monkeypatch: pytest.MonkeyPatch) -> None:
    spec = importlib.util.spec_from_file_location("wheel", ROOT / ".ci" / "wheel.py")
    assert spec
    assert spec.loader
    hook = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(hook)
    packed = []
    monkeypatch.setattr(hook, "_packer", lambda root: SimpleNamespace(pack=lambda: packed.append(root)))
    wheel = hook.Wheel(str(ROOT), {}, None, None, str(ROOT), "wheel")
    wheel.initialize("editable", {})
    assert packed == []
    wheel.initialize("standard", {})
    assert packed == [ROOT]


def test_the_files_are_never_committed() -> None:
    assert not [shown(path) for path in project_files() if pack.TARGET in path.parents]


@pytest.mark.parametrize(
    "path", [path for path in project_files() if path.name == "package-lock.json"], ids=lambda path: shown(path)
)
def test_npm_packages_are_locked_by_hash_and_by_no_host(path: Path) -> None:
    packages = {name: item for name, item in json.loads(path.read_text("utf-8"))["packages"].items() if name}
    assert packages
    assert [name for name, item in packages.items() if not item.get("integrity", "").startswith("sha512-")] == []
    assert [name for name, item in packages.items() if "resolved" in item] == []
    assert "://" not in "".join(line for line in path.read_text("utf-8").splitlines() if '"version"' in line)


def test_what_is_named_is_what_is_locked() -> None:
    for manifest in [path for path in project_files() if path.name == "package.json"]:
        named = json.loads(manifest.read_text("utf-8"))
        locked = json.loads(manifest.with_name("package-lock.json").read_text("utf-8"))["packages"]
        for kind in ("dependencies", "devDependencies"):
            assert named.get(kind, {}) == locked[""].get(kind, {}), shown(manifest)
            for name, version in named.get(kind, {}).items():
                assert locked[f"node_modules/{name}"]["version"] == version
