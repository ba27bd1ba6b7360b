"""What long-term forecasts assume beyond the trend: a file per scenario, to be read, questioned and changed."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from jod_pipelines.errors import JodError

FOLDER = Path(__file__).parent
BASELINE = "baseline"


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Shift(_Strict):
    """Occupations that grow faster or slower than their trend.

    Args:
        occupations: beginnings of ISCO codes; forecasts are of two digits, so a longer one would mean nothing.
        growth_pct_points: added to yearly growth, per cent.
        from_year_ahead, to_year_ahead: when, counted from the newest year known.
        reason: why, with its source or the words "judgement".

    Raises:
        ValueError: the last year is before the first.
    """

    occupations: tuple[Annotated[str, Field(pattern=r"^\d{1,2}$")], ...] = Field(min_length=1)
    growth_pct_points: float = Field(ge=-10, le=10)
    from_year_ahead: int = Field(default=1, ge=1)
    to_year_ahead: int = Field(default=15, ge=1)
    reason: str = Field(min_length=10)

    @model_validator(mode="after")
    def _years_in_order(self) -> Shift:
        if self.to_year_ahead < self.from_year_ahead:
            raise ValueError(f"to_year_ahead {self.to_year_ahead} is before from_year_ahead {self.from_year_ahead}")
        return self


class Scenario(_Strict):
    """The assumptions of one scenario.

    Args:
        employment_growth_pct: yearly growth of all employment; none lets occupations follow their own trends.
        leaving_factor: times the observed chance to leave work at an age; below 1, people work longer.
        graduates_pct: per cent more or fewer graduates than the size of age groups gives.
    """

    name: str = Field(pattern="^[a-z_]+$")
    title_fi: str
    title_sv: str
    title_en: str
    description_fi: str
    description_sv: str
    description_en: str
    employment_growth_pct: float | None = Field(default=None, ge=-3, le=3)
    employment_growth_reason: str = ""
    leaving_factor: float = Field(default=1.0, ge=0.5, le=1.5)
    leaving_reason: str = ""
    graduates_pct: float = Field(default=0.0, ge=-50, le=50)
    shifts: tuple[Shift, ...] = ()

    def growth(self, occupation_code: str, years_ahead: int) -> float:
        """Growth beyond the trend in a year, as a difference of logs; the longest matching beginning of the code counts."""
        found = [
            (len(start), shift.growth_pct_points)
            for shift in self.shifts
            for start in shift.occupations
            if occupation_code.startswith(start) and shift.from_year_ahead <= years_ahead <= shift.to_year_ahead
        ]
        return max(found)[1] / 100 if found else 0.0


def read_scenarios(folder: Path = FOLDER) -> dict[str, Scenario]:
    """All scenarios of a folder by name, the baseline first.

    Raises:
        JodError: there is no such folder, a file is not a scenario, two have one name, or there is no baseline.
    """
    if not folder.is_dir():
        raise JodError(f"scenarios: {folder} is not a folder; give one that holds scenario files (*.yaml)")
    found: dict[str, Scenario] = {}
    for path in sorted(folder.glob("*.yaml")):
        try:
            scenario = Scenario.model_validate(yaml.safe_load(path.read_text("utf-8")))
        except ValidationError as error:
            told = [f"{'.'.join(map(str, each['loc'])) or 'the file'}: {each['msg']}" for each in error.errors()]
            more = f" (and {len(told) - 1} more)" if len(told) > 1 else ""
            raise JodError(f"{path.name} is not a scenario: {told[0]}{more}", "\n".join(told)) from None
        except (yaml.YAMLError, UnicodeDecodeError) as error:
            told = str(error).splitlines()
            raise JodError(f"{path.name} is not a scenario: not YAML: {told[-1].strip()}", "\n".join(told)) from None
        if scenario.name in found:
            raise JodError(f"{path.name}: another file of {folder} is called {scenario.name} too; rename one")
        found[scenario.name] = scenario
    if BASELINE not in found:
        raise JodError(f"{folder} holds no scenario called {BASELINE}; the others are told against it")
    return {BASELINE: found.pop(BASELINE), **found}
