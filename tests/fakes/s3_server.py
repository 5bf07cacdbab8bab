"""A server that speaks S3, in a process of its own: moto's."""

import asyncio
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import aiohttp

_BUCKET = "archives"
_WITHIN_SECONDS = 60


@dataclass(frozen=True, slots=True)
class S3:
    """Where it is; what is in it goes with it."""

    origin: str

    def address(self, prefix: str, *, bucket: str = _BUCKET) -> str:
        """The address of a prefix in a bucket."""
        scheme, host = self.origin.split("://")
        return f"s3://{bucket}/{prefix}?endpoint_override={host}&scheme={scheme}&region=us-east-1"

    async def overwrite(self, name: str, content: bytes) -> None:
        """Put something else where an object is."""
        async with aiohttp.ClientSession() as http, http.put(f"{self.origin}/{_BUCKET}/{name}", data=content) as answer:
            answer.raise_for_status()


@asynccontextmanager
async def s3_server() -> AsyncIterator[S3]:
    """A running one, with an empty bucket; whoever comes with any credentials is let in."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    quiet = asyncio.subprocess.DEVNULL
    arguments = ("-m", "moto.server", "-H", "127.0.0.1", "-p", str(port))
    process = await asyncio.create_subprocess_exec(sys.executable, *arguments, stdout=quiet, stderr=quiet)
    origin = f"http://127.0.0.1:{port}"
    try:
        await _bucket(origin)
        yield S3(origin)
    finally:
        process.terminate()
        await process.wait()


async def _bucket(origin: str) -> None:
    deadline = asyncio.get_running_loop().time() + _WITHIN_SECONDS
    async with aiohttp.ClientSession() as http:
        while True:
            try:
                async with http.put(f"{origin}/{_BUCKET}") as answer:
                    answer.raise_for_status()
                    return
            except aiohttp.ClientConnectionError:
                if asyncio.get_running_loop().time() > deadline:
                    raise
                await asyncio.sleep(0.1)
