"""Nothing personal of a posting is stored, and withdrawn postings can be erased."""

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from jod_pipelines.sources.mylly import CONTACT, posting_ids, read_posting, scrub_text, without_personal, without_postings


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
    return without_personal(orjson.dumps(posting(**changes)))


def test_contacts_go_and_the_rest_of_the_text_stays():
    line = stored().decode()
    for secret in ("Maija", "Malli", "040", "contacts", "maija.malli"):
        assert secret not in line
    assert orjson.loads(line)["position"]["jobDescription"]["fi"] == "Hitsaat terästä. Tervetuloa!"


def test_a_household_has_no_name():
    line = stored(
        owner={"employerType": "HOUSEHOLD", "company": {"fi": "Matti Mallikas"}, "householdEmployer": "Matti Mallikas"}
    ).decode()
    assert "Mallikas" not in line


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
    row = read_posting(posting(location={"municipalities": ["837,980"], "regions": ["06"]}, application={"openPositions": 3}))
    assert row["municipality_codes"] == ["837", "980"]
    assert row["skill_uris"] == ["http://x/skill/1", "http://x/skill/2"]
    assert row["occupation_uris"] == ["http://data.europa.eu/esco/isco/C7212"]
    assert row["open_positions"] == 3


def test_erasing_takes_out_whole_lines_of_the_named_postings():
    other = posting()
    other["metadata"] = {**other["metadata"], "externalId": "ffffffff-1111-4222-8333-444455556666"}
    body = stored() + b"\n" + without_personal(orjson.dumps(other)) + b"\n"
    assert len(posting_ids(body)) == 2
    kept = without_postings(body, {"0f0e0d0c-1111-4222-8333-444455556666"})
    assert posting_ids(kept) == {"ffffffff-1111-4222-8333-444455556666"}
