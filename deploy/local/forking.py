"""A supervisord whose Python programs are forks of itself: they share what they have all loaded.

    python -m deploy.local.forking -c supervisord.conf

Five services import the same hundred libraries. Here that is done once, after the first program (Kafka, which starts
meanwhile) and before the second, so that each of the others is there soon and brings only its own memory along; what
one of them alone needs it loads itself, beside the others. The rest is supervisord's: restarts, logs, the order of
stopping. Two methods of its options are the seam: `fork`, and `execve`, which here *becomes* `python -m MODULE …`
instead of starting it. Two habits of it are mended: it sees to a program that has ended at once, not within a second,
and its pauses before another try do not grow for ever.

A forked program looks like a started one: its own command line, environment, signals and end with its parent.
"""

import gc
import logging
import os
import signal
import sys
from collections.abc import Mapping, Sequence
from importlib import import_module
from typing import Any, Final, NoReturn

from setproctitle import setproctitle
from supervisor.options import ProcessConfig, ServerOptions
from supervisor.poller import Poller
from supervisor.process import ProcessStates, Subprocess
from supervisor.supervisord import go

from deploy.local.tied import tie

SHARED: Final = (
    "services.command_line",
    "services.attendance.__main__",
    "deploy.local.gateway",
    "jwt",
    "sqlalchemy.dialects.sqlite.aiosqlite",
)
"""What several programs load, with little besides.

Loading has no effect but that (no thread, no connection), so that it can be forked.
"""

_SUPERVISORS_SIGNALS: Final = (
    signal.SIGTERM,
    signal.SIGINT,
    signal.SIGQUIT,
    signal.SIGHUP,
    signal.SIGCHLD,
    signal.SIGUSR2,
)


LONGEST_PAUSE_SECONDS: Final = 10


class ForkingOptions(ServerOptions):  # type: ignore[misc]  # supervisor has no types
    """supervisord's options, and with them its way of starting programs."""

    def __init__(self) -> None:
        """Nothing is loaded yet."""
        super().__init__()
        self.poller = _WakingPoller(self)
        self._forks = 0
        self._pid = os.getpid()

    def fork(self) -> int:
        """Fork; before the second time, load what all others need."""
        self._forks += 1
        if self._forks == 2:  # noqa: PLR2004  (the first is Kafka, which need not wait for that)
            _load()
        # The child has supervisord's handlers still: a signal that came now would be lost with them.
        signal.pthread_sigmask(signal.SIG_BLOCK, _SUPERVISORS_SIGNALS)
        pid = os.fork()
        if pid:
            signal.pthread_sigmask(signal.SIG_UNBLOCK, _SUPERVISORS_SIGNALS)
        return pid

    def execve(self, filename: str, argv: Sequence[str], env: Mapping[str, str]) -> None:
        """Start a program in this process, or become it where it is a Python module; does not return."""
        signal.set_wakeup_fd(-1)
        for number in _SUPERVISORS_SIGNALS:
            signal.signal(number, signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, _SUPERVISORS_SIGNALS)
        if sys.platform == "linux" and list(argv[:2]) == [sys.executable, "-m"]:
            _become(list(argv), env, parent=self._pid)
        os.execve(filename, list(argv), dict(env))  # noqa: S606  (starting programs is its work)

    def processes_from_section(self, parser: Any, section: str, group: str, _: object = None) -> Any:  # noqa: ANN401
        """Configure programs as supervisord does, but patient ones."""
        return super().processes_from_section(parser, section, group, _PatientConfig)


class _PatientConfig(ProcessConfig):  # type: ignore[misc]
    def make_process(self, group: object = None) -> "PatientProcess":
        process = PatientProcess(self)
        process.group = group
        return process


class PatientProcess(Subprocess):  # type: ignore[misc]
    """A program: after a start that failed it is started again after 1, 2, 3 … seconds, ten at most."""

    backoff: int

    def change_state(self, new_state: int, *more: Any, **named: Any) -> Any:  # noqa: ANN401  (supervisor's)
        """Follow it, with an eye on the pause."""
        if new_state == ProcessStates.BACKOFF:
            self.backoff = min(self.backoff, LONGEST_PAUSE_SECONDS - 1)
        return super().change_state(new_state, *more, **named)


class _WakingPoller(Poller):  # type: ignore[misc]
    """Returns when a signal comes too, as that of a program that has ended."""

    def __init__(self, options: ServerOptions) -> None:
        super().__init__(options)
        self._signals: int | None = None

    def poll(self, timeout: float) -> tuple[list[int], list[int]]:
        if self._signals is None:  # Only now: at its start supervisord closes whatever is open.
            self._signals, written = os.pipe()
            os.set_blocking(self._signals, False)
            os.set_blocking(written, False)
            signal.set_wakeup_fd(written, warn_on_full_buffer=False)
        self.register_readable(self._signals)
        readable, writable = super().poll(timeout)
        if self._signals in readable:
            readable.remove(self._signals)
            os.read(self._signals, 4096)
        return readable, writable


def _load() -> None:
    gc.disable()
    for name in SHARED:
        import_module(name)
    gc.enable()
    # Nothing of it is ever garbage; a collection that looked at it would write to every page and unshare it.
    gc.collect()
    gc.freeze()


def _become(argv: Sequence[str], env: Mapping[str, str], *, parent: int) -> NoReturn:
    """Call the `main()` of a module, as `python -m` would, and end the process with its exit code."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
    setproctitle(" ".join(argv))  # before the environment is changed: it takes its room
    os.environ.clear()
    os.environ.update(env)
    code = 1
    try:
        tie(parent)
        sys.argv = list(argv[2:])
        import_module(argv[2]).main()
        code = 0
    except SystemExit as end:
        code = _exit_code(end.code)
    except BaseException:
        logging.getLogger(__name__).exception("%s failed", argv[2])
    finally:
        logging.shutdown()
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)  # not by way of what supervisord would do at its own end


def _exit_code(said: Any) -> int:  # noqa: ANN401  (whatever was given to sys.exit)
    if said is None or isinstance(said, int):
        return said or 0
    print(said, file=sys.stderr)
    return 1


def main() -> None:
    """Be supervisord until it is told to end; the arguments are its own."""
    options = ForkingOptions()
    options.realize(sys.argv[1:])
    options.first, options.test = True, False
    go(options)
    options.close_httpservers()
    options.close_logger()


if __name__ == "__main__":
    main()
