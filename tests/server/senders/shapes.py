"""Bodies as form builders and automation tools post them.

Each shape stands with what must come of it: first name, last name and E.164. One with a `source`
has the names and the nesting that are shown there; the others are common practice that no public
document was found for.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote_plus

FORM = "application/x-www-form-urlencoded"
JSON = "application/json"
ADA = ("Ada", "Byron", "+12025550146")


@dataclass(frozen=True)
class Shape:
    """One body."""

    name: str
    body: str
    media: str = JSON
    lead: tuple[str, str, str] = ADA
    sender: str = ""
    """Who is recognised by the shape alone."""
    region: str = "US"
    source: str = ""
    """Where the shape is documented."""


def js(name: str, body: Any, **more: Any) -> Shape:
    """A JSON shape."""
    return Shape(name, json.dumps(body), **more)


def form(name: str, fields: dict[str, str], **more: Any) -> Shape:
    """An urlencoded shape."""
    body = "&".join(f"{quote_plus(key)}={quote_plus(value)}" for key, value in fields.items())
    return Shape(name, body, FORM, **more)


_TYPEFORM = {
    "event_id": "LtWXD3crgy",
    "event_type": "form_response",
    "form_response": {
        "form_id": "lT4Z3j",
        "token": "a3a12ec67a1365927098a606107fac15",
        "landed_at": "2018-01-18T18:07:02Z",
        "submitted_at": "2018-01-18T18:17:02Z",
        "definition": {
            "id": "lT4Z3j",
            "title": "Webhooks example",
            "fields": [
                {"id": "DlXFaesGBpoF", "title": "What's your *first name*?", "type": "short_text"},
                {"id": "SMEUb7VJz92Q", "title": "And your last name?", "type": "short_text"},
                {"id": "JwWggjAKtOkA", "title": "Where do we text you?", "type": "phone_number"},
                {"id": "KoJxDM3c6x8h", "title": "Pick one", "type": "multiple_choice"},
            ],
        },
        "answers": [
            {"type": "text", "text": "Ada", "field": {"id": "DlXFaesGBpoF", "type": "short_text"}},
            {"type": "text", "text": "Byron", "field": {"id": "SMEUb7VJz92Q"}},
            {
                "type": "phone_number",
                "phone_number": "+12025550146",
                "field": {"id": "JwWggjAKtOkA", "type": "phone_number"},
            },
            {"type": "choice", "choice": {"label": "Barcelona"}, "field": {"id": "KoJxDM3c6x8h"}},
        ],
    },
}

_CONTACT_INFO = {
    "form_response": {
        "token": "x",
        "definition": {
            "fields": [
                {
                    "id": "grp",
                    "type": "contact_info",
                    "title": "Your details",
                    "properties": {
                        "fields": [
                            {"id": "a", "title": "First name", "subfield_key": "first_name"},
                            {"id": "b", "title": "Last name", "subfield_key": "last_name"},
                            {"id": "c", "title": "Phone number", "type": "phone_number"},
                        ]
                    },
                }
            ]
        },
        "answers": [
            {"type": "text", "text": "Ada", "field": {"id": "a", "type": "short_text"}},
            {"type": "text", "text": "Byron", "field": {"id": "b", "type": "short_text"}},
            {"type": "phone_number", "phone_number": "+12025550146", "field": {"id": "c"}},
        ],
    }
}

_WUFOO_FIELDS = {
    "Fields": [
        {
            "Title": "Name",
            "Type": "shortname",
            "ID": "Field1",
            "SubFields": [
                {"DefaultVal": "", "ID": "Field1", "Label": "First"},
                {"DefaultVal": "", "ID": "Field2", "Label": "Last"},
            ],
        },
        {"Title": "Phone Number", "Type": "phone", "ID": "Field5"},
    ]
}

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
        "Typeform",
        _TYPEFORM,
        sender="typeform",
        source="actionsflow.github.io/docs/triggers/typeform",
    ),
    js("Typeform, contact info", _CONTACT_INFO, sender="typeform"),
    form(
        "Jotform, raw request",
        {
            "formID": "210",
            "submissionID": "5099",
            "webhookURL": "x",
            "ip": "198.51.100.7",
            "formTitle": "Contact Form",
            "pretty": "Full Name:Ada Byron, Phone:(202) 555-0146",
            "username": "jo",
            "type": "WEB",
            "rawRequest": json.dumps(
                {
                    "slug": "submit/210",
                    "q3_fullName": {"first": "Ada", "last": "Byron"},
                    "q4_phoneNumber": {"full": "(202) 555-0146"},
                    "event_id": "169",
                    "path": "/submit/210",
                }
            ),
        },
        sender="jotform",
    ),
    form(
        "Jotform, fields",
        {
            "q3_name[first]": "Ada",
            "q3_name[last]": "Byron",
            "q4_phoneNumber[area]": "202",
            "q4_phoneNumber[phone]": "555-0146",
            "formID": "210",
        },
    ),
    js(
        "Jotform, API answers",
        {
            "answers": {
                "3": {
                    "name": "name",
                    "order": "1",
                    "text": "Your name",
                    "type": "control_fullname",
                    "answer": {"first": "Ada", "last": "Byron"},
                    "prettyFormat": "Ada Byron",
                },
                "4": {
                    "name": "phone",
                    "order": "2",
                    "text": "Phone",
                    "type": "control_phone",
                    "answer": {"full": "(202) 555-0146"},
                    "prettyFormat": "(202) 555-0146",
                },
            }
        },
        source="github.com/Amjad992/util992/blob/master/functions/jotform/readme.md",
    ),
    js(
        "Gravity Forms, numbered",
        {
            "id": "7",
            "form_id": "2",
            "date_created": "2024-01-01 10:00:00",
            "is_read": 0,
            "ip": "198.51.100.7",
            "source_url": "https://example.com/",
            "user_agent": "Mozilla/5.0",
            "1.3": "Ada",
            "1.6": "Byron",
            "2": "ada@example.com",
            "4": "(202) 555-0146",
            "created_by": None,
            "payment_amount": None,
        },
        sender="gravity",
        source="docs.gravityforms.com/entry-object",
    ),
    js(
        "Gravity Forms, labelled",
        {
            "Name (First)": "Ada",
            "Name (Last)": "Byron",
            "Phone": "(202) 555-0146",
        },
    ),
    form(
        "Gravity Forms, posted",
        {"input_1.3": "Ada", "input_1.6": "Byron", "input_4": "(202) 555-0146"},
    ),
    form(
        "Elementor, advanced data",
        {
            "form[id]": "5f1",
            "form[name]": "New Form",
            "fields[name][id]": "name",
            "fields[name][type]": "text",
            "fields[name][title]": "Name",
            "fields[name][value]": "Ada Byron",
            "fields[name][raw_value]": "Ada Byron",
            "fields[name][required]": "1",
            "fields[field_ab12][id]": "field_ab12",
            "fields[field_ab12][type]": "tel",
            "fields[field_ab12][title]": "Your number",
            "fields[field_ab12][value]": "2025550146",
            "fields[field_ab12][raw_value]": "2025550146",
            "meta[remote_ip][title]": "Remote IP",
            "meta[remote_ip][value]": "198.51.100.7",
        },
        sender="elementor",
    ),
    form(
        "Elementor, simple",
        {"Name": "Ada Byron", "Phone": "(202) 555-0146", "form_id": "5f1", "form_name": "New Form"},
        source="github.com/elementor/elementor/issues/20452",
    ),
    form(
        "Elementor, form fields",
        {"form_fields[name]": "Ada Byron", "form_fields[phone]": "2025550146"},
    ),
    form(
        "Contact Form 7",
        {
            "_wpcf7": "5",
            "_wpcf7_unit_tag": "x",
            "your-name": "Ada Byron",
            "your-phone": "(202) 555-0146",
            "your-email": "a@example.com",
            "your-message": "Hi",
        },
        sender="cf7",
    ),
    form(
        "Contact Form 7, tags", {"first-name": "Ada", "last-name": "Byron", "tel-823": "2025550146"}
    ),
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
        "Google Forms, named values",
        {
            "namedValues": {
                "Timestamp": ["1/2/2024 10:00:00"],
                "First name": ["Ada"],
                "Last name": ["Byron"],
                "What is your phone number?": ["(202) 555-0146"],
            },
            "range": {"rowStart": 2},
            "values": ["1/2/2024", "Ada"],
        },
        sender="google_forms",
    ),
    js(
        "Google Forms, titles",
        {
            "responses": [
                {"title": "Full name", "answer": "Ada Byron"},
                {"title": "Mobile", "answer": "2025550146"},
            ]
        },
    ),
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
    js(
        "Tally",
        {
            "eventId": "a4",
            "eventType": "FORM_RESPONSE",
            "createdAt": "2023",
            "data": {
                "responseId": "2wgx4n",
                "submissionId": "2wgx4n",
                "formName": "Contact",
                "fields": [
                    {
                        "key": "question_3EKz4n",
                        "label": "First name",
                        "type": "INPUT_TEXT",
                        "value": "Ada",
                    },
                    {
                        "key": "question_w4Q4Xn",
                        "label": "Surname",
                        "type": "INPUT_TEXT",
                        "value": "Byron",
                    },
                    {
                        "key": "question_mVGEg3",
                        "label": "Where can we text?",
                        "type": "INPUT_PHONE_NUMBER",
                        "value": "+12025550146",
                    },
                    {
                        "key": "question_x",
                        "label": "Colours",
                        "type": "CHECKBOXES",
                        "value": ["a", "b"],
                    },
                ],
            },
        },
        sender="tally",
    ),
    js(
        "Fillout",
        {
            "formId": "v",
            "formName": "Contact",
            "submission": {
                "submissionId": "abc",
                "questions": [
                    {"id": "q1", "name": "Your name", "type": "ShortAnswer", "value": "Ada Byron"},
                    {"id": "q2", "name": "Phone", "type": "PhoneNumber", "value": "+12025550146"},
                ],
                "urlParameters": [],
            },
        },
    ),
    js(
        "Paperform",
        {
            "submission_id": "5e",
            "data": [
                {
                    "title": "First Name",
                    "type": "text",
                    "key": "abc",
                    "custom_key": "first",
                    "value": "Ada",
                },
                {
                    "title": "Last Name",
                    "type": "text",
                    "key": "def",
                    "custom_key": "last",
                    "value": "Byron",
                },
                {
                    "title": "Phone",
                    "type": "phone",
                    "key": "ghi",
                    "custom_key": None,
                    "value": "+12025550146",
                },
            ],
        },
        source="paperform.co/help/articles/how-to-use-webhooks",
    ),
    js(
        "Cognito Forms",
        {
            "Form": {"Id": "1", "InternalName": "Optin", "Name": "Opt in"},
            "Name": {"First": "Ada", "FirstAndLast": "Ada Byron", "Last": "Byron", "Middle": None},
            "Phone": "(202) 555-0146",
            "Entry": {"Number": 1, "Origin": {"IpAddress": "198.51.100.7"}},
            "Id": "1-1",
        },
        sender="cognito",
    ),
    js(
        "Formstack",
        {
            "FormID": "3",
            "UniqueID": "77",
            "Name": {"first": "Ada", "last": "Byron"},
            "Phone": "(202) 555-0146",
        },
        sender="formstack",
        source="developers.formstack.com/docs/webhook-examples",
    ),
    js(
        "Formstack, with types",
        {
            "FormID": "3",
            "UniqueID": "77",
            "Name": {"first": "Ada", "last": "Byron", "field_type": "name"},
            "Phone": {"value": "(202) 555-0146", "field_type": "phone"},
        },
        sender="formstack",
        source="developers.formstack.com/docs/webhook-examples",
    ),
    form(
        "Formstack, form",
        {
            "FormID": "3",
            "UniqueID": "77",
            "Name": "first = Ada\nlast = Byron",
            "Phone": "(202) 555-0146",
        },
        sender="formstack",
        source="developers.formstack.com/docs/webhook-examples",
    ),
    form(
        "Wufoo, with structure",
        {
            "Field1": "Ada",
            "Field2": "Byron",
            "Field5": "2025550146",
            "CreatedBy": "public",
            "FieldStructure": json.dumps(_WUFOO_FIELDS),
            "HandshakeKey": "x",
        },
        sender="wufoo",
        source="schemas.apis.io/schemas/wufoo:wufoo/wufoo-webhook-payload",
    ),
    js(
        "Ninja Forms",
        {
            "form_id": "1",
            "fields": {
                "1": {
                    "id": 1,
                    "key": "firstname_1523",
                    "label": "First Name",
                    "type": "firstname",
                    "value": "Ada",
                },
                "2": {
                    "id": 2,
                    "key": "lastname_1523",
                    "label": "Last Name",
                    "type": "lastname",
                    "value": "Byron",
                },
                "3": {
                    "id": 3,
                    "key": "phone_15",
                    "label": "Phone",
                    "type": "phone",
                    "value": "2025550146",
                },
            },
        },
    ),
    js(
        "WPForms",
        {
            "fields": {
                "0": {
                    "name": "Name",
                    "value": "Ada Byron",
                    "id": 0,
                    "type": "name",
                    "first": "Ada",
                    "middle": "",
                    "last": "Byron",
                },
                "1": {"name": "Phone", "value": "+12025550146", "id": 1, "type": "phone"},
            },
            "form_id": 5,
        },
    ),
    form(
        "WPForms, posted",
        {
            "wpforms[fields][0][first]": "Ada",
            "wpforms[fields][0][last]": "Byron",
            "wpforms[fields][phone]": "2025550146",
        },
    ),
    js(
        "Fluent Forms",
        {
            "names": {"first_name": "Ada", "last_name": "Byron"},
            "phone": "+12025550146",
            "__fluent_form_embded_post_id": "5",
            "_wp_http_referer": "/x",
            "__submission": {
                "id": "5",
                "ip": "198.51.100.7",
                "browser": "Chrome",
                "source_url": "https://e",
            },
        },
        sender="fluent",
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
    js(
        "Netlify",
        {
            "number": 1,
            "title": None,
            "email": None,
            "name": "Ada Byron",
            "first_name": "Ada",
            "last_name": "Byron",
            "company": None,
            "body": "Hi",
            "form_name": "contact",
            "data": {
                "name": "Ada Byron",
                "phone": "2025550146",
                "ip": "198.51.100.7",
                "user_agent": "M",
                "referrer": "https://example.com/",
            },
            "summary": "Hi",
            "human_fields": {"Name:": "Ada Byron", "Phone:": "2025550146"},
            "ordered_human_fields": [
                {"title": "Name", "name": "name", "value": "Ada Byron"},
                {"title": "Phone", "name": "phone", "value": "2025550146"},
            ],
            "site_url": "https://example.com",
        },
        sender="netlify",
        source="answers.netlify.com/t/24347",
    ),
    js(
        "Formspree",
        {
            "form": "abc",
            "submission": {"name": "Ada Byron", "phone": "2025550146", "_date": "2024"},
            "keys": ["name", "phone"],
        },
    ),
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
    js(
        "WooCommerce",
        {
            "billing": {"first_name": "Ada", "last_name": "Byron", "phone": "2025550146"},
            "shipping": {"first_name": "Ada", "last_name": "Byron", "phone": ""},
        },
    ),
    js(
        "several phone fields, one filled",
        {
            "first_name": "Ada",
            "last_name": "Byron",
            "phone": "",
            "mobile": "(202) 555-0146",
            "home_phone": None,
        },
    ),
    js(
        "a mobile beside a work phone",
        {
            "first_name": "Ada",
            "last_name": "Byron",
            "work_phone": "202-555-0199",
            "mobile": "(202) 555-0146",
        },
    ),
    js(
        "one phone in two spellings",
        {"name": "Ada Byron", "phone": "2025550146", "tel": "+1 (202) 555-0146"},
    ),
    js(
        "a dialling code apart",
        {
            "first_name": "Ada",
            "last_name": "Byron",
            "phone_country_code": "+44",
            "phone": "07911 123456",
        },
        lead=("Ada", "Byron", "+447911123456"),
    ),
    js(
        "a spreadsheet's number", {"first_name": "Ada", "last_name": "Byron", "phone": 2025550146.0}
    ),
    js("a whole number", {"first_name": "Ada", "last_name": "Byron", "phone": 2025550146}),
    js(
        "German",
        {"Vorname": "Jürgen", "Nachname": "Müller", "Handynummer": "0151 23456789"},
        lead=("Jürgen", "Müller", "+4915123456789"),
        region="DE",
    ),
    js(
        "German, Name is the last",
        {"Name": "Müller", "Vorname": "Eva", "Rückrufnummer": "0151 23456789"},
        lead=("Eva", "Müller", "+4915123456789"),
        region="DE",
    ),
    js(
        "French",
        {"Prénom": "Zoé", "Nom": "Dupont", "Votre numéro de téléphone": "06 12 34 56 78"},
        lead=("Zoé", "Dupont", "+33612345678"),
        region="FR",
    ),
    js(
        "Spanish",
        {"Nombre": "José", "Apellidos": "García Márquez", "Teléfono móvil": "612 34 56 78"},
        lead=("José", "García Márquez", "+34612345678"),
        region="ES",
    ),
    js(
        "Portuguese",
        {"Nome": "João", "Sobrenome": "da Silva", "Celular": "(11) 96123-4567"},
        lead=("João", "da Silva", "+5511961234567"),
        region="BR",
    ),
    js(
        "Italian",
        {"Nome e cognome": "Ada Byron", "Cellulare": "312 345 6789"},
        lead=("Ada", "Byron", "+393123456789"),
        region="IT",
    ),
    js(
        "Dutch",
        {"Voornaam": "Jan", "Achternaam": "de Vries", "Mobiel nummer": "06 12345678"},
        lead=("Jan", "de Vries", "+31612345678"),
        region="NL",
    ),
]
