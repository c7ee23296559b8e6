"""What the sidebar counts, from counters alone."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import text
from sqlalchemy.engine import Connection

from storage.groups import GroupRow, listing
from storage.tallies import read_tallies, stage_tally
from storage.words import Stage

_SEQ = text("SELECT seq FROM store_state WHERE id = 1")


@dataclass(frozen=True, slots=True)
class Counts:
    """How many contacts there are, and where."""

    seq: int
    """The committed write that this is true after."""
    by_stage: dict[Stage, int]
    groups: tuple[GroupRow, ...]

    @property
    def queue(self) -> int:
        """Contacts in the Opt-in queue."""
        return self.by_stage[Stage.QUEUED]

    @property
    def all(self) -> int:
        """Contacts that are not deleted."""
        return sum(n for stage, n in self.by_stage.items() if stage is not Stage.DELETED)

    @property
    def suppressed(self) -> int:
        """Contacts that must not be texted."""
        return self.by_stage[Stage.SUPPRESSED]


def counts(conn: Connection) -> Counts:
    """Counts everything at one moment; costs the same at any size."""
    seq = conn.execute(_SEQ).scalar_one()
    tallies = read_tallies(conn, [stage_tally(stage) for stage in Stage])
    return Counts(
        seq=int(seq),
        by_stage={stage: tallies[stage_tally(stage)] for stage in Stage},
        groups=tuple(listing(conn)),
    )
