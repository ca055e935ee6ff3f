"""Pictures of what the browser showed, for people to look at."""

import os
from pathlib import Path

from playwright.async_api import Locator, Page


async def keep(shown: Page | Locator, folder: Path, name: str) -> bytes:
    """Save a picture as `name`.png in `folder`, and in $MAILHATCH_SCREENSHOTS if that is set; return the PNG."""
    picture = await shown.screenshot()
    folders = [folder]
    if also := os.environ.get("MAILHATCH_SCREENSHOTS"):
        folders.append(Path(also))
    for place in folders:
        place.mkdir(parents=True, exist_ok=True)
        (place / f"{name}.png").write_bytes(picture)
    return picture
