"""No key shows itself: not in logs, tracebacks, error pages, copies or caches."""

import copy
import json
import pickle
import traceback
from typing import Any

import msgspec
import pytest

from poruch.crypto.age import PqIdentity, X25519Identity
from poruch.crypto.codes import CodeKeys
from poruch.crypto.group import L
from poruch.crypto.keyfile import DuressKey, OfficerKey
from poruch.crypto.paper import Paper, PaperShare, ShareBlock
from poruch.crypto.signatures import SigningKey

SECRET = bytes.fromhex("5ec2e75ec2e75ec2e75ec2e75ec2e75ec2e75ec2e75ec2e75ec2e75ec2e75ec2")
NAME = "Kazimir Canary"
CODE_KEYS = CodeKeys(SECRET)
assert CODE_KEYS.mailbox_identity is CODE_KEYS.mailbox_identity
OFFICER = OfficerKey(number=3, name=NAME, root=SECRET)
DURESS = DuressKey(number=3, name=NAME, signing_seed=SECRET)
SHARE = PaperShare(1, bytes(32), int.from_bytes(SECRET, "big") % L)
PAPER = Paper(bytes(32), 3, SECRET, SHARE)
BLOCKS = [PAPER.key_block, ShareBlock(SHARE.scalar, 3, 1, 0)]
OFFICERS = [OFFICER, DURESS, SHARE, PAPER, *BLOCKS]
KEYS = [X25519Identity(SECRET), PqIdentity(SECRET), SigningKey(SECRET), CODE_KEYS, *OFFICERS]


def shows(text: str) -> bool:
    spelled = (SECRET.hex(), repr(SECRET)[2:20], repr(SECRET)[-20:-1], X25519Identity(SECRET).text[20:40], NAME)
    return any(part.lower() in text.lower() for part in spelled)


def kinds(key: Any) -> str:
    return type(key).__name__


@pytest.mark.parametrize("key", KEYS, ids=kinds)
def test_not_printed(key: Any) -> None:
    for text in (repr(key), str(key), f"{key}", f"{[key]!r}", "%s" % key, "%r" % {"key": key}):  # noqa: UP031
        assert type(key).__name__ in text
        assert not shows(text)


@pytest.mark.parametrize("key", KEYS, ids=kinds)
@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_not_pickled(key: Any, protocol: int) -> None:
    with pytest.raises(TypeError) as caught:
        pickle.dumps(key, protocol)
    assert not shows(str(caught.value))


@pytest.mark.parametrize("key", KEYS, ids=kinds)
@pytest.mark.parametrize(
    "copied", [copy.copy, copy.deepcopy, json.dumps, msgspec.json.encode, msgspec.to_builtins, vars]
)
def test_not_copied_or_encoded(key: Any, copied: Any) -> None:
    with pytest.raises(TypeError):
        copied(key)


@pytest.mark.parametrize("key", KEYS, ids=kinds)
def test_frozen(key: Any) -> None:
    for field in (*type(key).__slots__, "another"):
        with pytest.raises(AttributeError):
            setattr(key, field, b"")
        with pytest.raises(AttributeError):
            delattr(key, field)


@pytest.mark.parametrize("key", KEYS, ids=kinds)
def test_not_in_a_traceback_with_locals(key: Any) -> None:
    def fails(key: Any) -> None:
        raise RuntimeError

    try:
        fails(key)
    except RuntimeError as error:
        lines = "".join(traceback.TracebackException.from_exception(error, capture_locals=True).format())
    assert type(key).__name__ in lines
    assert not shows(lines)


@pytest.mark.parametrize("kind", [X25519Identity, PqIdentity, SigningKey, CodeKeys])
def test_equal_by_secret(kind: Any) -> None:
    assert kind(SECRET) == kind(SECRET)
    assert hash(kind(SECRET)) == hash(kind(SECRET))
    assert kind(SECRET) != kind(bytes(32))
    assert kind(SECRET) != SECRET
