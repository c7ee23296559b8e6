"""What was worked out once and will be asked for again, within bounds.

Forms send the same names over and over, so what a name means is found out once. Whoever sends
new names for ever must not fill the memory with them: what is long is not kept, and where there is
too much of it, all is forgotten at once.
"""

from __future__ import annotations

from typing import TypeVar

Key = TypeVar("Key")
Value = TypeVar("Value")


class Memo(dict[Key, Value]):
    """Answers by question; looked up as in any dict. Safe in any thread.

    Args:
        most: Answers kept.
        longest: Characters of a question that is kept.
    """

    __slots__ = ("longest", "most")

    def __init__(self, most: int, longest: int) -> None:
        super().__init__()
        self.most = most
        self.longest = longest

    def keep(self, question: Key, answer: Value, length: int) -> Value:
        """Keeps an answer, where its question is not too long.

        Args:
            question: What was asked.
            answer: What was found, which is returned.
            length: Characters of the question.
        """
        if length <= self.longest:
            if len(self) >= self.most:
                self.clear()
            self[question] = answer
        return answer
