"""Every case of tests/vectors/log.json, valid and invalid, by the error name that docs/spec/log.md gives it."""

import hashlib
from collections.abc import Callable
from typing import Any

import pytest
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from log_vectors import ENTRIES, POLICY, VECTORS, edited, from64, path_of

from poruch.crypto.codes import CodeKeys
from poruch.crypto.commitments import blind_for, check_opening
from poruch.crypto.group import encode_scalar, scalar
from poruch.crypto.signatures import SigningKey
from poruch.errors import PoruchError, PublicationRefused, WrongRoot, WrongSize
from poruch.tlog.books import Books, follow
from poruch.tlog.checkpoints import cosign, parse_checkpoint, sign_head, verify_checkpoint, verify_extends
from poruch.tlog.leaves import Amounts, encode_leaf, parse_leaf
from poruch.tlog.policy import parse_policy
from poruch.tlog.publish import LogState, draft_publication, empty_state, publish
from poruch.tlog.receipts import make_receipt, parse_receipt, verify_receipt
from poruch.tlog.slips import SlipKeys, open_slip, seal_slip, verify_slip
from poruch.tlog.tiles import Edge, encode_bundle, parse_bundle
from poruch.tlog.tree import Tree, leaf_hash, verify_consistency, verify_inclusion

TREE = Tree.of(ENTRIES)
SLIPS = VECTORS["slips"]
CODE_KEYS = SlipKeys(*(bytes.fromhex(SLIPS[name]) for name in ("lookup_id", "slip_key", "blind_key")))

Random = Callable[[int], bytes]


def verify_whole(entries: list[bytes], checkpoint: bytes, random: Random) -> Books:
    """Section 5 in the order of the reference: checkpoint, size, root, then the leaves."""
    signed = verify_checkpoint(checkpoint, POLICY)
    tree = Tree.of(entries)
    if len(tree) != signed.head.size:
        raise WrongSize
    if tree.root() != signed.head.root:
        raise WrongRoot
    return follow(Books(POLICY.origin), entries, random)


def cases(*names: str) -> Any:
    found = VECTORS
    for name in names:
        found = found[name]
    return pytest.mark.parametrize("case", found, ids=lambda case: str(case.get("reason") or case.get("note") or ""))


def test_no_case_is_left_out() -> None:
    """The tests below take whole lists; this says which lists there are."""
    assert set(VECTORS) == {
        "format", "origin", "policy", "secret_keys", "leaves", "leaf_hashes", "epochs", "openings", "tiles",
        "entry_bundles", "inclusion", "consistency", "checkpoints", "forks", "bad_policies", "broken", "also_valid",
        "receipts", "slips", "publications",
    }  # fmt: skip
    counts = {name: len(VECTORS[name]) for name in ("forks", "bad_policies", "broken", "also_valid", "publications")}
    assert counts == {"forks": 2, "bad_policies": 9, "broken": 43, "also_valid": 1, "publications": 8}
    split = {name: (len(VECTORS[name]["valid"]), len(VECTORS[name]["invalid"])) for name in ("checkpoints", "receipts")}
    assert split == {"checkpoints": (3, 16), "receipts": (2, 15)}
    assert (len(SLIPS["valid"]), len(SLIPS["invalid"])) == (1, 4)


# ---- one good log -----------------------------------------------------------------------------


def test_policy() -> None:
    assert POLICY.origin == VECTORS["origin"]
    assert POLICY.officers_needed == 3
    seeds = {who: bytes.fromhex(seed) for who, seed in VECTORS["secret_keys"].items()}
    assert [key.public for key in POLICY.officers] == [SigningKey(seeds[f"officer {i}"]).public for i in range(1, 6)]
    assert [one.key.public for one in POLICY.witnesses] == [
        SigningKey(seeds[f"witness {i}"]).public for i in range(1, 4)
    ]


@pytest.mark.parametrize("index", range(len(ENTRIES)))
def test_leaf(index: int) -> None:
    assert leaf_hash(ENTRIES[index]).hex() == VECTORS["leaf_hashes"][index]
    assert encode_leaf(parse_leaf(ENTRIES[index])) == ENTRIES[index]


@cases("epochs")
def test_epoch(case: dict[str, Any], urandom: Random) -> None:
    entries = ENTRIES[: case["size"]]
    books = verify_whole(entries, case["checkpoint"].encode(), urandom)
    assert TREE.root(case["size"]) == from64(case["root"])
    assert books.epoch == case["epoch"]
    shown = {
        currency: {name: getattr(balance, name) for name in case["balances"][currency]}
        for currency, balance in books.balances.items()
    }
    assert shown == case["balances"]


@cases("epochs")
def test_checkpoint_is_reproduced(case: dict[str, Any]) -> None:
    """Ed25519 is deterministic: the same keys give the same lines, the witnesses' times being theirs."""
    checkpoint = parse_checkpoint(case["checkpoint"].encode())
    keys = {}
    for who, seed in VECTORS["secret_keys"].items():
        key = SigningKey(bytes.fromhex(seed))
        keys[key.public] = who, key
    by_id = {(key.name, key.key_id): key.public for key in (*POLICY.officers, *(w.key for w in POLICY.witnesses))}
    for line in checkpoint.note.signatures:
        who, key = keys[by_id[line.name, line.key_id]]
        if who.startswith("officer"):
            assert sign_head(checkpoint.head, key) == line
        else:
            assert cosign(checkpoint.head, line.name, key, int.from_bytes(line.signature[:8], "big")) == line
    assert checkpoint.note.encode() == case["checkpoint"].encode()


@pytest.mark.parametrize("index", VECTORS["openings"])
def test_openings(index: str) -> None:
    leaf = parse_leaf(ENTRIES[int(index)])
    assert isinstance(leaf, Amounts)
    opened = VECTORS["openings"][index]
    assert len(opened) == len(leaf.commitments) == 8
    for commitment, one in zip(leaf.commitments, opened, strict=True):
        check_opening(commitment, one["amount_minor"], scalar(from64(one["blind"])))


@cases("epochs")
def test_tiles(case: dict[str, Any]) -> None:
    size = case["size"]
    _, files = Edge().grown(ENTRIES[:size])
    assert dict(files)[f"tile/0/000.p/{size}"] == from64(VECTORS["tiles"][f"tile/0/000.p/{size}"])
    bundle = dict(files)[f"tile/entries/000.p/{size}"]
    expected = VECTORS["entry_bundles"][f"tile/entries/000.p/{size}"]
    assert (len(bundle), hashlib.sha256(bundle).hexdigest()) == (expected["length"], expected["sha256"])
    assert parse_bundle(bundle) == tuple(ENTRIES[:size])
    assert len(files) == 2


@cases("inclusion")
def test_inclusion(case: dict[str, Any]) -> None:
    index, size = case["index"], case["size"]
    assert TREE.inclusion(index, size) == path_of(case["path"])
    verify_inclusion(leaf_hash(ENTRIES[index]), index, size, path_of(case["path"]), TREE.root(size))


@cases("consistency")
def test_consistency(case: dict[str, Any]) -> None:
    old, new = case["old"], case["new"]
    assert TREE.consistency(old, new) == path_of(case["path"])
    verify_consistency(old, TREE.root(old), new, TREE.root(new), path_of(case["path"]))


# ---- checkpoints, policies, forks -------------------------------------------------------------


@cases("checkpoints", "valid")
def test_valid_checkpoint(case: dict[str, Any]) -> None:
    signed = verify_checkpoint(case["checkpoint"].encode(), POLICY)
    assert (signed.head.size, signed.head.root) == (42, TREE.root(42))
    assert len(signed.officers) >= 3
    assert len(signed.cosignatures) >= 2


@cases("checkpoints", "invalid")
def test_invalid_checkpoint(case: dict[str, Any]) -> None:
    with pytest.raises(PoruchError) as caught:
        verify_checkpoint(case["checkpoint"].encode(), POLICY)
    assert caught.value.name == case["error"]


@cases("bad_policies")
def test_bad_policy(case: dict[str, Any]) -> None:
    with pytest.raises(PoruchError) as caught:
        parse_policy(case["policy"].encode())
    assert caught.value.name == case["error"]


@cases("forks")
def test_fork(case: dict[str, Any]) -> None:
    old = verify_checkpoint(case["old"].encode(), POLICY)
    new = verify_checkpoint(case["new"].encode(), POLICY)
    for first, second in ((old, new), (new, old)):
        with pytest.raises(PoruchError) as caught:
            verify_extends(first.head, second.head, path_of(case["path"]))
        assert caught.value.name == case["error"]


# ---- the books --------------------------------------------------------------------------------


@cases("broken")
def test_broken(case: dict[str, Any], urandom: Random) -> None:
    with pytest.raises(PoruchError) as caught:
        verify_whole(edited(case["edits"]), case["checkpoint"].encode(), urandom)
    assert caught.value.name == case["error"]


@cases("also_valid")
def test_also_valid(case: dict[str, Any], urandom: Random) -> None:
    entries = edited(case["edits"])
    assert verify_whole(entries, case["checkpoint"].encode(), urandom).size == len(entries)


# ---- receipts and slips -----------------------------------------------------------------------


@cases("receipts", "valid")
def test_valid_receipt(case: dict[str, Any]) -> None:
    source, entry = case["receipt"].encode(), case["leaf"].encode()
    verified = verify_receipt(source, entry, POLICY)
    assert (verified.position, verified.amount_minor) == (case["position"], case["amount_minor"])
    assert ENTRIES[verified.index] == entry
    path = TREE.inclusion(verified.index, verified.signed.head.size)
    checkpoint = parse_receipt(source).checkpoint
    made = make_receipt(verified.index, path, checkpoint, verified.position, verified.amount_minor, verified.blind)
    assert made == source


@cases("receipts", "invalid")
def test_invalid_receipt(case: dict[str, Any]) -> None:
    with pytest.raises(PoruchError) as caught:
        verify_receipt(case["receipt"].encode(), case["leaf"].encode(), POLICY)
    assert caught.value.name == case["error"]


def test_keys_of_the_code() -> None:
    # Some words of the vectors are not in the EFF long list, so no code spells them; what is hashed is the text.
    salt = bytes.fromhex(SLIPS["fund_salt"])
    secret = HKDF(SHA256(), 32, salt, b"poruch/code/v1").derive(SLIPS["code"].encode())
    keys = CodeKeys.from_secret(secret)
    assert (keys.lookup_id, keys.slip_key, keys.blind_key) == (
        CODE_KEYS.lookup_id,
        CODE_KEYS.slip_key,
        CODE_KEYS.blind_key,
    )
    blind = blind_for(keys.blind_key, bytes.fromhex(SLIPS["nonce"]))
    assert encode_scalar(blind).hex() == SLIPS["blind"]


@cases("slips", "valid")
def test_valid_slip(case: dict[str, Any]) -> None:
    sealed = from64(case["slip"])
    checked = verify_slip(CODE_KEYS, sealed, POLICY)
    receipt = checked.receipt
    assert (receipt.index, receipt.position, receipt.amount_minor) == (
        case["index"],
        case["position"],
        case["amount_minor"],
    )
    assert checked.slip.nonce.hex() == SLIPS["nonce"]
    # Sealing with the same 12 bytes gives the same slip.
    assert seal_slip(CODE_KEYS, open_slip(CODE_KEYS, sealed), lambda count: sealed[:count]) == sealed


@cases("slips", "invalid")
def test_invalid_slip(case: dict[str, Any]) -> None:
    with pytest.raises(PoruchError) as caught:
        verify_slip(CODE_KEYS, from64(case["slip"]), POLICY)
    assert caught.value.name == case["error"]


# ---- publications -----------------------------------------------------------------------------


@pytest.fixture(scope="module")
def after_epoch_1(urandom: Random) -> LogState:
    epoch = VECTORS["epochs"][0]
    return draft_publication(empty_state(POLICY.origin), ENTRIES[: epoch["size"]], urandom).after


@cases("publications")
def test_publication(case: dict[str, Any], after_epoch_1: LogState, urandom: Random) -> None:
    body = from64(case["body"])
    if case["status"] == 200:
        published = publish(after_epoch_1, body, POLICY, urandom)
        assert case["text"] == "published"
        assert published.state.size == published.signed.head.size == 14
        assert published.state.edge.root == published.signed.head.root
        assert not published.shown  # the policy wants two witnesses, and none has been asked yet
        assert dict(published.files)["tile/entries/000.p/14"].startswith(encode_bundle(ENTRIES[:13]))
    else:
        with pytest.raises(PublicationRefused) as caught:
            publish(after_epoch_1, body, POLICY, urandom)
        assert (caught.value.status, caught.value.text) == (case["status"], case["text"])
    assert after_epoch_1.size == 13
