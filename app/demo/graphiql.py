"""GraphiQL's files for the demo: packed beside it where they can be, so that nobody waits for them."""

from importlib.util import find_spec
from pathlib import Path

from app.demo.children import Child

_MODULE = "app.graphql.page.pack"


def packed(data: Path) -> Child | None:
    """Start packing, unless this is an installed wheel, which holds the files. Failing is told in the log alone."""
    if find_spec("app.graphql.page") is None:
        return None
    return Child("packing of GraphiQL", (_MODULE,), data / "graphiql.log")
