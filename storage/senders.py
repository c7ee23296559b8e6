"""The senders that are recognised: what they are called, and what they do while we are off.

Light: needs no SQL. What `when_off` says was read in each maker's own documentation of its
webhooks; where they say nothing, it says so.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Sender:
    """A program that leads come through."""

    key: str
    """As it is stored with attempts and contacts."""
    title: str
    """Its name as people know it."""
    when_off: str
    """What it does with the 503 of an integration that is off: the end of a sentence."""


_UNSAID = "does not say whether it tries again, so count on losing what comes meanwhile"
_ONCE = "tries once and gives up, so what comes meanwhile is lost"
_VISITOR = "shows its visitor a page that says to try again later"

SENDERS: dict[str, Sender] = {
    sender.key: sender
    for sender in (
        Sender(
            "zapier",
            "Zapier",
            "stops the Zap run with an error; with Autoreplay it tries again for hours, else runs "
            "can be replayed by hand",
        ),
        Sender(
            "make",
            "Make",
            "reports an error and may switch the scenario off after several in a row; without an "
            "error handler what comes meanwhile is lost",
        ),
        Sender("n8n", "n8n", "fails the execution; it tries again only where the node says so"),
        Sender("pipedream", "Pipedream", "fails the event; it tries again only where set to"),
        Sender("ifttt", "IFTTT", _UNSAID),
        Sender("power_automate", "Power Automate", "tries again a few times for some minutes"),
        Sender("typeform", "Typeform", "tries again for hours, then may switch the webhook off"),
        Sender("jotform", "Jotform", _UNSAID),
        Sender("tally", "Tally", "tries again for about a day"),
        Sender("fillout", "Fillout", "tries again for some time"),
        Sender("paperform", "Paperform", _UNSAID),
        Sender("cognito", "Cognito Forms", _UNSAID),
        Sender("formstack", "Formstack", _UNSAID),
        Sender("wufoo", "Wufoo", _ONCE),
        Sender("gravity", "Gravity Forms", "tries again a few times in the background"),
        Sender(
            "elementor", "Elementor", "shows its visitor an error; the entry stays in Elementor"
        ),
        Sender("cf7", "Contact Form 7", _ONCE),
        Sender("wpforms", "WPForms", _ONCE),
        Sender("ninja", "Ninja Forms", _ONCE),
        Sender("fluent", "Fluent Forms", _ONCE),
        Sender("wordpress", "a WordPress form", _ONCE),
        Sender("webflow", "Webflow", "tries again a few times, then may switch the webhook off"),
        Sender("unbounce", "Unbounce", _UNSAID),
        Sender("instapage", "Instapage", _UNSAID),
        Sender("leadpages", "Leadpages", _UNSAID),
        Sender("clickfunnels", "ClickFunnels", "tries again for some time"),
        Sender("squarespace", "Squarespace", _UNSAID),
        Sender("wix", "Wix", _UNSAID),
        Sender("shopify", "Shopify", "tries again for hours, then removes the webhook"),
        Sender("hubspot", "HubSpot", "tries again for up to three days"),
        Sender("activecampaign", "ActiveCampaign", _UNSAID),
        Sender("mailchimp", "Mailchimp", "tries again for about an hour"),
        Sender(
            "calendly", "Calendly", "tries again for about a day, then switches the webhook off"
        ),
        Sender("netlify", "Netlify Forms", _UNSAID),
        Sender("formspree", "Formspree", _UNSAID),
        Sender("basin", "Basin", _UNSAID),
        Sender("framer", "Framer", "tries again a few times"),
        Sender("carrd", "Carrd", "shows its visitor an error"),
        Sender("airtable", "Airtable", "fails the automation's run; it can be run again by hand"),
        Sender("google_forms", "Google Forms", "fails the script's run; it is not tried again"),
        Sender("google_ads", "Google Ads lead forms", "tries again for some time"),
        Sender("facebook", "Facebook lead ads", "tries again for up to 36 hours"),
        Sender("tiktok", "TikTok lead generation", _UNSAID),
        Sender("linkedin", "LinkedIn lead forms", _UNSAID),
        Sender("browser", "a form on a web page", _VISITOR),
        Sender("script", "a program of your own", "does what it was written to do"),
    )
}
"""The recognised senders by key."""


def title_of(key: str) -> str:
    """A sender's name for people. A key that is not known is untrusted and comes back as it is."""
    known = SENDERS.get(key)
    return known.title if known else key


def when_off(key: str) -> str:
    """What a sender does while the integration is off."""
    known = SENDERS.get(key)
    return known.when_off if known else _UNSAID
