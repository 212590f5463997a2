"""Where the front is, by the word of k officers: every page says it, and answers to programs, and not before k."""

import hashlib
from collections.abc import Iterator

import pytest

from front.fund import make_fund
from front.process import Front, new_front
from poruch.events.resolutions import FrontMoved, Resolved
from poruch.journal.segments import event_id

NEW = "https://poruch.invalid"
PAGES = ("/en/", "/be/", "/en/ask/", "/en/mailbox/", "/en/give/", "/en/accounts/", "/en/nowhere/")
SENTENCE = {"en": "If your browser shows another address, go there", "be": "Калі ў вашым браўзеры іншы адрас"}


@pytest.fixture(scope="module")
def moved(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Front]:
    """A front whose fund has proposed another address; one of two has said so."""
    front = new_front(tmp_path_factory.mktemp("moved"), make_fund())
    signed = front.fund.act(1, FrontMoved(NEW, bytes(16)))
    assert front.relay().push([signed]) == ["accepted"]
    yield front
    front.stop()


def test_it_is_said_once_k_have_said_so(moved: Front) -> None:
    browser = moved.browser
    before = {path: browser.get(path).text for path in PAGES}
    assert [path for path, text in before.items() if NEW in text] == []
    assert "poruch-front-address" not in browser.get("/log/policy").headers
    proposal = moved.fund.officers[1].chain[-1]
    [entry] = proposal.segment.entries
    resolution = event_id(proposal, 0, entry.event)  # type: ignore[union-attr]
    assert moved.relay().push([moved.fund.act(2, Resolved(resolution))]) == ["accepted"]
    for path in PAGES:
        text = browser.get(path).text
        assert NEW in text, path
        assert SENTENCE[path[1:3]] in text, path
    assert browser.get("/log/policy").headers["poruch-front-address"] == NEW


def test_a_front_has_a_number_of_its_own_for_officers_only(moved: Front) -> None:
    relay = moved.relay()
    relay.heads()
    number = relay.http.front_number
    assert len(number) == 16
    moved.restart()
    again = moved.relay()
    again.heads()
    assert again.http.front_number == number
    assert "poruch-front" not in moved.browser.get("/en/").headers


def test_missing_bodies_are_named(moved: Front) -> None:
    relay = moved.relay()
    relay.put_body(b"one")
    one, two = (hashlib.sha256(body).digest() for body in (b"one", b"two"))
    assert relay.missing([one, two]) == [two]
    assert relay.missing([]) == []
