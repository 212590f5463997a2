"""Policies: a table of lines that are taken, and of lines that are refused."""

import hashlib

import pytest
from log_fund import KEYS, ORIGIN, POLICY, WITNESS, WITNESS_KEY, WITNESSED

from poruch.crypto.signatures import SigningKey
from poruch.errors import BadPolicy
from poruch.tlog.notes import COSIGNATURE, ED25519, VerifierKey
from poruch.tlog.policy import Witness, WitnessGroup, make_policy, parse_policy

WITNESSES = [
    Witness(f"w{i}", VerifierKey(f"w{i}.test", COSIGNATURE, SigningKey(bytes([50 + i]) * 32).public)) for i in range(6)
]
BASE = "# poruch/log-policy/v1 officers 2\n" + "".join(f"log {key.text}\n" for key in POLICY.officers)
W = [f"witness {one.name} {one.key.text}\n" for one in WITNESSES]


def test_without_witnesses() -> None:
    assert POLICY.quorum == "none"
    assert POLICY.is_quorum(())
    assert POLICY.source.endswith(b"\nquorum none\n")
    assert parse_policy(POLICY.source) == POLICY
    assert hashlib.sha256(POLICY.source).hexdigest() == POLICY.sha256
    assert [key.public for key in POLICY.officers] == [key.public for key in KEYS]


def test_witnesses_and_groups() -> None:
    """The example of c2sp.org/tlog-policy: two of X and any one of Y."""
    groups = [
        WitnessGroup("X", 2, ("w0", "w1", "w2")),
        WitnessGroup("Y", 1, ("w3", "w4", "w5")),
        WitnessGroup("X-and-Y", 2, ("X", "Y")),
    ]
    policy = make_policy(3, ORIGIN, [key.public for key in KEYS], WITNESSES, groups, "X-and-Y")
    assert policy.groups == tuple(groups)
    assert parse_policy(policy.source) == policy
    for signed, enough in [
        ((), False),
        (("w0", "w1"), False),
        (("w0", "w3"), False),
        (("w3", "w4", "w5"), False),
        (("w0", "w2", "w5"), True),
        (("w0", "w1", "w2", "w3"), True),
    ]:
        assert policy.is_quorum(signed) is enough, signed


def test_words_and_spaces_of_tlog_policy() -> None:
    text = BASE + f"  # a comment\n\n \t\n{W[0]}{W[1]}\twitness  w2\t{WITNESSES[2].key.text} https://w2.test/ \n"
    policy = parse_policy(f"{text}group g any w0 w1\ngroup all-of all g w2\nquorum all-of\n".encode())
    assert [group.threshold for group in policy.groups] == [1, 2]
    assert policy.witnesses[2].url == "https://w2.test/"
    assert policy.is_quorum({"w1", "w2"})
    assert not policy.is_quorum({"w0", "w1"})


def test_a_single_witness() -> None:
    assert WITNESSED.witnesses == (WITNESS,)
    assert WITNESSED.is_quorum({"w"})
    assert not WITNESSED.is_quorum(())


LOG = f"log {POLICY.officers[0].text}\n"
SAME_KEY = VerifierKey("w0.test", COSIGNATURE, KEYS[0].public).text


@pytest.mark.parametrize(
    "text",
    [
        "",
        "quorum none\n",
        BASE,
        BASE + "quorum none",
        BASE + "quorum none\r\n",
        BASE + "quorum none\n\0",
        "\n" + BASE + "quorum none\n",
        BASE.replace("officers 2", "officers 0") + "quorum none\n",
        BASE.replace("officers 2", "officers 02") + "quorum none\n",
        BASE.replace("officers 2", "officers 6") + "quorum none\n",
        BASE.replace("officers 2", "officers 2 ") + "quorum none\n",
        BASE.replace("officers 2", "officers " + "9" * 5000) + "quorum none\n",
        "# poruch/log-policy/v1 officers 1\nquorum none\n",
        BASE + "quorum none\nquorum none\n",
        BASE + "quorum w0\n",
        BASE + "quorum none now\n",
        BASE + "quorum\n",
        BASE + f"quorum w0\n{W[0]}",
        BASE + LOG + "quorum none\n",
        BASE + W[0] + W[0] + "quorum none\n",
        BASE + W[0] + W[1].replace("witness w1", "witness w0") + "quorum none\n",
        BASE + W[0].replace("witness w0", "witness none") + "quorum none\n",
        BASE + f"witness w0 {SAME_KEY}\nquorum none\n",
        BASE + f"witness w0 {VerifierKey('w0.test', ED25519, WITNESS_KEY.public).text}\nquorum none\n",
        BASE + f"log {VerifierKey(ORIGIN, COSIGNATURE, WITNESS_KEY.public).text}\nquorum none\n",
        BASE + f"log {VerifierKey('other.test/log', ED25519, WITNESS_KEY.public).text}\nquorum none\n",
        BASE + f"log {VerifierKey(ORIGIN, ED25519, WITNESS_KEY.public).text} a b\nquorum none\n",
        BASE + W[0] + "group g 0 w0\nquorum g\n",
        BASE + W[0] + "group g 2 w0\nquorum g\n",
        BASE + W[0] + "group g 01 w0\nquorum g\n",
        BASE + W[0] + "group g some w0\nquorum g\n",
        BASE + W[0] + "group g any\nquorum g\n",
        BASE + W[0] + "group g any none\nquorum g\n",
        BASE + W[0] + "group g any g\nquorum g\n",
        BASE + W[0] + "group g any w0 w0\nquorum g\n",
        BASE + W[0] + "group w0 any w0\nquorum w0\n",
        BASE + W[0] + W[1] + "group g any w0\ngroup h any w0 w1\nquorum h\n",
        BASE + "threshold 3\nquorum none\n",
        BASE + "# x\n" * 20000 + "quorum none\n",
    ],
)
def test_refused(text: str) -> None:
    with pytest.raises(BadPolicy):
        parse_policy(text.encode())


def test_not_utf8() -> None:
    with pytest.raises(BadPolicy):
        parse_policy(BASE.encode() + b"# \xff\nquorum none\n")


def test_two_keys_that_share_a_key_id(monkeypatch: pytest.MonkeyPatch) -> None:
    """Four bytes: an officer can search for such a key in an afternoon. Here the search is skipped."""
    assert make_policy(1, ORIGIN, [key.public for key in KEYS[:2]]).officers_needed == 1
    monkeypatch.setattr(VerifierKey, "key_id", property(lambda key: b"1234"))
    with pytest.raises(BadPolicy, match="a key twice"):
        make_policy(1, ORIGIN, [key.public for key in KEYS[:2]])
