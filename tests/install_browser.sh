#!/bin/sh
# Brings what the browser tests drive, from Debian, where it is missing: Chromium and a font to draw with.
set -eu

if command -v chromium >/dev/null && [ -n "$(find /usr/share/fonts -name '*.ttf' -print -quit 2>/dev/null)" ]; then
    exit 0
fi
if [ "$(id -u)" = 0 ]; then
    as_root=
elif command -v sudo >/dev/null && sudo -n true 2>/dev/null; then
    as_root="sudo -n"
else
    echo "The browser tests need Chromium: as root, apt-get install chromium fonts-dejavu-core; then make test again." >&2
    exit 1
fi
$as_root apt-get update --quiet=2
$as_root env DEBIAN_FRONTEND=noninteractive \
    apt-get install --quiet=2 --yes --no-install-recommends chromium fonts-dejavu-core
