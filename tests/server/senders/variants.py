"""More bodies that a stranger may send: other builders, wrappings, countries, labels, languages."""

from __future__ import annotations

import json

from tests.server.senders.shape import ADA, Shape, form, js

P = "+12025550146"
BRITISH = ("Ada", "Byron", "+447911123456")
NAMES = {"first_name": "Ada", "last_name": "Byron"}
LEAD = {**NAMES, "phone": P}

_JOTFORM = {
    "formID": "210",
    "submissionID": "5099",
    "formTitle": "Contact form",
    "pretty": "Name:Ada Byron, Phone:(202) 555-0146",
    "rawRequest": json.dumps(
        {
            "q3_name": {"first": "Ada", "last": "Byron"},
            "q4_phone": {"area": "202", "phone": "555-0146"},
            "event_id": "1",
        }
    ),
}
_MULTIPART = "".join(
    f'--xyz\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
    for name, value in _JOTFORM.items()
)

_LINKEDIN = {
    "id": "urn-1",
    "leadType": "SPONSORED",
    "owner": {"sponsoredAccount": "urn:li:sponsoredAccount:1"},
    "form": {
        "name": "Our form",
        "id": 7,
        "hiddenFields": [{"name": "hidden_field", "value": "abc"}],
        "content": {
            "questions": [
                {
                    "questionId": number,
                    "question": {"localized": {"es_ES": asked}},
                    "name": name,
                    "predefinedField": meant,
                    "questionDetails": {"textQuestionDetails": {"maxResponseLength": 300}},
                }
                for number, asked, name, meant in (
                    (1, "Nombre", "First name", "FIRST_NAME"),
                    (2, "Apellidos", "Last name", "LAST_NAME"),
                    (3, "Teléfono", "Phone number", "PHONE_NUMBER"),
                )
            ]
        },
    },
    "formResponse": {
        "answers": [
            {"questionId": number, "answerDetails": {"textQuestionAnswer": {"answer": answer}}}
            for number, answer in ((1, "Ada"), (2, "Byron"), (3, P))
        ]
    },
}

_BUILDERS = [
    Shape(
        "Jotform, multipart",
        f"{_MULTIPART}--xyz--\r\n",
        "multipart/form-data; boundary=xyz",
        sender="jotform",
        source="asyncapi.apis.io/asyncapis/jotform/jotform-asyncapi",
    ),
    form(
        "Formstack, form with types",
        {
            "FormID": "3",
            "UniqueID": "77",
            "Name": "first = Ada\nlast = Byron\nfield_type = name",
            "Phone": "value = (202) 555-0146\nfield_type = phone",
        },
        sender="formstack",
        source="developers.formstack.com/docs/webhook-examples",
    ),
    js(
        "ClickFunnels 2",
        {
            "data": {
                "id": 2,
                "tags": [],
                "anonymous": 0,
                "first_name": "Ada",
                "last_name": "Byron",
                "phone_number": P,
                "email_address": "a@b.example",
                "fb_url": None,
                "custom_attributes": {},
            },
            "event_id": "1",
            "event_type": "contact.identified",
            "subject_id": 2,
            "subject_type": "Contact",
            "page_id": None,
        },
        source="developers.myclickfunnels.com/docs/webhooks",
    ),
    js(
        "Basin",
        {"name": "Ada Byron", "phone": "2025550146", "id": "s", "attachments": []},
        source="docs.usebasin.com/integrations/webhooks",
    ),
    js(
        "Basin, wrapped",
        {"data": {"name": "Ada Byron", "phone": "2025550146", "id": "s", "attachments": []}},
        source="docs.usebasin.com/integrations/webhooks",
    ),
    js(
        "Basin, a form inside JSON",
        {"data": "email=a@b.example&name=Ada+Byron&phone=%2B12025550146&id=s"},
        source="docs.usebasin.com/integrations/webhooks",
    ),
    js(
        "LinkedIn, form response",
        _LINKEDIN,
        source="developers.qodex.ai/linkedin-marketing-solutions-versioned-apis/lead-sync",
    ),
    js(
        "FormSmarts",
        {
            "api_id": "X",
            "form_id": "lqh",
            "form_name": "Demo",
            "fields": [
                {
                    "field_value": "Ada Byron",
                    "field_name": "Full Name",
                    "field_id": 1,
                    "field_datatype": "name",
                },
                {
                    "field_value": "2025550146",
                    "field_name": "Where may we send it",
                    "field_id": 2,
                    "field_datatype": "phone",
                },
            ],
        },
        source="formsmarts.com/online-form-api-webhook",
    ),
    js(
        "dotted names beside the whole one",
        {
            "id": "z_fs",
            "form": {"id": "t_fm", "name": "Form Name"},
            "fields": {
                "name": "Ada Byron",
                "name.first": "Ada",
                "name.last": "Byron",
                "business": "Engine plc",
                "business.name": "Engine plc",
                "phone": P,
            },
            "user_agent": "Mozilla/5.0",
            "ip_address": "198.51.100.7",
        },
        source="to.co/docs/integrate/webhooks/webhook-payload-form-model-v1",
    ),
    js(
        "Sitecliq",
        {
            "fields": {
                "867b7a8a": {"title": "First name", "value": "Ada", "type": "text"},
                "867b7a8b": {"title": "Last name", "value": "Byron", "type": "text"},
                "contactForm_phoneNumber": {
                    "title": "",
                    "value": "380441234567",
                    "type": "phone",
                },
            }
        },
        lead=("Ada", "Byron", "+380441234567"),
        region="UA",
        source="help.sitecliq.com: connecting webhooks to a contact form",
    ),
    form(
        "FLG",
        {
            "id": "1",
            "firstname": "Ada",
            "lastname": "Byron",
            "fullname": "Ada Byron",
            "phone1": "07911123456",
            "phone2": "",
            "fax": "02079460000",
            "company": "Engine Ltd",
            "leadgroupname": "Group",
            "sitename": "Site",
            "username": "Jo Agent",
        },
        lead=BRITISH,
        region="GB",
        source="help.getflg.com: working with webhooks",
    ),
    js(
        "Feathery",
        {
            "answers": {"first_name": "Ada", "last_name": "Byron", "phone_number": P},
            "form_completed": True,
            "form_id": "s",
            "form_name": "New Form",
            "user_id": "8",
        },
        source="docs.morf.health/events/payloads/feathery/form_response",
    ),
    js(
        "fields by their numbers with labels",
        {
            "form_id": 1,
            "form_title": "Contact Form",
            "submission_id": 42,
            "fields": {
                "field_1": {"label": "Full Name", "value": "Ada Byron"},
                "field_2": {"label": "Phone", "value": P},
            },
        },
        source="formforgewp.com/docs/developer-guide/25-webhook-integration",
    ),
    js(
        "Uberflip",
        {
            "event": "cta_submitted",
            "submission": {
                "url": "https://example.com",
                "ip_address": "198.51.100.7",
                "fields": {**LEAD, "opt_in_flag": "1"},
            },
        },
        source="legacy-platform-documentation.uberflip.com/form_cta_types/events/cta-submitted.html",
    ),
    js(
        "Netpad",
        {
            "event": "form.submitted",
            "formId": "f",
            "submissionId": "s",
            "data": {"name": "Ada Byron", "phone": P},
            "metadata": {"ipAddress": "198.51.100.7"},
        },
        source="docs.netpad.io/docs/api/webhooks",
    ),
    js(
        "ActiveCampaign, JSON",
        {
            "type": "update",
            "initiated_by": "admin",
            "contact": {**LEAD, "fields": ["", P, "none"], "orgname": "", "tags": "a, b"},
            "orgname": "",
        },
        source="blog.minimacode.com/using-active-campaign-webhooks",
    ),
    js(
        "Go High Level",
        {
            **LEAD,
            "full_name": "Ada Byron",
            "contact_id": "c",
            "country": "US",
            "company_name": "Engine",
            "location": {"name": "Branch", "address": "1 High St", "id": "l"},
            "workflow": {"id": "w", "name": "New lead"},
            "contact": {"attributionSource": {"medium": "form"}},
            "customData": {},
        },
    ),
    js(
        "Wix, contact created",
        {
            "createdEvent": {
                "entity": {
                    "source": {"sourceType": "WIX_APP"},
                    "info": {
                        "name": {"first": "Ada", "last": "Byron"},
                        "phones": {"items": [{"id": "p", "tag": "MOBILE", "phone": P}]},
                        "company": "Engine",
                    },
                }
            }
        },
    ),
    js(
        "Power Automate, a Microsoft form",
        {"responder": "anonymous", "First name": "Ada", "Last name": "Byron", "Mobile": P},
    ),
    js(
        "SurveyMonkey, simple text",
        {
            "data": [
                {"question": "First name", "answer": "Ada"},
                {"question": "Last name", "answer": "Byron"},
                {"question": "Cell phone", "answer": P},
            ]
        },
    ),
    js(
        "Kajabi",
        {"event": "form_submission", "payload": {"name": "Ada Byron", "phone_number": P}},
    ),
    form("Formidable", {"item_meta[first_name]": "Ada", "item_meta[last_name]": "Byron", "tel": P}),
]

_WRAPPED = [
    js("in body", {"body": {"firstName": "Ada", "lastName": "Byron", "phoneNumber": P}}),
    js("in body, as text", {"body": json.dumps(LEAD)}),
    js("in payload, a list of one", {"payload": [LEAD]}),
    js("in event.data", {"event": {"id": 1, "data": LEAD}}),
    js("in data.lead, which has a value", {"data": {"lead": {"id": 3, "value": 500, **LEAD}}}),
    js("leads, a list of one", {"leads": [LEAD]}),
    js("as a list of one in a list of one", [[LEAD]]),
    js("as text in JSON", json.dumps(LEAD)),
    js("a name that agrees", {"full_name": "Ada Byron", "first_name": "Ada", "phone": P}),
    js("three names that agree", {"full_name": "ADA BYRON", **LEAD}),
    js("two phones that agree", {**NAMES, "phone_number_e164": P, "phone": "(202) 555-0146"}),
    js("phones, one mobile", {**NAMES, "phones": [{"type": "mobile", "number": P}]}),
    js("phones, one value", {**NAMES, "phones": [{"type": "mobile", "value": P}]}),
    js(
        "phones, a mobile and a work one",
        {
            **NAMES,
            "phones": [
                {"type": "work", "number": "+12025550199"},
                {"type": "mobile", "number": P},
                {"type": "fax", "number": "+12025550198"},
            ],
        },
    ),
]

_COUNTRIES = [
    js(f"a country beside: {name} {value}", {**NAMES, name: value, "phone": phone}, lead=BRITISH)
    for name, value, phone in (
        ("country_code", "+44", "7911 123456"),
        ("country_code", "44", "07911 123456"),
        ("country_code", "0044", "447911123456"),
        ("countryCode", "GB", "7911123456"),
        ("country_code", "UK", "7911 123456"),
        ("phone_country_code", "United Kingdom (+44)", "7911 123456"),
        ("dial_code", "🇬🇧 +44", "7911 123456"),
        ("Phone (Country code)", "+44", "7911 123456"),
        ("prefix", "+44", "7911 123456"),
        ("country", "United Kingdom", "7911 123456"),
        ("Country", "GB", "07911 123456"),
        ("País", "Reino Unido", "7911 123456"),
    )
] + [
    js(f"a phone taken apart: {' '.join(phone)}", {**NAMES, "phone": phone}, lead=BRITISH)
    for phone in (
        {"country_code": "+44", "number": "7911 123456"},
        {"countryCode": "GB", "number": "07911 123456"},
        {"code": "44", "phone": "7911123456"},
        {"prefix": "+44", "value": "7911123456"},
        {"country": "United Kingdom", "nationalNumber": "7911 123456"},
        {"iso2": "gb", "dialCode": "44", "international": "+44 7911 123456"},
    )
]
_COUNTRIES += [
    js(
        "a country further out",
        {**NAMES, "country_code": "+44", "contact": {"phone": "7911 123456"}},
        lead=BRITISH,
    ),
    js(
        "an Italian number keeps its zero",
        {**NAMES, "phone": {"country": "IT", "number": "06 6982 1234"}},
        lead=("Ada", "Byron", "+390669821234"),
    ),
    js("a country that the plus overrules", {**LEAD, "country": "Italy"}),
    js("a title is no country", {**LEAD, "prefix": "Mr", "phone": "(202) 555-0146"}),
]

_ASKED = (
    [
        js(f"asked: {label}", {**NAMES, label: "(202) 555-0146"})
        for label in (
            "What's your best phone number?",
            "Mobile (we'll text you)",
            "Best number to reach you",
            "Where should we text you?",
            "Text me at",
            "Enter your phone number to get 10% off",
            "Phone number for SMS alerts",
            "Contact Number (mobile preferred)",
            "Best contact number",
            "Handynummer (für SMS)",
            "Número de WhatsApp",
            "userMobile",
            "Phone Number - Mobile",
            "Cell Phone #",
        )
    ]
    + [
        js(f"asked: {first}, {last}", {first: "Ada", last: "Byron", "phone": P})
        for first, last in (
            ("First name*", "Last name*"),
            ("First Name (required)", "Last Name (as on your passport)"),
            ("And your first name?", "Your surname, please"),
            ("Legal first name", "Legal last name"),
            ("Given Name(s)", "Family Name(s)"),
            ("contact.firstName", "contact.lastName"),
            ("First name / 名", "Last name / 姓"),
        )
    ]
    + [
        js(f"asked: {label}", {label: "Ada Byron", "phone": P})
        for label in (
            "Name (first and last)",
            "Full legal name",
            "What's your full name?",
            "fullName",
        )
    ]
)

_TONGUES = [
    js(f"in another language: {first}", {first: ADA[0], last: ADA[1], phone: P})
    for first, last, phone in (
        ("Imię", "Nazwisko", "Numer telefonu"),
        ("Förnamn", "Efternamn", "Mobilnummer"),
        ("Etunimi", "Sukunimi", "Puhelinnumero"),
        ("Jméno", "Příjmení", "Telefonní číslo"),
        ("Keresztnév", "Vezetéknév", "Telefonszám"),
        ("Adınız", "Soyadınız", "Cep telefonu"),
        ("Prenume", "Nume", "Număr de telefon"),
        ("Имя", "Фамилия", "Номер телефона"),
        ("Όνομα", "Επώνυμο", "Κινητό τηλέφωνο"),
        ("名", "姓", "電話番号"),
        ("名字", "姓氏", "手机号码"),
        ("الاسم الأول", "اسم العائلة", "رقم الهاتف"),
        ("שם פרטי", "שם משפחה", "טלפון נייד"),
    )
] + [
    js(f"a whole name in another language: {name}", {name: "Ada Byron", phone: P})
    for name, phone in (
        ("Imię i nazwisko", "Telefon komórkowy"),
        ("Ad Soyad", "Telefon numarası"),
        ("Nama lengkap", "Nomor HP"),
        ("Họ và tên", "Số điện thoại"),
        ("이름", "휴대폰 번호"),
    )
]

VARIANTS = [*_BUILDERS, *_WRAPPED, *_COUNTRIES, *_ASKED, *_TONGUES]
"""Every one of them."""
