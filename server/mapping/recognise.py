"""Who sends: told from the user agent, else from the shape of the body."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

_AGENTS = (
    ("zapier", "zapier"),
    ("integromat", "make"),
    ("make/", "make"),
    ("make.com", "make"),
    ("n8n", "n8n"),
    ("pipedream", "pipedream"),
    ("ifttt", "ifttt"),
    ("azure-logic-apps", "power_automate"),
    ("typeform", "typeform"),
    ("jotform", "jotform"),
    ("tally", "tally"),
    ("fillout", "fillout"),
    ("paperform", "paperform"),
    ("cognito", "cognito"),
    ("formstack", "formstack"),
    ("wufoo", "wufoo"),
    ("gravity", "gravity"),
    ("webflow", "webflow"),
    ("unbounce", "unbounce"),
    ("instapage", "instapage"),
    ("leadpages", "leadpages"),
    ("clickfunnels", "clickfunnels"),
    ("squarespace", "squarespace"),
    ("wix", "wix"),
    ("shopify", "shopify"),
    ("hubspot", "hubspot"),
    ("activecampaign", "activecampaign"),
    ("mailchimp", "mailchimp"),
    ("calendly", "calendly"),
    ("netlify", "netlify"),
    ("formspree", "formspree"),
    ("usebasin", "basin"),
    ("framer", "framer"),
    ("airtable", "airtable"),
    ("google-apps-script", "google_forms"),
    ("google-ads", "google_ads"),
    ("googleads", "google_ads"),
    ("facebookexternalua", "facebook"),
    ("facebookplatform", "facebook"),
    ("tiktok", "tiktok"),
    ("linkedin", "linkedin"),
)
"""What stands in the user agents of senders, in lower case."""

_PROGRAMS = (
    *("curl/", "python", "httpie", "postman", "insomnia", "go-http-client", "okhttp", "java/"),
    *("axios", "node", "undici", "ruby", "guzzle", "php", "wget", "aiohttp", "apache-http", "rest"),
)
"""What stands at the beginning of the user agents of programs that people write."""


def recognise(agent: str, tree: Any = None) -> str:
    """The sender's key in `storage.senders`, or empty.

    Args:
        agent: The request's user agent.
        tree: The body, where it was read.
    """
    said = _by_agent(agent[:200])
    if said in ("", "wordpress", "browser", "script") and type(tree) is dict:
        return _by_shape(tree) or said
    return said


@lru_cache(maxsize=512)
def _by_agent(agent: str) -> str:
    lower = agent.lower()
    for part, key in _AGENTS:
        if part in lower:
            return key
    if lower.startswith("wordpress/"):
        return "wordpress"
    if lower.startswith("mozilla/") and "compatible;" not in lower:
        return "browser"
    return "script" if lower.startswith(_PROGRAMS) else ""


_SHAPES: tuple[tuple[frozenset[str], str], ...] = tuple(
    (frozenset(names), key)
    for names, key in (
        (("form_response",), "typeform"),
        (("rawRequest",), "jotform"),
        (("user_column_data",), "google_ads"),
        (("field_data",), "facebook"),
        (("namedValues",), "google_forms"),
        (("data.json",), "unbounce"),
        (("data_json",), "unbounce"),
        (("FieldStructure",), "wufoo"),
        (("HandshakeKey",), "wufoo"),
        (("FormID", "UniqueID"), "formstack"),
        (("__submission",), "fluent"),
        (("ordered_human_fields",), "netlify"),
        (("questions_and_answers",), "calendly"),
        (("portalId", "vid"), "hubspot"),
        (("portal-id", "vid"), "hubspot"),
        (("_wpcf7",), "cf7"),
        (("your-name",), "cf7"),
        (("admin_graphql_api_id",), "shopify"),
        (("triggerType", "payload"), "webflow"),
        (("form_id", "source_url", "date_created"), "gravity"),
        (("eventId", "eventType", "data"), "tally"),
        (("Form", "Entry"), "cognito"),
        (("formID", "submissionID"), "jotform"),
        (("formId", "formName", "submission"), "fillout"),
        (("submission_id", "slug", "data"), "paperform"),
        (("form", "submission", "keys"), "formspree"),
        (("page_id", "page_name", "variant"), "unbounce"),
        (("page_name", "variation"), "instapage"),
        (("site", "data", "_id"), "webflow"),
        (("fired_at", "type", "data"), "mailchimp"),
        (("contact_profile",), "clickfunnels"),
        (("subject_type", "event_type", "data"), "clickfunnels"),
        (("initiated_by", "contact"), "activecampaign"),
        (("seriesid", "contact"), "activecampaign"),
        (("form_fields",), "elementor"),
        (("form_id", "form_name", "Powered by"), "elementor"),
        (("wpforms",), "wpforms"),
        (("form_id", "fields", "settings"), "ninja"),
        (("formResponse", "form"), "linkedin"),
    )
)
"""Members at the top of a body that only one builder has; the first that is there counts."""


def _by_anchor() -> dict[str, list[int]]:
    made: dict[str, list[int]] = {}
    for place, (names, _) in enumerate(_SHAPES):
        made.setdefault(min(names), []).append(place)
    return made


_ANCHORS = _by_anchor()
"""Places in `_SHAPES` by one name of each, so that a body is compared with few of them."""


def _by_shape(tree: dict[str, Any]) -> str:
    there = tree.keys()
    places = [
        place
        for anchor in _ANCHORS.keys() & there
        for place in _ANCHORS[anchor]
        if _SHAPES[place][0] <= there
    ]
    if places:
        return _SHAPES[min(places)][1]
    event, thing = tree.get("event"), tree.get("object")
    if type(event) is str and event.startswith("invitee."):
        return "calendly"
    if thing == "LEAD" and "entry" in tree:
        return "tiktok"
    data = tree.get("data")
    if type(data) is dict and "formFieldMask" in data:
        return "wix"
    entry = tree.get("entry")
    if type(entry) is list and entry and type(entry[0]) is dict and "changes" in entry[0]:
        return "facebook"
    fields, form = tree.get("fields"), tree.get("form")
    if type(fields) is dict and type(form) is dict and "name" in form:
        return "elementor"
    return ""
