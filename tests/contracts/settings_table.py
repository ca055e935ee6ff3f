"""The README's table of settings, made from `app.config.Settings`.

python -m tests.contracts.settings_table           prints it
python -m tests.contracts.settings_table --write   writes it into README.md
"""

import sys
from pathlib import Path

from pydantic_core import PydanticUndefined

from app.config import Settings
from tests.contracts.repository import ROOT

README = ROOT / "README.md"
BEGIN = "<!-- settings: written by `make contracts` -->"
END = "<!-- end of settings -->"


def table() -> str:
    """Render one row a setting: its environment variable, its default, and its meaning, unit and danger."""
    prefix = Settings.model_config["env_prefix"]
    rows = ["| setting | default | meaning |", "|---|---|---|"]
    for name, field in Settings.model_fields.items():
        meaning = (field.description or "").replace("|", "\\|")
        rows.append(f"| `{prefix}{name.upper()}` | {_shown(field.default)} | {meaning} |")
    return "\n".join(rows)


def documented(readme: str) -> str:
    """Cut the table out of the README. Raises ValueError when its markers are missing."""
    return readme[readme.index(BEGIN) + len(BEGIN) : readme.index(END)].strip()


def with_table(readme: str) -> str:
    """Put the table into the README. Raises ValueError when its markers are missing."""
    before, after = readme[: readme.index(BEGIN)], readme[readme.index(END) :]
    return f"{before}{BEGIN}\n{table()}\n{after}"


def _shown(default: object) -> str:
    if default is PydanticUndefined or default is None or default in ("", ()):
        return ""
    if isinstance(default, bool):
        return f"`{str(default).lower()}`"
    if isinstance(default, Path | str | int | float):
        return f"`{default}`"
    if isinstance(default, tuple):
        return f"`{','.join(default)}`"
    raise TypeError(f"a default of {type(default)} has no way to be shown")


if __name__ == "__main__":
    if sys.argv[1:] == ["--write"]:
        README.write_text(with_table(README.read_text("utf-8")), "utf-8")
    else:
        print(table())
