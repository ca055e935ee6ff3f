"""What a command ends with: an exit code for scripts and a plain sentence for people."""

import os
import sys
from collections.abc import Callable
from enum import IntEnum

from pydantic import ValidationError

from app.commands.output import tell
from app.domain.errors import AuthenticationFailed, Blame, InvalidRequest, MailhatchError
from app.security.keyring import KeyringError
from app.storage.errors import StorageError


class Exit(IntEnum):
    """The exit codes, as `mailhatch --help` lists them."""

    DONE = 0
    FAILED = 1
    USAGE = 2
    REFUSED = 3
    UNREACHABLE = 4
    INTERRUPTED = 130


#: For the help; a test keeps it complete.
EXIT_CODES = """\
exit codes:
  0    done
  1    failed
  2    wrong usage, or input that is not valid
  3    the mail server refused the credentials
  4    the mail server could not be reached
  130  interrupted
"""


class CommandError(Exception):
    """A command cannot go on; the message is a sentence for the operator."""

    def __init__(self, sentence: str, code: Exit = Exit.FAILED) -> None:
        """Take the sentence and what to exit with."""
        super().__init__(sentence)
        self.code = code


def guarded(run: Callable[[], int]) -> int:
    """Run a command; every foreseen failure becomes one plain message and its exit code."""
    try:
        return run()
    except CommandError as error:
        tell(f"mailhatch: {error}")
        return error.code
    except MailhatchError as error:
        tell(f"mailhatch: {error.detail}")
        if isinstance(error, InvalidRequest):
            for problem in error.problems:
                tell(f"  {problem.pointer.strip('/').replace('/', '.')}: {problem.detail}")
        return code_of(error)
    except (KeyringError, StorageError) as error:
        tell(f"mailhatch: {error}")
        return Exit.FAILED
    except ValidationError as error:  # of the settings; the values stay unsaid, they may be secrets
        for wrong in error.errors(include_url=False, include_context=False, include_input=False):
            name = ".".join(str(part) for part in wrong["loc"]).upper()
            tell(f"mailhatch: MAILHATCH_{name}: {wrong['msg']}.")
        return Exit.USAGE
    except KeyboardInterrupt:
        tell("mailhatch: interrupted.")
        return Exit.INTERRUPTED
    except BrokenPipeError:  # `| head` has seen enough; Python would complain when it flushes at its end
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return Exit.FAILED
    except Exception as error:
        if os.environ.get("MAILHATCH_LOG_LEVEL") == "debug":
            raise
        # Its text may hold a secret or mail; its type says where to look.
        tell(f"mailhatch: this should not happen ({type(error).__name__}). MAILHATCH_LOG_LEVEL=debug shows where.")
        return Exit.FAILED


def code_of(error: MailhatchError) -> Exit:
    """Choose the exit code of an error."""
    if isinstance(error, InvalidRequest):
        return Exit.USAGE
    if isinstance(error, AuthenticationFailed):
        return Exit.REFUSED
    return Exit.UNREACHABLE if error.blame is Blame.NETWORK else Exit.FAILED
