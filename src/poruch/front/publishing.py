"""Taking publications to the public log, and keeping its files: tiles first, the checkpoint last."""

import os
from pathlib import Path

from django.db import transaction

from poruch.errors import PoruchError, PublicationRefused
from poruch.front.models import Leaf, LogState
from poruch.front.site import Site
from poruch.tlog.leaves import Amounts, parse_leaf
from poruch.tlog.policy import Policy, parse_policy
from poruch.tlog.publish import Published, decode_state, empty_state, parse_publication, publish

ROW = 1


def policy_of(site: Site) -> Policy | None:
    """The log's policy as the journal names it, if it names one that can be read."""
    text = site.journal.public().policy
    if text is None:
        return None
    try:
        return parse_policy(text.encode())
    except PoruchError:
        return None


def take(site: Site, body: bytes) -> None:
    """Publish `body` (docs/spec/log.md section 3), in one transaction. Raises `PublicationRefused`."""
    policy = policy_of(site)
    if policy is None:
        raise PublicationRefused(403, "bad-policy", "the fund has no policy yet")
    with transaction.atomic():
        row = LogState.objects.filter(id=ROW).first()
        state = decode_state(bytes(row.state)) if row else empty_state(policy.origin)
        old_size = state.size
        published = publish(state, body, policy, site.random)
        for path, content in published.files:
            if path != "checkpoint":
                write_file(site.folder / "log" / path, content)
        _keep_summaries(old_size, body)
        shown = dict(published.files).get("checkpoint") if published.shown else None
        _keep_state(site, row, published, shown)
    restore_files(site)


def _keep_summaries(old_size: int, body: bytes) -> None:
    rows = []
    for index, entry in enumerate(parse_publication(body).entries, old_size):
        if not isinstance(parse_leaf(entry), Amounts):
            rows.append(Leaf(index=index, leaf=entry))
    Leaf.objects.bulk_create(rows)


def _keep_state(site: Site, row: LogState | None, published: Published, shown: bytes | None) -> None:
    row = row or LogState(id=ROW, checkpoint=b"", size=0, officers=0, witnesses=0, day=site.today())
    row.state = published.state.encode()
    if shown is not None:
        row.checkpoint = shown
        row.size = published.signed.head.size
        row.officers = len(published.signed.officers)
        row.witnesses = len(published.signed.cosignatures)
        row.day = site.today()
    row.save()


def restore_files(site: Site) -> None:
    """Show the checkpoint and the policy of the database where the files do not: after a publication, at a start."""
    row = LogState.objects.filter(id=ROW).first()
    text = site.journal.public().policy
    wanted = {"policy": text.encode() if text else b"", "checkpoint": bytes(row.checkpoint) if row else b""}
    for name, content in wanted.items():
        path = site.folder / "log" / name
        if content and not (path.exists() and path.read_bytes() == content):
            write_file(path, content)


def write_file(path: Path, content: bytes) -> None:
    """Write all or nothing, and onto the disk."""
    path.parent.mkdir(parents=True, exist_ok=True)
    half = path.with_name(f".{path.name}.{os.getpid()}.half")
    with half.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    half.replace(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
