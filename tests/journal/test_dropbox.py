"""Drops: each layer opens for its circle and nobody else, and its size says little."""

import os
from pathlib import Path

import pytest
from msgspec import structs

from poruch.crypto import codes
from poruch.crypto.age import PqIdentity, parse_header, seal
from poruch.crypto.codes import CodeKeys
from poruch.crypto.padding import pad, padme
from poruch.crypto.quorum_file import check_file
from poruch.crypto.signatures import SigningKey
from poruch.errors import BadSubmission, CannotOpen, Malformed, PoruchError
from poruch.events.codec import encode
from poruch.events.drops import Answer, DropContent, GiftAnnouncement, Payee, Person, SlipKeys, Story
from poruch.journal import dropbox
from poruch.journal.circles import CircleKey
from poruch.journal.public import PublicState
from story.village import Village, found_village

STORY = Story("be", "police", "I refused.", "August", "none", "rent", "", False)
PERSON = Person("Alena Muravejnik", "alena@example.org")
PAYEE = Payee("Alena Muravejnik", "DE02120300000000202051", "")


@pytest.fixture(scope="module")
def village(tmp_path_factory: pytest.TempPathFactory) -> Village:
    """Read only: nobody of these tests changes the fund."""
    return found_village(tmp_path_factory.mktemp("village"))


@pytest.fixture(scope="module")
def public(village: Village) -> PublicState:
    return village.front.public


@pytest.fixture(scope="module")
def keys(village: Village) -> CodeKeys:
    return CodeKeys.from_code(codes.new_code(), village.charter.code_salt)


def circle(village: Village, name: str) -> CircleKey:
    number = {"officers": 1, "casework": 1, "treasury": 3, "auditors": 2}[name]
    return village.desks[number].circle(name)


def opened(village: Village, sealed: dropbox.SealedDrop) -> DropContent:
    return dropbox.open_drop(sealed.body, circle(village, "officers"))


def test_a_submission_opens_layer_by_layer(village: Village, public: PublicState, keys: CodeKeys) -> None:
    sealed = dropbox.seal_submission(public, keys, STORY, PERSON)
    content = opened(village, sealed)
    assert (content.drop, content.kind, content.mailbox) == (sealed.drop, "submission", keys.mailbox_id)
    assert content.recipient == keys.mailbox_identity.recipient.public
    assert dropbox.open_story(content, circle(village, "casework")) == STORY
    slips = dropbox.open_codes(content, circle(village, "treasury"))
    assert slips == SlipKeys(keys.lookup_id, keys.slip_key, keys.blind_key)
    assert public.quorum_point is not None
    check_file(content.person, public.quorum_point, f"drop/{sealed.drop}/person")


def test_the_other_kinds(village: Village, public: PublicState, keys: CodeKeys) -> None:
    answer = opened(village, dropbox.seal_answer(public, keys, Answer("Thank you.")))
    assert dropbox.open_story(answer, circle(village, "casework")) == Answer("Thank you.")
    assert (answer.kind, answer.person, answer.codes) == ("message", b"", b"")
    sealed = dropbox.seal_payee(public, keys, PAYEE)
    payee = opened(village, sealed)
    assert (payee.kind, payee.story, payee.codes) == ("payee", b"", b"")
    assert public.quorum_point is not None
    check_file(payee.person, public.quorum_point, f"drop/{sealed.drop}/payee")
    for code in (keys, None):
        gift = opened(village, dropbox.seal_gift(public, "RF18539007547034", code))
        told = dropbox.open_codes(gift, circle(village, "treasury"))
        assert told == GiftAnnouncement("RF18539007547034", dropbox.slip_keys(code) if code else None)
        assert (gift.mailbox, gift.recipient) == (b"", b"")


def test_no_other_circle_opens_a_layer(village: Village, public: PublicState, keys: CodeKeys) -> None:
    sealed = dropbox.seal_submission(public, keys, STORY, PERSON)
    content = opened(village, sealed)
    for name in ("casework", "treasury", "auditors"):
        with pytest.raises(CannotOpen):
            dropbox.open_drop(sealed.body, circle(village, name))
    for name in ("officers", "treasury", "auditors"):
        with pytest.raises(CannotOpen):
            dropbox.open_story(content, circle(village, name))
    for name in ("officers", "casework", "auditors"):
        with pytest.raises(CannotOpen):
            dropbox.open_codes(content, circle(village, name))


def test_a_quorum_file_holds_at_its_own_place_only(village: Village, public: PublicState, keys: CodeKeys) -> None:
    sealed = dropbox.seal_submission(public, keys, STORY, PERSON)
    file = opened(village, sealed).person
    assert public.quorum_point is not None
    for place in (f"drop/{sealed.drop}/payee", f"drop/{'0' * 32}/person"):
        with pytest.raises(PoruchError):
            check_file(file, public.quorum_point, place)


def test_sizes_move_in_steps(public: PublicState, keys: CodeKeys) -> None:
    """A word more or less, a name of another length: the same size. A long story: one of few sizes."""
    short = {
        len(dropbox.seal_submission(public, keys, told, Person("A" * at, "")).body)
        for at, told in enumerate((STORY, Story("en", "nurse", "I left. " * 5, "May", "", "", "", True)), 1)
    }
    assert len(short) == 1
    sizes = set()
    lengths = range(0, 20_000, 100)
    for length in lengths:
        told = Story("be", "police", "s" * length, "August", "none", "rent", "", False)
        sizes.add(len(dropbox.seal_submission(public, keys, told, PERSON).body))
    header = parse_header(dropbox.seal_submission(public, keys, STORY, PERSON).body).end
    assert all(padme(size - header - 32) == size - header - 32 for size in sizes)  # nonce and one tag: 32 bytes
    assert len(sizes) <= 48 < len(lengths)  # three doublings of at most sixteen steps


def test_nothing_of_the_content_stands_in_what_the_front_stores(public: PublicState, keys: CodeKeys) -> None:
    sealed = [
        dropbox.seal_submission(public, keys, STORY, PERSON),
        dropbox.seal_answer(public, keys, Answer("I refused.")),
        dropbox.seal_payee(public, keys, PAYEE),
        dropbox.seal_gift(public, "RF18539007547034", keys),
    ]
    for one in sealed:
        for needle in (b"Alena", b"refused", b"DE02", b"RF18", one.drop.encode(), keys.mailbox_id, keys.lookup_id):
            assert needle not in one.body
    assert len({one.drop for one in sealed}) == len({one.sha256 for one in sealed}) == 4
    assert [one.mailbox for one in sealed] == [keys.mailbox_id] * 3 + [b""]


def test_the_same_submission_twice_is_sealed_twice_and_never_alike(public: PublicState, keys: CodeKeys) -> None:
    one, two = (dropbox.seal_submission(public, keys, STORY, PERSON) for _ in range(2))
    assert one.mailbox == two.mailbox  # by which the front knows that it is one
    assert one.body != two.body


def test_without_a_quorum_key_nothing_is_sealed(keys: CodeKeys) -> None:
    with pytest.raises(BadSubmission):
        dropbox.seal_submission(PublicState(), keys, STORY, PERSON)


def test_rubbish_and_damage_open_as_errors(village: Village, public: PublicState, keys: CodeKeys) -> None:
    sealed = dropbox.seal_submission(public, keys, STORY, PERSON)
    officers = circle(village, "officers")
    for body in (b"", b"rubbish", os.urandom(5000), sealed.body[:-1], sealed.body + b"\0"):
        with pytest.raises((CannotOpen, Malformed)):
            dropbox.open_drop(body, officers)
    for at in range(0, len(sealed.body), 97):
        damaged = bytearray(sealed.body)
        damaged[at] ^= 1
        with pytest.raises((CannotOpen, Malformed)):
            dropbox.open_drop(bytes(damaged), officers)


def test_a_layer_of_another_kind_is_refused(village: Village, public: PublicState, keys: CodeKeys) -> None:
    """A stranger seals what he likes: a message labelled as a submission does not become a story."""
    answer = opened(village, dropbox.seal_answer(public, keys, Answer("text")))
    lying = DropContent(answer.drop, "submission", answer.mailbox, answer.recipient, answer.story, b"", b"")
    with pytest.raises(Malformed):
        dropbox.open_story(lying, circle(village, "casework"))
    gift = opened(village, dropbox.seal_gift(public, "RF18539007547034", keys))
    lying = DropContent(gift.drop, "submission", b"", b"", b"", b"", gift.codes)
    with pytest.raises(Malformed):
        dropbox.open_codes(lying, circle(village, "treasury"))


@pytest.mark.parametrize(
    "change",
    [
        {"mailbox": b"m" * 32},
        {"recipient": PqIdentity.generate().recipient.public},
        {"person": b"another payee"},
        {"drop": "0" * 32},
        {"kind": "submission"},
        {"signature": bytes(64)},
        {"signature": b""},
        {"verify_key": b""},
        {"verify_key": SigningKey(bytes(32)).public},
    ],
    ids=lambda change: next(iter(change)),
)
def test_nobody_gives_bank_details_for_another(
    village: Village, public: PublicState, keys: CodeKeys, change: dict[str, object]
) -> None:
    """The front and every officer know mailbox ids; only the code signs for one."""
    content = opened(village, dropbox.seal_payee(public, keys, PAYEE))
    for changed in (content, structs.replace(content, **change)):
        body = seal(pad(encode(changed), 4096), [public.circles["officers"].pq])
        if changed is content:
            assert dropbox.open_drop(body, circle(village, "officers")) == content
        else:
            with pytest.raises((BadSubmission, Malformed)):
                dropbox.open_drop(body, circle(village, "officers"))


def test_a_payee_signed_with_another_code_is_another_sender(
    village: Village, public: PublicState, keys: CodeKeys
) -> None:
    """A stranger signs well with his own code and names somebody else's mailbox: it belongs to no case of hers."""
    stranger = CodeKeys.from_code(codes.new_code(), village.charter.code_salt)
    hers, his = (opened(village, dropbox.seal_payee(public, one, PAYEE)) for one in (keys, stranger))
    forged = structs.replace(his, mailbox=hers.mailbox, signature=b"")
    forged = structs.replace(forged, signature=stranger.mailbox_signing.sign(dropbox.DOMAIN, encode(forged)))
    body = seal(pad(encode(forged), 4096), [public.circles["officers"].pq])
    read = dropbox.open_drop(body, circle(village, "officers"))
    assert read.mailbox == hers.mailbox
    assert read.sender != hers.sender


@pytest.mark.parametrize("kind", ["gift", "other", "message"])
def test_a_kind_with_parts_of_another_is_refused(
    village: Village, public: PublicState, keys: CodeKeys, kind: str
) -> None:
    content = structs.replace(opened(village, dropbox.seal_payee(public, keys, PAYEE)), kind=kind, signature=b"")
    content = structs.replace(content, signature=keys.mailbox_signing.sign(dropbox.DOMAIN, encode(content)))
    body = seal(pad(encode(content), 4096), [public.circles["officers"].pq])
    with pytest.raises(BadSubmission):
        dropbox.open_drop(body, circle(village, "officers"))


def test_places() -> None:
    for kind in ("message", "gift", "other"):
        with pytest.raises(BadSubmission):
            dropbox.place_of("a" * 32, kind)
    assert dropbox.place_of("a" * 32, "submission") == f"drop/{'a' * 32}/person"
    assert dropbox.place_of("a" * 32, "payee") == f"drop/{'a' * 32}/payee"
    assert Path(dropbox.place_of("a", "payee")).name == "payee"
