"""Reads `.http` files as the REST clients of editors do: variables, named requests, `# expects` for us."""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_VARIABLE = re.compile(r"^@(\w+)\s*=\s*(.*)$")
_PLACE = re.compile(r"\{\{([^}]+)\}\}")
_STEP = re.compile(r"\.(\w+)|\[(\d+)\]")


@dataclass(frozen=True, slots=True)
class Example:
    """One request, its places not yet filled in."""

    title: str
    name: str | None
    expects: int
    method: str
    url: str
    headers: dict[str, str]
    body: str


def read(path: Path) -> tuple[dict[str, str], list[Example]]:
    """Return the file's variables and its requests."""
    head, *blocks = re.split(r"^###", path.read_text("utf-8"), flags=re.MULTILINE)
    variables = {match[1]: match[2] for line in head.splitlines() if (match := _VARIABLE.match(line))}
    return variables, [_example(block) for block in blocks]


def _example(block: str) -> Example:
    title, _, text = block.partition("\n")
    notes: dict[str, str] = {}
    lines = text.splitlines()
    while lines and lines[0].startswith("#"):
        word, _, value = lines.pop(0).removeprefix("#").strip().partition(" ")
        notes[word] = value
    method, _, url = lines.pop(0).partition(" ")
    headers = {}
    while lines and lines[0].strip():
        name, _, value = lines.pop(0).partition(":")
        headers[name.strip()] = value.strip()
    return Example(
        title.strip(), notes.get("@name"), int(notes["expects"]), method, url, headers, "\n".join(lines).strip()
    )


def fill(text: str, variables: dict[str, str], answers: dict[str, Any]) -> str:
    """Put variables and earlier answers (`name.response.body.$.items[0].id`) into their places."""

    def value(match: re.Match[str]) -> str:
        word = match[1].strip()
        name, dot, path = word.partition(".response.body.$")
        if not dot:
            return variables[word]
        found = answers[name]
        for key, index in _STEP.findall(path):
            found = found[key] if key else found[int(index)]
        return str(found)

    return _PLACE.sub(value, text)
