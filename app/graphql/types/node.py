"""Relay's Node: everything that has an id can be fetched again by it. The ids are those of REST, not wrapped again."""

import strawberry


@strawberry.interface
class Node:
    """Something with an id that stays."""

    id: strawberry.ID
