"""`passerelle run attendance --only worker`, whose consumer's update of metadata dies once `die` is in its data folder.

As it died by an error that aiokafka did not expect (decision 0044). It notices soon that its coordinator is lost.
"""

import os
import threading
from pathlib import Path

from aiokafka.client import AIOKafkaClient

from services.attendance.stream.coordinator_watch import watch_coordinator
from services.command_line import main

_update = AIOKafkaClient._metadata_update  # noqa: SLF001  (nothing public dies so)
_die = Path(os.environ["PASSERELLE_DATA_DIR"], "die")


async def _mortal_update(client: AIOKafkaClient, *asked: object) -> bool:
    if _die.exists() and threading.current_thread() is not threading.main_thread():
        raise RuntimeError
    return bool(await _update(client, *asked))


if __name__ == "__main__":
    AIOKafkaClient._metadata_update = _mortal_update  # noqa: SLF001  (as above)
    watch_coordinator.__kwdefaults__ = {"looks": 6, "every": 0.5}
    main()
