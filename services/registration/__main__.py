"""Run the registration service: `passerelle run registration`, or `python -m services.registration`."""

import sys
from collections.abc import Sequence

from services.chassis.logging import configure_logging
from services.chassis.process import run
from services.chassis.settings import load_settings
from services.registration.bootstrap import serve
from services.registration.settings import RegistrationSettings


def main(argv: Sequence[str] = ()) -> int:
    """Run until SIGTERM or SIGINT; settings come from the environment, so there are no arguments."""
    if argv:
        print("registration takes no arguments: its settings are PASSERELLE_* variables", file=sys.stderr)  # noqa: T201
        return 2

    async def serve_with_settings() -> None:
        settings = load_settings(RegistrationSettings)
        configure_logging(settings, service="registration")
        await serve(settings)

    return run(serve_with_settings)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
