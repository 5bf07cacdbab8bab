"""Run a command that cannot outlive its parent.

    python -m deploy.local.tied [--parent PID] [--pid-file FILE] -- COMMAND [ARGUMENT ...]

On Linux the kernel is asked to send SIGTERM when the parent dies, however it dies (`kill -9`
too), and this process then *becomes* the command: same pid, nothing left in between. Elsewhere
this process stays as a watcher: it passes signals on, and stops the command when the parent is
gone. `--pid-file` receives the pid of the command itself.

"Parent" means the *thread* that started this process, because that is what Linux watches: start
it from a thread that lives as long as the command should.

It stands before the start of every service, so it imports little.
"""

import contextlib
import ctypes
import os
import signal
import sys
from types import FrameType

_PR_SET_PDEATHSIG = 1
_POLL_SECONDS = 0.2
_GRACE_SECONDS = 30.0
_USAGE = "usage: tied [--parent PID] [--pid-file FILE] -- COMMAND [ARGUMENT ...]"


def tied(command: list[str], *, parent: int | None = None, pid_file: str | os.PathLike[str] | None = None) -> list[str]:
    """Give the argv that runs `command` tied to whoever starts it, from any directory.

    With `parent`, a parent that died before the tie was made is noticed too; without it, one that
    dies within the few milliseconds between fork and tie is not.
    """
    # The file is named and Python is isolated (-I -S): neither the directory nor site-packages
    # matter, and the start takes a few milliseconds.
    argv = [sys.executable, "-I", "-S", os.path.realpath(__file__)]
    if parent is not None:
        argv += ["--parent", str(parent)]
    if pid_file is not None:
        argv += ["--pid-file", os.fspath(pid_file)]
    return [*argv, "--", *command]


def main(argv: list[str]) -> int:
    """Read the options, tie, and run; returns only where a watcher is needed."""
    parent, pid_file = os.getppid(), None
    while argv and argv[0] != "--":
        if argv[0] == "--parent" and argv[1:2]:
            parent = int(argv[1])
        elif argv[0] == "--pid-file" and argv[1:2]:
            pid_file = argv[1]
        else:
            sys.exit(_USAGE)
        argv = argv[2:]
    command = argv[1:]
    if not command:
        sys.exit(_USAGE)
    if sys.platform == "linux":
        _become(command, parent, pid_file)
    return watch(command, parent, pid_file)


def tie(parent: int) -> None:
    """Have this process get a SIGTERM when its parent dies; on Linux. Ends it at once if that parent is gone."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(_PR_SET_PDEATHSIG, int(signal.SIGTERM), 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl(PR_SET_PDEATHSIG)")
    # The kernel tells only of deaths after the call above, so one before it is looked for here.
    if os.getppid() != parent:
        sys.exit(f"tied: the parent {parent} is gone, so nothing is started")


def _become(command: list[str], parent: int, pid_file: str | None) -> None:
    """Tie, then turn into the command. Does not return."""
    tie(parent)
    _write_pid(pid_file, os.getpid())
    try:
        os.execvp(command[0], command)  # noqa: S606 - becoming the command is the purpose
    except OSError as error:
        sys.exit(f"tied: {command[0]}: {error.strerror}")


def watch(command: list[str], parent: int, pid_file: str | None) -> int:
    """Run the command as a child and stop it when `parent` is gone; returns its exit code."""
    import subprocess  # noqa: PLC0415 - slow to import, and Linux never comes here

    child = subprocess.Popen(command)

    def pass_on(number: int, _frame: FrameType | None) -> None:
        child.send_signal(number)

    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, pass_on)
    _write_pid(pid_file, child.pid)
    while os.getppid() == parent:
        with contextlib.suppress(subprocess.TimeoutExpired):
            return _exit_code(child.wait(_POLL_SECONDS))
    child.terminate()
    try:
        return _exit_code(child.wait(_GRACE_SECONDS))
    except subprocess.TimeoutExpired:
        child.kill()
        return _exit_code(child.wait())


def _exit_code(returncode: int) -> int:
    return returncode if returncode >= 0 else 128 - returncode


def _write_pid(pid_file: str | None, pid: int) -> None:
    if pid_file is not None:
        with open(pid_file, "w", encoding="ascii") as file:  # noqa: PTH123 - pathlib is slow to import
            file.write(str(pid))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
