"""Where what a command writes goes: all of it, or nothing."""

import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from services.chassis.command import fail
from services.chassis.errors import OperatorError


@contextmanager
def written_whole(output: Path | None) -> Iterator[BinaryIO]:
    """Take in what is written, and then let it out: to a file, or without one to the terminal.

    What was in the file stays there if anything is raised before the end.
    """
    with tempfile.TemporaryFile() as buffer:
        yield buffer
        buffer.seek(0)
        if output is None:
            shutil.copyfileobj(buffer, sys.stdout.buffer)
            return
        try:
            with output.open("wb") as out:
                shutil.copyfileobj(buffer, out)
        except OSError as error:
            fail(OperatorError(f"{output} cannot be written: {error.strerror}."), code=2)
