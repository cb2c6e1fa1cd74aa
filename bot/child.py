"""Runs a command that must not outlive its parent: ``python -m bot.child PARENT_PID COMMAND …``.

Asks Linux to end this process when the parent dies (prctl PR_SET_PDEATHSIG) and then becomes the command.
Elsewhere it only becomes the command.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1


def main() -> None:
    parent, command = int(sys.argv[1]), sys.argv[2:]
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:  # the parent died before we asked
            sys.exit(1)
    os.execv(command[0], command)  # noqa: S606  (no shell is meant)


if __name__ == "__main__":
    main()
