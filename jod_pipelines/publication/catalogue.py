"""Pages for people: what a release holds, in Finnish, Swedish and English."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import jinja2
import polars as pl

from jod_pipelines.contracts.dictionary import TEMPLATES as DICTIONARY_TEMPLATES
from jod_pipelines.contracts.dictionary import page_name
from jod_pipelines.contracts.model import published_table
from jod_pipelines.publication.datapackage import ReleaseNote
from jod_pipelines.publication.plots import bar_plot, forecast_plot

PAGES = {"fi": "index.html", "sv": "index.sv.html", "en": "index.en.html"}
LISTED = 25
TOTAL = "SSS"
TEXTS: dict[str, dict[str, str]] = {
    "fi": {
        "title": "JOD-tietoalusta: julkaisu",
        "skip": "Siirry sisältöön",
        "synthetic": "Tämä julkaisu on tehty synteettisestä aineistosta. Luvut eivät kuvaa Suomea.",
        "real": "Tämä julkaisu on tehty todellisista aineistoista.",
        "as_of": "Aineisto ulottuu päivään",
        "created": "Julkaistu",
        "contents": "Sisältö",
        "dataset": "Aineisto",
        "rows": "Rivejä",
        "what": "Mitä se on",
        "files": "Muut tiedostot",
        "dictionary": "Mitä aineistojen sarakkeet tarkoittavat",
        "jobs": "Työmahdollisuudet",
        "education": "Koulutusmahdollisuudet",
        "name": "Nimi",
        "summary": "Tiivistelmä",
        "members": "Jäseniä",
        "of": "Suurimmat {shown}, kaikkiaan {total}.",
        "none": "Tässä julkaisussa ei ole näitä.",
        "forecast": "Avoimet työpaikat: ennuste",
        "forecast_alt": "Avoimet työpaikat koko maassa ja ennuste 80 ja 95 prosentin väleineen.",
        "accuracy": "Kuinka ennusteet osuvat",
        "level": "Taso",
        "model": "Malli",
        "months": "Kuukausia eteenpäin",
        "naive": "MASE, kausinaiivi",
        "sources": "Lähteet",
        "source": "Lähde",
        "state": "Tila",
        "fetched": "Haettu",
        "largest": "Suurimmat työmahdollisuudet, ilmoituksia",
    },
    "sv": {
        "title": "JOD-dataplattformen: utgåva",
        "skip": "Gå till innehållet",
        "synthetic": "Den här utgåvan är gjord av syntetiskt material. Siffrorna beskriver inte Finland.",
        "real": "Den här utgåvan är gjord av verkligt material.",
        "as_of": "Materialet sträcker sig till",
        "created": "Publicerad",
        "contents": "Innehåll",
        "dataset": "Dataset",
        "rows": "Rader",
        "what": "Vad det är",
        "files": "Övriga filer",
        "dictionary": "Vad datasetens kolumner betyder",
        "jobs": "Arbetsmöjligheter",
        "education": "Utbildningsmöjligheter",
        "name": "Namn",
        "summary": "Sammanfattning",
        "members": "Medlemmar",
        "of": "De {shown} största av {total}.",
        "none": "Den här utgåvan har inga.",
        "forecast": "Lediga platser: prognos",
        "forecast_alt": "Lediga platser i hela landet och prognosen med 80- och 95-procentsintervall.",
        "accuracy": "Hur prognoserna träffar",
        "level": "Nivå",
        "model": "Modell",
        "months": "Månader framåt",
        "naive": "MASE, säsongsnaiv",
        "sources": "Källor",
        "source": "Källa",
        "state": "Status",
        "fetched": "Hämtad",
        "largest": "De största arbetsmöjligheterna, annonser",
    },
    "en": {
        "title": "JOD data platform: release",
        "skip": "Skip to content",
        "synthetic": "This release is made from synthetic data. Its figures do not describe Finland.",
        "real": "This release is made from real data.",
        "as_of": "Data up to",
        "created": "Published",
        "contents": "Contents",
        "dataset": "Dataset",
        "rows": "Rows",
        "what": "What it is",
        "files": "Other files",
        "dictionary": "What the columns of the datasets mean",
        "jobs": "Job opportunities",
        "education": "Education opportunities",
        "name": "Name",
        "summary": "Summary",
        "members": "Members",
        "of": "The largest {shown} of {total}.",
        "none": "There are none in this release.",
        "forecast": "Open vacancies: forecast",
        "forecast_alt": "Open vacancies of the whole country and their forecast with 80 and 95 per cent intervals.",
        "accuracy": "How the forecasts do",
        "level": "Level",
        "model": "Model",
        "months": "Months ahead",
        "naive": "MASE, seasonal naive",
        "sources": "Sources",
        "source": "Source",
        "state": "State",
        "fetched": "Fetched",
        "largest": "Largest job opportunities, postings",
    },
}


def write_catalogue(folder: Path, note: ReleaseNote, datasets: dict[str, pl.DataFrame]) -> None:
    """Write the pages and their plots."""
    folder.mkdir()
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader([Path(__file__).parent / "templates", DICTIONARY_TEMPLATES]),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
    )
    template = environment.get_template("index.html.j2")
    for language, name in PAGES.items():
        page = template.render(
            language=language,
            pages=PAGES,
            page_name=page_name,
            t=TEXTS[language],
            note=note,
            plots=_write_plots(folder, datasets, language),
            datasets=_dataset_rows(datasets, language),
            kinds=[
                ("jobs", _largest(datasets["job_opportunity"], language), datasets["job_opportunity"].filter("active").height),
                (
                    "education",
                    _largest(datasets["education_opportunity"], language),
                    datasets["education_opportunity"].filter("active").height,
                ),
            ],
            evaluation=datasets["forecast_evaluation"].drop_nulls("coverage_80_pct").to_dicts(),
        )
        (folder / name).write_text(page, "utf-8")


def origin_notice(note: ReleaseNote) -> dict[str, str]:
    """The sentence on every page that says whether the figures are real, by language."""
    return {language: texts[note.data_origin] for language, texts in TEXTS.items()}


def _write_plots(folder: Path, datasets: dict[str, pl.DataFrame], language: str) -> dict[str, str]:
    """File name by plot of one language's page, for plots there is data for."""
    plots: dict[str, str] = {}
    forecast = datasets["forecast_vacancies"].filter((pl.col("region_code") == TOTAL) & (pl.col("occupation_code") == TOTAL))
    if len(forecast):
        nothing = pl.DataFrame(schema={"month": pl.Date(), "value": pl.Float64()})
        plots["forecast"] = "forecast.svg"
        (folder / plots["forecast"]).write_bytes(forecast_plot(nothing, forecast, ""))
    jobs = _largest(datasets["job_opportunity"], language)[:15]
    if jobs:
        plots["largest"] = f"largest.{language}.svg"
        (folder / plots["largest"]).write_bytes(bar_plot([row["title"] for row in jobs], [row["members"] for row in jobs], ""))
    return plots


def _dataset_rows(datasets: dict[str, pl.DataFrame], language: str) -> list[dict[str, Any]]:
    return [
        {"name": name, "rows": len(frame), "description": published_table(name).description.get(language, "")}
        for name, frame in sorted(datasets.items())
    ]


def _largest(opportunities: pl.DataFrame, language: str) -> list[dict[str, Any]]:
    ordered = opportunities.filter("active").sort("members", "opportunity_id", descending=[True, False]).head(LISTED)
    return ordered.select(title=f"title_{language}", summary=f"summary_{language}", members="members").to_dicts()
