"""Every knob of the platform, typed, in one place.

Values come from (strongest first) keyword arguments, `JOD_*` environment variables, the defaults below.
Nested fields use a double underscore: `JOD_HTTP__REQUESTS_PER_SECOND=2`. Secrets come from the environment only.
"""

from __future__ import annotations

import difflib
import os
import re
from datetime import datetime
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_core import ErrorDetails
from pydantic_settings import BaseSettings, SettingsConfigDict
from pydantic_settings import SettingsError as UnreadableSetting

from jod_pipelines.errors import SettingsError

SourcesMode = Literal["sandbox", "recorded", "live"]
SANDBOX_SERVICE_CLASSES = ("http://urn.fi/URN:NBN:fi:au:ptvl:P6", "http://urn.fi/URN:NBN:fi:au:ptvl:P10")
"""Education and work in the synthetic service register; the real register's addresses are not published anywhere we know."""
NAMED_SCALES = {"small": 3_000, "national": 1_000_000}


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class HttpSettings(_Strict):
    """How politely the sources are asked."""

    caller_id: str = Field(
        default="1.2.246.562.10.00000000000.jod-pipelines",
        description="Caller-Id header, '<organisation OID>.<system>'; replace it with your own before going live.",
        pattern=r"^1\.2\.246\.562\.10\.\d+\.[A-Za-z0-9_-]+$",
    )
    requests_per_second: float = Field(default=3.0, gt=0)
    connect_timeout_s: float = Field(default=10.0, gt=0)
    read_timeout_s: float = Field(default=120.0, gt=0, description="longest silence within an answer")
    answer_timeout_s: float = Field(default=1800.0, gt=0, description="longest time for one whole answer")
    attempts: int = Field(default=5, ge=1, le=20)
    backoff_start_s: float = Field(default=1.0, ge=0)
    backoff_limit_s: float = Field(default=60.0, ge=0)


class Endpoints(_Strict):
    """Roots of the real systems. The paths under them are the source modules' business."""

    opintopolku: str = "https://opintopolku.fi"
    virkailija: str = "https://virkailija.opintopolku.fi"
    eperusteet: str = "https://eperusteet.opintopolku.fi"
    vipunen: str = "https://api.vipunen.fi"
    statfin: str = "https://pxdata.stat.fi"
    classifications: str = "https://data.stat.fi"
    tyomarkkinatori: str = "https://api.ahtp.fi"
    tyomarkkinatori_v1: str = "https://integraatiot.tyomarkkinatori.fi"
    tyomarkkinatori_login: str = "https://tedigib2c.b2clogin.com"
    esco: str = "https://tyomarkkinatori.fi"
    avoindata: str = "https://avoindata.suomi.fi"
    ptv: str = "https://api.palvelutietovaranto.suomi.fi"
    files: str = "http://files.invalid"  # the drop folder is read, never asked


class RecheckSettings(_Strict):
    """How often what looks unchanged is looked at again, for changes that hide from the enumerations.

    The cycle lasts `nights`, or longer when that would ask more than `max_pct` of a full crawl in one night.
    """

    nights: int = Field(default=7, ge=0, le=365, description="nights in which everything is looked at once; 0 is never")
    max_pct: float = Field(default=1.7, gt=0, le=100, description="requests a night, in % of the documents of a full crawl")
    largest_round: int = Field(
        default=1_000, ge=0, description="options of the largest application round asked whole, some 20 kB each"
    )


class StatfinTable(_Strict):
    """One PxWeb table: adding an entry to `Settings.statfin_tables` is all it takes to ingest another.

    `dimensions` maps our column to the variable's code without the classification edition date, which changes every
    January (`alue_23_20260101` is written `alue_23`), or to a regular expression of it where nobody has published the
    code. Without it every variable is named after its own code. Time and contents are found by role and named `period`
    and `measure`.
    `select` keeps only some codes of a column; `*` and a trailing `*` match by prefix, `top:24` the newest 24.
    A selection of more than `max_cells` cells is refused, so that an entry without `select` cannot ask for millions.
    """

    path: str = Field(pattern=r"^[A-Za-z_]+/[A-Za-z0-9_]+$")
    dimensions: dict[str, str] = {}
    select: dict[str, tuple[str, ...]] = {}
    database: str = "StatFin"
    max_cells: int = Field(default=3_000_000, ge=1)
    supposed: bool = Field(
        default=False,
        description="the names of its variables are supposed, not seen: where the table has others, it is skipped with a note",
    )

    @field_validator("dimensions")
    @classmethod
    def _dimensions_can_be_looked_for(cls, value: dict[str, str]) -> dict[str, str]:
        for column, stem in value.items():
            try:
                re.compile(stem)
            except re.error as error:
                raise ValueError(f"{stem!r} of column {column} is no regular expression: {error}") from None
        return value

    @property
    def resource(self) -> str:
        """Landing name: the folder and table with an underscore, `tyonv_12ti`."""
        return self.path.replace("/", "_")


class ClusterSettings(_Strict):
    """How items become opportunities. Sizes are counts of items, likeness is the cosine of skill profiles."""

    start: Literal["neighbours", "density"] = Field(
        default="neighbours", description="where groups are first seen: communities of shared neighbours, or UMAP and HDBSCAN"
    )
    svd_components: int = Field(default=300, ge=2)
    neighbours: int = Field(default=15, ge=2)
    umap_components: int = Field(default=10, ge=2, description="of the start by density")
    min_cluster_floor: int = Field(default=5, ge=2)
    merge_similarity: float = Field(default=0.5, gt=0, lt=1, description="groups are one only if their centres are this near")
    attach_similarity: float = Field(default=0.05, gt=0, lt=1, description="items farther from any group are unclustered")
    keep_margin: float = Field(default=0.05, ge=0, lt=1, description="how much nearer a new group must be for an item to leave")
    seed: int = 20_260_101


class TuningSettings(_Strict):
    """What `jod tune` tries, one change of the current settings at a time; see `opportunities.tuning`."""

    sample_items: int = Field(default=3_000, ge=100)
    values: dict[str, tuple[float | int | str, ...]] = {
        "start": ("neighbours", "density"),
        "svd_components": (100, 300),
        "neighbours": (10, 15, 25),
        "min_cluster_floor": (3, 5, 8),
        "merge_similarity": (0.4, 0.5, 0.6),
        "attach_similarity": (0.05, 0.15),
    }
    seed: int = Field(default=2026, ge=0)


class IdentitySettings(_Strict):
    """When a new cluster is the old opportunity."""

    carry_overlap: float = Field(default=0.3, gt=0, lt=1, description="members both runs knew that must be shared (Jaccard)")
    carry_meaning: float = Field(default=0.65, ge=0, lt=1, description="likeness of skills below which it means something else")
    carry_profile: float = Field(default=0.8, gt=0, lt=1, description="likeness of skills that is enough without members")
    meaning_half_life_days: int = Field(default=365, ge=1, description="how fast what an id means may follow its members")
    join_likeness: float = Field(default=0.8, gt=0, lt=1, description="likeness at which what had two ids becomes one")
    split_likeness: float = Field(default=0.85, gt=0, lt=1, description="likeness of halves, of chance's, under which one is two")
    part_share: float = Field(default=0.3, gt=0, lt=1, description="a part of a group that makes a split or a merge worth naming")
    part_likeness: float = Field(
        default=0.35, ge=0, lt=1, description="likeness of skills that a part has with what it came from"
    )
    qualification_keep_share: float = Field(default=0.33, gt=0, lt=0.5, description="below it a qualification's id is let go")


class MatchingSettings(_Strict):
    """How skills are matched with opportunities; see `opportunities.matching`."""

    related_weight: float = Field(default=0.5, ge=0, lt=1, description="what a skill one step broader or narrower counts")
    smoothing: float = Field(default=5.0, gt=0, description="members of the average kind added to each opportunity")
    educations: int = Field(default=10, ge=1, description="educations published for a job opportunity, at most")
    min_score: float = Field(default=0.05, ge=0, le=1, description="score below which an education is not published for a job")
    folds: int = Field(default=5, ge=2, description="parts of the members, each scored by what the others say")
    sample: int = Field(default=5_000, ge=100, description="members of each kind the calibration is learnt from, at most")
    part_share: float = Field(default=0.4, gt=0, le=1, description="how many of their skills some of those people tell")
    seed: int = 20_260_101


class MapSettings(_Strict):
    """How the map of opportunities is drawn; see `opportunities.landscape`."""

    neighbours: int = Field(default=8, ge=2, description="opportunities that each is drawn near to")
    min_distance: float = Field(default=0.5, ge=0, lt=1, description="how near two points may come, for UMAP")
    rounds: int = Field(default=300, ge=10, description="times every point is moved")
    moving_rate: float = Field(default=0.01, gt=0, le=1, description="how far points move from the last map; the first map: 1")
    seed: int = Field(default=2026, ge=0)


class ForecastSettings(_Strict):
    """Vacancy forecasts: months ahead, origins of the backtest, months between origins."""

    horizon_months: int = Field(default=36, ge=1, le=36)
    backtest_origins: int = Field(default=24, ge=2)
    backtest_step_months: int = Field(default=3, ge=1)
    min_history_months: int = Field(default=48, ge=24)


class SkillTrendSettings(_Strict):
    """When a change of a skill's share of the postings is told; see `forecasting.emerging`."""

    recent_months: int = Field(default=6, ge=1, description="months that are compared with those before them")
    earlier_months: int = Field(default=24, ge=6, description="months before them")
    shown_months: int = Field(default=12, ge=1, description="newest months for which trends, demand and supply are published")
    false_alarm_share: float = Field(
        default=0.01,
        gt=0,
        lt=1,
        description="accepted share of false alarms among those of one month; looked at monthly, a year has some five times that",
    )
    least_ratio: float = Field(
        default=1.5, gt=1, description="ratio of shares from which a change is told; its inverse for fading"
    )
    least_postings: int = Field(default=8, ge=1, description="postings that ask, or would have asked, in the newest months")
    shown_occupations: int = Field(default=3, ge=1, description="occupations named with an alarm, those that moved most")
    forecast_months: int = Field(default=12, ge=1, le=36, description="months ahead that demand for a skill is forecast")
    forecast_least_months: int = Field(default=30, ge=24, description="whole months of postings that it takes")
    forecast_least_postings: int = Field(default=24, ge=1, description="postings of the last two years that ask for the skill")
    forecast_origins: int = Field(default=6, ge=2, description="earlier months whose errors choose the model and the intervals")


class LongTermSettings(_Strict):
    """Employment, openings and graduates years ahead; see `forecasting.long_term`."""

    horizon_years: int = Field(default=15, ge=1, le=25)
    draws: int = Field(default=1_000, ge=100, description="simulated futures")
    scenarios: Path | None = Field(default=None, description="folder of scenario files in place of the project's own")
    seed: int = Field(default=2026, ge=0)
    trend_years: int = Field(default=10, ge=4, description="newest years whose growth makes the trend")
    min_history_years: int = Field(default=8, ge=5)
    damping: tuple[float, float] = Field(default=(0.9, 1.05), description="from and to: what is left of a trend a year later")
    leaving_error: float = Field(default=0.12, ge=0, description="relative error of the chances to leave, common to all")
    leaving_year_error: float = Field(
        default=0.04, ge=0, description="relative error of the leavers of a year and an occupation, from year to year"
    )
    link_weight: float = Field(
        default=8.0,
        gt=0,
        description="how many recruits whose education were seen the shares of educations in openings are worth",
    )
    link_sharpness: tuple[float, float] = Field(
        default=(1.0, 5.0), description="from and to: power of the likeness of skills in the shares of educations"
    )
    link_size_power: tuple[float, float] = Field(
        default=(0.0, 1.0),
        description="from and to: power of an education's graduates in its shares; 0 their number does not count",
    )
    graduate_years: int = Field(default=5, ge=1, description="newest years whose graduates are the level of supply")


class PublicationSettings(_Strict):
    """Disclosure limits and consumer limits of a release."""

    min_cell: int = Field(default=5, ge=2, description="opportunities with fewer members are not published")
    min_cohesion: float = Field(default=0.4, ge=0, lt=1, description="likeness of members an opportunity needs, of the usual")
    max_skills: int = Field(default=20, ge=1, description="skills listed for one opportunity at most")
    min_skills: int = Field(default=8, ge=1, description="skills listed at least, where two members say so many")
    min_skill_share_pct: float = Field(default=10.0, ge=0, le=100)


class TextSettings(_Strict):
    """Who writes summaries and descriptions of opportunities."""

    generator: Literal["template", "openai_compatible"] = "template"
    base_url: str = Field(default="", description="root of an OpenAI-compatible service, without /v1")
    model: str = Field(default="", description="the model's name there")
    api_key: SecretStr | None = Field(default=None, description="its key, from the environment")
    timeout_s: float = Field(default=60.0, gt=0, description="longest wait for one opportunity's texts")

    @model_validator(mode="after")
    def _service_is_named(self) -> TextSettings:
        if self.generator == "openai_compatible" and not (self.base_url.startswith(("http://", "https://")) and self.model):
            raise ValueError("generator=openai_compatible needs base_url (http or https) and model")
        return self


class Settings(BaseSettings):
    """The whole configuration of one run."""

    model_config = SettingsConfigDict(env_prefix="JOD_", env_nested_delimiter="__", extra="forbid", frozen=True)

    home: Path = Field(default=Path(".jod"), description="where everything this platform keeps lives")
    sources: SourcesMode = "sandbox"
    recorded: Path | None = Field(default=None, description="folder of recordings, for sources=recorded")
    scale: str = Field(default="small", description="sandbox size: small, national or a number of postings")
    seed: int = Field(default=2026, ge=0, description="the sandbox world's seed")
    sandbox_url: str | None = Field(default=None, description="a served sandbox; without it the sandbox runs in-process")
    sandbox_faults: Path | None = Field(default=None, description="fault plan for the in-process sandbox")
    replay: str | None = Field(default=None, description="serve the landing as it was: a day, a moment (UTC) or a snapshot id")
    esco_folder: Path | None = Field(default=None, description="a real ESCO or FINESCO download: a folder or a ZIP file")
    drop_folder: Path | None = Field(default=None, description="one folder per sender of local education offers")
    drop_file_max_bytes: int = Field(default=50_000_000, gt=0, description="a larger file in the drop folder is refused unread")
    max_lost_ids_pct: float = Field(
        default=20.0, ge=0, le=100, description="opportunity ids that one run may retire, of those there were; more is held"
    )
    accept_shrink: tuple[str, ...] = Field(
        default=(), description="marts and published datasets that may have far fewer rows than when last released, this once"
    )
    postings_interface: Literal["v2", "v1"] = Field(default="v2", description="where job postings come from; V1 ends in May 2027")
    postings_key: SecretStr | None = Field(default=None, description="KIPA-Subscription-Key of the postings interface V2")
    postings_client_id: SecretStr | None = Field(default=None, description="OAuth2 client of the postings interface V1")
    postings_client_secret: SecretStr | None = Field(default=None, description="its secret")

    duckdb_memory: str = Field(
        default="6GB",
        pattern=r"^[1-9][0-9]*(MB|GB)$",
        description="memory DuckDB may use for a build; what needs more goes to disk",
    )

    http: HttpSettings = HttpSettings()
    recheck: RecheckSettings = RecheckSettings()
    endpoints: Endpoints = Endpoints()
    clusters: ClusterSettings = ClusterSettings()
    matching: MatchingSettings = MatchingSettings()
    tuning: TuningSettings = TuningSettings()
    identity: IdentitySettings = IdentitySettings()
    map: MapSettings = MapSettings()
    forecasts: ForecastSettings = ForecastSettings()
    skill_trends: SkillTrendSettings = SkillTrendSettings()
    long_term: LongTermSettings = LongTermSettings()
    publication: PublicationSettings = PublicationSettings()
    texts: TextSettings = TextSettings()

    koodisto_lists: tuple[str, ...] = (
        "koulutus",
        "kansallinenkoulutusluokitus2016koulutusalataso1",
        "kansallinenkoulutusluokitus2016koulutusalataso2",
        "kansallinenkoulutusluokitus2016koulutusalataso3",
        "kansallinenkoulutusluokitus2016koulutusastetaso1",
        "kansallinenkoulutusluokitus2016koulutusastetaso2",
        "okmohjauksenala",
        "koulutustyyppi",
        "tutkintonimikkeet",
        "tutkintonimikekk",
        "osaamisala",
        "tutkinnonosat",
        "ammattitaitovaatimukset",
        "osaamismerkit",
        "opintojenlaajuus",
        "opintojenlaajuusyksikko",
        "opinnontyyppi",
        "oppilaitoksenopetuskieli",
        "opetusaikakk",
        "opetuspaikkakk",
        "kausi",
        "hakutapa",
        "haunkohdejoukko",
        "pohjakoulutusvaatimuskonfo",
        "pohjakoulutusvaatimuskouta",
        "oppilaitostyyppi",
        "organisaatiotyyppi",
        "kunta",
        "maakunta",
        "kieli",
        "eqf",
        "nqf",
        "posti",
    )
    vipunen_resources: tuple[str, ...] = (
        "koulutusluokitus",
        "korkeakoulutus_hakeneet_ja_paikan_vastaanottaneet",
        "perusopetuksen_jalkeinen_koulutus_hakeneet_ja_paikan_vastaanottaneet",
        "opiskelijat_ja_tutkinnot",
        "amm_opiskelijat_ja_tutkinnot_vuosi_tutkinto",
        "lukio_opiskelijat_vuosi_tutkinto",
    )
    classifications: tuple[str, ...] = (
        "kunta_1_*",
        "maakunta_1_*",
        "ammatti_1_*",
        "toimiala_1_2008*",
        "toimiala_1_2025*",
    )
    correspondences: tuple[str, ...] = ("kunta_2_*#kunta_1_*", "kunta_1_*#maakunta_1_*", "toimiala_1_2008*#toimiala_1_2025*")
    statfin_tables: tuple[StatfinTable, ...] = (
        StatfinTable(
            path="tyonv/12ti",
            dimensions={"area": "Alue", "occupation": "Ammattiryhmä"},
            select={"area": ("SSS", "MK*")},
        ),
        StatfinTable(path="tyonv/12r5", dimensions={"area": "Alue"}, select={"area": ("SSS", "MK*")}),
        StatfinTable(
            path="tyokay/115q",
            dimensions={"occupation": "ammatti_104", "sex": "sukupuoli_9", "status": "ammattiasema_7"},
            select={"sex": ("SSS",), "status": ("SS",), "period": ("top:3",)},
        ),
        # What long-term forecasts stand on: who is how old in which occupation, over the years of the register.
        StatfinTable(
            path="tyokay/115r",
            dimensions={"occupation": "ammatti_104", "age": "ikaryhma_10", "sex": "sukupuoli_9"},
            select={"sex": ("SSS",)},
        ),
        StatfinTable(
            path="tyokay/115s",
            dimensions={"occupation": "ammatti_104", "area": "alue_28", "sex": "sukupuoli_9"},
            select={"sex": ("SSS",), "period": ("top:1",)},
        ),
        StatfinTable(
            path="pra/15au",
            dimensions={"sector": "sektoriluokitus_7", "occupation": "ammatti_19", "sex": "sukupuoli_9"},
            select={"sector": ("S0",), "sex": ("SSS",)},
        ),
        # The newest year of wages by region, all occupations and sectors together. Its area is published without its number.
        StatfinTable(
            path="pra/15b2",
            dimensions={"sector": "sektoriluokitus_7", "area": r"alue_\d+", "sex": "sukupuoli_9"},
            select={"sector": ("S0",), "sex": ("SSS",)},
        ),
        # The Labour Force Survey's key figures of ten years, and the employed by occupation and by industry.
        StatfinTable(path="tyti/135z", select={"period": ("top:120",)}),
        StatfinTable(
            path="tyti/13au",
            dimensions={"sex": "sukupuoli_9", "occupation": "ammatti_19"},
            select={"sex": ("SSS",), "period": ("top:3",)},
        ),
        StatfinTable(path="tyti/13aq", dimensions={"industry": "toimiala_79"}),
        # The whole country's vacancy survey: a few hundred cells.
        StatfinTable(path="atp/11l1"),
        # Where graduates are a year later: 5.4 million cells in all, 0.6 million in the newest two years.
        StatfinTable(
            path="sijk/111l",
            dimensions={"level": "koulutusaste_17", "sex": "sukupuoli_1", "area": "maakunta_2", "field": "koulutusala_1"},
            select={"period": ("top:5",)},
        ),
        # Discontinuation of education: a few thousand cells. Nobody has published its codes of 2026, those of sibling tables
        # are supposed. When they are wrong this one table is skipped, with a note that names its variables.
        StatfinTable(
            path="kkesk/14pi", dimensions={"area": r"(alue|maakunta)_\d+", "education_sector": r"koul\w+"}, supposed=True
        ),
        # Population by education, by key figures, by age and sex, and projected: what supply and demand are measured against.
        StatfinTable(path="vkour/12bs", dimensions={"area": "alue_23", "sex": "sukupuoli_9"}, select={"period": ("top:1",)}),
        StatfinTable(path="vaerak/11ra", dimensions={"area": "alue_23"}, select={"period": ("top:5",)}),
        StatfinTable(
            path="vaerak/11re",
            dimensions={"area": "alue_23", "sex": "sukupuoli_9", "age": "ikaryhma_10"},
            select={"period": ("top:1",)},
        ),
        StatfinTable(path="vaenn/14wx", dimensions={"area": "alue_23", "sex": "sukupuoli_9", "age": "ikaryhma_10"}),
    )

    kela_datasets: tuple[str, ...] = (
        "opintotuen-saajat-ja-maksetut-tuet",
        "koulumatkatuen-saajat-ja-maksetut-tuet",
        "kelan-tyottomyysetuuksien-saajat-kuukauden-lopussa",
        "kelan-tyottomyysetuudet-korvausperusteen-mukaan",
        "kelan-etuuksien-saajat-ja-maksetut-etuudet",
    )
    ptv_service_classes: tuple[str, ...] = Field(
        default=(),
        description="service classes (URIs of the live register) whose services land; none are known in advance, none is a skip",
    )

    @field_validator("scale")
    @classmethod
    def _scale_is_known(cls, value: str) -> str:
        if value not in NAMED_SCALES and not (value.isdigit() and 100 <= int(value) <= 5_000_000):
            raise ValueError("use small, national or a number of postings between 100 and 5000000")
        return value

    @field_validator("replay")
    @classmethod
    def _replay_is_a_moment(cls, value: str | None) -> str | None:
        if value is None or re.fullmatch(r"[0-9a-f]{16}", value):
            return value
        try:
            datetime.fromisoformat(value)
        except ValueError:
            raise ValueError("use a day (2026-11-22), a moment (2026-11-22T05:15) or a snapshot id") from None
        return value

    @model_validator(mode="after")
    def _mode_has_what_it_needs(self) -> Settings:
        if self.sources == "recorded":
            if self.recorded is None:
                raise ValueError("sources=recorded needs recorded=DIR (--recorded or JOD_RECORDED)")
            if not self.recorded.is_dir():
                raise ValueError(f"recorded={self.recorded} is not a folder")
        if self.esco_folder is not None and not self.esco_folder.exists():
            raise ValueError(f"esco_folder={self.esco_folder} does not exist")
        if self.drop_folder is not None and not self.drop_folder.is_dir():
            raise ValueError(f"drop_folder={self.drop_folder} is not a folder")
        return self

    @property
    def postings(self) -> int:
        """Number of job postings in the sandbox world."""
        return NAMED_SCALES.get(self.scale) or int(self.scale)

    @property
    def data_origin(self) -> Literal["synthetic", "real"]:
        """What a release made with these settings must call itself."""
        return "synthetic" if self.sources == "sandbox" else "real"

    @property
    def service_classes(self) -> tuple[str, ...]:
        """The service classes to ask for; the sandbox's own where none are chosen."""
        return self.ptv_service_classes or (SANDBOX_SERVICE_CLASSES if self.sources == "sandbox" else ())

    @property
    def esco_source(self) -> Path | None:
        """The folder ESCO is read from, or None when it comes over HTTP."""
        if self.sources == "recorded" and self.esco_folder is None and self.recorded is not None:
            return self.recorded / "esco"
        return self.esco_folder

    def base_url(self, system: str) -> str:
        """Root address of a source system under the chosen mode."""
        if self.sources == "sandbox":
            return self.sandbox_url or "http://sandbox.localhost"
        return str(getattr(self.endpoints, system))


def load_settings(**given: object) -> Settings:
    """Read settings; `given` values that are None fall back to the environment and the defaults.

    Raises:
        SettingsError: a value is wrong or a `JOD_*` variable is not a setting.
    """
    _refuse_unknown_variables()
    try:
        return Settings(**{key: value for key, value in given.items() if value is not None})  # type: ignore[arg-type]
    except ValidationError as error:
        problems = [(".".join(map(str, e["loc"])) or "settings", _plain_problem(e)) for e in error.errors()]
        name, message = problems[0]
        line = f"wrong setting {name}: {message}" if name != "settings" else f"wrong settings: {message}"
        raise SettingsError(line, "\n".join(f"{n}: {m}" for n, m in problems[1:])) from None
    except UnreadableSetting as error:
        named = re.search(r'field "(\w+)"', str(error))
        variable = f"JOD_{named[1].upper()}" if named else "of several values"
        raise SettingsError(
            f"""wrong setting {variable} in the environment: write it as JSON, such as '["a", "b"]' or '{{"field": 1}}', """
            "or a single field of it as JOD_NAME__FIELD"
        ) from None


def _plain_problem(error: ErrorDetails) -> str:
    """What is wrong with a value, for someone who knows neither pydantic nor regular expressions."""
    model, default = Settings, None
    for part in error["loc"]:
        if not (isinstance(model, type) and issubclass(model, BaseModel)) or part not in model.model_fields:
            break
        field = model.model_fields[str(part)]
        model, default = field.annotation, field.default  # type: ignore[assignment]
    if error["type"] == "extra_forbidden" and isinstance(model, type) and issubclass(model, BaseModel):
        names = sorted(model.model_fields)
        close = difflib.get_close_matches(str(error["loc"][-1]), names, n=1)
        return "there is no such setting; " + (f"did you mean {close[0]}?" if close else f"known: {', '.join(names)}")
    if error["type"] == "string_pattern_mismatch":
        return f"{error['input']!r} is not written as it has to be, such as {default!r}"
    return error["msg"].removeprefix("Value error, ")


def _refuse_unknown_variables() -> None:
    known = {f"JOD_{name.upper()}" for name in Settings.model_fields} | {"JOD_DUCKDB"}
    for variable in sorted(os.environ):
        if not variable.startswith("JOD_") or variable.split("__")[0] in known:
            continue
        close = difflib.get_close_matches(variable, sorted(known), n=1)
        hint = f"; did you mean {close[0]}?" if close else f"; known: {', '.join(sorted(known))}"
        raise SettingsError(f"unknown setting {variable} in the environment{hint}")
