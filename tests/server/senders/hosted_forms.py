"""Bodies of form builders that host their forms."""

from __future__ import annotations

import json

from tests.server.senders.shape import form, js

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
]
