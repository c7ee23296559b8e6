"""Bodies of automation tools, and of senders that name their fields plainly."""

from __future__ import annotations

from tests.server.senders.shape import form, js

SHAPES = [
    js("plain", {"first_name": "Ada", "last_name": "Byron", "phone": "+12025550146"}),
    js(
        "the API door's own fields",
        {
            "mobile_phone": "+12025550146",
            "ip_address": "192.168.1.1",
            "user_agent": "Mozilla",
            "opt_in_number_id": "num_test",
            "first_name": "Ada",
            "last_name": "Byron",
        },
    ),
    js(
        "Zapier, flat",
        {"First Name": "Ada", "Last Name": "Byron", "Phone Number": "(202) 555-0146"},
    ),
    js(
        "Zapier, nested by double underscores",
        {
            "contact__first_name": "Ada",
            "contact__last_name": "Byron",
            "contact__phone": "2025550146",
        },
    ),
    js("Zapier, wrapped", {"data": {"fname": "Ada", "lname": "Byron", "cell": "202.555.0146"}}),
    form("Zapier, form", {"first_name": "Ada", "last_name": "Byron", "phone": "+12025550146"}),
    js("Make", {"firstName": "Ada", "lastName": "Byron", "phoneNumber": "+1 202-555-0146"}),
    js("Make, a bundle of one", [{"name": "Ada Byron", "mobile": "+12025550146"}]),
    js(
        "Airtable",
        {
            "id": "rec1",
            "fields": {"First Name": "Ada", "Last Name": "Byron", "Phone": "(202) 555-0146"},
        },
    ),
    js(
        "n8n",
        [
            {
                "headers": {"host": "x", "user-agent": "axios"},
                "params": {},
                "query": {},
                "body": {"name": "Ada Byron", "phone": "2025550146"},
            }
        ],
    ),
    js(
        "Pipedream",
        {
            "event": {
                "body": {"first_name": "Ada", "last_name": "Byron", "phone": "2025550146"},
                "client_ip": "198.51.100.7",
            }
        },
    ),
]
