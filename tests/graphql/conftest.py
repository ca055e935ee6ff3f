"""The whole service in this process, spoken to in GraphQL; the fixtures are those of the REST face."""

from dataclasses import dataclass
from typing import Any

import pytest

from tests.rest.conftest import Api, account, api, first_data, settings

__all__ = ["account", "api", "first_data", "settings"]


@dataclass(frozen=True, slots=True)
class GraphQL:
    """A client of /graphql."""

    api: Api

    async def send(self, query: str, headers: dict[str, str] | None = None, **variables: Any) -> dict[str, Any]:
        """Return the whole answer."""
        body = {"query": query, "variables": variables}
        answer = await self.api.http.post("/graphql", json=body, headers=headers)
        result: dict[str, Any] = answer.json()
        return result

    async def ask(self, query: str, **variables: Any) -> Any:
        """Return the data, after checking that there is no error."""
        answer = await self.send(query, **variables)
        assert "errors" not in answer, answer["errors"]
        return answer["data"]

    async def refused(self, query: str, **variables: Any) -> dict[str, Any]:
        """Return the first error."""
        answer = await self.send(query, **variables)
        found: dict[str, Any] = answer["errors"][0]
        return found


@pytest.fixture
def graphql(api: Api) -> GraphQL:
    """A client as an admin."""
    return GraphQL(api)
