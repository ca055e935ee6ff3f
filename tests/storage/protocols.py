"""How a class and the Protocol it implements compare."""

import inspect


def public_methods(owner: type) -> dict[str, tuple[tuple[str, object], ...]]:
    """Public methods by name, with their parameters, annotations, and what they return."""
    return {
        name: tuple(inspect.get_annotations(method, eval_str=True).items())
        for name, method in inspect.getmembers(owner, inspect.isfunction)
        if not name.startswith("_")
    }
