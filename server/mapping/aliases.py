"""What senders call things: from the name of a field to what it means.

Names are compared after lower-casing and stripping accents and everything but letters and
digits, of any script. Where the whole name says nothing, words that only dress it are left out:
`What's your first name? *`, `q3_firstName`, `contact__first_name` and `First-Name-2` are all first
names.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache

from server.mapping import tongues

LONGEST = 120
"""Characters of a name that is looked at: longer ones are texts, not names."""

USUAL, OTHERWISE = 0, 1
"""Ranks: what is meant, and what is taken only where nothing better is filled."""


@dataclass(frozen=True, slots=True)
class Meaning:
    """What a field is."""

    field: str
    """One of `storage.mapping_rules.FIELDS`, or what goes with a phone: `area`; `dial`, `prefix`
    and `region`, which are said of the phone; `country`, which is said of the person.
    """
    rank: int = USUAL


NOT_OURS = Meaning("")
"""A field about somebody or something else: its other names do not count either."""


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_NAMES = {
    "first_name": """
        firstname first fname givenname given forename forenames christianname firstnames namefirst
        firstnamename nameofperson preferredname vorname vornamen rufname prenom prenoms
        primernombre nombres nombredepila primeironome nomeproprio prenome voornaam voornamen
        roepnaam namegiven
    """,
    "last_name": """
        lastname last lname surname surnames familyname lastnames namelast secondname namefamily
        nachname nachnamen familienname zuname nomdefamille apellido apellidos apellidopaterno
        primerapellido sobrenome ultimonome apelido apelidos cognome achternaam familienaam
        namesurname
    """,
    "full_name": """
        name fullname completename contactname firstandlastname firstlastname firstnamelastname
        firstnameandlastname firstnamesurname nameandsurname namesurname personname customername
        leadname clientname namefull firstandlast vorundnachname vornamenachname vornameundnachname
        vollstandigername ganzername nom nomcomplet nometprenom prenometnom prenomnom nombre
        nombrecompleto nombreyapellido nombreyapellidos nombreapellido nombreapellidos
        nombresyapellidos nome nomecompleto nomeesobrenome nomesobrenome nomeecognome nomecognome
        naam volledigenaam voorenachternaam namecomplete inviteename attendeename displayname
        realname
    """,
    "phone": """
        phone phonenumber phoneno phonenr phonenum mobile mobilephone mobilenumber mobileno mobilenr
        mobilephonenumber mobilenum cell cellphone cellno cellnumber cellphonenumber cellular
        cellularphone tel telephone telephonenumber telno telnumber telnr telnum sms smsnumber
        smsphone smsphonenumber textnumber textphonenumber textmessagenumber textremindernumber
        msisdn handphone whatsapp whatsappnumber whatsappphone whatsappphonenumber contactnumber
        contactphone contactphonenumber contactno phonemobile telmobile telephonemobile phonecell
        waid numbertotext e164 e164phone phonee164 phonefull fullphone fullphonenumber
        phoneinternational internationalphone internationalphonenumber primaryphone phoneprimary
        userphone
        formattedphone phonenumbere164 phones phonenumbers telephones mobiles mobilenumbers
        cellphones besttelephone callbacknumber phonetel phonemobilenumber cellmobile mobilecell
        mobilecellphone phonecellphone cellmobilephone cellormobile mobileorcell phoneormobile
        phonemobilephone handphonenumber
        telefon telefonnummer telefonnr handy handynummer handynr mobil mobilnummer mobilnr
        mobiltelefon mobiltelefonnummer mobilfunk mobilfunknummer rufnummer ruckrufnummer natel
        telephoneportable telportable portable numerodetelephone numerotelephone numtelephone numtel
        gsm numerodeportable numeroportable numeromobile numerodemobile numerodetelephoneportable
        numerodetelephonemobile telephoneoumobile mobiletelephone notelephone
        telefono telefonomovil telefonomobile movil celular numerodetelefono numerotelefono
        numerodecelular numerocelular numtelefono telefonocelular numerotelefonico numerodemovil
        numeromovil telefonodecontacto numerodetelefonomovil numerodetelefonocelular
        numerodetelefonoceular celularotelefono
        telefone telemovel numerodetelefone numerodotelefone telefonecelular celularwhatsapp
        numerodocelular telefonemovel numerodetelemovel telefonewhatsapp numerodecelularwhatsapp
        cellulare numeroditelefono numerodicellulare numerocellulare telefonocellulare
        recapitotelefonico numerotelefonocellulare numeroditelefonocellulare
        telefoon telefoonnummer telefoonnr mobiel mobielnummer mobielenummer mobieltelefoonnummer
        mobieletelefoon mobieletelefoonnummer gsmnummer mobielnr
    """,
    "ip_address": """
        ip ipaddress ipaddr clientip remoteip remoteaddr userip visitorip customerip submitterip
        ipopt ipsignup signupip submissionip leadip originip ipv4 adresseip direccionip indirizzoip
        enderecoip ipadresse contactip
    """,
    "user_agent": """
        useragent httpuseragent browseruseragent browser uastring clientuseragent
        visitoruseragent submissionuseragent
    """,
    "source_url": """
        sourceurl pageurl pageuri url formurl landingpage landingpageurl landingurl currenturl
        submissionurl referrerurl refererurl referrer referer href siteurl websiteurl conversionurl
        pagelocation location embedurl pagelink entryurl
    """,
    "consent_text": """
        consent consenttext consentlanguage consentwording consentstatement optintext optinlanguage
        disclosure disclosuretext tcpa tcpaconsent tcpadisclosure tcpalanguage tcpatext smsconsent
        smsoptin smsoptintext textconsent textoptin optin gdpr gdprconsent privacyconsent agree
        agreement acceptance acceptanceterms termsaccepted smsterms consenttosms smsmarketingconsent
        marketingconsent einwilligung consentement consentimiento consentimento consenso toestemming
        smspermission smsagreement
    """,
    "submission_id": """
        submissionid submissionguid submissionuuid responseid leadid leadgenid entryid
        formsubmissionid formresponseid submissiontoken responsetoken conversionid
        externalsubmissionid uniquesubmissionid
    """,
    "opt_in_number_id": "optinnumberid",
    "dial": """
        dialcode dialingcode diallingcode phonecountrycode countrycallingcode callingcode
        phoneprefix countrycode countrydialcode phonedialcode phonecode countryphonecode
        phonecountrycallingcode internationalcode mobilecountrycode phonecc ddi vorwahlland
        landervorwahl indicatif indicatifpays indicatiftelephonique codepays codigopais
        codigodepais prefijointernacional prefissointernazionale landcode landnummer
    """,
    "prefix": "prefix",
    "region": """
        phonecountry phoneregion phonecountryiso phoneiso phoneiso2 mobilecountry countryiso
        countryiso2 iso2 isocountry isocountrycode
    """,
    "country": """
        country countryname countryofresidence residencecountry land pays pais paese nation
        contactcountry leadcountry customercountry countryregion
    """,
    "area": "area areacode phoneareacode phonearea vorwahl ddd",
}

_OTHERWISE = {
    "phone": """
        homephone workphone officephone businessphone landline landlinenumber landlinephone
        phonehome phonework phoneoffice otherphone alternatephone alternativephone secondaryphone
        homephonenumber workphonenumber businessphonenumber officephonenumber daytimephone
        eveningphone festnetz festnetznummer telefonprivat telefongeschaftlich telephonefixe fixe
        telefonofijo telefonefixo telefoneresidencial telefonofisso vastetelefoon backupphone
        alternatephonenumber worknumber homenumber dayphone
    """,
}

_STRANGERS = _words(
    """
    username formname fieldname inputname filename productname itemname entryname dataname eventname
    pagename sitename campaignname adname adsetname companyname businessname accountname listname
    groupname organizationname organisationname ownername agentname firmenname nomdelentreprise
    middlename nickname maidenname
    """
)

_SOMEBODY_ELSE = _words(
    """
    emergency company business employer organization organisation owner agent rep salesrep spouse
    partner friend referrer referral referred parent guardian manager landlord doctor school fax
    emergencia urgence notfall supervisor assistant host organizer
    organiser broker realtor attorney lawyer firma entreprise empresa azienda bedrijf recruiter
    support tracking destination forwarding display connected husband wife mother father mum mom dad
    son daughter child children colleague their theirs friends
    """
)
"""Words that make a field one about another person or thing."""

_DRESS = _words(
    """
    what whats s is are the a an of for on to in at your you yours we us can could may please enter
    type provide give tell add write fill share insert leave confirm required optional req best
    preferred current valid legal main primary my our this number_ field input box here with country
    code
    international format incl including reach text_ e g eg x must only digits no_ spaces
    and et und en y ou or oder
    votre quel quelle est le la les l un une merci entrez saisissez indiquez vous obligatoire
    facultatif ton ta mon
    ihr ihre ihren deine dein wie lautet ist die der das bitte geben eingeben sie ein an pflichtfeld
    cual es tu su el por favor ingrese ingresa escribe introduce introduzca obligatorio
    qual seu sua o digite informe insira obrigatorio teu
    il tuo tua suo lei inserisci inserire qual e come
    uw je jouw wat vul verplicht
    """
)
"""Words that ask for a value and say nothing of it."""

_PHONE_WORDS = _words(
    """
    phone mobile cell cellphone cellular tel telephone sms whatsapp number no nr num handy telefon
    mobil movil celular telefono telefone telemovel cellulare telefoon mobiel portable gsm
    smartphone text texts messages message
    """
)
_SURELY_PHONE = _PHONE_WORDS - _words("number no nr num text texts messages message portable")

_PERSONAL = _words(
    """
    contact lead customer client person respondent applicant subscriber visitor guest attendee
    invitee patient participant registrant buyer prospect signer individual borrower tenant resident
    donor parentless student_ signup optin sender
    """
)
_TECHNICAL = _words(
    """
    form forms field fields input inputs text textfield data payload body entry item answer response
    submission user member cf wpcf7 nf wpforms gform frm mauticform mauticformfield attr attribute
    attributes property properties merge merges mergefields custom customfield hidden inf txt var
    values value column col element el raw ff fi mf listing ctl et pb elementor acf hs u params c p
    q
    """
)
_ELSEWHERE = frozenset(("billing", "shipping", "delivery", "address", "default", "mailing"))

_PARTS = _words(
    """
    middle prefix suffix title initial initials salutation nick maiden pronunciation pronounced type
    model brand verified valid status ext extension time when carrier provider
    """
)
"""Words that make a remark on a name one about another thing: `Name (Middle)`."""
_BLOCKING = _PARTS | _words(
    """
    name names fax order account invoice license licence id zip postal postcode ssn passport member
    membership policy card vin house street apartment flat unit room age date amount budget vat tax
    iban bank routing reference ref ticket case serial employee registration birth email mail
    """
)
"""Words of questions whose answers are other numbers than phones, or none."""
_ORDINALS = frozenset(("first", "last"))
_COUNTED = frozenset(("name", "phone", "address"))
_CALLING = _words("text call reach ring contact message")
_NUMBERS = _words("number numbers nummer numero")

_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_WORD = re.compile(r"[^\W_]+")
_NUMBERED = re.compile(r"[a-z]{0,2}\d+")
_LETTERS = re.compile(r"[\W_]+")
_REMARK = re.compile(r"\(([^()]*)\)|\[([^\[\]]*)\]")
_SINGLE = str.maketrans({"ß": "ss", "ø": "o", "ı": "i", "ł": "l", "đ": "d", "æ": "ae", "œ": "oe"})
"""Letters that are no other letter with an accent."""


def folded(name: str) -> str:
    """A name as names are compared: lower case, no accents, letters and digits alone."""
    return _LETTERS.sub("", _plain(name))


def _plain(name: str) -> str:
    name = name.lower()
    if name.isascii():
        return name
    apart = unicodedata.normalize("NFKD", name.translate(_SINGLE))
    return "".join(letter for letter in apart if not unicodedata.combining(letter))


_TONGUES = {
    "first_name": tongues.FIRST_NAMES,
    "last_name": tongues.LAST_NAMES,
    "full_name": tongues.FULL_NAMES,
    "phone": tongues.PHONES,
}
_MEANINGS: dict[str, Meaning] = {
    folded(name): Meaning(field, rank)
    for table, rank in ((_OTHERWISE, OTHERWISE), (_TONGUES, USUAL), (_NAMES, USUAL))
    for field, names in table.items()
    for name in names.split()
} | dict.fromkeys(_STRANGERS, NOT_OURS)


@lru_cache(maxsize=4096)
def meaning_of(name: str) -> Meaning | None:
    """What a field of this name is; None where the name does not say."""
    if len(name) > LONGEST:
        return None
    known = _said(name)
    if known is None and ("(" in name or "[" in name):
        # `Mobile (we'll text you)` is a mobile, `Name (Middle)` no name.
        remarks = {word for part in _REMARK.findall(name) for word in _spelled("".join(part))}
        if remarks.isdisjoint(_PARTS) and remarks.isdisjoint(_SOMEBODY_ELSE):
            known = _said(_REMARK.sub(" ", name))
    if known is None and not name.isascii():
        # Two languages in one name, such as `First name / 名`.
        known = _said(_plain(name).encode("ascii", "replace").decode().replace("?", " "))
    return known


def mentions_phone(name: str) -> bool:
    """Whether a question may ask for a phone: `Where should we text you?`.

    It may as well ask something else, so its answer counts only where it is a number.
    """
    if len(name) > LONGEST:
        return False
    words = {*_spelled(name), *_WORD.findall(_plain(name))}
    if not words.isdisjoint(_SOMEBODY_ELSE) or not words.isdisjoint(_BLOCKING):
        return False
    if not words.isdisjoint(_SURELY_PHONE):
        return True
    if not words.isdisjoint(_NUMBERS):
        return not words.isdisjoint(_CALLING)
    return "text" in words and not words.isdisjoint(("me", "you"))


def _said(name: str) -> Meaning | None:
    plain = _plain(name)
    known = _MEANINGS.get(_LETTERS.sub("", plain))
    if known is not None:
        return known
    known = _undressed(_WORD.findall(plain))
    if known is None and _CAMEL.search(name):
        known = _undressed(_spelled(name))
    return known


def _spelled(name: str) -> list[str]:
    return _WORD.findall(_plain(_CAMEL.sub(" ", name)))


def exact_meaning(name: str) -> Meaning | None:
    """What a whole name means, with nothing left out of it."""
    return _exact(name) if len(name) <= LONGEST else None


@lru_cache(maxsize=4096)
def _exact(name: str) -> Meaning | None:
    return _MEANINGS.get(folded(name))


def _undressed(words: list[str]) -> Meaning | None:
    """What is meant by words of which some only dress a name."""
    words = [word.rstrip("0123456789") or word for word in words]
    if any(word in _SOMEBODY_ELSE for word in words):
        return _about_somebody_else(words)
    core = [word for word in words if word not in _DRESS]
    if not _SURELY_PHONE.isdisjoint(core) and _PHONE_WORDS.issuperset(core):
        return _MEANINGS["phone"]
    # Only what stands around a name dresses it: `form name` is no name of a person.
    person_only = True
    bare = False
    rank = USUAL
    whole = _MEANINGS.get("".join(core))
    if whole is not None:
        return whole
    while len(core) > 1:
        if not _dresses(core[0]) and not _counts_fields(core):
            if not _dresses(core[-1]):
                break
            word = core.pop()
            bare = bare or word in _TECHNICAL
        else:
            word = core.pop(0)
        if word in _ELSEWHERE:
            rank = OTHERWISE
        elif word not in _PERSONAL and not _NUMBERED.fullmatch(word):
            person_only = False
        # `last_input_text` and `first_form` are no names.
        known = None if bare and len(core) == 1 and core[0] in _ORDINALS else _meaning(core)
        if known is not None:
            return _ranked(known, rank, person_only)
    return None


def _meaning(core: list[str]) -> Meaning | None:
    return _MEANINGS.get("".join(core))


def _dresses(word: str) -> bool:
    return (
        word in _PERSONAL
        or word in _TECHNICAL
        or word in _ELSEWHERE
        or bool(_NUMBERED.fullmatch(word))
    )


def _counts_fields(core: list[str]) -> bool:
    """Whether words begin as in `name_1_first_name`: a kind of field and its number."""
    return len(core) > 2 and core[0] in _COUNTED and bool(_NUMBERED.fullmatch(core[1]))


def _ranked(known: Meaning, rank: int, person_only: bool) -> Meaning | None:
    if known.field == "full_name" and not person_only:
        return None
    return Meaning(known.field, rank) if known.field and rank > known.rank else known


def _about_somebody_else(words: list[str]) -> Meaning | None:
    left = [word for word in words if word not in _SOMEBODY_ELSE and word not in _DRESS]
    known = _MEANINGS.get("".join(left))
    return NOT_OURS if known is not None and known.field in _PERSON_FIELDS else None


_PERSON_FIELDS = frozenset({"first_name", "last_name", "full_name", "phone"})

PHONE_TYPES = _words(
    "phone tel telephone phonenumber inputphonenumber mobile cell controlphone smsphone mobilephone"
)
"""What builders call the kind of a field that asks for a phone, folded."""

ELSEWHERE = _words(
    """
    billingaddress shippingaddress defaultaddress address addresses billing shipping deliveryaddress
    homeaddress mailingaddress user
    """
)
"""Branches whose values count only where nothing better is filled, folded."""

STRANGERS = _words(
    """
    owner agent assignedto assignee salesrep company organization organisation account referrer
    emergencycontact spouse partner creator createdby author host organizer organiser
    eventmemberships scheduledevent associatedowner hubspotowner associatedcompany employer
    definition schema recipient seller vendor staff provider inviter
    business location branch property channel merchant store shop leadowner contactowner
    accountowner dealowner assigneduser assignedemployee employee salesperson representative
    technician dealer dealership clinic previous previousattributes previousvalues previousdata old
    oldrecord olddata oldvalues before
    """
)
"""Branches about somebody or something else, folded."""

THINGS = _words(
    """
    form page site event campaign product workflow list ad adset location question field zap
    survey quiz project workspace integration source item lineitems tag tags group meta context
    automation scenario flow funnel template webhook trigger variant theme entryform headers
    bot inbox department brand table
    """
)
"""Branches in which a `name` is that of a thing, folded."""
