"""How much a simulation did, and how much a fund-year must do to count as one."""

from collections import Counter

from poruch.drills.simulator.world import World

FAULTS = (
    "partition",
    "lost",
    "unanswered",
    "twice",
    "late",
    "disordered",
    "cut",
    "power cut of a desk",
    "power cut of the front",
    "wrong clock",
    "restart",
    "lost desk",
    "stick in disorder",
    "suspension",
    "freeze",
    "misdeed",
    "misdeed while suspended",
    "equivocation",
    "batch past the relay",
    "payment sent back",
)
LEAST = {
    "submission": 300,
    "instalment paid": 100,
    "epoch": 4,
    "roster change": 2,
    "seized front": 1,
    "fault of another kind": 20,
}
"""A fund-year."""


def counted(world: World) -> Counter[str]:
    """The counts of a world, with those that are kept elsewhere and the sums."""
    counts = Counter(world.counts)
    for officer in world.officers.values():
        counts.update(officer.line.hit)
    counts["power cut of the front"] = int(world.seen.get("front blown", 0)) + world.front.fuse.blown
    counts["roster change"] = world.front.public.council.epoch
    counts["fault of another kind"] = sum(counts[name] for name in FAULTS)
    counts["kind of fault"] = sum(counts[name] > 0 for name in FAULTS)
    return counts


def missing(counts: Counter[str], years: int) -> list[str]:
    """What falls short of so many fund-years."""
    return [
        f"{name}: {counts[name]} of {least * years}" for name, least in LEAST.items() if counts[name] < least * years
    ]
