"""What the sidebar counts, from counters alone."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy.engine import Connection

from storage.groups import GroupRow
from storage.questions import Question, Rows, ask
from storage.tallies import stage_tally, tallies
from storage.words import Stage

_SEQ = "SELECT seq FROM store_state WHERE id = 1"
_GROUPS = (
    'SELECT g.id, g.name, COALESCE(t.n, 0) FROM "groups" AS g'
    " LEFT JOIN tallies AS t ON t.name = 'group:' || g.id ORDER BY g.folded"
)


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
    return ask(conn, counting(conn))


def counting(conn: Connection) -> Question[Counts]:
    """Asks for the counts."""
    of_stages = tallies(conn, [stage_tally(stage) for stage in Stage])

    def told(seq: Rows, stages: Rows, groups: Rows) -> Counts:
        found = of_stages.told(stages)
        return Counts(
            seq=int(seq[0][0]),
            by_stage={stage: found[stage_tally(stage)] for stage in Stage},
            groups=tuple(GroupRow(*row) for row in groups),
        )

    return Question(((_SEQ, ()), *of_stages.asked, (_GROUPS, ())), told)
