"""Static files, kept in memory, under addresses that name their content: `/static/<owner>/<digest>/<name>`.

The digest covers all files of an owner, so that a module may import its neighbour by a relative path later; what it
imports at once is sent with it (`modules.py`). What has the right digest may be kept for a year; with another digest
(an old page, another version) the file of today is sent, and not kept.
"""

import gzip
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from aiohttp import web

from services.chassis.pages.modules import joined

_TYPES: Final = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml; charset=utf-8",
    ".json": "application/json",
    ".png": "image/png",
    ".txt": "text/plain; charset=utf-8",
    ".woff2": "font/woff2",
    ".webmanifest": "application/manifest+json",
}
_FOR_EVER: Final = "public, max-age=31536000, immutable"


@dataclass(frozen=True, slots=True, kw_only=True)
class StaticFile:
    """One file, as it is and compressed."""

    content_type: str
    body: bytes
    compressed: bytes

    @classmethod
    def read(cls, path: Path) -> "StaticFile":
        """Read and compress a file, of a type known here.

        Raises:
            KeyError: for another type of file.
            UnknownModuleSyntaxError: for a module that cannot be joined with what it imports.
        """
        vendored = "vendor" in path.parts  # sent as it came
        body = joined(path).encode() if path.suffix == ".js" and not vendored else path.read_bytes()
        return cls(content_type=_TYPES[path.suffix], body=body, compressed=gzip.compress(body, mtime=0))


@dataclass(frozen=True, slots=True, kw_only=True)
class StaticFiles:
    """All static files of a service, by owner and name."""

    files: Mapping[tuple[str, str], StaticFile]
    digests: Mapping[str, str]

    @classmethod
    def load(cls, directories: Mapping[str, Path]) -> "StaticFiles":
        """Read every file below the directories, by owner; a directory that does not exist has none."""
        files = {
            (owner, path.relative_to(directory).as_posix()): StaticFile.read(path)
            for owner, directory in directories.items()
            for path in sorted(directory.rglob("*"))
            if path.is_file()
        }
        digests = {}
        for owner in directories:
            digest = hashlib.sha256()
            for (whose, name), file in files.items():
                if whose == owner:
                    digest.update(f"{name}\0{len(file.body)}\0".encode() + file.body)
            digests[owner] = digest.hexdigest()[:12]
        return cls(files=files, digests=digests)

    def address(self, name: str, owner: str = "chassis") -> str:
        """The path of a file, for templates: `static("site.css")`.

        Raises:
            KeyError: when there is no such file.
        """
        if (owner, name) not in self.files:
            raise KeyError(f"{owner} has no static file {name}")
        return f"/static/{owner}/{self.digests[owner]}/{name}"

    async def answer(self, request: web.Request) -> web.Response:
        """The file of a path; 404 when there is none."""
        owner, digest, name = (request.match_info[part] for part in ("owner", "digest", "name"))
        file = self.files.get((owner, name))
        if file is None:
            raise web.HTTPNotFound
        current = digest == self.digests[owner]
        return _response(request, file, _FOR_EVER if current else "no-cache")

    async def answer_favicon(self, request: web.Request) -> web.Response:
        """For browsers that ask for an icon without reading the page."""
        return _response(request, self.files["chassis", "logo.svg"], "public, max-age=86400")


def _response(request: web.Request, file: StaticFile, cache_control: str) -> web.Response:
    headers = {"Content-Type": file.content_type, "Cache-Control": cache_control, "Vary": "Accept-Encoding"}
    if "gzip" in request.headers.get("Accept-Encoding", "") and len(file.compressed) < len(file.body):
        return web.Response(body=file.compressed, headers=headers | {"Content-Encoding": "gzip"})
    return web.Response(body=file.body, headers=headers)
