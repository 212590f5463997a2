"""Any story of publications: the log always checks, and no published leaf can be changed without being found."""

import os

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from log_fund import KEYS, ORIGIN, POLICY, Folder, epoch_entries, folder_of, notice

from poruch.errors import BadTile, Forked, PoruchError, PublicationRefused, WrongRoot, WrongSize
from poruch.tlog.check import check_log
from poruch.tlog.checkpoints import Head, sign_head
from poruch.tlog.publish import (
    Draft,
    build_publication,
    decode_state,
    draft_publication,
    empty_state,
    publish,
    sign_draft,
)
from poruch.tlog.tiles import encode_bundle, tile_path
from poruch.tlog.tree import Tree

LAST_EPOCH = 3
# Few different groups, for each must be proved once; what varies is the order and what is done between.
GIFTS = st.sampled_from([(), (100, 200, 300, 400, 500)])
PAYOUTS = st.sampled_from([(), (10, 10, 10, 10, 10)])


class LogStory(RuleBasedStateMachine):
    """A front, three desks that sign, and somebody who edits what the front shows."""

    @initialize()
    def found(self) -> None:
        self.state = empty_state(ORIGIN)
        self.entries: list[bytes] = []
        self.folder = Folder({"policy": POLICY.source})
        self.heads: list[Head] = []
        self.epoch, self.closing, self.notices = 0, 1000, 0
        self.old_body = b""

    def publish(self, entries: list[bytes]) -> None:
        draft = draft_publication(self.state, entries, os.urandom)
        log = Tree.of(self.entries + entries)
        last = self.heads[-1] if self.heads else None
        self.old_body = build_publication(draft, [sign_draft(draft, key, log, last) for key in KEYS[:3]])
        published = publish(self.state, self.old_body, POLICY, os.urandom)
        for path, data in published.files:
            assert path == "checkpoint" or path not in self.folder
            self.folder[path] = data
        self.state = published.state
        self.entries += entries
        self.heads.append(published.signed.head)

    @precondition(lambda self: self.epoch < LAST_EPOCH)
    @rule(gifts=GIFTS, payouts=PAYOUTS)
    def an_epoch(self, gifts: tuple[int, ...], payouts: tuple[int, ...]) -> None:
        entries, closing = epoch_entries(self.epoch + 1, self.closing, gifts, payouts)
        self.publish(entries)
        self.epoch, self.closing = self.epoch + 1, closing

    @rule(count=st.sampled_from([1, 3, 255, 256]))
    def notices_between(self, count: int) -> None:
        self.publish([notice(max(self.epoch, 1), f"n-{self.notices + number}") for number in range(count)])
        self.notices += count

    @precondition(lambda self: self.heads)
    @rule()
    def the_last_publication_again(self) -> None:
        self.refused(self.old_body, 409)

    @rule(officers=st.lists(st.integers(0, 4), max_size=2))
    def too_few_sign(self, officers: list[int]) -> None:
        draft = draft_publication(self.state, [notice(max(self.epoch, 1))], os.urandom)
        lines = [sign_head(draft.head, KEYS[number]) for number in officers]
        self.refused(build_publication(draft, lines), 403 if officers else 400)

    def refused(self, body: bytes, status: int) -> None:
        with pytest.raises(PublicationRefused) as caught:
            publish(self.state, body, POLICY, os.urandom)
        assert caught.value.status == status

    @rule()
    def the_front_starts_again(self) -> None:
        self.state = decode_state(self.state.encode())

    @precondition(lambda self: self.entries)
    @rule(data=st.data())
    def an_edit(self, data: st.DataObject) -> None:
        """Whatever is done to one leaf in the files: the check fails."""
        edited = self.some_edit(data)
        folder = Folder(self.folder)
        for first in range(0, len(self.entries), 256):
            path = tile_path("entries", first // 256, min(256, len(self.entries) - first))
            folder[path] = encode_bundle(edited[first : first + 256])
        report = check_log(folder.read, os.urandom)
        assert isinstance(report.error, WrongRoot | WrongSize | BadTile)

    @precondition(lambda self: self.entries)
    @rule(data=st.data())
    def an_edit_that_officers_sign(self, data: st.DataObject) -> None:
        """Three officers sign a changed log: the front refuses it, and whoever saw the true one sees the fork."""
        edited = self.some_edit(data)
        folder = Folder(folder_of(edited))
        report = check_log(folder.read, os.urandom, known=self.heads[-1])
        assert isinstance(report.error, Forked if len(edited) >= len(self.entries) else WrongSize)
        tree = Tree.of(edited)
        head = Head(ORIGIN, len(tree), tree.root())
        path = tree.consistency(self.state.size) if len(tree) >= self.state.size else ()
        forced = Draft(self.state.size, path, head, tuple(edited[self.state.size :]), self.state)
        lines = [sign_head(head, key) for key in KEYS[:3]]
        self.refused(build_publication(forced, lines), 422 if len(edited) >= self.state.size else 400)

    def some_edit(self, data: st.DataObject) -> list[bytes]:
        """The leaves with one of them changed, left out, doubled or moved."""
        edited = list(self.entries)
        index = data.draw(st.integers(0, len(edited) - 1))
        match data.draw(st.sampled_from(["change", "leave out", "double", "move"])):
            case "change":
                leaf = bytearray(edited[index])
                place = data.draw(st.integers(0, len(leaf) - 1))
                leaf[place] ^= data.draw(st.integers(1, 255))
                edited[index] = bytes(leaf)
            case "leave out":
                del edited[index]
            case "double":
                edited.insert(data.draw(st.integers(0, index)), edited[index])
            case _:
                edited.insert(data.draw(st.integers(0, len(edited) - 1)), edited.pop(index))
        # Moving a leaf to its own place, or doubling the last, may leave the log as it was.
        if edited[: len(self.entries)] == self.entries:
            edited[index] = edited[index] + b" "
            del edited[len(self.entries) :]
        return edited

    @invariant()
    def the_log_checks(self) -> None:
        if not self.heads:
            return
        tree = Tree.of(self.entries)
        for head in self.heads:
            assert tree.root(head.size) == head.root
        report = check_log(self.folder.read, os.urandom, known=self.heads[0])
        assert report.holds, report.error
        assert report.found is not None
        assert report.found.entries == tuple(self.entries)
        assert report.found.books.encode() == self.state.books.encode()


LogStory.TestCase.settings = settings(
    max_examples=12,
    stateful_step_count=10,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)


class TestLogStory(LogStory.TestCase):
    pass


def test_an_error_is_always_one_of_ours() -> None:
    """Damage of any kind to any file gives a report, never another exception."""
    entries, _ = epoch_entries(1, 5)
    good = Folder(folder_of(entries))
    for path in good:
        for place in range(0, len(good[path]), 37):
            folder = Folder(good)
            damaged = bytearray(folder[path])
            damaged[place] ^= 0x55
            folder[path] = bytes(damaged)
            report = check_log(folder.read, os.urandom)
            # Only the signature of an unknown key may be damaged without harm, and there is none here. A comment
            # or a name in the policy may be.
            assert isinstance(report.error, PoruchError) or path == "policy", (path, place)
