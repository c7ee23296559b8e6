"""The index of refused attempts, as the third revision makes it and the fifth drops it."""

from storage.trigram_index import TrigramIndex

index = TrigramIndex("refused_fts", "attempt_id")
