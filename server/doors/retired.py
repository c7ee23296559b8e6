"""Secret URLs that no longer work, and those that never did."""

from __future__ import annotations

from server.answers import Answer, refusal
from server.bridge import Bridge
from server.keeper import AccessKeeper
from server.mapping.recognise import recognise
from server.request import Request
from server.site import HOOK_PATH
from storage.access import Access, credential_hash
from storage.errors import StoreError
from storage.retired import OldUrlHit, count_hits

_CODES = {"regenerated": "URL_REGENERATED", "deleted": "INTEGRATION_DELETED"}


class RetiredUrls:
    """Answers for the addresses of the hook door that lead nowhere.

    Args:
        keeper: Knows the tokens.
        bridge: To the store, where uses of old URLs are counted.
    """

    def __init__(self, keeper: AccessKeeper, bridge: Bridge) -> None:
        self._keeper = keeper
        self._bridge = bridge

    async def answer(self, request: Request) -> Answer:
        """Says why nothing is here: 410 for a retired URL, else 404."""
        token_hash = credential_hash(request.path.removeprefix(HOOK_PATH).removesuffix("/"))
        try:
            why = _why(self._keeper.current, token_hash) or _why(
                await self._keeper.reread(), token_hash
            )
        except StoreError:
            return refusal("STORE_UNAVAILABLE", request.id)
        if why is None:
            return refusal("NOT_FOUND", request.id)
        agent = request.said("User-Agent")
        self._bridge.note(count_hits, OldUrlHit(token_hash, recognise(agent) or agent))
        return refusal(_CODES[why], request.id)


def _why(access: Access, token_hash: bytes) -> str | None:
    return access.retired.get(token_hash)
