"""Taking publications to the public log, and keeping its files: tiles first, the checkpoint last.

Beside SQLite they are files in the folder, for anybody's copying. Beside PostgreSQL they are rows, so that every worker
shows the same from the commit on and none needs a disk.
"""

from django.db import transaction

from poruch.errors import PoruchError, PublicationRefused
from poruch.front.models import Leaf, LogFile, LogState
from poruch.front.site import Site
from poruch.journal.wholefile import write_whole
from poruch.tlog.leaves import Amounts, parse_leaf
from poruch.tlog.policy import Policy, parse_policy
from poruch.tlog.publish import Published, decode_state, empty_state, parse_publication, publish

ROW = 1
STATED = ("policy", "checkpoint")
PUBLIC = 0o644
"""The rights of a file of the log: everybody may read it."""


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
        _keep_files(site, {path: content for path, content in published.files if path != "checkpoint"})
        _keep_summaries(old_size, body)
        shown = dict(published.files).get("checkpoint") if published.shown else None
        _keep_state(site, row, published, shown)
    restore_files(site)


def _keep_files(site: Site, files: dict[str, bytes]) -> None:
    if not site.place.postgres:
        for path, content in files.items():
            write_whole(site.folder / "log" / path, content, mode=PUBLIC)
        return
    rows = [LogFile(path=path, content=content) for path, content in files.items()]
    LogFile.objects.bulk_create(rows, update_conflicts=True, unique_fields=["path"], update_fields=["content"])


def log_file(site: Site, path: str) -> bytes | None:
    """A file of the log: checkpoint, policy, a tile or a bundle of entries. `path` is one that a log can have."""
    if not site.place.postgres:
        file = site.folder / "log" / path
        return file.read_bytes() if file.is_file() else None
    if path in STATED:
        return _stated(site)[path] or None
    row = LogFile.objects.filter(path=path).first()
    return bytes(row.content) if row else None


def _stated(site: Site) -> dict[str, bytes]:
    """The two files that change, as the database has them."""
    row = LogState.objects.filter(id=ROW).first()
    text = site.journal.public().policy
    return {"policy": text.encode() if text else b"", "checkpoint": bytes(row.checkpoint) if row else b""}


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
    if site.place.postgres:
        return
    for name, content in _stated(site).items():
        path = site.folder / "log" / name
        if content and not (path.exists() and path.read_bytes() == content):
            write_whole(path, content, mode=PUBLIC)
