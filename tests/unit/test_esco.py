"""ESCO and FINESCO in each layout: by column name, from folders and packs, and from version to version."""

import gzip
import io
import zipfile

import httpx
import orjson
import polars as pl
import pytest

from jod_pipelines.errors import SourceError
from jod_pipelines.ingest import ingest, read_typed
from jod_pipelines.landing.archive import Document
from jod_pipelines.platform import Platform
from jod_pipelines.settings import load_settings
from jod_pipelines.sources import all_resources
from jod_pipelines.sources.esco import parse

ESCO = "http://data.europa.eu/esco"
WELDER, SOLVE, SOLVE_TOO = f"{ESCO}/occupation/1", f"{ESCO}/skill/1", f"{ESCO}/skill/2"
OLD = f"conceptType,conceptUri,iscoGroup,preferredLabel,altLabels,description\nOccupation,{WELDER},7212,hitsaaja,,\n"
NEW = (
    "conceptType,conceptUri,iscoGroup,preferredLabel,altLabels,hiddenLabels,status,modifiedDate,regulatedProfessionNote,"
    "scopeNote,definition,inScheme,description,code,naceCode\n"
    f'Occupation,{WELDER},7212,hitsaaja,"levyseppähitsaaja\nputkihitsaaja\r\nhitsaaja",,released,2024-05-15,,,,'
    f'"{ESCO}/a, \n{ESCO}/b",Hitsaa.,7212.1,\n'
)
SKILLS = (
    "conceptType,conceptUri,skillType,reuseLevel,preferredLabel,altLabels\n"
    f"KnowledgeSkillCompetence,{SOLVE},skill/competence,transversal,ratkaista ongelmia,\n"
    f"KnowledgeSkillCompetence,{SOLVE_TOO},skill/competence,transversal,ratkaista ongelmia,\n"
)
GROUPS = (
    "conceptType,conceptUri,code,preferredLabel\n"
    f"ISCOGroup,{ESCO}/isco/C0110,0110,Upseerit\nISCOGroup,{ESCO}/isco/C7212,7212,Hitsaajat\n"
)


def read(**files):
    documents = [Document(name, body.encode() if isinstance(body, str) else body, "") for name, body in files.items()]
    return parse(documents)


def rows(parsed, table, *columns):
    return set(parsed.tables[table].select(columns).iter_rows())


@pytest.mark.parametrize(
    ("name", "body", "alternatives"),
    [
        ("occupations_fi_v1.0.3.csv", OLD, set()),
        ("occupations_fi.csv", NEW, {"levyseppähitsaaja", "putkihitsaaja"}),
        ("occupations_fi_v1.2.0.csv", "\ufeff" + NEW, {"levyseppähitsaaja", "putkihitsaaja"}),
    ],
)
def test_each_layout_is_read_by_column_name(name, body, alternatives):
    parsed = read(**{name: body})
    assert not parsed.unreadable
    assert rows(parsed, "concept", "concept_uri", "concept_type", "code") == {(WELDER, "occupation", "7212")}
    labels = {("preferred", "hitsaaja"), *(("alternative", label) for label in alternatives)}
    assert rows(parsed, "label", "kind", "label") == labels


@pytest.mark.parametrize("name", ["occupationSkillRelations.csv", "occupationSkillRelations_fi.csv"])
def test_relations_are_read_with_and_without_a_language_in_the_name_and_labels_in_the_file(name):
    relations = f"occupationUri,occupationLabel,relationType,skillType,skillUri,skillLabel\n{WELDER},x,essential,y,{SOLVE},z\n"
    parsed = read(**{"occupations_fi.csv": NEW, "skills_fi.csv": SKILLS, name: relations})
    assert rows(parsed, "occupation_skill", "occupation_uri", "skill_uri", "essential") == {(WELDER, SOLVE, True)}


def test_two_concepts_may_share_a_label_and_codes_keep_their_zeros():
    parsed = read(**{"skills_fi.csv": SKILLS, "ISCOGroups_fi_v1.0.3.csv": GROUPS})
    assert rows(parsed, "label", "concept_uri", "label") >= {(SOLVE, "ratkaista ongelmia"), (SOLVE_TOO, "ratkaista ongelmia")}
    assert (f"{ESCO}/isco/C0110", "0110") in rows(parsed, "concept", "concept_uri", "code")


def test_a_concept_may_have_several_parents_and_one_that_nothing_describes_is_set_apart():
    broader = "conceptType,conceptUri,broaderType,broaderUri\n" + "".join(
        f"x,{SOLVE},y,{parent}\n" for parent in (SOLVE_TOO, f"{ESCO}/isco/C7212", f"{ESCO}/skill/gone")
    )
    parsed = read(**{"skills_fi.csv": SKILLS, "ISCOGroups_fi.csv": GROUPS, "broaderRelationsSkillPillar_fi.csv": broader})
    assert rows(parsed, "broader", "broader_uri") == {(SOLVE_TOO,), (f"{ESCO}/isco/C7212",)}
    assert rows(parsed, "dangling", "relation", "from_uri", "missing_uri") == {("broader", SOLVE, f"{ESCO}/skill/gone")}
    assert parsed.notes == ["1 relations name a concept that no file describes; see table dangling"]


def test_finesco_holds_national_concepts_and_isced_groups():
    national = "http://data.tyomarkkinatori.fi/esco/occupation/9"
    occupations = [
        {"uri": f"{ESCO}/isco/C7212", "notation": "7212", "prefLabel": {"fi": "Hitsaajat", "sv": "Svetsare"}, "broader": []},
        {"uri": national, "prefLabel": {"fi": "saunamajuri", "de": "Saunameister"}, "broader": [f"{ESCO}/isco/C7212"]},
    ]
    skills = [{"uri": f"{ESCO}/isced-f/0111", "notation": "0111", "prefLabel": {"fi": "Kasvatustieteet"}}]
    parsed = read(**{"occupations_isco_fi_sv_en.json": orjson.dumps(occupations), "skills_fi_sv_en.json": orjson.dumps(skills)})
    assert rows(parsed, "concept", "concept_uri", "concept_type", "code") == {
        (f"{ESCO}/isco/C7212", "isco_group", "7212"),
        (national, "occupation", None),
        (f"{ESCO}/isced-f/0111", "skill_group", "0111"),
    }
    assert rows(parsed, "broader", "concept_uri", "broader_uri") == {(national, f"{ESCO}/isco/C7212")}
    assert rows(parsed, "label", "language") == {("fi",), ("sv",)}


def pack(**files):
    body = io.BytesIO()
    with zipfile.ZipFile(body, "w") as archive:
        for name, text in files.items():
            archive.writestr(name, text)
    return body.getvalue()


def test_a_pack_says_its_version_where_its_files_do_not():
    body = pack(
        **{"ESCO v1.2.0 - fi/occupations_fi.csv": NEW, "readme.txt": "x", "skills_fi.csv.gz": gzip.compress(SKILLS.encode())}
    )
    parsed = read(**{"dataset.zip": body})
    assert rows(parsed, "concept", "concept_uri", "version") == {(WELDER, "1.2.0"), (SOLVE, None), (SOLVE_TOO, None)}


def test_a_file_with_rows_of_another_width_is_named():
    parsed = read(**{"skills_fi.csv": SKILLS + "a,b,c,d,e,f,g,h,i\n"})
    assert list(parsed.unreadable) == ["skills_fi.csv"]


def land(home, source, label):
    settings = load_settings(home=home, sources="live", esco_folder=source)
    platform = Platform(settings, httpx.MockTransport(lambda request: httpx.Response(500)))
    return ingest(next(r for r in all_resources(settings) if r.label == label), platform), platform


def test_a_new_version_is_told_concept_by_concept(tmp_path):
    folder, home = tmp_path / "esco", tmp_path / "home"
    folder.mkdir()
    (folder / "skills_fi_v1.1.1.csv").write_text(SKILLS)
    land(home, folder, "esco/classification")
    outcome, _ = land(home, folder, "esco/changes")
    assert (outcome.rows, outcome.message) == ({"esco_change": 0}, "")
    assert land(home, folder, "esco/changes")[0].status == "unchanged"

    (folder / "skills_fi_v1.1.1.csv").unlink()
    newer = SKILLS.replace(SOLVE_TOO, f"{ESCO}/skill/3").replace("ratkaista ongelmia", "ratkoa pulmia", 1)
    (folder / "ESCO dataset - v1.2.0 - fi.zip").write_bytes(pack(**{"skills_fi.csv": newer}))
    land(home, folder, "esco/classification")
    outcome, platform = land(home, folder, "esco/changes")
    assert outcome.message == "0002 1.2.0: 1 added, 1 gone, 1 renamed concepts; see table esco_change"
    changes = read_typed(platform, "esco/changes", "esco_change").collect()
    assert set(changes.select("concept_uri", "change", "label_fi_before", "label_fi_after").iter_rows()) == {
        (SOLVE, "renamed", "ratkaista ongelmia", "ratkoa pulmia"),
        (SOLVE_TOO, "gone", "ratkaista ongelmia", None),
        (f"{ESCO}/skill/3", "added", None, "ratkaista ongelmia"),
    }
    assert changes["source_document"].unique().to_list() == ["0002 1.2.0"]
    assert set(changes.select("change", "version_before", "version_after").iter_rows()) == {
        ("renamed", "1.1.1", "1.2.0"),
        ("gone", "1.1.1", None),
        ("added", None, "1.2.0"),
    }


def test_a_concept_has_what_the_files_of_its_newest_version_say_together():
    """The list in JSON has codes and no kinds, the CSV kinds and no codes; an older file adds nothing to either."""
    listed = [{"uri": SOLVE, "notation": "S1.1", "prefLabel": {"fi": "ratkaista ongelmia"}}]
    older = SKILLS.replace("altLabels\n", "altLabels,status\n").replace("ongelmia,\n", "ongelmia,,released\n")
    parsed = read(
        **{
            "skills_fi_sv_en_v1.1.1.json": orjson.dumps(listed),
            "skills_fi_v1.1.1.csv": SKILLS,
            "skills_fi_v1.0.3.csv": older,
        }
    )
    assert rows(parsed, "concept", "concept_uri", "code", "skill_type", "status", "version") == {
        (SOLVE, "S1.1", "skill/competence", None, "1.1.1"),
        (SOLVE_TOO, None, "skill/competence", None, "1.1.1"),
    }


def test_a_folder_without_a_download_is_said_so(tmp_path):
    (tmp_path / "esco").mkdir()
    with pytest.raises(SourceError, match="holds no file of an ESCO download"):
        land(tmp_path / "home", tmp_path / "esco", "esco/classification")


@pytest.mark.recorded
def test_the_recorded_versions_are_read_whole_and_what_dangles_is_told(recorded, tmp_path):
    outcome, platform = land(tmp_path, recorded / "esco", "esco/classification")
    assert not outcome.quarantined
    assert {table: outcome.rows[table] for table in ("occupation_skill", "skill_skill", "dangling")} == {
        "occupation_skill": 123_855,
        "skill_skill": 5_899,
        "dangling": 7,
    }
    parents = read_typed(platform, "esco/classification", "broader").group_by("concept_uri").len().filter(pl.col("len") > 1)
    assert len(parents.collect()) > 4_000
    assert outcome.message == "7 relations name a concept that no file describes; see table dangling"
