"""The words that senders call things by: what names of fields and of branches are made of."""

from __future__ import annotations


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


NAMES = {
    "first_name": """
        firstname first fname givenname given forename forenames christianname firstnames namefirst
        firstnamename nameofperson nameawffirst vorname vornamen prenom prenoms
        primernombre nombres nombredepila primeironome nomeproprio prenome voornaam voornamen
        namegiven
    """,
    "last_name": """
        lastname last lname nameawflast surname surnames familyname lastnames namelast secondname
        namefamily
        nachname nachnamen familienname zuname nomdefamille apellido apellidos apellidopaterno
        primerapellido sobrenome ultimonome apelido apelidos cognome
        cognom cognoms llinatges achternaam familienaam
        namesurname
    """,
    "full_name": """
        name fullname completename contactname firstandlastname firstlastname firstnamelastname
        firstnameandlastname firstnamesurname nameandsurname namesurname personname customername
        leadname clientname namefull firstandlast vorundnachname vornamenachname vornameundnachname
        vollstandigername ganzername nom nomcomplet nometprenom prenometnom prenomnom nombre
        nombrecompleto nombreyapellido nombreyapellidos nombreapellido nombreapellidos
        nombresyapellidos nome nomecompleto nomeesobrenome nomesobrenome nomeecognome nomecognome
        naam volledigenaam voorenachternaam namecomplete inviteename attendeename realname names
        whatshouldwecallyou whatnameshouldweuse howshouldwecallyou howshouldweaddressyou
        whatdoyougoby comotellamas commentvousappelezvous wieheissensie wieheisstdu
        comosellama whoareyou nomprenom nomprenoms nometprenoms vorundzuname vornamezuname
        vornameundzuname
    """,
    "phone": """
        phone phonenumber phoneno phonenr phonenum ph phno phnumber mob mobno mobnumber mobile
        mobilephone mobilenumber mobileno mobilenr
        mobilephonenumber mobilenum cell cellphone cellno cellnumber cellphonenumber cellular
        cellularphone tel telephone telephonenumber telno telnumber telnr telnum sms smsnumber
        smsphone smsphonenumber textnumber textphonenumber textmessagenumber textremindernumber
        msisdn handphone whatsapp whatsappnumber whatsappphone whatsappphonenumber contactnumber
        contactphone contactphonenumber contactno phonemobile telmobile telephonemobile phonecell
        waid numbertotext telnational tellocal phonelocal phonenational nationalnumber
        localnumber e164 e164phone phonee164 phonefull fullphone fullphonenumber
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
        cellulaire numerodecellulaire numerocellulaire telephonecellulaire
        numerodetelephonecellulaire
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
        smspermission smsagreement zgoda zgodamarketingowa zgodasms souhlas suhlas zustimmung
        samtykke samtycke suostumus hozzajarulas onay kvkkonayi
    """,
    "leave": """
        smsmarketingconsentstate smsmarketingconsentstatus smsmarketingconsentmarketingstate
        smsconsentstate smsconsentstatus smsoptinstate smsoptinstatus marketingconsentstate
        marketingconsentstatus consentstate consentstatus optinstate optinstatus
        smsmarketingstate smsmarketingstatus
    """,
    "submission_id": """
        submissionid submissionguid submissionuuid responseid leadid leadgenid entryid
        formsubmissionid formresponseid submissiontoken responsetoken conversionid
        externalsubmissionid uniquesubmissionid
    """,
    "opt_in_number_id": "optinnumberid",
    "before_last_name": """
        tussenvoegsel tussenvoegsels voorvoegsel voorvoegsels tussenvoegselachternaam nameinfix
        voorvoegselachternaam infix
    """,
    "second_last_name": """
        apellidomaterno segundoapellido sobrenomematerno secondlastname secondsurname
        maternallastname maternalsurname
    """,
    "dial": """
        dialcode dialingcode diallingcode phonecountrycode countrycallingcode callingcode
        countrycode countrydialcode phonedialcode phonecode countryphonecode
        phonecountrycallingcode internationalcode mobilecountrycode phonecc ddi vorwahlland
        landervorwahl indicatif indicatifpays indicatiftelephonique codepays codigopais
        codigodepais prefijointernacional prefissointernazionale landcode landnummer
        telcountrycode telcc
    """,
    "prefix": "prefix prefijo prefisso prefixo prefijotelefonico prefissotelefonico",
    "exchange": "phoneprefix telprefix telexchange exchange",
    "line": "phoneline tellocalsuffix linenumber telline phonesuffix",
    "extension": "extension ext phoneext phoneextension telextension mobileext",
    "region": """
        phonecountry phoneregion phonecountryiso phoneiso phoneiso2 mobilecountry countryiso
        countryiso2 iso2 isocountry isocountrycode
    """,
    "country": """
        country countryname countryofresidence residencecountry land pays pais paese nation
        contactcountry leadcountry customercountry countryregion
    """,
    "area": "area areacode phoneareacode phonearea telareacode vorwahl ddd",
}
"""Names of fields by what they mean, folded."""
LAST_CHOICE = {"full_name": "nickname profilename"}
"""Names of fields that count only where no other name is said at all, folded."""
SECOND_CHOICE = {
    "first_name": "preferredname recipientfirstname othernames rufname roepnaam knownas goesby",
    "last_name": "recipientlastname",
    "full_name": """
        displayname completename contactperson ansprechpartner ansprechpartnerin ansprechperson
        kontaktperson contactpersoon personadecontacto personnedecontact personadicontatto
        pessoadecontato pessoadecontacto
    """,
    "phone": """
        homephone workphone officephone businessphone landline landlinenumber landlinephone
        phonehome phonework phoneoffice otherphone alternatephone alternativephone secondaryphone
        homephonenumber workphonenumber businessphonenumber officephonenumber daytimephone
        eveningphone festnetz festnetznummer telefonprivat telefongeschaftlich telephonefixe fixe
        telefonofijo telefonefixo telefoneresidencial telefonofisso vastetelefoon backupphone
        alternatephonenumber worknumber homenumber dayphone
    """,
}
"""Names of fields that count only where nothing better is filled, folded."""
OTHER_THINGS = _words(
    """
    username formname fieldname inputname filename productname itemname entryname dataname eventname
    pagename sitename campaignname adname adsetname companyname businessname accountname listname
    groupname organizationname organisationname ownername agentname firmenname nomdelentreprise
    ourphone ourphonenumber ournumber ourmobile twilionumber twiliophone twiliophonenumber
    virtualnumber shortcode longcode middlename maidenname phonetype phonelabel phonelinetype
    phonestatus phoneid mobiletype
    """
)
"""Names of fields about something else, folded."""
SOMEBODY_ELSE = _words(
    """
    emergency company business employer organization organisation owner agent rep salesrep spouse
    partner friend referrer referral referred parent guardian manager landlord doctor school fax
    emergencia urgence notfall supervisor assistant host organizer
    organiser broker realtor attorney lawyer firma entreprise empresa azienda bedrijf recruiter
    support tracking destination forwarding display connected husband wife mother father mum mom dad
    son daughter child children colleague their theirs friends store shop branch dealer dealership
    clinic merchant vendor affiliate reseller old previous former advisor adviser consultant broker
    lender officer
    """
)
"""Words that make a field one about another person or thing."""

DRESS = _words(
    """
    what whats s is are the a an of for on to in at your you yours we us can could may please enter
    type provide give tell add write fill share insert leave confirm required optional req best
    preferred current valid legal main primary my our this number_ field input box here with country
    code
    international format incl including reach text_ e g eg x must only digits no_ spaces
    and et und en y ou or oder
    votre quel quelle est le la les l un une merci entrez saisissez indiquez vous obligatoire
    facultatif ton ta mon
    tes vos ihr ihre ihren deine dein wie lautet ist die der das bitte geben eingeben sie ein an
    pflichtfeld du mit heisst heissen
    cual es tu su tus sus el por favor ingrese ingresa escribe introduce introduzca obligatorio
    qual seu sua o digite informe insira obrigatorio teu
    il tuo tua suo lei inserisci inserire qual e come
    uw je jouw wat vul verplicht
    n nro vase vaseho twoj twoja twoje panstwa pani prosze podaj wpisz del dei della
    aktif lutfen
    """
)
"""Words that ask for a value and say nothing of it."""

LINKS = frozenset(("de", "di", "do", "da"))
"""Words that link others, and are a part of some names."""

PHONE_WORDS = _words(
    """
    phone mobile cell cellphone cellular tel telephone sms whatsapp number no nr num handy telefon
    mobil movil celular telefono telefone telemovel cellulare telefoon mobiel portable gsm
    smartphone numero nummer numer text texts messages message
    """
)
"""Words that names of phones are made of."""
SURELY_PHONE = PHONE_WORDS - _words(
    "number no nr num numero nummer numer text texts messages message portable"
)
"""Those that mean a phone by themselves."""
PERSONAL = _words(
    """
    contact lead customer client person respondent applicant subscriber visitor guest attendee
    invitee patient participant registrant buyer prospect signer individual borrower tenant resident
    donor parentless student_ signup optin sender referente requester enquirer inquirer caller payer
    shopper traveller traveler passenger learner
    """
)
"""Words that say whose a field is: the person who opted in."""
TECHNICAL = _words(
    """
    form forms field fields input inputs text textfield data payload body entry item answer response
    answers responses res
    submission user member cf wpcf7 nf wpforms gform frm mauticform mauticformfield attr attribute
    attributes property properties merge merges mergefields custom customfield hidden inf txt var
    values value column col element el raw ff fi mf listing ctl et pb elementor acf hs u params c p
    q
    """
)
"""Words that builders put around names."""
ELSEWHERE_WORDS = frozenset(("billing", "shipping", "delivery", "address", "default", "mailing"))
"""Words that make a field a second choice."""
RECEIVING = _words("shipping delivery shippingaddress deliveryaddress")
"""Those of whoever gets the parcel, who may be another person than the one who pays: the last."""
ROLES = _words(
    "account sales customer success client relationship property case branch service listing lead"
)
"""Words that say which agent, manager or the like is meant: `account manager phone`."""
ONLY_LETTERS = _words("text textfield txt et pb cf nf mf frm wpforms res answers responses")
"""Technical words beside which a `name` is still a person's."""
OTHER_PEOPLE = _words(
    """
    emergency spouse husband wife partner friend referrer referral referred guardian landlord kin
    doctor supervisor assistant mother father notfall urgence emergencia
    """
)
"""Words that make a branch of several one about somebody else: `emergency_contact_details`."""
OTHER_SIDE = _words("agent manager rep representative broker realtor lender dealer advisor adviser")
"""Words that make such a branch one about the staff, where none of the others is about a lead."""
INQUIRY = PERSONAL - {"contact"} | _words("form request inquiry enquiry referral submission")
"""Words of branches about whoever asks, whomever they ask."""
PARTS = _words(
    """
    middle prefix suffix title initial initials salutation nick maiden pronunciation pronounced type
    model brand verified valid status ext extension time when carrier provider
    kana furigana romaji フリカナ ふりかな カナ かな
    """
)
"""Words that make a remark on a name one about another thing: `Name (Middle)`."""
BLOCKING = PARTS | _words(
    """
    name names fax order account invoice license licence id zip postal postcode ssn passport member
    membership policy card vin house street apartment flat unit room age date amount budget vat tax
    iban bank routing reference ref ticket case serial employee registration birth email mail
    consent consents agree permission optin timestamp sent clicks count version device hash hashed
    sha md last4 hear bill bills calls minutes sessions visits usage balance score ad many
    pedido factura fatura cliente commande facture bestellung bestellnummer rechnung rechnungsnummer
    kundennummer ordine fattura
    """
)
"""Words of questions whose answers are other numbers than phones, or none."""
OCCASIONS = _words(
    """
    booking appointment order ticket quote reservation registration opportunity deal checkout
    purchase transaction application enrollment enrolment enquiry inquiry subscription donation
    session visit
    """
)
"""Words for what a person did, before a field about the person: `booking_first_name`."""
ORDINALS = frozenset(("first", "last"))
"""Names that are none with a technical word behind them."""
COUNTED = frozenset(("name", "phone", "address"))
"""Kinds of fields that builders number: `name_1_first_name`."""
CALLING = _words(
    """
    text call reach ring contact message send good best right
    anrufen zuruckrufen erreichen erreichbar kontaktieren nachricht
    appeler rappeler joindre contacter joignable
    mensaje mensajes llamar llamarte llamamos contactar contactarte
    ligar mensagem mensagens contatar contactamos
    bellen bereiken bereikbaar appen smsen berichten
    chiamare chiamarti contattare contattarti messaggio
    """
)
"""Words of questions that ask for a number to be called at."""
NUMBER_WORDS = _words("number numbers nummer numero")
"""Words for a number in such questions."""


LEAVE = _words("agree consent permission receive get opt")
"""Words of questions that ask for leave to write."""
ASKING = LEAVE | _words("may can ok okay allow want like")
"""Those, and words that ask for leave where a text is spoken of."""
TEXTS = _words("text texts sms texting")
"""What the leave is for."""
CHOSEN = frozenset(("preferred",))
"""Words for the name that somebody goes by."""
PHONE_STEMS = _words("telef telep mobil movil cellul celul whatsap")
"""How words for a phone begin in many tongues."""
PHONE_SIGNS = _words(
    """
    телефон мобильн мобільн τηλεφων κινητ 電話 电话 携帯 手機 手机 联络方式 联系方式 聯絡方式
    전화 휴대 핸드폰 هاتف جوال موبايل واتس تلفن موبایل טלפון נייד फोन मोबाइल โทร มือถือ
    """
)
"""What stands for a phone anywhere in a name, where no space need part words."""
OTHER_SIGNS = _words(
    """
    fax ファックス ファクス 传真 傳真 緊急 紧急 긴급 비상 会社 公司 회사 勤務先 طوارئ
    экстренн екстрен awaryjn nouzov
    """
)
"""What stands for another one than the person's."""

PHONE_TYPES = _words(
    "phone tel telephone phonenumber inputphonenumber mobile cell controlphone smsphone mobilephone"
)
"""What builders call the kind of a field that asks for a phone, folded."""

ELSEWHERE = _words(
    """
    billingaddress shippingaddress defaultaddress address addresses billing shipping deliveryaddress
    homeaddress mailingaddress ansprechpartner kontaktperson contactperson
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
    technician dealer dealership clinic advisor adviser consultant rep reps loanofficer officer
    restaurant venue hotel salon gym studio practice facility hospital
    manager office practitioner operator operators bot lender teammember stylist instructor coach
    closer previous previousattributes previousvalues previousdata old somebodyelse
    driver courier tutor trainer therapist physician
    affiliate sponsor reseller advocate responsible responsibleuser accountexecutive salesteam
    team crew site website workspace handledby ownedby managedby processedby soldby approvedby
    reviewedby servedby answeredby enteredby importedby uploadedby
    lastmodifiedby modifiedby updatedby lasteditedby editedby assignedby referredby
    oldrecord olddata oldvalues before
    """
)
"""Branches about somebody or something else, folded."""

STRANGERS |= {f"{name}s" for name in STRANGERS - {"channel"}} | {"companies", "branches"}

FIRMS = _words(
    """
    company companyname organization organisation organizationname organisationname business
    businessname employer firm firmname account accountname
    """
)
"""Names of fields that name a person's firm, folded."""

STAFF = _words("agent operator bot staff admin teammate")
"""What lists of all who take part call those on the other side."""

THINGS = _words(
    """
    form page site event campaign product workflow list ad adset location question field zap
    survey quiz project workspace integration source item lineitems tag tags group meta context
    automation scenario flow funnel template webhook trigger variant theme entryform headers
    bot inbox department brand table utm attribution firsttouch lasttouch consent consents
    permission permissions preference preferences subscription subscriptions agreement agreements
    """
)
"""Branches in which a `name` is that of a thing, however deep, folded."""

NAMELESS = _words(
    """
    browser os device system app application platform library network plan offer service calendar
    appointmenttype team role stage pipeline status company file attachment document image currency
    language region city state order product variant session deal opportunity
    """
)
"""Branches whose own `name` is that of a thing, while people may stand further in, folded."""
