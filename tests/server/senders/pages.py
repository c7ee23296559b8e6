"""Bodies of site builders, landing pages and shops."""

from __future__ import annotations

import json

from tests.server.senders.shape import form, js

SHAPES = [
    js(
        "Webflow, v1",
        {
            "name": "Email Form",
            "site": "5f",
            "data": {"First Name": "Ada", "Last Name": "Byron", "Phone Number": "(202) 555-0146"},
            "d": "2022-01-01T00:00:00Z",
            "_id": "1",
        },
    ),
    js(
        "Webflow, v2",
        {
            "triggerType": "form_submission",
            "payload": {
                "name": "Contact Us",
                "siteId": "65",
                "data": {
                    "First Name": "Ada",
                    "Last Name": "Byron",
                    "email": "a@b.example",
                    "Phone Number": 12025550146,
                },
                "schema": [
                    {"fieldName": name, "fieldType": "FormTextInput", "fieldElementId": "2"}
                    for name in ("First Name", "Last Name", "email", "Phone Number")
                ],
                "id": "6321",
                "submittedAt": "2022-09-14T12:35:16.117Z",
                "formId": "65429",
                "formElementId": "4e",
            },
        },
        sender="webflow",
        source="developers.webflow.com/data/docs/working-with-webhooks",
    ),
    form(
        "Webflow, form",
        {"name": "Email Form", "data[Name]": "Ada Byron", "data[Phone]": "2025550146"},
    ),
    form(
        "Unbounce",
        {
            "page_id": "7b1",
            "page_name": "Landing",
            "variant": "a",
            "page_url": "http://unbouncepages.com/x",
            "data.json": json.dumps(
                {
                    "first_name": ["Ada"],
                    "last_name": ["Byron"],
                    "phone_number": ["(202) 555-0146"],
                    "ip_address": ["198.51.100.7"],
                }
            ),
        },
        sender="unbounce",
        source="github.com/pengshou888/madc/blob/master/unbounce-webhook-email.php",
    ),
    js(
        "Squarespace",
        {"Name": {"firstName": "Ada", "lastName": "Byron"}, "Phone": "(202) 555-0146"},
    ),
    js(
        "Wix",
        {
            "data": {
                "formName": "Contact",
                "formId": "c3",
                "submissionId": "cf",
                "field:comp-1": "x",
                "submissions": [
                    {"label": "First name", "value": "Ada"},
                    {"label": "Last name", "value": "Byron"},
                    {"label": "Phone", "value": "+12025550146"},
                ],
                "contact": {
                    "name": {"first": "Ada", "last": "Byron"},
                    "contactId": "d4",
                    "phones": [
                        {
                            "id": "e",
                            "tag": "UNTAGGED",
                            "countryCode": "US",
                            "phone": "2025550146",
                            "formattedPhone": "+1 202-555-0146",
                            "e164Phone": "+12025550146",
                            "primary": True,
                        }
                    ],
                },
            }
        },
    ),
    js(
        "Shopify",
        {
            "id": 706,
            "admin_graphql_api_id": "gid://shopify/Customer/706",
            "first_name": "Ada",
            "last_name": "Byron",
            "phone": "+12025550146",
            "currency": "USD",
            "note": None,
            "addresses": [
                {
                    "id": 1,
                    "first_name": "A.",
                    "last_name": "B.",
                    "phone": "202-555-0199",
                    "name": "A. B.",
                    "country_code": "US",
                }
            ],
            "default_address": {"first_name": "A.", "last_name": "B.", "phone": "202-555-0199"},
            "sms_marketing_consent": {"state": "subscribed", "opt_in_level": "single_opt_in"},
        },
        sender="shopify",
    ),
    js(
        "ClickFunnels",
        {
            "contact": {
                "first_name": "Ada",
                "last_name": "Byron",
                "name": "Ada Byron",
                "phone": "2025550146",
                "email": "a@b.example",
            },
            "page": {"name": "Opt In Page"},
        },
    ),
    js(
        "Instapage",
        {"First Name": "Ada", "Last Name": "Byron", "Phone": "2025550146", "page_name": "L"},
    ),
    js(
        "Leadpages",
        {"first_name": "Ada", "last_name": "Byron", "phone": "2025550146", "form_name": "x"},
    ),
    form("Carrd", {"name": "Ada Byron", "phone": "2025550146", "_cc": ""}),
    js(
        "Framer",
        {"Name": "Ada Byron", "Phone": "+12025550146"},
        source="framer.com/help/articles/framer-form-webhook-setup",
    ),
]
