"""The acts behind recorded changes."""

from __future__ import annotations

from typing import Any

from storage.acts import Act, AddLabel, Delete, Move, RemoveLabel, Star, WriteNote
from storage.campaign_acts import JoinCampaign, LeaveCampaign


def act_of(verb: str, details: dict[str, Any]) -> Act:
    """The act behind a recorded change."""
    makers: dict[str, Any] = {
        "move": lambda: Move(details["group_id"]),
        "delete": lambda: Delete(details.get("of_tests", False)),
        "star": lambda: Star(True),
        "unstar": lambda: Star(False),
        "label": lambda: AddLabel(details["label_id"]),
        "unlabel": lambda: RemoveLabel(details["label_id"]),
        "note": lambda: WriteNote(details["author"], details["body"]),
        "campaign.join": lambda: JoinCampaign(details["campaign_id"]),
        "campaign.leave": lambda: LeaveCampaign(details["campaign_id"]),
    }
    made: Act = makers[verb]()
    return made


def inverse_of(act: Act) -> Act:
    """What takes an act back that only sets a mark."""
    match act:
        case Star():
            return Star(not act.on)
        case AddLabel():
            return RemoveLabel(act.label_id)
        case RemoveLabel():
            return AddLabel(act.label_id)
        case JoinCampaign():
            return LeaveCampaign(act.campaign_id)
        case LeaveCampaign():
            return JoinCampaign(act.campaign_id)
    raise TypeError(act)
