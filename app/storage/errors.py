"""Why the storage refuses to start.

At run time the storage raises errors of `app.domain.errors` alone; these two end a start::

    StorageError    bad address, database out of reach, not migrated, or made by a newer version
    └── WrongKey    a key that credentials are sealed with is missing or another one
"""


class StorageError(Exception):
    """The storage cannot be used; the message is a plain sentence for the operator and never holds a password."""


class WrongKey(StorageError):
    """The encryption keys are not those the stored credentials were sealed with."""
