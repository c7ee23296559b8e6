"""The same person in other spellings: of numbers, of names, of languages."""

from __future__ import annotations

from tests.server.senders.shape import js

SHAPES = [
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
