"""What acts are called: in a history, and on the undo stack."""

from __future__ import annotations

import re

_BLANK = re.compile(r"\{(?:n|subject)\}")

PAST = {
    "move": "moved {n} to “{subject}”",
    "delete": "deleted {n}",
    "star": "starred {n}",
    "unstar": "took the star from {n}",
    "label": "labelled {n} “{subject}”",
    "unlabel": "took the label “{subject}” from {n}",
    "suppress": "suppressed {n} ({subject})",
    "text_failed": "took {n} out of the queue: the text failed after all",
    "note": "wrote a note on {n}",
    "note.edit": "changed a note on {n}",
    "note.delete": "deleted a note on {n}",
    "dnc.add": "added to Do Not Contact ({subject})",
    "dnc.release": "released from Do Not Contact: {subject}",
    "dnc.import": "imported the Do Not Contact list “{subject}”",
    "opt_back_in": "let {n} back in: START was texted",
    "confirm": "took {n} into the queue: answered YES",
    "review.confirmed": "took what {n} texted for an opt-out",
    "review.dismissed": "judged that what {n} texted is no opt-out",
    "erase": "erased a contact",
    "attempt.replay": "sent the request {subject} again",
    "consent.prune": "forgot evidence of consent after its time ({subject})",
    "consent.cut": "let go of the ledger's oldest events ({subject})",
    "undo": "undid: {subject}",
    "redo": "did again: {subject}",
    "campaign.create": "made the campaign “{subject}”",
    "campaign.rename": "renamed the campaign {subject}",
    "campaign.delete": "deleted the campaign “{subject}”",
    "campaign.attach": "attached {subject}",
    "campaign.detach": "detached {subject}",
    "campaign.activate": "activated the campaign “{subject}”",
    "campaign.deactivate": "deactivated the campaign “{subject}”",
    "campaign.join": "added {n} to the campaign “{subject}”",
    "campaign.leave": "took {n} out of the campaign “{subject}”",
    "campaign.add": "added {subject}",
    "campaign.remove": "took {subject}",
    "label.create": "made the label “{subject}”",
    "label.rename": "renamed the label {subject}",
    "label.colour": "gave the label “{subject}” another colour",
    "label.letter": "gave the label “{subject}” another letter",
    "label.merge": "merged the label {subject} ({n})",
    "label.delete": "deleted the label “{subject}” ({n})",
    "group.create": "made the group “{subject}”",
    "group.rename": "renamed the group {subject}",
    "group.merge": "merged the group {subject} ({n})",
    "group.delete": "deleted the group “{subject}”",
    "integration.add": "added the Opt-In API",
    "integration.on": "switched the Opt-In API on",
    "integration.off": "switched the Opt-In API off",
    "integration.edit": "changed the Opt-In API",
    "integration.regenerate": "regenerated the secret URL",
    "integration.delete": "deleted the Opt-In API",
    "integration.double_opt_in": "switched double opt-in {subject}",
    "key.create": "made the API key “{subject}”",
    "key.revoke": "revoked the API key “{subject}”",
    "number.add": "added the number {subject}",
    "number.approve": "approved the number {subject}",
    "number.reject": "noted that the number {subject} was rejected",
    "number.remove": "removed the number {subject}",
    "number.rename": "renamed the number {subject}",
    "number.campaign": "gave the number {subject} another campaign",
    "number.text": "changed the text of the number {subject}",
    "text.arrived": "noted that a text went out after all",
    "text.resend": "sent a text again",
    "view.save": "kept the view on {subject}",
    "view.rename": "renamed the view on {subject}",
    "view.forget": "forgot the view on {subject}",
    "webhook.add": "added the webhook endpoint {subject}",
    "webhook.edit": "changed the webhook endpoint {subject}",
    "webhook.rotate": "gave the webhook endpoint {subject} a new secret",
    "webhook.enable": "enabled the webhook endpoint {subject}",
    "webhook.disable": "disabled the webhook endpoint {subject}",
    "webhook.remove": "removed the webhook endpoint {subject}",
    "webhook.test": "sent a test event to {subject}",
    "webhook.replay": "sent {subject} again",
}
"""Every kind of act there is, as a history tells of it."""

PLAIN = {
    "move": "move {n} to “{subject}”",
    "delete": "delete {n}",
    "star": "star {n}",
    "unstar": "unstar {n}",
    "label": "label {n} “{subject}”",
    "unlabel": "unlabel {n} “{subject}”",
    "note": "note on {n}",
    "note.edit": "change of a note on {n}",
    "note.delete": "delete a note on {n}",
    "campaign.create": "make campaign “{subject}”",
    "campaign.rename": "rename campaign {subject}",
    "campaign.delete": "delete campaign “{subject}”",
    "campaign.attach": "attach {subject}",
    "campaign.detach": "detach {subject}",
    "campaign.activate": "activate campaign “{subject}”",
    "campaign.deactivate": "deactivate campaign “{subject}”",
    "campaign.join": "add {n} to the campaign “{subject}”",
    "campaign.leave": "take {n} out of the campaign “{subject}”",
    "view.save": "keep the view on {subject}",
    "view.rename": "rename the view on {subject}",
    "view.forget": "forget the view on {subject}",
    "label.create": "make label “{subject}”",
    "label.rename": "rename label {subject}",
    "label.colour": "colour of label “{subject}”",
    "label.letter": "letter of label “{subject}”",
    "label.merge": "merge label {subject}",
    "label.delete": "delete label “{subject}”",
    "group.create": "make group “{subject}”",
    "group.rename": "rename group {subject}",
    "group.merge": "merge group {subject}",
    "group.delete": "delete group “{subject}”",
}
"""Every kind of act that can be undone, as the undo stack calls it."""


def sentence(verb: str, n: int, subject: str, whom: str = "") -> str:
    """What was done, in the past tense.

    Args:
        verb: The kind of act.
        n: To how many contacts.
        subject: With what. Untrusted.
        whom: What the one contact is called, where there is one and it is known. Untrusted.
    """
    return _fill(PAST, verb, n, subject, whom)


def name_of(verb: str, n: int, subject: str, whom: str = "") -> str:
    """What an act is called on the undo stack, such as `move 32 to “Spring”`; see `sentence`."""
    return _fill(PLAIN, verb, n, subject, whom)


def _fill(forms: dict[str, str], verb: str, n: int, subject: str, whom: str = "") -> str:
    if "." in verb and verb not in forms:
        return f"{verb} {subject}".strip()
    form = forms.get(verb, f"{verb} {{n}}")
    counted = f"{n:,} contact" + ("" if n == 1 else "s")
    named = {"{n}": whom if n == 1 and whom else counted, "{subject}": subject}
    # In one go and not with str.format: both are untrusted and may hold braces.
    return _BLANK.sub(lambda found: named[found[0]], form)
