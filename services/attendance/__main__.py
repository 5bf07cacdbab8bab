"""Run attendance: `passerelle run attendance [--only worker|web]`, or `python -m services.attendance`."""

import argparse
import sys
from collections.abc import Sequence

from services.attendance.bootstrap import SERVICE, serve
from services.attendance.settings import AttendanceSettings
from services.chassis.logging import configure_logging
from services.chassis.process import run
from services.chassis.settings import load_settings


def main(argv: Sequence[str] = ()) -> int:
    """Run until SIGTERM or SIGINT; gives the exit code."""
    parser = argparse.ArgumentParser(prog="attendance", description="The fold, the timeline and the live page.")
    parser.add_argument("--only", choices=["worker", "web"], help="one half of the service: it is both by default")
    options = parser.parse_args(argv)

    async def serve_with_settings() -> None:
        settings = load_settings(AttendanceSettings)
        configure_logging(settings, service=SERVICE)
        await serve(settings, only=options.only)

    return run(serve_with_settings)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
