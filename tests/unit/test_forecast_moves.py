from datetime import date

import polars as pl
import pytest

from jod_pipelines.publication.compare import MODEL, explain_moves, made_otherwise


def history(**changes: float | None) -> pl.DataFrame:
    """Two series of two months; `changes` by name `code_month`, `code_3` adds a month."""
    values = {f"{code}_{month}": 10.0 for code in ("a", "b") for month in (1, 2)} | changes
    rows = [(*name.split("_"), value) for name, value in values.items()]
    return pl.DataFrame(
        {
            "region_code": [code for code, _, _ in rows],
            "month": [date(2026, int(month), 1) for _, month, _ in rows],
            "value": [value for _, _, value in rows],
        },
        schema_overrides={"value": pl.Float64()},
    ).with_columns(occupation_code=pl.lit("SSS"))


def forecasts(a: float, b: float, model: str = "damped_trend") -> pl.DataFrame:
    return pl.DataFrame({"region_code": ["a", "b"], "mean": [a, b], "model": model}).with_columns(
        occupation_code=pl.lit("SSS"), scenario=pl.lit("baseline"), target_month=date(2026, 6, 1)
    )


@pytest.mark.parametrize(
    ("after", "model", "otherwise", "reasons"),
    [
        (history(), "damped_trend", ["new code"], [["new code"], ["new code"]]),
        (history(), "level", ["other settings"], [["other settings", "another model"], ["other settings", "another model"]]),
        (history(a_3=11.0), "damped_trend", [], [["data of other series"], ["new data"]]),
        (history(b_1=11.0), "damped_trend", [], [["revised data"], ["data of other series"]]),
        (
            history(b_2=None, b_3=4.0),
            "damped_trend",
            ["new code"],
            [["revised data", "new data", "new code"], ["data of other series", "new code"]],
        ),
    ],
)
def test_a_move_has_its_reason(after: pl.DataFrame, model: str, otherwise: list[str], reasons: list[list[str]]) -> None:
    found = explain_moves(forecasts(10, 10), forecasts(11, 15, model), history(), after, otherwise)
    assert found.select("region_code", "move").rows() == [("b", 5.0), ("a", 1.0)]
    assert found["reasons"].to_list() == reasons


def test_what_did_not_move_is_not_told() -> None:
    assert explain_moves(forecasts(10, 10), forecasts(10, 10), history(), history(a_3=1.0), ["new code"]).is_empty()


def test_what_makes_forecasts_differently_is_read_from_the_models_of_both_releases() -> None:
    def models(code: str, chosen: str) -> pl.DataFrame:
        return pl.DataFrame({"model_name": ["matching", MODEL], "code_version": ["x", code], "settings": ["{}", chosen]})

    assert made_otherwise(models("a", "{}"), models("a", "{}")) == []
    assert made_otherwise(models("a", "{}"), models("b", "{}")) == ["new code"]
    assert made_otherwise(models("a", "{}"), models("b", "{1}")) == ["new code", "other settings"]
    assert made_otherwise(None, models("b", "{1}")) == ["code or settings"]
    assert made_otherwise(models("a", "{}").head(1), models("b", "{1}")) == ["code or settings"]
