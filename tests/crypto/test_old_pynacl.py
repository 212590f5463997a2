"""Why requirements/run.in has a floor for PyNaCl: the version before it, really installed, and asked."""

import importlib.util
import json
import os
import subprocess
from pathlib import Path

import pytest
from nacl import bindings

from crypto.quorum_points import small_order
from poruch.crypto.group import H2, add

ROOT = Path(__file__).resolve().parents[2]

ASKED_THERE = """
import json, sys
sys.path.insert(0, sys.argv[1])
import nacl
from nacl.bindings import crypto_core_ed25519_is_valid_point as valid
from poruch.crypto.group import check_point
from poruch.errors import BadPoint

def ours(point):
    try:
        return check_point(point) == point
    except BadPoint:
        return False

points = [bytes.fromhex(point) for point in sys.argv[2:]]
said = {"library": [valid(point) for point in points], "ours": [ours(point) for point in points]}
print(json.dumps({"version": nacl.__version__, **said}))
"""


def old_python(folder: Path) -> Path:
    """A Python with PyNaCl 1.5.0, made by the installer of the bootstrap; skips if the registry does not answer."""
    specification = importlib.util.spec_from_file_location("bootstrap", ROOT / "tools" / "bootstrap.py")
    assert specification is not None
    assert specification.loader is not None
    bootstrap = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(bootstrap)
    python = folder / "old" / "bin" / "python"
    system = {"UV_SYSTEM_CERTS": "1"} if Path("/etc/ssl/certs/ca-certificates.crt").exists() else {}
    lock = Path(__file__).resolve().with_name("old_pynacl.lock")
    for arguments in (
        ["venv", "--quiet", "--python", bootstrap.PYTHON, folder / "old"],
        ["pip", "install", "--quiet", "--python", python, "--no-build", "--require-hashes", "-r", lock],
    ):
        ran = subprocess.run(
            [bootstrap.VENV / "bin" / "uv", *arguments],
            capture_output=True,
            text=True,
            check=False,
            env={**os.environ, "UV_LINK_MODE": "copy", **system},
        )
        cause = bootstrap.cause(ran.stderr.lower()) if ran.returncode else ""
        if "does not answer" in cause:
            pytest.skip(cause)
        assert ran.returncode == 0, ran.stderr
    return python


@pytest.mark.long
def test_why_pynacl_1_5_is_too_old(tmp_path: Path) -> None:
    """Its libsodium takes a point of mixed order for one of the group; ours does not, and check_point never does."""
    table = [add(H2, rest) for rest in small_order()]
    command = [old_python(tmp_path), "-I", "-c", ASKED_THERE, ROOT / "src", *(point.hex() for point in table)]
    said = json.loads(subprocess.run(command, capture_output=True, check=True, text=True).stdout)
    assert said["version"] == "1.5.0"
    honest = [True] + [False] * 7
    assert said["library"] == [True, False, False, False, True, False, False, False]  # the fifth: plus order 2
    assert said["ours"] == honest
    assert [bindings.crypto_core_ed25519_is_valid_point(point) for point in table] == honest
    assert "pynacl>=1.6.2" in (ROOT / "requirements" / "run.in").read_text().splitlines()
