"""The files of the project, as a fresh clone has them."""

import os
import shutil
import subprocess
from pathlib import Path

ROOT = Path(__file__).parents[2]
NOT_OURS = {".git", ".venv", ".venv-demo", ".venv-lock", "var", "build", "dist", "node_modules", "__pycache__"}


def project_files() -> list[Path]:
    """List every file under version control, or, without git, every file that is not generated."""
    if (ROOT / ".git").exists() and shutil.which("git"):
        listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=False)
        if listed.returncode == 0:
            paths = [ROOT / name for name in listed.stdout.split("\0") if name]
            return sorted(path for path in paths if path.is_file())
    found = []
    for folder, folders, files in os.walk(ROOT):
        folders[:] = [name for name in folders if name not in NOT_OURS and not name.endswith("_cache")]
        found += [Path(folder) / name for name in files]
    return sorted(found)


def shown(path: Path) -> str:
    """Name a file as seen from the root of the project."""
    return str(path.relative_to(ROOT))
