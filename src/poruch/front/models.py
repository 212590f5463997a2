"""What the front has on disk: ciphertext and public facts. Bytes that name things are kept as hex."""

from __future__ import annotations

from datetime import date

from django.db import models


class Fact(models.Model):
    """A single value of the site: `fund`, the id that the first segment must have; `founding`, who may name it."""

    name: models.CharField[str, str] = models.CharField(max_length=20, primary_key=True)
    value: models.TextField[str, str] = models.TextField()


class Segment(models.Model):
    """A segment that counts, as received; `id` ascends in the order of arrival."""

    id: models.BigAutoField[int, int] = models.BigAutoField(primary_key=True)
    segment: models.CharField[str, str] = models.CharField(max_length=64, unique=True)
    author: models.IntegerField[int, int] = models.IntegerField()
    life: models.IntegerField[int, int] = models.IntegerField()
    seq: models.BigIntegerField[int, int] = models.BigIntegerField()
    raw: models.BinaryField[bytes, bytes] = models.BinaryField()

    class Meta:
        """One segment at one place of a chain."""

        constraints = (models.UniqueConstraint(fields=("author", "life", "seq"), name="one_segment_a_place"),)


class Fork(models.Model):
    """A second segment at a place that is taken: signed proof against its author, for every desk to see."""

    id: models.BigAutoField[int, int] = models.BigAutoField(primary_key=True)
    segment: models.CharField[str, str] = models.CharField(max_length=64, unique=True)
    raw: models.BinaryField[bytes, bytes] = models.BinaryField()


class Body(models.Model):
    """Sealed bytes by their hash."""

    sha256: models.CharField[str, str] = models.CharField(max_length=64, primary_key=True)
    body: models.BinaryField[bytes, bytes] = models.BinaryField()


class Part(models.Model):
    """Bytes `offset` to `end` of a body or segment that an officer has half sent; `whole` is the SHA-256 of it all."""

    id: models.BigAutoField[int, int] = models.BigAutoField(primary_key=True)
    who: models.CharField[str, str] = models.CharField(max_length=20)
    whole: models.CharField[str, str] = models.CharField(max_length=64)
    day: models.DateField[date, date] = models.DateField()
    offset: models.BigIntegerField[int, int] = models.BigIntegerField()
    end: models.BigIntegerField[int, int] = models.BigIntegerField()
    part: models.BinaryField[bytes, bytes] = models.BinaryField()

    class Meta:
        """One part at one place of a whole."""

        constraints = (models.UniqueConstraint(fields=("who", "whole", "offset"), name="one_part_a_place"),)


class Erased(models.Model):
    """The hash of bytes that the fund has erased; `scrubbed` once they are in no file any more."""

    sha256: models.CharField[str, str] = models.CharField(max_length=64, primary_key=True)
    scrubbed: models.BooleanField[bool, bool] = models.BooleanField(default=False)


class Mailbox(models.Model):
    """A mailbox: its id and the public key that signs for its holder."""

    mailbox: models.CharField[str, str] = models.CharField(max_length=64, primary_key=True)
    verify_key: models.CharField[str, str] = models.CharField(max_length=64)


class Drop(models.Model):
    """What a person sent, sealed. `once` is what makes sending it twice one drop; `id` is its number of arrival."""

    id: models.BigAutoField[int, int] = models.BigAutoField(primary_key=True)
    drop: models.CharField[str, str] = models.CharField(max_length=32, unique=True)
    once: models.CharField[str, str] = models.CharField(max_length=64, unique=True)
    mailbox: models.CharField[str, str] = models.CharField(max_length=64, db_index=True)
    kind: models.CharField[str, str] = models.CharField(max_length=12)
    day: models.DateField[date, date] = models.DateField()
    sha256: models.CharField[str, str] = models.CharField(max_length=64, db_index=True)
    body: models.BinaryField[bytes, bytes] = models.BinaryField()


class Tag(models.Model):
    """A blinded instalment that a batch has taken."""

    tag: models.CharField[str, str] = models.CharField(max_length=64, primary_key=True)
    batch: models.CharField[str, str] = models.CharField(max_length=64)


class Slip(models.Model):
    """A sealed slip under its lookup id."""

    lookup: models.CharField[str, str] = models.CharField(max_length=64, db_index=True)
    sha256: models.CharField[str, str] = models.CharField(max_length=64, unique=True)
    slip: models.BinaryField[bytes, bytes] = models.BinaryField()


class Slot(models.Model):
    """A rendezvous of an invited person and the inviter, by an id that both know; the messages are sealed.

    `opener` is the number of the officer who opened it, 0 before there are officers.
    """

    slot: models.CharField[str, str] = models.CharField(max_length=64, primary_key=True)
    day: models.DateField[date, date] = models.DateField()
    opener: models.IntegerField[int, int] = models.IntegerField(default=0)
    hello: models.BinaryField[bytes | None, bytes | None] = models.BinaryField(null=True)
    answer: models.BinaryField[bytes | None, bytes | None] = models.BinaryField(null=True)


class LogFile(models.Model):
    """A file of the log, where several workers must show the same: none of them needs a disk."""

    path: models.CharField[str, str] = models.CharField(max_length=100, primary_key=True)
    content: models.BinaryField[bytes, bytes] = models.BinaryField()


class Leaf(models.Model):
    """A leaf of the public log that opens a sum: totals, balances, notices. Hidden amounts are in the log's files."""

    index: models.BigIntegerField[int, int] = models.BigIntegerField(primary_key=True)
    leaf: models.BinaryField[bytes, bytes] = models.BinaryField()


class LogState(models.Model):
    """The log as published: one row, `id` 1. `checkpoint` is the signed note to be shown; `day` when it came."""

    state: models.BinaryField[bytes, bytes] = models.BinaryField()
    size: models.BigIntegerField[int, int] = models.BigIntegerField()
    checkpoint: models.BinaryField[bytes, bytes] = models.BinaryField()
    officers: models.IntegerField[int, int] = models.IntegerField()
    witnesses: models.IntegerField[int, int] = models.IntegerField()
    day: models.DateField[date, date] = models.DateField()
