"""Officers by the screens: freezing and thawing, suspending and lifting, the roster from invitation to old papers."""

import re
import secrets
import time
from collections.abc import Iterator
from html import unescape
from pathlib import Path
from typing import Any

import pytest

from desk import street as streets
from desk.street import Answer, RunningDesk, Street, open_street
from poruch.crypto import paper as papers
from poruch.crypto.invitation import parse_invitation
from poruch.crypto.signatures import SigningKey
from poruch.desk import council as acts
from poruch.desk import joining, paper, restoring
from poruch.desk.views_journal import fingerprint
from poruch.events.codec import decode
from poruch.journal.rendezvous import Asked, HttpRendezvous, Left
from poruch.journal.sync import HttpRelay
from story.village import Front, Relay, found_village

NOBODY = "0" * 64


@pytest.fixture
def street(tmp_path: Path) -> Iterator[Street]:
    """A founded fund of five with a case, k is 3; what desks write on standard error is an error."""
    village = found_village(tmp_path)
    village.apply("Alena Persona")
    made = open_street(village)
    yield made
    assert "".join(made.close()) == ""


@pytest.fixture
def rendezvous(monkeypatch: pytest.MonkeyPatch) -> None:
    """The village's front keeps messages of invitations, too."""
    answer_others = streets.answer_relay
    slots: dict[bytes, dict[str, bytes]] = {}

    def answer(front: Front, path: str, body: bytes) -> tuple[int, bytes]:
        if path == "/relay/rendezvous/open":
            slots.setdefault(body, {})
            return 200, b""
        if path == "/relay/rendezvous/put":
            left = decode(body, Left)
            slots[left.slot][left.kind] = left.sealed
            return 200, b""
        if path == "/relay/rendezvous/get":
            asked = decode(body, Asked)
            found = slots.get(asked.slot, {}).get(asked.kind)
            return (200, found) if found else (404, b"")
        return answer_others(front, path, body)

    monkeypatch.setattr(streets, "answer_relay", answer)


def text(page: str) -> str:
    """What a reader sees of a page."""
    return re.sub(r"\s+", " ", unescape(re.sub("<[^>]+>", " ", page)))


def page(street: Street, number: int, path: str, until: str = "") -> str:
    """A page of a desk, once its sync has brought what is awaited."""
    for _ in range(120):
        found = street.desk(number).get(path).text
        if until in text(found):
            return found
        time.sleep(0.25)
    raise AssertionError(f"desk {number} does not come to {until}: {text(found)}")


def do(street: Street, number: int, path: str, **fields: str | list[str]) -> str:
    desk = street.desk(number)
    return text(desk.follow(desk.post(path, **fields)).text)


def link(found: str, pattern: str) -> str:
    """The first address on a page that fits."""
    address = re.search(rf'href="({pattern})"', found)
    assert address, (pattern, text(found))
    return address[1]


def refused(answer: Answer, sentence: str) -> None:
    assert answer.status in (409, 422), (answer.status, text(answer.text))
    assert sentence in text(answer.text)


MEASURE = "/en/officers/measure/[0-9a-f]{64}/"


def test_one_freezes_and_three_thaw(street: Street) -> None:
    case = link(page(street, 1, "/en/queue/", "0001"), '/en/case/[0-9a-f]{32}/[^"]*').split("?")[0]
    assert 'href="/en/officers/freeze/"' in page(street, 2, "/en/books/")
    before = text(page(street, 2, "/en/officers/freeze/"))
    assert "What stops at once" in before
    assert "You alone are enough to freeze; 3 officers thaw it." in before
    assert "one freeze at a time" in before
    refused(street.desk(2).post("/en/officers/freeze/", reason="  "), "Write something first.")
    said = do(street, 2, "/en/officers/freeze/", reason="Klon does not answer <b>.")
    assert "The fund is frozen. 3 officers must thaw it." in said
    refused(street.desk(2).post("/en/officers/freeze/", reason="Twice."), "ask them to decide on it")

    band = "Officer 2 froze it on 1 September 2026. The reason: “Klon does not answer <b>.”"
    vote = link(page(street, 1, "/en/queue/", band), MEASURE)
    for number in (3, 4, 5):
        for path in ("queue", "books", "officers", "officers/paper", "journal"):
            assert band in text(page(street, number, f"/en/{path}/", band))
    assert "You froze it on 1 September 2026." in text(page(street, 2, "/en/queue/"))
    assert "0 of 3 votes to thaw" in text(page(street, 1, case))
    refused(street.desk(1).post(f"{case}ask/", purpose="Screen it."), "The fund is frozen: no payments")
    refused(
        street.desk(1).post("/en/officers/roster/quorum/", quorum=["1", "2", "3", "4", "5"], k="4", reason="More."),
        "The fund is frozen: no payments",
    )
    assert "Officers 1 wait for you" in text(page(street, 1, "/en/queue/"))
    assert "Vote on the freeze by Officer 2" in text(page(street, 1, "/en/officers/"))
    assert "Vote on the freeze" not in text(page(street, 2, "/en/officers/"))

    shown = text(page(street, 1, vote))
    assert "What still works" in shown
    assert "right to freeze rest for 30 days" in shown
    assert "The fund works again when 3 have given it." in shown
    assert "You gave your vote to thaw. 2 more are needed." in do(street, 1, vote, rest="on")
    assert "1 of 3 votes to thaw: Officer 1" in text(page(street, 3, "/en/queue/", "1 of 3 votes to thaw"))
    assert "1 more is needed." in do(street, 3, vote, rest="on")
    page(street, 4, vote, "2 of 3 votes to thaw")
    assert "The fund is thawed and works again." in do(street, 4, vote, rest="on")
    refused(street.desk(4).post(vote), "This was done before")
    page(street, 2, vote, "It was in force until 1 September 2026.")
    assert "The fund is frozen" not in text(page(street, 2, "/en/queue/"))
    again = street.desk(2).post("/en/officers/freeze/", reason="Again.")
    refused(again, "Your right to freeze or suspend rests for 30 days")
    history = text(page(street, 5, "/en/officers/measures/", "over"))
    assert "To thaw: Officer 1, Officer 3, Officer 4" in history
    assert "Klon does not answer <b>." in history


def test_a_freeze_that_was_right_is_confirmed(street: Street) -> None:
    do(street, 2, "/en/officers/freeze/", reason="A desk was taken.")
    vote = link(page(street, 1, "/en/queue/", "A desk was taken."), MEASURE)
    assert "may freeze or suspend again" in text(page(street, 1, f"{vote}confirm/"))
    for number in (1, 3, 4):
        page(street, number, vote, "A desk was taken.")
        assert "You said that it was right." in do(street, number, f"{vote}confirm/")
    page(street, 2, vote, "confirmed by 3")
    page(street, 5, vote, "confirmed by 3")
    assert "Vote on the freeze" not in text(page(street, 5, "/en/officers/"))
    said = do(street, 2, "/en/officers/freeze/", reason="Another desk was taken.")
    assert said.count("You froze it on") == 2


def test_one_suspends_and_three_lift(street: Street) -> None:
    assert "Suspend" not in text(page(street, 4, "/en/officers/")).split("4 · Officer 4 you")[1].split("5 ·")[0]
    form = text(page(street, 2, "/en/officers/suspend/4/"))
    assert re.search(r"everything up to his act number \d+ of 1 September 2026\. Later acts count for nothing", form)
    assert "3 officers lift it" in form
    refused(street.desk(2).post("/en/officers/suspend/4/", reason=""), "Write something first.")
    assert "Officer 4 is suspended." in do(street, 2, "/en/officers/suspend/4/", reason="His desk was taken.")
    refused(street.desk(2).post("/en/officers/suspend/5/", reason="He too."), "ask them to decide on it")
    refused(street.desk(2).post("/en/officers/suspend/4/", reason="Again."), "This was done before")

    own = page(street, 4, "/en/queue/", "You are suspended")
    assert "Officer 2 suspended you on 1 September 2026. The reason: “His desk was taken.”" in text(own)
    assert "Call one of these: Officer 1, Officer 2, Officer 3, Officer 5." in text(own)
    refused(street.desk(4).post("/en/officers/freeze/", reason="No!"), "You are suspended")
    vote = link(own, MEASURE)
    assert "1 of 3 votes to lift it" not in text(page(street, 4, vote))
    assert "2 more are needed." in do(street, 4, vote)
    for number in (1, 3):
        shown = page(street, number, "/en/officers/", "by Officer 2 since 1 September 2026: His desk was taken.")
        assert "Vote on the suspension: Officer 4" in text(shown)
        assert "Officers 1 wait for you" in text(shown)
    assert "1 more is needed." in do(street, 1, vote)
    page(street, 3, vote, "2 of 3 votes to lift it")
    assert "The suspension is lifted." in do(street, 3, vote)
    page(street, 4, vote, "It was in force until")
    assert "You are suspended" not in text(page(street, 4, "/en/queue/"))


def test_a_suspension_that_would_leave_too_few_freezes(street: Street) -> None:
    do(street, 1, "/en/officers/suspend/4/", reason="One.")
    page(street, 2, "/en/officers/", "One.")
    do(street, 2, "/en/officers/suspend/5/", reason="Two.")
    page(street, 3, "/en/officers/", "Two.")
    warned = text(page(street, 3, "/en/officers/suspend/1/"))
    assert "So this does not suspend him: it freezes the fund" in warned
    assert "so the fund is frozen instead" in do(street, 3, "/en/officers/suspend/1/", reason="Three.")
    shown = page(street, 1, "/en/queue/", "Officer 3 froze it")
    assert "wanted to suspend you" in text(page(street, 1, link(shown, MEASURE)))
    assert "Freeze, instead of suspending Officer 1" in text(page(street, 2, "/en/officers/measures/", "Three."))


PROPOSAL = "/en/officers/roster/[0-9a-f]{64}/"
SIXTH = "six herons over the bog"


@pytest.mark.usefixtures("rendezvous")
def test_a_sixth_officer_from_the_invitation_to_old_papers(street: Street, tmp_path: Path) -> None:
    village, one = street.village, street.desk(1)
    for number in village.desks:
        street.desk(number)
    assert "An invitation for officer 6" in text(page(street, 1, "/en/officers/roster/invite/"))
    shown = one.post("/en/officers/roster/invite/")
    assert shown.status == 200
    (line,) = re.findall("poruch-invitation-1[a-z0-9]+", shown.text)
    assert line not in page(street, 1, "/en/officers/roster/invited/6/", "has not answered yet")
    assert line in one.post("/en/officers/roster/invited/6/show/").text

    invitation, folder = parse_invitation(line), tmp_path / "6"
    joining.begin_joining(folder, invitation, "Zhuravel", SIXTH)
    invited = joining.resume_joining(folder, SIXTH)
    assert invited is not None
    door = HttpRendezvous(street.relay.address, 6, SigningKey(secrets.token_bytes(32)), village.clock)
    joining.say_hello(invited, door)
    path = "/en/officers/roster/invited/6/"
    form = page(street, 1, path, "Zhuravel has answered")
    assert fingerprint(invited.key.signing.public) in form
    hello = re.search('name="hello" value="([0-9a-f]{64})"', form)
    assert hello
    typed = {"hello": hello[1], "circles": ["casework"], "in_quorum": "on", "k": "4", "reason": "Zhuravel, a doctor."}
    refused(one.post(path, **typed), "Compare the fingerprint first")
    refused(
        one.post(path, **{**typed, "compared": "on", "k": "3"}), "Of 6 officers with a share at least 4 and at most 5"
    )
    refused(one.post(path, **{**typed, "compared": "on", "hello": "0" * 64}), "not from the invited")
    said = one.follow(one.post(path, **typed, compared="on"))
    assert "You proposed it, and approved it with that." in text(said.text)
    answer = joining.read_answer(invited, door)
    assert answer is not None

    assert "Read the change of the roster that Officer 1 proposes" in text(
        page(street, 2, "/en/officers/", "Read the change")
    )
    proposal = link(page(street, 2, "/en/officers/"), PROPOSAL)
    before_after = text(page(street, 2, proposal))
    assert "Zhuravel, a doctor." in before_after
    assert "Before: 3 of 5 must agree. After: 4 of 6" in before_after
    assert fingerprint(invited.key.signing.public) in before_after
    assert re.search(r"6 · 6 casework no → yes comes", before_after)
    assert "1 more is needed." in do(street, 2, proposal)
    refused(street.desk(2).post(proposal), "This was done before")
    page(street, 3, proposal, "Waits for you")
    page(street, 3, proposal, "Officer 1, Officer 2")
    assert "With your approval the roster has changed." in do(street, 3, proposal)
    refused(street.desk(3).post(proposal), "The roster has changed since")
    audit = text(page(street, 5, "/en/officers/roster/", "Zhuravel, a doctor."))
    assert "6 – 1, 2, 3, 4, 5, 6 1, 2, 3, 4, 5, 6 4 of 6 1 · Officer 1, 2 · Officer 2, 3 · Officer 3" in audit
    assert "– 1, 2, 3, 4, 5 1, 2, 3, 4, 5 3 of 5 the charter" in audit

    desk = joining.open_invited(
        invited, answer, HttpRelay(street.relay.address, 6, invited.key.signing, village.clock), village.clock
    )
    desk.close()
    street.desks[6] = RunningDesk(folder, street.relay.address, SIXTH, village.clock()).start().enter()
    for number in range(1, 7):
        page(street, number, "/en/officers/", "Certified by all: 4 of 6 open together, epoch 1.")
    assert "Zhuravel" in text(page(street, 4, "/en/officers/", "6 · Zhuravel"))
    assert "Officer 4" in text(page(street, 6, "/en/officers/", "4 · Officer 4"))
    page(street, 6, "/en/officers/ceremony/", "The new shares were tried")
    alive = "5 old shares of epoch 0 could still act together, and 3 of them open everything"
    page(street, 6, "/en/officers/ceremony/", alive)
    assert "You hold no old shares" in text(page(street, 6, "/en/officers/ceremony/erase/"))
    refused(street.desk(6).post("/en/officers/ceremony/erase/"), "This was done before")
    for number in (1, 2, 3):
        page(street, number, "/en/officers/", "Is your old paper destroyed?")
        page(street, number, "/en/officers/ceremony/erase/", "writes one event, “share erased”")
        assert "it is recorded that your old paper is" in do(street, number, "/en/officers/ceremony/erase/")
        assert "Is your old paper destroyed?" not in text(page(street, number, "/en/officers/"))
    page(street, 4, "/en/officers/ceremony/", "Too few old shares are left to open anything.")


def test_changes_of_circles_and_quorum_and_what_is_refused(street: Street) -> None:
    one = street.desk(1)
    table = page(street, 1, "/en/officers/roster/circles/")
    assert len(re.findall('type="checkbox"[^>]* checked', table)) == 4 + 3 + 2
    typed: dict[str, str | list[str]]
    typed = {"casework": ["1", "2", "3", "5"], "treasury": [], "auditors": ["2"], "reason": "Four rests."}
    kept = one.post("/en/officers/roster/circles/", **typed)
    refused(kept, "casework and treasury need somebody")
    assert len(re.findall('type="checkbox"[^>]* checked', kept.text)) == 4 + 0 + 1  # nothing typed is lost
    assert "Four rests." in kept.text
    refused(one.post("/en/officers/roster/circles/", **{**typed, "treasury": ["9"]}), "not on the roster")
    made = one.follow(one.post("/en/officers/roster/circles/", **{**typed, "treasury": ["3", "4", "5"]}))
    assert re.search("4 · Officer 4 casework, treasury → treasury yes other circles", text(made.text))
    assert "As before, 3 of 5 must agree." in text(made.text)

    table_of_refusals = [
        (["1", "2"], "2", "At least three officers must hold shares"),
        (["1", "2", "3", "4", "5"], "2", "Of 5 officers with a share at least 3 and at most 4 must agree, not 2."),
        (["1", "2", "3", "4", "5"], "5", "at least 3 and at most 4 must agree, not 5."),
        (["1", "2", "3", "4"], "x", "This is not a number."),
        (["1", "2", "3", "4"], "-1", "This is not a number of officers."),
        (["1", "2", "3", "4"], "", "Say how many must agree."),
        (["1", "2", "3", "8"], "3", "not on the roster"),
    ]
    for holders, k, sentence in table_of_refusals:
        kept = one.post("/en/officers/roster/quorum/", quorum=holders, k=k, reason="Another one.")
        refused(kept, sentence)
        assert len(re.findall("<input[^>]* checked", kept.text)) == len([n for n in holders if int(n) <= 5])
        assert "Another one." in kept.text
    made = one.follow(one.post("/en/officers/roster/quorum/", quorum=["1", "2", "3", "5"], k="3", reason="Rest."))
    assert "Before: 3 of 5 must agree. After: 3 of 4" in text(made.text)
    assert "4 · Officer 4 casework, treasury yes → no loses the share" in text(made.text)
    read = do(street, 1, "/en/officers/roster/read/3/", reason="He was ill.")
    assert "Let Officer 3 read older things" in read
    assert "may read older things" in read
    refused(one.post("/en/officers/roster/read/2/", reason="A fourth."), "Three changes that you proposed")


def test_a_removal_overtakes_what_else_was_proposed(street: Street) -> None:
    form = text(page(street, 1, "/en/officers/roster/remove/5/"))
    assert "4 would hold shares: Officer 2, Officer 3, Officer 4, you." in form
    assert "His share and his paper stay dangerous" in form
    refused(street.desk(1).post("/en/officers/roster/remove/5/", k="2", reason="Gone."), "Of 4 officers with a share")
    for number in range(1, 6):
        street.desk(number)
    do(street, 2, "/en/officers/roster/quorum/", quorum=["1", "2", "3", "4", "5"], k="4", reason="More.")
    overtaken = link(page(street, 2, "/en/officers/roster/"), PROPOSAL)
    assert "Remove Officer 5" in do(street, 1, "/en/officers/roster/remove/5/", k="3", reason="He moved away.")
    removal = link(page(street, 1, "/en/officers/roster/").split("Remove Officer 5")[0][-200:] + " ", PROPOSAL)
    for number in (3, 4):
        page(street, number, removal, "Approve this change")
        do(street, number, removal)
        page(street, 4, removal, "Officer 3" if number == 3 else "in force")
    assert "The roster changed in another way first" in text(page(street, 3, overtaken, "overtaken"))
    refused(street.desk(3).post(overtaken), "The roster has changed since")
    gone = text(page(street, 5, "/en/queue/", "You are no longer an officer of this fund"))
    assert "destroy them and say so under Officers" in gone
    refused(street.desk(5).post("/en/officers/freeze/", reason="No."), "You are no longer an officer of this fund")
    for number in (1, 2, 3, 4):
        page(street, number, "/en/officers/", "Certified by all: 3 of 4 open together, epoch 1.")
    listed = text(page(street, 1, "/en/officers/"))
    assert "5 shares of epoch 0 could still open together" in listed
    assert "No longer officers: Officer 5" in listed
    page(street, 5, "/en/officers/", "Is your old paper destroyed?")
    do(street, 5, "/en/officers/ceremony/erase/")
    page(
        street,
        1,
        "/en/officers/",
        "4 shares of epoch 0 could still open together: Officer 2, Officer 3, Officer 4, you.",
    )


def test_dealing_anew_on_purpose(street: Street) -> None:
    for number in range(1, 6):
        street.desk(number)
    assert "the present shares work until all have certified" in text(page(street, 2, "/en/officers/ceremony/again/"))
    assert "A new session has begun." in do(street, 2, "/en/officers/ceremony/again/")
    asked = "No change of the roster asks for this session: Officer 2 has the shares dealt anew on purpose."
    for number in (1, 3, 4, 5):
        page(street, number, "/en/officers/", "Take part in dealing the shares anew, or ask why: Officer 2 began it")
        page(street, number, "/en/officers/ceremony/", asked)
        assert "Your desk takes part" in do(street, number, "/en/officers/ceremony/agree/")
        assert asked not in page(street, number, "/en/officers/ceremony/")
    page(street, 1, "/en/officers/ceremony/", "Certified by all: 3 of 5 open together, epoch 1.")
    shown = text(page(street, 1, "/en/officers/ceremony/", "The new shares were tried"))
    assert "Dealt anew, 3 of 5 certified begun by Officer 2" in shown
    assert "The first key, 3 of 5 certified begun by you" in shown


@pytest.fixture
def silent(tmp_path: Path) -> Iterator[Street]:
    """Officer 5 has been silent for eight days after k became 4; officer 2 restored his desk from paper."""
    village = found_village(tmp_path)
    two = village.desks[2]
    backup = restoring.read_line(papers.encode(paper.make_paper(two)))
    acts.propose(two, acts.change_quorum(two, (1, 2, 3, 4, 5), 4), "Four of us.")
    village.sync()
    for number in (1, 3):
        acts.approve(village.desks[number], acts.open_proposals(village.desks[number])[0])
        village.sync(1)
    absent = village.desks.pop(5)
    village.sync(4)
    village.clock.turn(8)
    village.desks[5] = absent
    (tmp_path / "new").mkdir()
    door: Any = Relay(village.front)
    restoring.restore(tmp_path / "new", backup, "Officer 2", SIXTH, lambda key: door, village.clock, memory_kib=8192)
    absent.close()
    del village.desks[5]
    made = open_street(village)
    made.desks[12] = RunningDesk(tmp_path / "new", made.relay.address, SIXTH, village.clock()).start().enter()
    yield made
    assert "".join(made.close()) == ""


def test_going_on_without_who_is_silent_and_confirming_a_new_desk(silent: Street) -> None:
    waiting = text(page(silent, 1, "/en/officers/ceremony/", "Go on without Officer 5"))
    assert "awaited since 1 September 2026" in waiting
    assert "Everybody shows a one-time key done by" in waiting
    said = do(silent, 1, "/en/officers/roster/without/", reason="He does not answer.")
    assert "Before: 4 of 5 must agree. After: 3 of 4" in said

    page(silent, 12, "/en/queue/", "This restored desk is not confirmed")
    refused(silent.desks[12].post("/en/officers/freeze/", reason="No."), "who has spoken with you, confirms it")
    asked = page(silent, 3, "/en/officers/", "Opens a new desk: Officer 2. Have you spoken?")
    shown = text(page(silent, 3, link(asked, "/en/officers/life/2/1/")))
    assert "Have you spoken with him yourself?" in shown
    assert re.search(r"everything up to his act number \d+", shown)
    assert "The restored desk of Officer 2 counts from now on." in do(silent, 3, "/en/officers/life/2/1/")
    assert silent.desk(3).get("/en/officers/life/2/1/").status == 404
    for _ in range(80):
        if "is not confirmed" not in text(silent.desks[12].get("/en/queue/").text):
            break
        time.sleep(0.25)
    assert "The fund is frozen." in do(silent, 12, "/en/officers/freeze/", reason="My desk was taken.")


EVERYWHERE = [
    ("officers/freeze/", 200),
    ("officers/measures/", 200),
    (f"officers/measure/{NOBODY}/", 404),
    (f"officers/measure/{NOBODY[1:]}/", 404),
    (f"officers/measure/{NOBODY}/confirm/", 404),
    ("officers/suspend/2/", 200),
    ("officers/suspend/3/", 404),
    ("officers/suspend/99/", 404),
    ("officers/suspend/999999999999999999999999/", 404),
    ("officers/life/2/1/", 404),
    ("officers/roster/", 200),
    (f"officers/roster/{NOBODY}/", 404),
    ("officers/roster/remove/2/", 200),
    ("officers/roster/remove/3/", 404),
    ("officers/roster/remove/77/", 404),
    ("officers/roster/circles/", 200),
    ("officers/roster/quorum/", 200),
    ("officers/roster/without/", 404),
    ("officers/roster/read/2/", 200),
    ("officers/roster/read/0/", 404),
    ("officers/roster/invite/", 200),
    ("officers/roster/invited/60/", 404),
    ("officers/roster/invited/60/forget/", 404),
    ("officers/roster/invited/60/show/", 405),
    ("officers/roster/invited/60/answer/", 405),
    ("officers/ceremony/", 200),
    ("officers/ceremony/agree/", 405),
    ("officers/ceremony/again/", 200),
    ("officers/ceremony/erase/", 200),
]


def test_every_page_in_both_languages_and_nothing_by_looking(street: Street) -> None:
    desk = street.desk(3)
    before = text(desk.get("/en/journal/").text)
    for language in ("en", "be"):
        for path, status in EVERYWHERE:
            answer = desk.get(f"/{language}/{path}")
            assert answer.status == status, path
            assert answer.text.count("<h1") == 1, path
            assert "{%" not in answer.text, path
            assert "{{" not in answer.text, path
    assert text(desk.get("/en/journal/").text).split("Freeze the fund")[1] == before.split("Freeze the fund")[1]
    refused(desk.post("/en/officers/ceremony/agree/"), "This was done before")  # no session asks whether it takes part
    for path, status in EVERYWHERE:
        assert desk.post(f"/en/{path}").status != 500, path
        if status == 404:
            assert desk.post(f"/en/{path}").status == 404, path
    for path in ("officers/measures/", "officers/roster/", "officers/ceremony/"):
        assert desk.post(f"/en/{path}").status == 405
