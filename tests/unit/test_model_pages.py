"""The pages on models: maps that people can read, figures of releases, a card for every model, in three languages."""

import re
import xml.etree.ElementTree as ET
from datetime import date

import polars as pl
import pytest

from jod_pipelines.contracts.model import load_contracts, published_table
from jod_pipelines.model_versions import MODELS, Fit, model_rows
from jod_pipelines.publication.catalogue import ACCURACY_PAGES, MODEL_PAGES, PAGES, write_catalogue
from jod_pipelines.publication.datapackage import ReleaseNote
from jod_pipelines.publication.opportunity_map import COLOURS, INK, NEW, PLAIN, map_svg
from jod_pipelines.publication.plots import sizes_plot
from jod_pipelines.publication.retrospect_page import NEAREST
from jod_pipelines.settings import Settings

ISCO = "http://data.europa.eu/esco/isco/C"
GROUPS = ["2512", "2513", "3511", "2511", "2221", "3221", "5322", "9999"]
"""Four of computing, three of health, one of no group there is."""
IDS = [f"0000000{n}-0000-4000-8000-000000000000" for n in range(8)]


def frame(name, rows):
    table = published_table(name)
    return pl.DataFrame([{column: row.get(column) for column in table.polars_schema} for row in rows], schema=table.polars_schema)


def datasets(releases=3):
    """Eight job opportunities in two rows on the map, one of them new, and figures of some releases."""
    titles = [{f"title_{x}": f"Ammatti {n} <{x}>" for x in ("fi", "sv", "en")} for n in range(8)]
    jobs = [
        text | {"opportunity_id": key, "members": 10 + n, "active": True, "occupation_group_uri": f"{ISCO}{GROUPS[n]}"}
        for n, (key, text) in enumerate(zip(IDS, titles, strict=True))
    ]
    places = [
        {"opportunity_kind": "job", "opportunity_id": key, "x": n + 9.0 * (n > 3), "y": 0.5 * n} for n, key in enumerate(IDS)
    ]
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
    alternative = re.search(r'<svg [^>]*aria-label="([^"]+)"', page).group(1)
    assert "8 mahdollisuutta" in alternative
    assert "Ammatti 7 &lt;fi&gt;, 17" in alternative
    rows = re.search(r"<summary>Kartta taulukkona</summary>.*?</details>", page, re.DOTALL).group(0)
    assert rows.count("<tr") == 1 + len(IDS)
    area, near = re.search(r"Ammatti 0 &lt;fi&gt;</th>.*?<td>([^<]*)</td><td>([^<]*)</td></tr>", rows).groups()
    assert area == "Tietotekniikka"
    assert near.split("; ") == [f"Ammatti {n} &lt;fi&gt;" for n in range(1, 1 + NEAREST)]
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


WORDS = {"alternative": "Kartta", "members": "jäseniä:", "is_new": "uusi"}
NAMESPACE = {"svg": "http://www.w3.org/2000/svg"}


def crowd(count, areas=("Hoiva", "Metalli")):
    """Opportunities in as many heaps as there are areas, and one that is new and far away."""
    frame = pl.DataFrame({"opportunity_id": [f"i{n}" for n in range(count)], "title": [f"Nimi {n}" for n in range(count)]})
    turn, heap = pl.int_range(count) * 2.4, pl.int_range(count) % len(areas)
    return frame.with_columns(
        members=pl.int_range(count, 0, -1),
        x=(turn.cos() * pl.int_range(count).sqrt() + 40 * heap),
        y=turn.sin() * pl.int_range(count).sqrt(),
        is_new=pl.int_range(count) == count - 1,
        area=heap.replace_strict(dict(enumerate(areas)), return_dtype=pl.String),
    )


@pytest.mark.parametrize("count", [34, 64, 560])
def test_every_circle_can_be_pointed_at_and_stepped_to_and_its_name_read(count):
    points = crowd(count)
    svg = map_svg(points, "fi", words=WORDS, page="index.html")
    assert svg == map_svg(points.reverse(), "fi", words=WORDS, page="index.html")
    root = ET.fromstring(svg)
    links = root.findall("svg:a", NAMESPACE)
    assert {link.get("href") for link in links} == {f"index.html#o-i{n}" for n in range(count)}
    titles = [link.find("svg:circle/svg:title", NAMESPACE).text for link in links]
    assert titles == [link.get("aria-label") for link in links]
    assert titles[0] == f"Nimi 0 · Hoiva · jäseniä: {count}"
    assert [title for title in titles if "uusi" in title] == [f"Nimi {count - 1} · uusi · Metalli · jäseniä: 1"]
    radii = [float(link.find("svg:circle", NAMESPACE).get("r")) for link in links]
    assert radii == sorted(radii, reverse=True) and radii[0] > 4 * radii[-1]


def test_the_row_a_circle_leads_to_is_in_the_page(written):
    for page in ("index.html", "index.sv.html", "index.en.html"):
        links = re.findall(r'<a href="([^"#]*)#(o-[^"]+)" aria-label', written[page])
        assert len(links) == len(IDS) and {name for name, _ in links} == {page}
        assert all(f'<tr id="{anchor}">' in written[page] for _, anchor in links)
    names = re.findall(r'data-area="([^"]+)"', written["index.en.html"])
    assert set(names) == {"Information technology", "Health and care"}
    assert "<td>–</td>" in written["index.en.html"]  # no area for a group there is not


def boxes(svg, size):
    """Boxes of the texts of a size, a little narrower than they are drawn."""
    found = []
    for text in ET.fromstring(svg).iterfind(".//svg:text", NAMESPACE):
        if text.get("font-size") == str(size):
            width, x, y = 0.5 * size * len(text.text), float(text.get("x")), float(text.get("y"))
            left = x - {"start": 0, "middle": width / 2, "end": width}[text.get("text-anchor")]
            found.append((text.text, left, y - 0.7 * size, left + width, y))
    return found


@pytest.mark.parametrize("count", [34, 64, 560])
def test_names_lie_neither_on_each_other_nor_outside_and_areas_are_named_where_they_are(count):
    points = crowd(count)
    svg = map_svg(points, "fi", words=WORDS)
    areas, names = boxes(svg, 17), boxes(svg, 12)
    _, _, width, height = map(float, ET.fromstring(svg).get("viewBox").split())
    written = [*areas, *names]
    for place, (_, left, top, right, bottom) in enumerate(written):
        assert min(left, top) >= 0 and right <= width and bottom <= height
        others = written[place + 1 :]
        assert not any(left < other[3] and other[1] < right and top < other[4] and other[2] < bottom for other in others)
    where = {name: left for name, left, *_ in areas}
    assert where["Hoiva"] < width / 2 < where["Metalli"]
    assert 10 <= len(names) <= (count if count < 100 else 28)
    named = {int(name.split()[1]) for name, *_ in names}
    assert max(named) < (count if count < 100 else 28)


def test_an_area_that_lies_everywhere_is_not_named_and_has_no_colour():
    mixed = crowd(120).with_columns(area=pl.Series([f"Ala {n * 7 % 12}" for n in range(120)]))
    svg = map_svg(mixed.with_columns(x=pl.int_range(120) % 11 * 0.1, y=pl.int_range(120) // 11 * 0.1), "fi", words=WORDS).decode()
    assert "data-area" not in svg
    assert svg.count(f'fill="{PLAIN[0]}"') == 119  # all but the new one
    one = crowd(30, areas=("Hoiva",))
    assert map_svg(one, "fi", words=WORDS).decode().count("data-area") == 1


def luminance(colour):
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def test_texts_and_edges_stand_out():
    """WCAG 2.2: 4.5 to 1 for text on white, 3 to 1 for what must be seen: an edge beside white and beside its own fill."""
    for fill, edge in (*COLOURS, PLAIN, ("#ffffff", NEW), ("#ffffff", INK)):
        assert 1.05 / (luminance(edge) + 0.05) >= 4.5
        assert (luminance(fill) + 0.05) / (luminance(edge) + 0.05) >= 3
    assert len({fill for fill, _ in COLOURS}) == len(COLOURS)


def test_sizes_far_apart_are_put_in_classes():
    assert "5–9" in (far := boxes_of(sizes_plot([5, 6, 9, 40, 300], "fi").decode()))
    assert "3" in far
    assert {"5", "6", "7"} <= set(boxes_of(sizes_plot([5, 5, 6, 7], "fi").decode()))
