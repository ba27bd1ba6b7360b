import polars as pl
import pytest

from jod_pipelines.skills import SkillRecogniser
from jod_pipelines.skills.words import forms, lemma, sentences

LABELS = pl.DataFrame(
    [
        ("u:weld", "fi", "hitsata teräsrakenteita", "preferred"),
        ("u:weld", "sv", "svetsa stålkonstruktioner", "preferred"),
        ("u:weld", "en", "weld steel structures", "preferred"),
        ("u:lead", "fi", "johtaa projekteja", "preferred"),
        ("u:service", "fi", "asiakaspalvelu", "preferred"),
        ("u:security", "fi", "tietoturva", "preferred"),
        ("u:test", "fi", "ohjelmistotestaus", "preferred"),
        ("u:autotest", "fi", "automaattinen ohjelmistotestaus", "preferred"),
        ("u:finnish", "fi", "suomi", "preferred"),
        ("u:java", "fi", "Java (tietokoneohjelmointi)", "preferred"),
        ("u:java", "en", "Java", "alternative"),
        ("u:twin1", "fi", "ratkaista ongelmia", "preferred"),
        ("u:twin2", "fi", "ratkaista ongelmia", "preferred"),
    ],
    schema=["skill_uri", "language", "label", "kind"],
    orient="row",
)


@pytest.fixture(scope="module")
def recogniser():
    return SkillRecogniser(LABELS)


def found(recogniser, text, language="fi"):
    return recogniser.recognise([text], [language])["skill_uri"].to_list()


@pytest.mark.parametrize(
    ("text", "language", "uris"),
    [
        ("Työssä hitsataan suuria teräsrakenteita.", "fi", ["u:weld"]),
        ("Arvostamme kokemusta teräsrakenteiden hitsaamisesta", "fi", ["u:weld"]),
        ("Du svetsar stålkonstruktioner.", "sv", ["u:weld"]),
        ("Experience in welding steel structures", "en", ["u:weld"]),
        ("Osaat projektijohtamista", "fi", ["u:lead"]),
        ("Projektien johtamisen taidot", "fi", ["u:lead"]),
        ("Hyvä asiakaspalveluosaaminen", "fi", ["u:service"]),
        ("tietoturvan perusteet", "fi", ["u:security"]),
        ("Teet automaattista ohjelmistotestausta", "fi", ["u:autotest"]),
        ("Hallitset Javan", "fi", []),
        ("Java on tuttu", "fi", ["u:java"]),
        ("Osaat ratkaista ongelmia", "fi", ["u:twin1", "u:twin2"]),
    ],
)
def test_skills_are_found_in_other_words_orders_and_forms(recogniser, text, language, uris):
    assert found(recogniser, text, language) == uris


def test_a_country_is_not_a_language_skill(recogniser):
    assert found(recogniser, "Työpaikka sijaitsee Suomessa") == []
    assert found(recogniser, "Puhut sujuvasti suomea") == ["u:finnish"]


def test_a_denied_requirement_is_not_a_skill(recogniser):
    assert found(recogniser, "Tehtävä ei edellytä kokemusta tietoturvasta. Asiakaspalvelu on tärkeää.") == ["u:service"]


def test_words_of_different_sentences_do_not_make_a_skill(recogniser):
    assert found(recogniser, "Osaat hitsata. Teräsrakenteita valmistetaan muualla.") == []


def test_evidence_is_where_the_words_stand(recogniser):
    text = "Hyvä! Tietoturvan osaaminen."
    row = recogniser.recognise([text], ["fi"]).row(0, named=True)
    assert text[row["start"] : row["end"]] == "Tietoturvan"
    assert (row["method"], row["score"], row["text_id"]) == ("preferred", 1.0, 0)


def test_results_are_typed_sorted_and_only_known_uris(recogniser):
    frame = recogniser.recognise(["tietoturva ja asiakaspalvelu", "", "x"], ["fi", "sv", "en"])
    assert frame["skill_uri"].to_list() == ["u:security", "u:service"]
    assert set(frame["skill_uri"]) <= set(LABELS["skill_uri"])
    assert recogniser.recognise([], []).schema == frame.schema


def test_compounds_are_not_cut_to_their_first_part():
    assert lemma("liiketoimintamalli", "fi") == "liiketoimintamalli"
    assert lemma("teräsrakenteiden", "fi") == "teräsrakenne"
    assert "johtaa" in forms("projektijohtaminen", "fi")


def test_sentences_keep_places():
    words = [word for sentence in sentences("Yksi kaksi. Kolme", "fi") for word in sentence]
    assert [("Yksi kaksi. Kolme"[w.start : w.end]) for w in words] == ["Yksi", "kaksi", "Kolme"]


@pytest.mark.recorded
@pytest.mark.slow
def test_real_esco_is_read_from_its_folder(recorded):
    real = SkillRecogniser.from_esco(recorded / "esco")
    frame = real.recognise(["write Basque and use databases", "Osaat hallita tietokantoja"], ["en", "fi"])
    assert len(frame)
    assert frame["skill_uri"].str.starts_with("http://data.europa.eu/esco/skill/").all()
