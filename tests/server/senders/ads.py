"""Bodies of lead forms inside advertisements."""

from __future__ import annotations

from tests.server.senders.shape import js

SHAPES = [
    js(
        "Google Ads",
        {
            "lead_id": "TeSter",
            "campaign_id": 123,
            "form_id": 1,
            "api_version": "1.0",
            "google_key": "k",
            "is_test": False,
            "gcl_id": "g",
            "adgroup_id": 7,
            "creative_id": 8,
            "asset_group_id": 9,
            "lead_submit_time": "2024-09-26T12:30:00Z",
            "user_column_data": [
                {"column_name": "Full Name", "string_value": "Ada Byron", "column_id": "FULL_NAME"},
                {
                    "column_name": "User Phone",
                    "string_value": "+12025550146",
                    "column_id": "PHONE_NUMBER",
                },
            ],
        },
        sender="google_ads",
        source="developers.google.com/google-ads/webhook/docs/implementation",
    ),
    js(
        "Google Ads, two names",
        {
            "user_column_data": [
                {"column_id": "FIRST_NAME", "string_value": "Ada"},
                {"column_id": "LAST_NAME", "string_value": "Byron"},
                {"column_id": "PHONE_NUMBER", "string_value": "+1 202-555-0146"},
                {"column_id": "WORK_PHONE", "string_value": "+12025550199"},
                {"column_id": "COMPANY_NAME", "string_value": "Engine Ltd"},
            ]
        },
        sender="google_ads",
    ),
    js(
        "Facebook, field data",
        {
            "created_time": "2023-01-01T00:00:00+0000",
            "id": "123",
            "form_id": "9",
            "field_data": [
                {"name": "full_name", "values": ["Ada Byron"]},
                {"name": "email", "values": ["a@b.example"]},
                {"name": "phone_number", "values": ["p:+12025550146"]},
            ],
        },
        sender="facebook",
    ),
    js(
        "Facebook, question",
        {
            "field_data": [
                {"name": "first_name", "values": ["Ada"]},
                {"name": "last_name", "values": ["Byron"]},
                {"name": "what's_your_mobile_number?", "values": ["+12025550146"]},
            ]
        },
        sender="facebook",
    ),
    js(
        "Facebook, page entry",
        {
            "object": "page",
            "entry": [
                {
                    "id": "1",
                    "time": 1,
                    "changes": [
                        {
                            "field": "leadgen",
                            "value": {
                                "leadgen_id": "44",
                                "page_id": "1",
                                "form_id": "9",
                                "field_data": [
                                    {"name": "full_name", "values": ["Ada Byron"]},
                                    {"name": "phone_number", "values": ["+12025550146"]},
                                ],
                            },
                        },
                    ],
                }
            ],
        },
        sender="facebook",
    ),
    js(
        "TikTok",
        {
            "object": "LEAD",
            "entry": {
                "id": "7",
                "lead_id": "9",
                "page_name": "P",
                "changes": [
                    {"field": "name", "value": "Ada Byron"},
                    {"field": "phone number", "value": "+12025550146"},
                ],
            },
        },
    ),
    js(
        "LinkedIn, through a connector",
        {
            "firstName": "Ada",
            "lastName": "Byron",
            "phoneNumber": "+12025550146",
            "companyName": "Engine",
            "leadType": "SPONSORED",
        },
    ),
]
