"""A supervisord whose Python programs are forks of itself: they share what they have all loaded.

    python -m deploy.local.forking -c supervisord.conf

Five services import the same hundred libraries. Here that is done once, after the first program (Kafka, which starts
meanwhile) and before the second, so that each of the others is there at once and brings only its own memory along. The
rest is supervisord's: restarts, logs, the order of stopping. Two methods of its options are the seam: `fork`, and
`execve`, which here *becomes* `python -m MODULE …` instead of starting it.

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
from supervisor.options import ServerOptions
from supervisor.supervisord import go

from deploy.local.tied import tie

SHARED: Final = (
    "services.command_line",
    "services.registration.__main__",
    "services.streaming_bridge.__main__",
    "services.attendance.__main__",
    "services.attendance.stream.worker",
    "deploy.local.gateway",
    "sqlalchemy.dialects.sqlite.aiosqlite",
    "alembic.command",
    "alembic.ddl.sqlite",
)
"""What the programs load; loading has no effect but that (no thread, no connection), so that it can be forked."""

_SUPERVISORS_SIGNALS: Final = (
    signal.SIGTERM,
    signal.SIGINT,
    signal.SIGQUIT,
    signal.SIGHUP,
    signal.SIGCHLD,
    signal.SIGUSR2,
)


class ForkingOptions(ServerOptions):  # type: ignore[misc]  # supervisor has no types
    """supervisord's options, and with them its way of starting programs."""

    def __init__(self) -> None:
        """Nothing is loaded yet."""
        super().__init__()
        self._forks = 0
        self._pid = os.getpid()

    def fork(self) -> int:
        """Fork; before the second time, load what all others need."""
        self._forks += 1
        if self._forks == 2:  # noqa: PLR2004  (the first is Kafka, which need not wait for that)
            _load()
        return os.fork()

    def execve(self, filename: str, argv: Sequence[str], env: Mapping[str, str]) -> None:
        """Start a program in this process, or become it where it is a Python module; does not return."""
        if sys.platform == "linux" and list(argv[:2]) == [sys.executable, "-m"]:
            _become(list(argv), env, parent=self._pid)
        os.execve(filename, list(argv), dict(env))  # noqa: S606  (starting programs is its work)


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
    for number in _SUPERVISORS_SIGNALS:
        signal.signal(number, signal.default_int_handler if number == signal.SIGINT else signal.SIG_DFL)
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
