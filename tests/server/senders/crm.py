"""Bodies of contact lists, calendars and mailing tools."""

from __future__ import annotations

from tests.server.senders.shape import form, js

SHAPES = [
    js(
        "HubSpot, contact",
        {
            "vid": 1,
            "portal-id": 62515,
            "is-contact": True,
            "properties": {
                "firstname": {"value": "Ada", "versions": [{"value": "Ada", "timestamp": 1}]},
                "lastname": {"value": "Byron", "versions": []},
                "phone": {"value": "(202) 555-0146"},
                "hs_lead_status": {"value": "NEW"},
            },
            "associated-company": {"properties": {"phone": {"value": "+12025550199"}}},
        },
        sender="hubspot",
        source="developers.hubspot.com/docs/methods/workflows/webhook_information",
    ),
    js(
        "HubSpot, form fields",
        {
            "fields": [
                {"objectTypeId": "0-1", "name": "firstname", "value": "Ada"},
                {"objectTypeId": "0-1", "name": "lastname", "value": "Byron"},
                {"objectTypeId": "0-1", "name": "mobilephone", "value": "2025550146"},
            ],
            "context": {"pageUri": "https://example.com", "pageName": "Join"},
        },
    ),
    js(
        "HubSpot, flat workflow",
        {
            "properties.firstname": "Ada",
            "properties.lastname": "Byron",
            "properties.phone": "2025550146",
        },
    ),
    js(
        "Calendly",
        {
            "event": "invitee.created",
            "created_by": "https://api.calendly.com/users/A",
            "payload": {
                "name": "Ada Byron",
                "first_name": None,
                "last_name": None,
                "text_reminder_number": None,
                "event": "https://api.calendly.com/x",
                "questions_and_answers": [
                    {"answer": "(202) 555-0146", "position": 0, "question": "Phone Number"}
                ],
                "scheduled_event": {
                    "name": "15 Minute Meeting",
                    "event_memberships": [{"user_name": "Rep", "user_email": "r@x.example"}],
                },
            },
        },
        source="docs.morf.health/events/payloads/calendly/invitee",
    ),
    js(
        "Calendly, text reminder",
        {
            "payload": {
                "first_name": "Ada",
                "last_name": "Byron",
                "name": "Ada Byron",
                "text_reminder_number": "+1 202-555-0146",
                "questions_and_answers": [],
            }
        },
    ),
    form(
        "ActiveCampaign",
        {
            "type": "subscribe",
            "contact[id]": "42",
            "contact[email]": "a@b.example",
            "contact[first_name]": "Ada",
            "contact[last_name]": "Byron",
            "contact[phone]": "2025550146",
            "contact[orgname]": "Engine",
            "contact[ip]": "127.0.0.1",
            "list": "1",
        },
        source="developers.activecampaign.com/page/webhooks",
    ),
    form(
        "Mailchimp",
        {
            "type": "subscribe",
            "fired_at": "2009-03-26",
            "data[id]": "8a",
            "data[email]": "a@b.example",
            "data[merges][FNAME]": "Ada",
            "data[merges][LNAME]": "Byron",
            "data[merges][PHONE]": "(202) 555-0146",
            "data[ip_opt]": "10.20.10.30",
        },
        source="inventivehq.com/blog/mailchimp-webhooks-guide",
    ),
    js(
        "Infusionsoft form",
        {
            "inf_field_FirstName": "Ada",
            "inf_field_LastName": "Byron",
            "inf_field_Phone1": "2025550146",
        },
    ),
    form(
        "Mautic",
        {
            "mauticform[first_name]": "Ada",
            "mauticform[last_name]": "Byron",
            "mauticform[mobile]": "2025550146",
            "mauticform[formName]": "x",
        },
    ),
]
