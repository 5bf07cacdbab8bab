"""`python -m services.streaming_bridge`: the bridge as a process."""

import sys
from collections.abc import Sequence

from services.chassis.logging import configure_logging
from services.chassis.process import run
from services.chassis.settings import load_settings
from services.streaming_bridge.bootstrap import SERVICE, serve
from services.streaming_bridge.settings import BridgeSettings


def main(argv: Sequence[str] | None = None) -> int:  # noqa: ARG001  (all settings come from the environment)
    """Run the bridge; gives the exit code."""

    async def start() -> None:
        settings = load_settings(BridgeSettings)
        configure_logging(settings, service=SERVICE)
        await serve(settings)

    return run(start)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
