"""What long-term forecasts assume beyond the trend: a file per scenario, to be read, questioned and changed."""

from __future__ import annotations

from pathlib import Path

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from jod_pipelines.errors import JodError

FOLDER = Path(__file__).parent
BASELINE = "baseline"


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Shift(_Strict):
    """Occupations that grow faster or slower than their trend.

    Args:
        occupations: beginnings of ISCO codes.
        growth_pct_points: added to yearly growth, per cent.
        from_year_ahead, to_year_ahead: when, counted from the newest year known.
        reason: why, with its source or the words "judgement".
    """

    occupations: tuple[str, ...] = Field(min_length=1)
    growth_pct_points: float = Field(ge=-10, le=10)
    from_year_ahead: int = Field(default=1, ge=1)
    to_year_ahead: int = Field(default=15, ge=1)
    reason: str = Field(min_length=10)


class Scenario(_Strict):
    """The assumptions of one scenario.

    Args:
        employment_growth_pct: yearly growth of all employment; none lets occupations follow their own trends.
        leaving_factor: times the observed chance to leave work at an age; below 1, people work longer.
        graduates_pct: per cent more or fewer graduates than the size of age groups gives.
    """

    name: str = Field(pattern="[a-z_]+")
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
        JodError: a file is not a scenario, or there is no baseline.
    """
    found = {}
    for path in sorted(folder.glob("*.yaml")):
        try:
            scenario = Scenario(**yaml.safe_load(path.read_text("utf-8")))
        except ValidationError as error:
            first = error.errors()[0]
            place = ".".join(str(part) for part in first["loc"])
            raise JodError(f"{path.name} is not a scenario: {place}: {first['msg']}", str(error)) from None
        except (yaml.YAMLError, TypeError) as error:
            raise JodError(f"{path.name} is not a scenario: {str(error).splitlines()[0]}", str(error)) from None
        found[scenario.name] = scenario
    if BASELINE not in found:
        raise JodError(f"{folder} holds no scenario called {BASELINE}; the others are told against it")
    return {BASELINE: found.pop(BASELINE), **found}
