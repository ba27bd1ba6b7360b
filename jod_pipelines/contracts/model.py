"""Reads `data_contracts/` (Open Data Contract Standard YAML) into the few facts the platform works with.

Where ODCS has a place for a fact it stands there; Finnish and Swedish texts, units, the volume guard and what to do
about drift are custom properties, since the standard has one language and no such fields. What a column name means
wherever it is used stands once in `glossary.yaml`: texts, unit, code list, sensitivity and why its range is what it is.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, Literal

import polars as pl
import yaml
from open_data_contract_standard.model import CustomProperty, OpenDataContractStandard, SchemaObject, SchemaProperty
from pydantic import ValidationError

from jod_pipelines.errors import ContractError

CONTRACTS = Path(__file__).resolve().parents[2] / "data_contracts"
GLOSSARY = "glossary.yaml"
VOCABULARY = "vocabulary.yaml"
LANGUAGES = ("fi", "sv", "en")
IN_LANGUAGE = {
    "_fi": {"fi": "suomeksi", "sv": "på finska", "en": "in Finnish"},
    "_sv": {"fi": "ruotsiksi", "sv": "på svenska", "en": "in Swedish"},
    "_en": {"fi": "englanniksi", "sv": "på engelska", "en": "in English"},
}
Layer = Literal["landing", "marts", "published", "platform"]
LAYERS: tuple[Layer, ...] = ("landing", "marts", "published", "platform")
Severity = Literal["block", "quarantine", "warn"]
Verb = Literal["accept", "quarantine", "hold"]
Sensitivity = Literal["public", "internal", "confidential", "personal"]
SENSITIVITIES: tuple[Sensitivity, ...] = ("public", "internal", "confidential", "personal")
MAX_GROWTH_PCT = 200.0
"""How much a landed table may grow from one snapshot to the next, unless its contract says otherwise."""

POLARS_TYPES: dict[str, pl.DataType] = {
    "VARCHAR": pl.String(),
    "BIGINT": pl.Int64(),
    "INTEGER": pl.Int32(),
    "DOUBLE": pl.Float64(),
    "BOOLEAN": pl.Boolean(),
    "DATE": pl.Date(),
    "TIMESTAMP": pl.Datetime("us"),
    "VARCHAR[]": pl.List(pl.String()),
}


@dataclass(frozen=True)
class Column:
    """One column's promise.

    Attributes:
        type: DuckDB's name of it.
        description: language -> text.
        allowed: the values it may have; a closed list.
        unit: a name in the vocabulary.
        code_list: where its codes are explained: `table.column` of a mart, or a code list of the vocabulary.
        references: `table.column` whose values it must be among.
        range_reason: name in the vocabulary of why minimum and maximum are what they are.
        publish: whether releases may have it.
        severity: what breaking one of its rules leads to, when not what the table says.
    """

    name: str
    type: str
    description: dict[str, str]
    required: bool = False
    primary_key: bool = False
    unique: bool = False
    pattern: str | None = None
    minimum: float | None = None
    maximum: float | None = None
    max_length: int | None = None
    allowed: tuple[str, ...] = ()
    unit: str | None = None
    references: str | None = None
    publish: bool = False
    code_list: str | None = None
    range_reason: str | None = None
    sensitivity: Sensitivity = "internal"
    severity: Severity | None = None

    @property
    def polars_type(self) -> pl.DataType:
        """The polars dtype of this column."""
        return POLARS_TYPES[self.type]


@dataclass(frozen=True)
class SqlRule:
    """A rule over the whole table: `query` counts the rows that break it; `{table}` stands for the table.

    `description` is in English, `texts` in every language.
    """

    name: str
    description: str
    query: str
    severity: Severity
    texts: dict[str, str] = field(default_factory=dict, hash=False)


@dataclass(frozen=True)
class Drift:
    """What to do when documents depart from what has been seen: accept (and tell), quarantine the row, hold the resource.

    Raw fields are accepted by default: what no column reads harms nothing, and what a column reads is checked by its
    own type and rules. A code outside a column's list goes to quarantine.

    Attributes:
        items: the field of a document that lists its items, if any.
        ignore: JSON paths (with `*`) whose changes are no news.
    """

    unknown_field: Verb = "accept"
    missing_field: Verb = "accept"
    changed_type: Verb = "accept"
    new_code: Verb = "quarantine"
    items: str | None = None
    ignore: tuple[str, ...] = ()


@dataclass(frozen=True)
class Table:
    """One table's contract.

    `physical_name` is where the warehouse has it: a name in schema landing, or schema.name. `severity` says what
    breaking a column rule leads to. `delivered` tables come when somebody sends them, so nobody promises freshness.
    """

    layer: Layer
    contract: str
    name: str
    physical_name: str
    description: dict[str, str]
    columns: tuple[Column, ...]
    rules: tuple[SqlRule, ...]
    severity: Severity
    min_rows: int
    max_shrink_pct: float
    freshness_hours: float | None
    max_growth_pct: float = MAX_GROWTH_PCT
    drift: Drift = Drift()
    delivered: bool = False

    @property
    def file(self) -> str:
        """The contract's file, from `data_contracts/`."""
        return f"{self.layer}/{self.contract.replace('/', '.', 1)}.yaml"

    @property
    def key(self) -> str:
        """The name people call it by: `source/resource/table` in the landing, else its own name."""
        return f"{self.contract}/{self.name}" if self.layer == "landing" else self.name

    @property
    def primary_key(self) -> tuple[str, ...]:
        """Columns that identify a row."""
        return tuple(column.name for column in self.columns if column.primary_key)

    def severity_of(self, column: Column) -> Severity:
        """What breaking a rule of a column leads to. A key that does not hold always weighs what the table says."""
        return self.severity if column.primary_key else column.severity or self.severity

    @property
    def polars_schema(self) -> pl.Schema:
        """Column names and dtypes, in order."""
        return pl.Schema({column.name: column.polars_type for column in self.columns})

    def empty(self) -> pl.DataFrame:
        """A table of no rows with the promised columns."""
        return pl.DataFrame(schema=self.polars_schema)


@cache
def load_contracts(root: Path = CONTRACTS) -> dict[str, dict[str, Table]]:
    """All contracts: layer -> 'contract/table' or table name -> Table. The layer `platform` is only described: nothing checks it.

    Landing tables are keyed `source/resource/table`, others by their own name.

    Raises:
        ContractError: a file is not valid ODCS, or leaves out what this platform needs.
    """
    found: dict[str, dict[str, Table]] = {layer: {} for layer in LAYERS}
    for path in contract_files(root):
        for table in read_contract(path):
            found[table.layer][table.key] = table
    return found


def contract_files(root: Path = CONTRACTS) -> list[Path]:
    """The files that hold contracts, in order."""
    return sorted(path for layer in LAYERS for path in root.glob(f"{layer}/*.yaml"))


@cache
def read_contract(path: Path) -> list[Table]:
    """The tables of one contract file, described by the glossary beside it where the file itself is silent.

    Raises:
        ContractError: the file is not valid ODCS, or leaves out what this platform needs.
    """
    try:
        contract = OpenDataContractStandard(**_yaml(path))
    except (ValidationError, TypeError, yaml.YAMLError) as error:
        raise ContractError(f"{path.name}: not a valid data contract", str(error)) from None
    if not contract.schema_:
        raise ContractError(f"{path.name}: a contract needs a schema")
    freshness = next((p for p in contract.slaProperties or [] if p.property == "freshness"), None)
    facts = {
        "layer": path.parent.name,
        "contract": path.stem.replace(".", "/", 1),
        "freshness_hours": float(str(freshness.value)) if freshness else None,
    }
    custom = _custom(contract.customProperties)
    return [_table(path, table, facts, custom) for table in contract.schema_]


@cache
def glossary(root: Path = CONTRACTS) -> dict[str, dict[str, str]]:
    """What a column name means wherever it is used: name -> language or fact -> text."""
    found: dict[str, dict[str, str]] = _yaml(root / GLOSSARY) if (root / GLOSSARY).is_file() else {}
    return found


@cache
def vocabulary(root: Path = CONTRACTS) -> dict[str, dict[str, dict[str, Any]]]:
    """The units, range reasons and code lists there are, and what the values of closed lists mean.

    Section -> name -> language (or `url`) -> text; in the section `values` column name -> value -> language -> text.
    """
    found: dict[str, dict[str, dict[str, Any]]] = _yaml(root / VOCABULARY) if (root / VOCABULARY).is_file() else {}
    return {"units": {}, "rangeReasons": {}, "codeLists": {}, "values": {}} | found


def value_texts(column: str, root: Path = CONTRACTS) -> dict[str, dict[str, str]]:
    """What the values of a column's closed list mean: value -> language -> text; every `_status` column shares one list."""
    lists = vocabulary(root)["values"]
    return lists.get("status" if column.endswith("_status") else column, {})


def glossary_term(name: str, root: Path = CONTRACTS) -> dict[str, str]:
    """What the glossary knows of a column; `title_sv` is `title`, in Swedish. Empty when the name is not there."""
    terms = glossary(root)
    if name in terms:
        return terms[name]
    stem, ending = name[:-3], name[-3:]
    if ending not in IN_LANGUAGE or stem not in terms:
        return {}
    texts = {key: f"{terms[stem][key]} {IN_LANGUAGE[ending][key]}" for key in LANGUAGES if key in terms[stem]}
    return terms[stem] | texts


def landing_table(source: str, resource: str, table: str) -> Table:
    """The contract of a typed landing table.

    Raises:
        ContractError: there is none; every landed table has one.
    """
    found = find_landing_table(source, resource, table)
    if found is None:
        key = f"{source}/{resource}/{table}"
        raise ContractError(f"no contract for landing table {key}; add data_contracts/landing/{source}.{resource}.yaml")
    return found


def find_landing_table(source: str, resource: str, table: str) -> Table | None:
    """The contract file's table, or None when the table lives under what its source says of it. Reads that file only."""
    path = CONTRACTS / "landing" / f"{source}.{resource}.yaml"
    return next((found for found in read_contract(path) if found.name == table), None) if path.exists() else None


def published_table(name: str) -> Table:
    """The contract of a published dataset; ContractError when there is none."""
    try:
        return load_contracts()["published"][name]
    except KeyError:
        raise ContractError(f"no contract for published dataset {name}; add data_contracts/published/{name}.yaml") from None


def _table(path: Path, table: SchemaObject, facts: dict[str, Any], custom: dict[str, Any]) -> Table:
    assert table.name and table.properties, f"{path}: a table needs a name and properties"
    own = custom | _custom(table.customProperties)
    rules = []
    for rule in table.quality or []:
        if rule.type != "sql" or not rule.query or not rule.name:
            raise ContractError(f"{path.name}: {table.name}: a table rule needs type sql, a name and a query")
        texts = _texts(rule.description, _custom(rule.customProperties))
        rules.append(SqlRule(rule.name, texts.get("en", rule.name), rule.query, _severity(rule.severity or "block"), texts))
    default = "quarantine" if facts["layer"] == "landing" else "block"
    return Table(
        **facts,
        name=table.name,
        physical_name=table.physicalName or f"{facts['contract'].replace('/', '__')}__{table.name}",
        description=_texts(table.description, own),
        columns=tuple(_column(path, table.name, column) for column in table.properties),
        rules=tuple(rules),
        severity=_severity(own.get("severity", default)),
        min_rows=int(own.get("minRows", 0)),
        max_shrink_pct=float(own.get("maxShrinkPct", 100)),
        max_growth_pct=float(own.get("maxGrowthPct", MAX_GROWTH_PCT)),
        drift=_drift(path, table.name, own.get("drift") or {}),
        delivered=bool(own.get("delivered", False)),
    )


def _column(path: Path, table: str, column: SchemaProperty) -> Column:
    assert column.name, f"{path}: {table} has a property without a name"
    if column.physicalType not in POLARS_TYPES:
        raise ContractError(f"{path.name}: {table}.{column.name}: physicalType must be one of {', '.join(POLARS_TYPES)}")
    root = path.parents[1]
    known = glossary_term(column.name, root)
    options, own = column.logicalTypeOptions or {}, _custom(column.customProperties)
    named = column.classification or known.get("sensitivity", "internal")
    sensitivity = next((level for level in SENSITIVITIES if level == named), None)
    if sensitivity is None:
        raise ContractError(f"{path.name}: {table}.{column.name}: classification must be one of {', '.join(SENSITIVITIES)}")
    targets = [relation.to for relation in column.relationships or []]
    return Column(
        name=column.name,
        type=column.physicalType,
        description=_texts(column.description, own) or {key: known[key] for key in LANGUAGES if key in known},
        required=bool(column.required) or bool(column.primaryKey),
        primary_key=bool(column.primaryKey),
        unique=bool(column.unique),
        pattern=options.get("pattern"),
        minimum=options.get("minimum"),
        maximum=options.get("maximum"),
        max_length=options.get("maxLength"),
        allowed=tuple(str(item.value) for item in column.enum or []),
        unit=own.get("unit", known.get("unit")),
        references=str(targets[0]) if targets else None,
        publish=path.parent.name == "published" and sensitivity == "public",
        code_list=own.get("codeList", known.get("codeList")),
        range_reason=own.get("rangeReason", known.get("rangeReason")),
        sensitivity=sensitivity,
        severity=_severity(own["severity"]) if "severity" in own else None,
    )


def _drift(path: Path, table: str, given: dict[str, Any]) -> Drift:
    names = {
        "unknownField": "unknown_field",
        "missingField": "missing_field",
        "changedType": "changed_type",
        "newCode": "new_code",
        "items": "items",
        "ignore": "ignore",
    }
    for name, value in given.items():
        if name not in names:
            raise ContractError(f"{path.name}: {table}: drift has no {name!r}; use {', '.join(names)}")
        if name not in ("items", "ignore") and value not in ("accept", "quarantine", "hold"):
            raise ContractError(f"{path.name}: {table}: drift {name} is {value!r}; use accept, quarantine or hold")
    facts: dict[str, Any] = {names[name]: tuple(value) if name == "ignore" else value for name, value in given.items()}
    return Drift(**facts)


def _texts(english: str | None, custom: dict[str, Any]) -> dict[str, str]:
    texts = {"fi": custom.get("descriptionFi"), "sv": custom.get("descriptionSv"), "en": english}
    return {language: " ".join(str(text).split()) for language, text in texts.items() if text}


def _yaml(path: Path) -> Any:
    """What a file says, read by libyaml where it is there: eight times the speed of the reader in Python."""
    return yaml.load(path.read_bytes(), Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))  # noqa: S506


def _custom(properties: list[CustomProperty] | None) -> dict[str, Any]:
    return {str(item.property): item.value for item in properties or []}


def _severity(value: str) -> Severity:
    if value not in ("block", "quarantine", "warn"):
        raise ContractError(f"severity {value!r}: use block, quarantine or warn")
    return value  # type: ignore[return-value]
