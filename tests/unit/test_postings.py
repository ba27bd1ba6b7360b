"""Nothing personal of a posting is stored, and withdrawn postings can be erased."""

import re
from datetime import datetime

import orjson
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from jod_pipelines.contacts import find_contact
from jod_pipelines.landing.archive import Document
from jod_pipelines.sandbox.postings import in_v1
from jod_pipelines.sources.mylly import ONLY_V1, parse, posting_ids, read_line_v1, read_line_v2, without_postings
from jod_pipelines.sources.personal import scrub_text

CONTACT = re.compile(
    r"[\w.+-]+(?:@|\(at\)|\[at\])[\w-]+(?:\.[\w-]+)+|(?:\+358|\b0)[\s()-]?\d(?:[\s()-]?\d){5,10}\b", re.IGNORECASE
)
"""What a contact is, in one plain expression; the code says the same in pieces that are quick to search for."""


def posting(**changes):
    return {
        "languages": ["fi"],
        "metadata": {
            "externalId": "0f0e0d0c-1111-4222-8333-444455556666",
            "created": "2026-04-01T07:00:00",
            "lastModified": "2026-04-02T08:30:15.12",
        },
        "owner": {"employerType": "COMPANY", "company": {"fi": "Esimerkki Oy"}},
        "position": {
            "mainOccupation": "http://data.europa.eu/esco/isco/C7212",
            "skills": ["http://x/skill/2", "http://x/skill/1"],
            "title": {"fi": "Hitsaaja"},
            "jobDescription": {"fi": "Hitsaat terästä. Lisätietoja antaa Maija Malli, p. 040 123 4567. Tervetuloa!"},
        },
        "contacts": [{"firstName": "Maija", "lastName": "Malli", "email": "maija.malli@example.fi", "telephone": "0401234567"}],
        **changes,
    }


def stored(**changes):
    return read_line_v2(orjson.dumps(posting(**changes))).line


def rows(*postings, interface="v2"):
    body = b"".join(orjson.dumps(item) + b"\n" for item in postings)
    parsed = parse([Document(f"{interface}/start/1", body, "")])
    return parsed.tables["job_posting"], parsed.unreadable


def test_contacts_go_and_the_rest_of_the_text_stays():
    line = stored().decode()
    for secret in ("Maija", "Malli", "040", "contacts", "maija.malli"):
        assert secret not in line
    assert orjson.loads(line)["position"]["jobDescription"]["fi"] == "Hitsaat terästä. Tervetuloa!"


def test_a_household_has_no_name():
    line = stored(
        owner={
            "employerType": "HOUSEHOLD",
            "businessId": None,
            "company": {"fi": "Matti Mallikas"},
            "householdEmployer": "Matti Mallikas",
        }
    ).decode()
    assert "Mallikas" not in line
    assert b"Mallikas" not in read_line_v2(orjson.dumps(posting(owner={"householdEmployer": "Mallikas"}))).line


PHONES = ["040 123 4567", "+358 40 1234567", "0401234567", "050-123 4567", "+358(0)401234567", "09 1234 5678"]
EMAILS = ["a.b@c.fi", "etunimi.sukunimi@yritys.example", "rekry(at)yritys.fi", "x+y@sub.domain.org"]


@pytest.mark.parametrize("contact", PHONES + EMAILS)
def test_contact_details_are_recognised(contact):
    assert scrub_text(f"Hyvä työ. Soita: {contact}. Nähdään.") == "Hyvä työ. Nähdään."


@pytest.mark.parametrize(
    "harmless",
    ["Palkka 2 500-3 000 euroa.", "ISO 9001:2015 tunnetaan.", "Työaika 7.30-15.30, 38,25 h.", "Osoite 00100 Helsinki."],
)
def test_what_is_no_contact_stays(harmless):
    assert scrub_text(harmless) == harmless


@given(st.text(), st.sampled_from(PHONES + EMAILS), st.text())
def test_no_surrounding_text_saves_a_contact(before, contact, after):
    text = scrub_text(f"{before} {contact} {after}")
    assert contact not in text


@given(st.text())
def test_text_without_contacts_is_untouched(text):
    if not CONTACT.search(text):
        assert scrub_text(text) == text


def test_a_posting_is_read_with_joined_codes_split():
    frame, _ = rows(posting(location={"municipalities": ["837,980"], "regions": ["06"]}, application={"openPositions": 3}))
    row = frame.row(0, named=True)
    assert row["municipality_codes"] == ["837", "980"]
    assert row["skill_uris"] == ["http://x/skill/1", "http://x/skill/2"]
    assert row["occupation_uris"] == ["http://data.europa.eu/esco/isco/C7212"]
    assert row["open_positions"] == 3


def test_erasing_takes_out_whole_lines_of_the_named_postings():
    other = posting()
    other["metadata"] = {**other["metadata"], "externalId": "ffffffff-1111-4222-8333-444455556666"}
    body = stored() + b"\n" + read_line_v2(orjson.dumps(other)).line + b"\n"
    assert len(posting_ids(body)) == 2
    kept = without_postings(body, {"0f0e0d0c-1111-4222-8333-444455556666"})
    assert posting_ids(kept) == {"ffffffff-1111-4222-8333-444455556666"}


@given(st.text(st.sampled_from("0123 45+8()-[]at@.abä_\n"), max_size=40))
def test_a_contact_found_in_pieces_is_a_contact(text):
    assert bool(find_contact(text)) == bool(CONTACT.search(text))


def test_a_posting_without_personal_data_keeps_its_bytes():
    line = (
        b'{ "metadata": {"externalId": "x", "lastModified": "2026-04-02T08:30:15"}, "position": {"title": {"fi": "Ty\\u00f6"}} }'
    )
    assert read_line_v2(line).line is line


def test_inflected_names_and_contacts_in_other_places_go_too():
    line = stored(
        position={"title": {"fi": "Hitsaaja"}, "jobDescription": {"fi": "Hitsaat. Kysy Mallilta. Tule!"}},
        externalLinks=[{"url": "mailto:maija@example.fi", "description": "Soita 0401234567"}],
        location={"workplaceName": {"fi": "Paja, 050 1234567"}, "municipalities": ["091"]},
    ).decode()
    for secret in ("Mall", "maija", "040", "050"):
        assert secret not in line
    assert "Hitsaat. Tule!" in line
    assert '"091"' in line


def test_what_identifies_a_posting_is_not_taken_for_a_phone_number():
    uri = "http://data.europa.eu/esco/skill/01234567-1111-4222-8333-444455556666"
    found = posting(owner={"employerType": "COMPANY", "businessId": "0123456-7"})
    found["metadata"]["externalId"] = "01234567-1111-4222-8333-444455556666"
    found["position"] |= {"skills": [uri], "mainOccupation": uri}
    row = rows(orjson.loads(read_line_v2(orjson.dumps(found)).line))[0].row(0, named=True)
    assert row["posting_id"] == "01234567-1111-4222-8333-444455556666"
    assert row["employer_id"] == "0123456-7"
    assert row["skill_uris"] == [uri]
    assert row["main_occupation_uri"] == uri


def test_a_household_has_no_name_or_address_in_either_interface():
    v2 = posting(
        owner={
            "employerType": "HOUSEHOLD",
            "businessId": None,
            "company": {"fi": "Matti Mallikas"},
            "householdEmployer": {"name": "Matti Mallikas"},
        },
        location={"workplaceAddress": "Mallipolku 5", "municipalities": ["091"]},
        application={"expires": None, "url": {"fi": "https://x.fi/1"}, "published": None, "openPositions": 1},
    )
    v2["position"]["jobDescription"]["fi"] = "Siivousta. Mallikkaan koti. Mallikas maksaa."
    v2["position"] |= {"workTime": "01", "continuityOfWork": ["01"], "wagePrincipal": "01", "employmentRelationship": "01"}
    v2["location"] |= {"countries": ["FI"], "regions": ["01"]}
    v1 = in_v1({**v2, "position": {**v2["position"], "occupations": []}})
    v1["sijainti"]["toimipaikka"] = {"postiosoite": "Mallipolku 5", "postinumero": "00100"}
    for line in (read_line_v2(orjson.dumps(v2)).line, read_line_v1(orjson.dumps(v1)).line):
        assert b"Matti" not in line
        assert b"Mallikas" not in line
        assert b"Mallipolku" not in line
        assert b"091" in line


def test_both_interfaces_give_the_same_row():
    v2 = posting(
        owner={"employerType": "COMPANY", "businessId": "1234567-1", "company": {"fi": "Esimerkki Oy"}},
        location={"countries": ["FI"], "regions": ["06"], "municipalities": ["837", "980"]},
        application={
            "published": "2026-04-01T07:30:00",
            "expires": "2026-05-01T00:00:00",
            "openPositions": 3,
            "url": {"fi": "https://x"},
        },
    )
    v2["position"] |= {"occupations": [], "workTime": "01", "continuityOfWork": ["02"], "wagePrincipal": "05"}
    v2["position"] |= {"employmentRelationship": "01"}
    one = orjson.loads(read_line_v2(orjson.dumps(v2)).line)
    two = orjson.loads(read_line_v1(orjson.dumps(in_v1(v2))).line)
    newer, wrong = rows(one)
    older, wrong_older = rows(two, interface="v1")
    assert not wrong
    assert not wrong_older
    alike = [name for name in newer.columns if name not in {*ONLY_V1, "source_document"}]
    assert older.select(alike).to_dicts() == newer.select(alike).to_dicts()
    assert newer["description_fi"].to_list() == ["Hitsaat terästä. Tervetuloa!"]


ASKED_IN_V1 = {
    "ilmoituksenID": "x",
    "perustiedot": {"kuuluuMatkustamista": True},
    "osaamisvaatimukset": {
        "kielitaidot": [{"kielitaito": "http://x/skill/2", "kielitaidonTaso": "B2"}, {"kielitaito": "http://x/skill/1"}],
        "koulutusaste": "32",
        "ajokortti": {"vaaditutAjokorttiluokat": ["C,CE", "B"]},
        "kortitJaLuvat": {"lupaKoodit": ["062,079"]},
        "rikosrekisteriote": False,
    },
    "sijainti": {"sijaintiJoustava": None},
}


def test_what_only_v1_asks_for_is_read():
    frame, unreadable = rows(ASKED_IN_V1, interface="v1")
    assert not unreadable
    assert frame.select(list(ONLY_V1)).row(0, named=True) == {
        "language_skill_uris": ["http://x/skill/1", "http://x/skill/2"],
        "driving_licence_classes": ["B", "C", "CE"],
        "permit_codes": ["062", "079"],
        "required_education_code": "32",
        "criminal_record_asked": False,
        "travel_asked": True,
        "flexible_location": None,
    }
    assert rows(posting())[0].select(list(ONLY_V1)).row(0) == ([], [], [], None, None, None, None)


def test_a_flag_that_is_none_is_named():
    _, unreadable = rows({"ilmoituksenID": "x", "sijainti": {"sijaintiJoustava": "ehkä"}}, interface="v1")
    assert unreadable == {"v1/start/1 line 1": "sijainti.sijaintiJoustava: 'ehkä' is not of type Boolean"}


def test_a_contact_beside_a_language_asked_for_goes():
    more = [{"kieliKoodi": "fi", "arvo": "Sujuva. Soita 040 1234567."}]
    asked = {"kielitaito": "http://x/skill/1", "kielitaidonLisatieto": more}
    line = read_line_v1(orjson.dumps({**ASKED_IN_V1, "osaamisvaatimukset": {"kielitaidot": [asked]}})).line
    assert b"1234567" not in line
    assert b"Sujuva." in line


@pytest.mark.parametrize(
    ("stamp", "instant"),
    [
        ("2026-04-02T08:30:15.120000", datetime(2026, 4, 2, 8, 30, 15, 120000)),
        ("2026-04-02T08:30:15", datetime(2026, 4, 2, 8, 30, 15)),
        ("2026-04-02T08:30:15Z", datetime(2026, 4, 2, 8, 30, 15)),
        ("2026-04-02T11:30:15.5+03:00", datetime(2026, 4, 2, 8, 30, 15, 500000)),
    ],
)
def test_timestamps_are_utc_with_and_without_a_zone(stamp, instant):
    found = posting()
    found["metadata"] |= {"created": stamp, "lastModified": stamp}
    frame, _ = rows(found)
    assert frame["modified_at"].to_list() == frame["created_at"].to_list() == [instant]
    assert read_line_v2(orjson.dumps(found)).modified == instant


def test_wrong_lines_are_named_by_path_and_value_and_the_rest_is_read():
    wrong_type = posting(application={"openPositions": "kolme"})
    wrong_shape = posting(position={"title": "Hitsaaja"})
    frame, unreadable = rows(posting(), wrong_type, posting(), wrong_shape, posting())
    assert len(frame) == 3
    assert unreadable == {
        "v2/start/1 line 2": "application.openPositions: 'kolme' is not of type Int64",
        "v2/start/1 line 4": "position.title: 'Hitsaaja' is not of type Struct({'fi': String, 'sv': String, 'en': String})",
    }


def test_a_posting_may_lack_almost_everything():
    frame, unreadable = rows({"metadata": {"externalId": "x"}}, {"metadata": None, "position": None, "location": {}})
    assert not unreadable
    assert frame["skill_uris"].to_list() == [[], []]
    older, unreadable = rows(
        {"ilmoituksenID": "x"}, {"perustiedot": None, "sijainti": {"kunta": [None, "091, 837"]}}, interface="v1"
    )
    assert not unreadable
    assert older["municipality_codes"].to_list() == [[], ["091", "837"]]
    assert older.schema == {**frame.schema, "source_document": pl.String}


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("Hyvä työ! Kysy Mallilta. Tule!", "Hyvä työ! Tule!"),
        ("Hei!\nSoita 0401234567\nTule!", "Hei!\n\nTule!"),
        ("Soita 0401234567! Tule. Tee.", "Tule. Tee."),
        ("Tule. Tee. Maija Malli, puh. 040 1234567", "Tule. Tee."),
        ("Soita 040\n1234567. Tule.", "Tule."),
        ("Keskimalli ja malli jäävät.", "Keskimalli ja malli jäävät."),
    ],
)
def test_the_sentence_around_a_contact_goes_and_its_neighbours_stay(text, left):
    assert scrub_text(text, {"Malli"}) == left


@given(st.text(st.sampled_from("Bo Malli.!? \n0401234567"), max_size=60))
def test_a_scrubbed_text_names_nobody(text):
    left = scrub_text(text, {"Bo", "Malli"})
    assert not CONTACT.search(left)
    assert not re.search(r"\bBo\b|\bMalli", left)
