"""Pages for people: what a release holds, in Finnish, Swedish and English."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import jinja2
import polars as pl

from jod_pipelines.contracts.dictionary import TEMPLATES as DICTIONARY_TEMPLATES
from jod_pipelines.contracts.dictionary import page_name
from jod_pipelines.contracts.model import published_table
from jod_pipelines.forecasting.evaluation import ISSUED
from jod_pipelines.forecasting.vintages import PUBLISHED
from jod_pipelines.publication.accuracy_page import accuracy_parts
from jod_pipelines.publication.datapackage import ReleaseNote
from jod_pipelines.publication.plots import HISTORY_MONTHS, bar_plot, forecast_plot
from jod_pipelines.publication.retrospect_page import FIGURES, evaluation_parts, model_cards, write_maps
from jod_pipelines.publication.wording import NAMES, TEXTS, day, number

PAGES = {"fi": "index.html", "sv": "index.sv.html", "en": "index.en.html"}
ACCURACY_PAGES = {"fi": "accuracy.html", "sv": "accuracy.sv.html", "en": "accuracy.en.html"}
MODEL_PAGES = {"fi": "models.html", "sv": "models.sv.html", "en": "models.en.html"}
LISTED = 25
TOTAL = "SSS"


def write_catalogue(folder: Path, note: ReleaseNote, datasets: dict[str, pl.DataFrame], history: pl.DataFrame) -> None:
    """Write the pages and their plots.

    Args:
        history: month, value: open vacancies of the whole country, what the forecast goes on from.
    """
    folder.mkdir()
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader([Path(__file__).parent / "templates", DICTIONARY_TEMPLATES]),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
    )
    environment.filters |= {"number": number, "day": day}
    template, models, accuracy = (environment.get_template(f"{name}.html.j2") for name in ("index", "models", "accuracy"))
    opportunities = {"jobs": datasets["job_opportunity"], "education": datasets["education_opportunity"]}
    for language, name in PAGES.items():
        page = template.render(
            language=language,
            pages=PAGES,
            page_name=page_name,
            t=TEXTS[language],
            names=NAMES[language],
            history_months=HISTORY_MONTHS,
            note=note,
            models_page=MODEL_PAGES[language],
            accuracy_page=ACCURACY_PAGES[language],
            plots=_write_plots(folder, datasets, history, language),
            maps=write_maps(folder, datasets, language, name),
            datasets=_dataset_rows(datasets, language),
            kinds=[(kind, _largest(frame, language), frame.filter("active").height) for kind, frame in opportunities.items()],
            evaluation=datasets["forecast_evaluation"].filter(pl.col("model").is_in([ISSUED, PUBLISHED])).to_dicts(),
        )
        (folder / name).write_text(page, "utf-8")
        page = models.render(
            language=language,
            pages=MODEL_PAGES,
            home=name,
            t=TEXTS[language],
            note=note,
            figures=[figure for figure, _ in FIGURES],
            evaluation=evaluation_parts(folder, datasets, language),
            cards=model_cards(datasets["model"], language),
        )
        (folder / MODEL_PAGES[language]).write_text(page, "utf-8")
        page = accuracy.render(
            language=language,
            pages=ACCURACY_PAGES,
            home=name,
            t=TEXTS[language],
            note=note,
            parts=accuracy_parts(folder, datasets, language),
        )
        (folder / ACCURACY_PAGES[language]).write_text(page, "utf-8")


def origin_notice(note: ReleaseNote) -> dict[str, str]:
    """The sentence on every page that says whether the figures are real, by language."""
    return {language: texts[note.data_origin] for language, texts in TEXTS.items()}


def _write_plots(folder: Path, datasets: dict[str, pl.DataFrame], history: pl.DataFrame, language: str) -> dict[str, str]:
    """File name by plot of one language's page, for plots there is data for."""
    plots: dict[str, str] = {}
    forecast = datasets["forecast_vacancies"].filter((pl.col("region_code") == TOTAL) & (pl.col("occupation_code") == TOTAL))
    if len(forecast):
        words = {"past": TEXTS[language]["past"], "forecast": TEXTS[language]["ahead"]}
        plots["forecast"] = f"forecast.{language}.svg"
        (folder / plots["forecast"]).write_bytes(forecast_plot(history, forecast, words, language))
    jobs = _largest(datasets["job_opportunity"], language)[:15]
    if jobs:
        plots["largest"] = f"largest.{language}.svg"
        names, members = [row["title"] for row in jobs], [row["members"] for row in jobs]
        (folder / plots["largest"]).write_bytes(bar_plot(names, members, language))
    return plots


def _dataset_rows(datasets: dict[str, pl.DataFrame], language: str) -> list[dict[str, Any]]:
    return [
        {"name": name, "rows": len(frame), "description": published_table(name).description.get(language, "")}
        for name, frame in sorted(datasets.items())
    ]


def _largest(opportunities: pl.DataFrame, language: str) -> list[dict[str, Any]]:
    ordered = opportunities.filter("active").sort("members", "opportunity_id", descending=[True, False]).head(LISTED)
    return ordered.select(title=f"title_{language}", summary=f"summary_{language}", members="members").to_dicts()
