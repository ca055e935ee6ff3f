"""What the grammar refuses."""


class UnsafeCommand(ValueError):
    """Something that must not leave: a mistake of ours, caught before the wire."""
