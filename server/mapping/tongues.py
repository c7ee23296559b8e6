"""What fields are called in languages beside English and those that `aliases` knows best."""

from __future__ import annotations

FIRST_NAMES = """
    imie fornamn fornavn fornafn etunimi keresztnev utonev jmeno krestnijmeno meno krstnemeno ime
    prenume adi adiniz isim namadepan имя ім'я όνομα
    名 下の名前 お名前名 氏名名 名前名 الاسمالأول الاسمالاول שםפרטי
    първоиме собственоиме vardas vards eesnimi ชื่อ ชื่อจริง पहलानाम प्रथमनाम unangpangalan
"""
LAST_NAMES = """
    nazwisko efternamn etternavn efternavn sukunimi vezeteknev csaladnev prijmeni priezvisko prezime
    numedefamilie soyad soyadi soyadiniz namabelakang фамилия прізвище επώνυμο
    姓 苗字 姓氏 お名前姓 氏名姓 名前姓 성 اسمالعائلة الاسمالأخير اللقب שםמשפחה επίθετο
    priimek pavarde uzvards perekonnanimi นามสกุล उपनाम अंतिमनाम कुलनाम apelyido نامخانوادگی
"""
FULL_NAMES = """
    imieinazwisko nazwiskoiimie namn navn forochefternamn fullstandigtnamn nimi kokonimi teljesnev
    nev jmenoaprijmeni menoapriezvisko imeiprezime nume numesiprenume adsoyad adisoyadi isimsoyisim
    nama namalengkap hovaten hoten фио имяифамилия фамилияиимя полноеимя ονοματεπώνυμο
    氏名 名前 お名前 姓名 名字 이름 성명 성함 الاسم الاسمالكامل שם שםמלא
    fuldenavn fuldtnavn fulltnavn helanamnet numecomplet celejmeno celemeno namapenuh
    imeinpriimek vardasirpavarde vardspavarde vardsuzvards vardsunuzvards taisnimi nafn fulltnafn
    повнеімя пълноиме имеифамилия πλήρεςόνομα الاسمبالكامل الاسمكاملا نامونامخانوادگی
    全名 大名 联系人 聯絡人 連絡人 联络人 ご担当者名 ご担当者 आपकानाम आपकापूरानाम hovatendaydu
    adinizsoyadiniz jmenoprijmeni imienazwisko imeprezime menopriezvisko
    您的姓名 您的名字 你的名字 联系人姓名 ชื่อนามสกุล ชื่อและนามสกุล ชื่อเต็ม पूरानाम नाम
    buongpangalan pangalan jinakamili
"""
WITH_ACCENTS = {"first_name": "tên", "last_name": "họ, họ và tên đệm, họ và chữ đệm, họ đệm"}
"""Names that are other words without their accents, between commas."""
PHONES = """
    numertelefonu nrtelefonu telefonkomorkowy komorka numerkomorki telefonkontaktowy
    numertelefonukomorkowego mobilnummer telefonnummer mobiltelefonnummer puhelin puhelinnumero
    matkapuhelin matkapuhelinnumero kannykka telefonszam mobilszam mobiltelefonszam telefonnicislo
    telefonicislo mobilnitelefon telefonnecislo mobil brojtelefona mobitel brojmobitela
    telefonulmobil numardetelefon numardetelefonmobil nrdetelefon telefonnumarasi ceptelefonu
    ceptelefonunumarasi cep gsmnumarasi nomorhp nohp nomortelepon notelepon telepon nomorponsel
    nohpwa nowahp nomorhpwa nomorwa dienthoaididong sodidong sodienthoaididong sodienthoailienhe
    sodienthoaicuaban sodienthoaizalo
    nomorwhatsapp nowa sodienthoai dienthoai sdt
    телефон номертелефона мобильныйтелефон мобильный номермобильноготелефона контактныйтелефон
    номертелефону мобільнийтелефон τηλέφωνο κινητό κινητότηλέφωνο αριθμόςτηλεφώνου
    電話 電話番号 携帯電話 携帯電話番号 携帯番号 お電話番号 手机 手机号
    手机号码 电话 电话号码 联系电话 手機號碼 手機 電話號碼
    전화번호 휴대폰 휴대폰번호 휴대전화 연락처 핸드폰번호
    الهاتف رقمالهاتف الجوال رقمالجوال رقمالموبايل هاتف טלפון טלפוןנייד מספרטלפון נייד
    телефоненномер мобилентелефон nombortelefon telefonskastevilka mobilnistevilka telefononumeris
    talrunis talrunanumurs telefoninumber simanumer farsimi numerongtelepono numerongcellphone
    您的电话 移动电话 หมายเลขโทรศัพท์ เบอร์โทรศัพท์ เบอร์โทร เบอร์มือถือ फोननंबर मोबाइलनंबर मोबाइल
    شمارهتلفن شمارهموبایل تلفن موبایل nambayasimu رقمهاتف رقمالهاتفالمحمول هاتفمحمول
"""
