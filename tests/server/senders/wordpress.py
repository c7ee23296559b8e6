"""Bodies of what builds forms inside WordPress."""

from __future__ import annotations

from tests.server.senders.shape import form, js

SHAPES = [
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
        "WooCommerce",
        {
            "billing": {"first_name": "Ada", "last_name": "Byron", "phone": "2025550146"},
            "shipping": {"first_name": "Ada", "last_name": "Byron", "phone": ""},
        },
    ),
]
