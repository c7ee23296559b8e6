"""The senders that are recognised: what they are called, and what they do while we are off.

Light: needs no SQL. `when_off` says what the makers' public documentation (or, for Elementor, their
issue tracker) says of a 503; where nothing was found there, it says that it is not documented.
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


OWN_AGENT = "Optdesk test request"
"""The user agent of the test leads that a desk sends to its own listener."""

_UNSAID = "what it does then is not documented, so count on losing what comes meanwhile"
_VISITOR = "shows its visitor a page that says to try again later"

SENDERS: dict[str, Sender] = {
    sender.key: sender
    for sender in (
        # docs.zapier.com/platform/manage/api-outage
        Sender(
            "zapier",
            "Zapier",
            "stops the Zap run with an error; with Autoreplay it tries again on a schedule, else "
            "runs can be replayed by hand; a Zap that mostly fails for seven days is paused",
        ),
        # make.com/en/help/errors: fixing connection errors, exponential backoff
        Sender(
            "make",
            "Make",
            "runs a scheduled scenario again at growing intervals and switches its schedule off "
            "after eight failures; it keeps the data only where incomplete executions are stored",
        ),
        # github.com/n8n-io/n8n/issues/9236
        Sender("n8n", "n8n", "fails the execution; it tries again only where the node says so"),
        Sender("pipedream", "Pipedream", _UNSAID),
        Sender("ifttt", "IFTTT", _UNSAID),
        # The default retry policy of Azure Logic Apps, which runs the flows
        Sender("power_automate", "Power Automate", "tries up to four more times within minutes"),
        # typeform.com/developers/webhooks
        Sender(
            "typeform",
            "Typeform",
            "tries again every two to three minutes for ten hours; a webhook that fails every time "
            "may be switched off",
        ),
        Sender("jotform", "Jotform", _UNSAID),
        # developers.tally.so/api-reference/endpoint/webhooks/events/retry
        Sender("tally", "Tally", "tries up to five more times, the last one after a day"),
        Sender("fillout", "Fillout", _UNSAID),
        Sender("paperform", "Paperform", _UNSAID),
        # cognitoforms.com/support/66/data-integration/webhooks
        Sender(
            "cognito", "Cognito Forms", "notes the failure in the entry's audit log; " + _UNSAID
        ),
        Sender("formstack", "Formstack", _UNSAID),
        # help.wufoo.com: Webhooks
        Sender("wufoo", "Wufoo", "notes the failure in its Error Log; " + _UNSAID),
        # docs.gravityforms.com/gform_max_async_feed_attempts
        Sender(
            "gravity",
            "Gravity Forms",
            "tries once unless the site allows more attempts; the entry stays in WordPress",
        ),
        # github.com/elementor/elementor/issues/3847 and 19502
        Sender("elementor", "Elementor", "shows its visitor an error unless the answer is 200"),
        Sender(
            "cf7",
            "Contact Form 7",
            "does what its webhook plug-in does, for it has no webhook of its own",
        ),
        Sender("wpforms", "WPForms", _UNSAID),
        Sender("ninja", "Ninja Forms", _UNSAID),
        Sender("fluent", "Fluent Forms", _UNSAID),
        Sender("wordpress", "a WordPress form", _UNSAID),
        # developers.webflow.com: limits and retries
        Sender("webflow", "Webflow", "tries up to three more times, ten minutes apart"),
        Sender("unbounce", "Unbounce", _UNSAID),
        Sender("instapage", "Instapage", _UNSAID),
        Sender("leadpages", "Leadpages", _UNSAID),
        Sender("clickfunnels", "ClickFunnels", _UNSAID),
        Sender("squarespace", "Squarespace", _UNSAID),
        Sender("wix", "Wix", _UNSAID),
        # shopify.dev/changelog/updates-to-webhook-retry-mechanism
        Sender(
            "shopify",
            "Shopify",
            "tries up to eight times in four hours; a webhook that keeps failing may be removed",
        ),
        # developers.hubspot.com/docs/methods/workflows/webhook_information
        Sender("hubspot", "HubSpot", "tries again for up to three days"),
        # developers.activecampaign.com/page/webhooks
        Sender("activecampaign", "ActiveCampaign", "never tries again"),
        # mailchimp.com/developer/release-notes/returning-410-from-audience-webhook-will-disable-it
        Sender("mailchimp", "Mailchimp", "tries three times"),
        # community.calendly.com/developer-faq-62
        Sender("calendly", "Calendly", "tries again for 24 hours, then switches the webhook off"),
        Sender("netlify", "Netlify Forms", _UNSAID),
        Sender("formspree", "Formspree", _UNSAID),
        # docs.usebasin.com/integrations/webhooks
        Sender("basin", "Basin", "tries up to fifteen more times in about a day"),
        # framer.com/help/articles/framer-form-webhook-setup
        Sender("framer", "Framer", "tries up to five more times"),
        Sender("carrd", "Carrd", _UNSAID),
        Sender("airtable", "Airtable", _UNSAID),
        # developers.google.com/apps-script/class_urlfetchapp
        Sender(
            "google_forms",
            "Google Forms",
            "fails in its script, which sends again only where it was written to",
        ),
        Sender("google_ads", "Google Ads lead forms", _UNSAID),
        Sender("facebook", "Facebook lead ads", _UNSAID),
        # developers.tiktok.com/doc/webhooks-overview
        Sender("tiktok", "TikTok lead generation", "tries again for up to 72 hours"),
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
