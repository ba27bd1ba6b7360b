"""The pages on models: maps that people can read, figures of releases, a card for every model, in three languages."""

import re
from datetime import date

import polars as pl
import pytest

from jod_pipelines.contracts.model import load_contracts, published_table
from jod_pipelines.model_versions import MODELS, Fit, model_rows
from jod_pipelines.publication.catalogue import ACCURACY_PAGES, MODEL_PAGES, PAGES, write_catalogue
from jod_pipelines.publication.datapackage import ReleaseNote
from jod_pipelines.publication.plots import map_plot, sizes_plot
from jod_pipelines.publication.retrospect_page import NEAREST
from jod_pipelines.settings import Settings

IDS = [f"0000000{n}-0000-4000-8000-000000000000" for n in range(8)]


def frame(name, rows):
    table = published_table(name)
    return pl.DataFrame([{column: row.get(column) for column in table.polars_schema} for row in rows], schema=table.polars_schema)


def datasets(releases=3):
    """Eight job opportunities in a row on the map, one of them new, and figures of some releases."""
    titles = [{f"title_{x}": f"Ammatti {n} <{x}>" for x in ("fi", "sv", "en")} for n in range(8)]
    jobs = [
        text | {"opportunity_id": key, "members": 10 + n, "active": True}
        for n, (key, text) in enumerate(zip(IDS, titles, strict=True))
    ]
    places = [{"opportunity_kind": "job", "opportunity_id": key, "x": float(n), "y": 0.5 * n} for n, key in enumerate(IDS)]
    history = [
        {"release_id": f"r{n}", "release_number": n, "opportunity_kind": "job", "as_of": date(2026, n, 1), "opportunities": 8}
        | {"items": 100, "grouped_items": 90, "unclustered_pct": 10.0, "median_members": 11.0, "largest_members": 17}
        | ({"ids_kept_pct": 97.5, "members_moved_pct": 1.5, "size_drift_pct": 3.0, "skill_drift": 0.05} if n > 1 else {})
        for n in range(1, releases + 1)
    ]
    minted = {"release_id": "r3", "opportunity_kind": "job", "opportunity_id": IDS[3], "event": "minted", "from_ids": []}
    filled = {
        "job_opportunity": frame("job_opportunity", jobs),
        "opportunity_map": frame("opportunity_map", places),
        "opportunity_evaluation": frame("opportunity_evaluation", history),
        "opportunity_lineage": frame("opportunity_lineage", [minted]),
        "model": model_rows(Settings(), {}, {model.name: Fit(5, {"clusters": 3, "mase": 0.91}) for model in MODELS}),
    }
    return {name: frame(name, []) for name in load_contracts()["published"]} | filled


def pages(folder, found):
    note = ReleaseNote("r3", "2026-11-01T00:00:00+00:00", "synthetic", "2026-11-01", "f", None, (), ())
    write_catalogue(folder, note, found, pl.DataFrame(schema={"month": pl.Date, "value": pl.Float64}))
    return {path.name: path.read_text("utf-8") for path in folder.iterdir()}


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    return pages(tmp_path_factory.mktemp("pages") / "catalogue", datasets())


def test_the_map_is_told_in_words_and_as_a_table_too(written):
    page = written["index.html"]
    alternative = re.search(r'<img src="map_job.fi.svg" alt="([^"]+)"', page).group(1)
    assert "8 mahdollisuutta" in alternative
    assert "Ammatti 7 &lt;fi&gt;, 17" in alternative
    rows = re.search(r"<summary>Kartta taulukkona</summary>.*?</details>", page, re.DOTALL).group(0)
    assert rows.count("<tr>") == 1 + len(IDS)
    near = re.search(r"Ammatti 0 &lt;fi&gt;</th>.*?<td>([^<]*)</td></tr>", rows).group(1).split("; ")
    assert near == [f"Ammatti {n} &lt;fi&gt;" for n in range(1, 1 + NEAREST)]
    assert re.findall(r"Ammatti (\d) &lt;fi&gt; \(uusi\)", rows) == ["3"]


def test_in_the_first_release_nothing_is_called_new(tmp_path):
    page = pages(tmp_path / "catalogue", datasets(releases=1))["index.html"]
    assert "(uusi)" not in page


def test_figures_of_releases_the_newest_first(written):
    page = written["models.en.html"]
    assert re.findall(r'<th scope="row" class="release">(r\d)</th>', page) == ["r3", "r2", "r1"]
    newest = re.search(r">r3</th>(.*?)</tr>", page).group(1)
    assert re.findall(r'"number">([^<]*)<', newest) == ["8", "10.0", "11.0", "97.5", "98.5", "3.0", "5.0", "–"]
    assert "Education opportunities" not in page  # there never were any
    assert {"steady_job.en.svg", "drift_job.en.svg"} <= set(written)


def test_one_release_has_no_lines_to_draw(tmp_path):
    assert not {name for name in pages(tmp_path / "catalogue", datasets(releases=1)) if name.startswith(("steady", "drift"))}


@pytest.mark.parametrize("language", MODEL_PAGES)
def test_every_model_has_its_card(written, language):
    page = written[MODEL_PAGES[language]]
    assert re.findall(r'<h3 id="(\w+)">', page)[0] == "skill_recogniser"
    assert set(re.findall(r'<h3 id="(\w+)">', page)) == {model.name for model in MODELS}
    assert f'<html lang="{language}">' in page
    decimal = "0.91" if language == "en" else "0,91"
    assert page.count(f"MASE: {decimal}") == len(MODELS)


@pytest.mark.parametrize(("language", "word"), [("fi", "Kielet"), ("sv", "Språk"), ("en", "Languages")])
def test_the_choice_of_language_is_named_in_the_language_of_the_page(written, language, word):
    for names in (PAGES, MODEL_PAGES, ACCURACY_PAGES):
        assert f'<nav aria-label="{word}">' in written[names[language]]


def test_every_picture_has_a_text_and_is_there(written):
    for name, page in written.items():
        if name.endswith(".html"):
            pictures = re.findall(r'<img src="([^"]+)" alt="([^"]*)"', page)
            assert len(pictures) == page.count("<img")
            assert all(file in written and alternative for file, alternative in pictures)


def boxes_of(svg: str) -> list[str]:
    return re.findall(r"<text[^>]*>([^<]+)</text>", svg)


def test_names_are_left_out_where_they_would_lie_on_each_other():
    crowd = pl.DataFrame({"title": [f"Nimi {n}" for n in range(60)], "members": list(range(60, 0, -1))}).with_columns(
        x=pl.int_range(60) % 8 * 0.01, y=pl.int_range(60) // 8 * 0.01, is_new=pl.lit(False)
    )
    crowd = crowd.vstack(
        pl.DataFrame({"title": ["Kaukana"], "members": [1], "x": [9.0], "y": [9.0], "is_new": [True]}, schema=crowd.schema)
    )
    named = boxes_of(map_plot(crowd, "fi").decode())
    assert "Nimi 0" in named
    assert "Kaukana" in named
    assert len(named) < 30


def test_sizes_far_apart_are_put_in_classes():
    assert "5–9" in (far := boxes_of(sizes_plot([5, 6, 9, 40, 300], "fi").decode()))
    assert "3" in far
    assert {"5", "6", "7"} <= set(boxes_of(sizes_plot([5, 5, 6, 7], "fi").decode()))
