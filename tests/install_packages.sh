#!/bin/sh
# Brings what the tests drive, from Debian, where it is missing: Chromium and a font to draw with, and PostgreSQL.
set -eu

missing=
if ! command -v chromium >/dev/null || [ -z "$(find /usr/share/fonts -name '*.ttf' -print -quit 2>/dev/null)" ]; then
    missing="chromium fonts-dejavu-core"
fi
if [ -z "$(find /usr/lib/postgresql -path '*/bin/initdb' -print -quit 2>/dev/null)" ]; then
    missing="$missing postgresql"
fi
if [ -z "$missing" ]; then
    exit 0
fi
do_without() {
    echo "$1: as root, apt-get install --no-install-recommends $missing" >&2
    # Without PostgreSQL some tests are left out and say so, but for CI, where none is left out.
    case "${CI-}$missing" in " postgresql") exit 0 ;; *) exit 1 ;; esac
}
if ! command -v apt-get >/dev/null; then
    do_without "The tests need more, which Debian calls so"
elif [ "$(id -u)" = 0 ]; then
    as_root=
elif command -v sudo >/dev/null && sudo -n true 2>/dev/null; then
    as_root="sudo -n"
else
    do_without "The tests need more of Debian"
fi
# Offline it may end well and have nothing: the installation tells. A fresh machine may be busy with its own upgrades.
$as_root apt-get update --quiet=2 || true
# shellcheck disable=SC2086  # several words
$as_root env DEBIAN_FRONTEND=noninteractive apt-get install --quiet=2 --yes --no-install-recommends \
    -o DPkg::Lock::Timeout=300 $missing || do_without "Debian's packages could not be installed"
