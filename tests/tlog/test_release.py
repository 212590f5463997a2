"""Releases: a note beside a file, k of m keys, and everything an enemy may hand out instead."""

import hashlib
import io
import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import poruch
from command import run
from poruch.crypto.signatures import SigningKey
from poruch.errors import BadNote, BadReleaseKeys, BadSignature, NotThisRelease, PoruchError, TooFewSigners
from poruch.tlog.notes import ED25519, Note, VerifierKey, parse_note, sign_note
from poruch.tlog.release import Release, ReleaseKeys, parse_keys, parse_release, release_of, verify_release

ROOT = Path(__file__).parents[2]
NAMES = ("kupala", "bahdanovich", "ciotka")
SIGNERS = {name: SigningKey(hashlib.sha256(name.encode()).digest()) for name in NAMES}
KEYS = ReleaseKeys(2, tuple(VerifierKey(name, ED25519, key.public) for name, key in SIGNERS.items()))
CONTENT = b"a whole program\n" * 1000
RELEASE = release_of("1.2.3", "poruch-1.2.3.tar.gz", io.BytesIO(CONTENT))


def noted(*names: str, text: bytes = RELEASE.text) -> bytes:
    return Note(text, tuple(sign_note(text, name, SIGNERS[name]) for name in names)).encode()


def keys_file(needed: int = 2, names: tuple[str, ...] = NAMES) -> bytes:
    lines = [VerifierKey(name, ED25519, SIGNERS[name].public).text for name in names]
    return "\n".join([f"# poruch/release-keys/v1 signatures {needed}", "# who", *lines, ""]).encode()


@pytest.mark.parametrize("names", [("kupala", "ciotka"), ("ciotka", "kupala"), NAMES])
def test_enough_signatures(names: tuple[str, ...]) -> None:
    assert verify_release(io.BytesIO(CONTENT), noted(*names), KEYS) == RELEASE


def stranger() -> bytes:
    key = SigningKey(b"s" * 32)
    return sign_note(RELEASE.text, "stranger", key).line.encode()


@pytest.mark.parametrize(
    ("content", "note", "error"),
    [
        (CONTENT, noted("kupala"), TooFewSigners),
        (CONTENT, noted("kupala") + stranger(), TooFewSigners),
        (CONTENT, noted("kupala", "kupala"), BadSignature),
        (CONTENT, noted("kupala", "ciotka").replace(b"1.2.3\n", b"1.2.4\n", 1), BadSignature),
        (CONTENT[:-1], noted("kupala", "ciotka"), NotThisRelease),
        (CONTENT + b"x", noted("kupala", "ciotka"), NotThisRelease),
        (CONTENT[:-1] + b"!", noted("kupala", "ciotka"), NotThisRelease),
        (CONTENT, RELEASE.text, BadNote),
        (CONTENT, noted("kupala", "ciotka", text=RELEASE.text + b"more\n"), BadNote),
        (CONTENT, noted("kupala", "ciotka", text=RELEASE.text.replace(b"release/v1", b"release/v2")), BadNote),
        (CONTENT, noted("kupala", "ciotka", text=RELEASE.text.replace(b"1.2.3\n", b"1.02.3\n")), BadNote),
        (CONTENT, noted("kupala", "ciotka", text=RELEASE.text.replace(b"poruch-1", b"../poruch-1")), BadNote),
        (CONTENT, b"", BadNote),
        (CONTENT, b"\xff" * 100, BadNote),
    ],
    ids=["one of two", "a stranger is no second", "one twice", "another version", "cut", "longer", "changed",
         "unsigned", "six lines", "another format", "a zero", "a path", "empty", "noise"],
)  # fmt: skip
def test_refused(content: bytes, note: bytes, error: type[PoruchError]) -> None:
    with pytest.raises(error):
        verify_release(io.BytesIO(content), note, KEYS)


@given(st.binary(max_size=400))
def test_whatever_comes_is_refused(noise: bytes) -> None:
    with pytest.raises(PoruchError):
        verify_release(io.BytesIO(CONTENT), noise, KEYS)


def test_keys_are_read() -> None:
    assert parse_keys(keys_file()) == KEYS


@pytest.mark.parametrize(
    "source",
    [
        b"",
        keys_file(4),
        keys_file(names=("kupala", "kupala")),
        keys_file()[1:],
        keys_file().replace(b"signatures 2", b"signatures 0"),
        keys_file().replace(b"kupala+", b"kupala+0"),
        keys_file() + b"#" * 16384,
        b"# poruch/release-keys/v1 signatures 1\n",
        VerifierKey("kupala", 4, bytes(32)).text.encode(),
    ],
    ids=["empty", "too many needed", "one twice", "first line", "none needed", "key id", "long", "no keys", "no count"],
)
def test_keys_refused(source: bytes) -> None:
    with pytest.raises(BadReleaseKeys):
        parse_keys(source)


def test_a_release_reads_back() -> None:
    assert parse_release(parse_note(noted("kupala"))) == RELEASE
    assert Release((1, 2, 3), "x", 1, bytes(32)).text.count(b"\n") == 5


def test_the_way_of_a_release(tmp_path: Path) -> None:
    """Two people draw keys, one packs, both sign, a third checks: by the commands of the page."""
    lines = ["# poruch/release-keys/v1 signatures 2"]
    for name in ("kupala", "ciotka"):
        done = subprocess.run(
            [sys.executable, str(ROOT / "tools" / "release"), "key", name, str(tmp_path / name)],
            check=True, capture_output=True, text=True,
        )  # fmt: skip
        lines.append(done.stdout.strip())
        assert (tmp_path / name).stat().st_mode & 0o77 == 0
    keys = tmp_path / "keys"
    keys.write_text("\n".join(lines) + "\n")
    file = tmp_path / f"poruch-{poruch.__version__}.tar.gz"
    file.write_bytes(os.urandom(100))
    with file.open("rb") as content:
        file.with_name(file.name + ".note").write_bytes(release_of(poruch.__version__, file.name, content).text)
    for name, code in (("kupala", 2), ("ciotka", 0)):
        sign = [sys.executable, str(ROOT / "tools" / "release"), "sign", str(file), str(tmp_path / name)]
        subprocess.run(sign, check=True, capture_output=True)
        checked = run("verify-release", str(file), "--keys", str(keys))
        assert checked.returncode == code, checked.stderr
    assert f"is Poruch {poruch.__version__}, signed by at least 2 of 2 keys" in checked.stdout
    file.write_bytes(os.urandom(100))
    checked = run("verify-release", str(file), "--keys", str(keys))
    assert (checked.returncode, checked.stderr) == (2, f"{NotThisRelease().sentence}\n")


def test_packing_twice_gives_the_same_bytes(tmp_path: Path) -> None:
    made = []
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        pack = [sys.executable, str(ROOT / "tools" / "release"), "pack", str(tmp_path / name)]
        subprocess.run(pack, check=True, capture_output=True)
        made.append((tmp_path / name / f"poruch-{poruch.__version__}.tar.gz").read_bytes())
    assert made[0] == made[1]


def test_without_keys_nothing_is_believed(tmp_path: Path) -> None:
    file = tmp_path / "poruch.tar.gz"
    file.write_bytes(b"x")
    done = run("verify-release", str(file))
    assert done.returncode == 2
    assert "--keys" in done.stderr


def test_an_older_release_is_said_to_be_older(tmp_path: Path) -> None:
    text = release_of("0.0.1", "poruch-0.0.1.tar.gz", io.BytesIO(CONTENT)).text
    file, keys = tmp_path / "poruch-0.0.1.tar.gz", tmp_path / "keys"
    file.write_bytes(CONTENT)
    keys.write_bytes(keys_file())
    (tmp_path / "poruch-0.0.1.tar.gz.note").write_bytes(noted("kupala", "ciotka", text=text))
    done = run("verify-release", str(file), "--keys", str(keys))
    assert done.returncode == 1
    assert "older" in done.stderr
