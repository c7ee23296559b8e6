"""The index of what refused attempts say, and how it follows them.

Like that of the contacts it is filled behind the intake: a refused attempt is noted in
`refused_pending`, and the notes are dealt with in batches. Attempts that were taken in are found
by their contacts instead, so the index costs a lead nothing.
"""

from __future__ import annotations

from storage.tables import RefusedPending
from storage.trigram_index import TrigramIndex

pending = RefusedPending.__table__  # type: ignore[attr-defined]
index = TrigramIndex("refused_fts", "attempt_id")
