import polars as pl
import pytest

from jod_pipelines.skills import SkillRecogniser
from jod_pipelines.skills.recogniser import SAID_OTHERWISE
from jod_pipelines.skills.words import forms, lemma, modifiers, sentences

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


def test_texts_taken_one_at_a_time_give_the_same(recogniser, monkeypatch):
    texts = [
        "Osaat projektijohtamista",
        "Du svetsar stålkonstruktioner.",
        "Hyvä asiakaspalveluosaaminen",
        "Osaat ratkaista ongelmia",
    ]
    languages = ["fi", "sv", "fi", "fi"]
    at_once = recogniser.recognise(texts, languages)
    assert at_once["text_id"].unique().sort().to_list() == [0, 1, 2, 3]
    monkeypatch.setattr("jod_pipelines.skills.recogniser.TEXTS_AT_ONCE", 1)
    assert recogniser.recognise(texts, languages).equals(at_once)


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


ENGINEERING = "http://data.europa.eu/esco/skill/209a5498-3449-4689-8ed9-bd08cab4fd78"


@pytest.fixture(scope="module")
def with_phrases():
    """One skill that has phrases of our own, two with one label in different groups, and their neighbours."""
    rows = [
        (ENGINEERING, "teknisen suunnittelun periaatteet"),
        ("u:law1", "työlainsäädäntö"),
        ("u:law2", "työlainsäädäntö"),
        ("u:pay", "palkanlaskenta"),
        ("u:clients", "hallita asiakassuhteita"),
        ("u:projects", "projektinhallinta"),
        ("u:data", "hallita tietoja"),
    ]
    labels = pl.DataFrame(
        [(uri, "fi", label, "preferred") for uri, label in rows],
        schema=["skill_uri", "language", "label", "kind"],
        orient="row",
    )
    groups = {"u:law1": "g:office", "u:pay": "g:office", "u:law2": "g:courts"}
    broader = pl.DataFrame(list(groups.items()), schema=["skill_uri", "broader_uri"], orient="row")
    return SkillRecogniser(labels, broader)


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Koulutus on tarkoitettu asiakaspalvelun ammattilaisille", "fi"),
        ("Asiakaspalvelu muuttuu nopeasti", "fi"),
        ("Yhä useampi yritys tarvitsee tietoturvaa", "fi"),
        ("Opinnäytetyön voi tehdä tietoturvasta", "fi"),
        ("Tutkinnon jälkeen voit jatkaa opintoja, aiheena tietoturva", "fi"),
        ("Utbildningen riktar sig till den som vill svetsa stålkonstruktioner", "sv"),
        ("Exempel på arbetsgivare är de som svetsar stålkonstruktioner", "sv"),
        ("Applicants have experience in welding steel structures", "en"),
        ("The need to weld steel structures is growing", "en"),
    ],
)
def test_what_is_said_of_applicants_workplaces_the_world_and_studying_is_no_skill(recogniser, text, language):
    assert found(recogniser, text, language) == []


def test_what_work_needs_is_a_skill(recogniser):
    assert found(recogniser, "Työssä tarvitaan asiakaspalvelua") == ["u:service"]
    assert found(recogniser, "Tehtävä edellyttää asiakaspalvelua") == ["u:service"]


def test_labels_of_everyday_words_say_nothing():
    labels = pl.DataFrame(
        {"skill_uri": ["u:care", "u:tell", "u:weld"], "label": ["terveydenhuolto", "tarjota tietoa", "hitsaus"]}
    )
    wide = SkillRecogniser(labels.select("skill_uri", language=pl.lit("fi"), label="label", kind=pl.lit("preferred")))
    assert found(wide, "Työ on terveydenhuoltoa ja hitsausta ja tarjoaa tietoa") == ["u:weld"]


def test_a_preferred_label_wins_over_another_skills_alternative_at_one_place():
    rows = [("u:projects", "project management", "preferred"), ("u:commission", "project management", "alternative")]
    labels = pl.DataFrame([(uri, "en", label, kind) for uri, label, kind in rows], schema=LABELS.columns, orient="row")
    assert found(SkillRecogniser(labels), "You learn project management", "en") == ["u:projects"]


def test_phrases_of_our_own_say_a_skill_in_other_words(with_phrases):
    row = with_phrases.recognise(["Työ on tuotesuunnittelua ja testausta."], ["fi"]).row(0, named=True)
    assert (row["skill_uri"], row["method"], row["score"]) == (ENGINEERING, "synonym", 0.7)


def test_the_title_of_a_degree_says_what_its_holders_have_learnt(with_phrases):
    row = with_phrases.recognise(["Insinööri (AMK), konetekniikka"], ["fi"]).row(0, named=True)
    assert (row["skill_uri"], row["method"], row["start"], row["end"]) == (ENGINEERING, "title", 0, 9)


def test_phrases_for_unknown_skills_find_nothing(recogniser):
    assert found(recogniser, "Työ on tuotekehitystä") == []


def test_of_two_concepts_with_one_label_the_other_skills_decide(with_phrases):
    assert found(with_phrases, "Palkanlaskenta ja työlainsäädäntö ovat tuttuja") == ["u:law1", "u:pay"]
    alone = with_phrases.recognise(["Työlainsäädäntö on tuttua"], ["fi"])
    assert alone.select("skill_uri", "score").rows() == [("u:law1", 0.5), ("u:law2", 0.5)]


def test_the_first_part_of_a_compound_alone_says_nothing(with_phrases):
    assert found(with_phrases, "Hallitset asiakassuhteet") == ["u:clients"]
    assert found(with_phrases, "Asiakassuhteiden hallinta") == ["u:clients"]
    assert found(with_phrases, "Hallitset tietoverkkoja") == []
    assert found(with_phrases, "Hallitset paikkatietoja") == ["u:data"]
    assert "asiakas" in modifiers("asiakassuhde", "fi")
    assert modifiers("suhde", "fi") == frozenset()


def test_a_label_is_said_within_one_clause(with_phrases):
    assert found(with_phrases, "Hallitset kielet, asiakassuhteet hoitaa muu") == []


def test_a_sentence_that_has_all_words_of_a_label_close_together_is_like_it(with_phrases):
    text = "Opit projektien hallintaa"
    row = with_phrases.recognise([text], ["fi"]).row(0, named=True)
    assert (row["skill_uri"], row["method"], text[row["start"] : row["end"]]) == (
        "u:projects",
        "likeness",
        "projektien hallintaa",
    )
    assert row["score"] == pytest.approx(0.6)
    assert found(with_phrases, "Opit projektien laajaa ja kansainvälistä ja monipuolista hallintaa") == []


def test_english_alternatives_count_in_their_order_only():
    labels = pl.DataFrame(
        [
            ("u:engineers", "en", "liaise with engineers", "preferred"),
            ("u:engineers", "en", "work with engineers", "alternative"),
        ],
        schema=["skill_uri", "language", "label", "kind"],
        orient="row",
    )
    english = SkillRecogniser(labels)
    assert found(english, "You work with engineers", "en") == ["u:engineers"]
    assert found(english, "Engineers can work anywhere", "en") == []


def test_phrases_are_well_formed():
    phrases = pl.read_csv(SAID_OTHERWISE)
    assert phrases.columns == ["skill_uri", "skill", "kind", "language", "phrase"]
    assert phrases.null_count().sum_horizontal().item() == 0
    assert phrases.is_duplicated().sum() == 0
    assert set(phrases["kind"]) == {"synonym", "title"}
    assert set(phrases["language"]) == {"fi", "sv", "en"}
    assert phrases["skill_uri"].str.starts_with("http://data.europa.eu/esco/skill/").all()
