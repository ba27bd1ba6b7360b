"""Statistics Finland's tables and Vipunen's resources about the synthetic world."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from jod_pipelines.reference import reference_table
from jod_pipelines.sandbox.catalogue import PxTable, PxVariable
from jod_pipelines.sandbox.graduates import placement_table, projection_table
from jod_pipelines.sandbox.more_statistics import drawn_tables, more_resources, municipality_areas
from jod_pipelines.sandbox.working_life import live
from jod_pipelines.sandbox.world import LAST_MONTH, World

UPDATED = "2026-11-20T06:00:00"
CONFIDENTIAL, NIL, MISSING = 3, 9, 2
YEARS_TO_COME = 15
X_CODES = ("X011", "X211", "X999")
NEW_VACANCIES, OPENED_PER_OPEN = 23, 1.2
"""Stream of random numbers; new vacancies in a month for each one open at its end (mean of 2006-2020, tables 2310 and 1270)."""
EMPLOYMENT_SERVICE = "KEHA-keskus, Työnvälitystilasto"
VIPUNEN_LOADED = "2026-11-23"
TYPE_NAMES = {bool: "boolean", int: "number", float: "number"}
FIELD_TEXTS = ("koulutusastetaso1", "koulutusastetaso2", "koulutusalataso1", "koulutusalataso2", "koulutusalataso3")


def px_tables(world: World) -> dict[str, list[PxTable]]:
    """All tables by folder."""
    found = {
        "tyonv": [vacancies_by_occupation(world), jobseekers_by_area(world)],
        "tyokay": [employed_by_occupation(world), employed_by_occupation_age(world), employed_by_occupation_area(world)],
        "pra": [wages_by_occupation(world)],
        "sijk": [placement_table(world)],
        "vaenn": [projection_table(world, municipality_areas(world))],
    }
    for folder, tables in drawn_tables(world).items():
        found[folder] = [*found.get(folder, []), *tables]
    return found


def vacancies_by_occupation(world: World) -> PxTable:
    """12ti: unemployed jobseekers and open vacancies by area, occupation and month."""
    areas, area_names, shares = _areas(world)
    occupations, demand, seekers = _occupation_curves(world)
    vacancies = _spread(world, demand, shares, 21)
    unemployed = _spread(world, seekers, shares, 22)
    numbers = np.stack([unemployed, vacancies], axis=-1).transpose(1, 0, 2, 3)
    numbers = _with_totals(numbers)
    symbols = np.where((numbers > 0) & (numbers < 5), CONFIDENTIAL, 0).astype(np.int8)
    symbols[0, 0] = 0
    codes = ("SSS", *occupations)
    names = dict(reference_table("isco_groups").select("occupation_code", "name_fi").iter_rows())
    variables = (
        PxVariable("Alue", "Alue", areas, area_names),
        PxVariable("Ammattiryhmä", "Ammattiryhmä", codes, tuple(f"{code} {names.get(code, 'Yhteensä')}" for code in codes)),
        _months(world),
        _contents({"TYOTTOMATLOPUSSA": "Työttömät työnhakijat", "AVPAIKATLOPUSSA": "Avoimet työpaikat"}, "lkm"),
    )
    title = "Työttömät työnhakijat ja avoimet työpaikat ammattiryhmän mukaan kk:n lopussa"
    return PxTable("tyonv", "12ti", title, EMPLOYMENT_SERVICE, UPDATED, variables, numbers, symbols)


def jobseekers_by_area(world: World) -> PxTable:
    """12r5: jobseekers, unemployed, vacancies and new vacancies by area and month."""
    detailed = vacancies_by_occupation(world)
    totals = detailed.numbers[:, 0]
    unemployed, vacancies = totals[..., 0], totals[..., 1]
    share = np.round(100 * unemployed / (unemployed.max(axis=1, keepdims=True) * 9 + 1), 1)
    opened = world.numbers(NEW_VACANCIES).poisson(OPENED_PER_OPEN * vacancies).astype(np.float32)
    opened[0] = opened[1 : 1 + len(world.regions)].sum(axis=0)
    numbers = np.stack([np.round(unemployed * 1.9), unemployed, share, vacancies, opened], axis=-1)
    contents = {
        "HAKIJALOPUSSA": "Työnhakijoita",
        "TYOTTOMATLOPUSSA": "Työttömät työnhakijat",
        "TYOTOSUUS": "Työttömien osuus työvoimasta, %",
        "AVPAIKATLOPUSSA": "Avoimet työpaikat",
        "UUDETAVP": "Uudet avoimet työpaikat kuukauden aikana",
    }
    variables = (detailed.variables[0], detailed.variables[2], _contents(contents, "lkm"))
    title = "Työttömät työnhakijat eri ryhmissä ja avoimet työpaikat kuukauden lopussa"
    symbols = np.zeros(numbers.shape, dtype=np.int8)
    return PxTable("tyonv", "12r5", title, EMPLOYMENT_SERVICE, UPDATED, variables, numbers, symbols)


def employed_by_occupation(world: World) -> PxTable:
    """115q: employed by occupation on mixed levels; four-digit codes also come dotted."""
    occupations, stock, years = _employed(world)
    codes, rows = ["SSSSS"], [stock.sum(axis=0)]
    for code, row in zip(occupations, stock, strict=True):
        codes += [code, f"{code}."]
        rows += [row, row]
    numbers = np.array(rows)[:, None, None, :, None] * np.ones((1, 1, 1, 1, 2))
    numbers[..., 1] = np.round(100 * numbers[..., 0] / numbers[0, ..., 0], 2)
    symbols = np.where(numbers == 0, NIL, 0).astype(np.int8)
    variables = (
        PxVariable("ammatti_104_20161021", "Ammatti", tuple(codes), tuple(codes)),
        PxVariable("sukupuoli_9_20180101", "Sukupuoli", ("SSS",), ("Yhteensä",), elimination=True),
        PxVariable("ammattiasema_7_20121201", "Ammattiasema", ("SS",), ("Yhteensä",), elimination=True),
        PxVariable("timeperiod_y", "Vuosi", years, years, time=True),
        _contents({"tyokay-tyolliset2": "Työlliset", "tyokay-osuus": "Osuus, %"}, "henkilöä"),
    )
    return PxTable(
        "tyokay", "115q", "Työlliset ammatin mukaan", "Tilastokeskus, työssäkäynti", UPDATED, variables, numbers, symbols
    )


def employed_by_occupation_age(world: World) -> PxTable:
    """115r: employed by two-digit occupation and ten-year age group; those under 18 count in the youngest."""
    life = working_life(world)
    by_age = np.add.reduceat(life.by_age[: len(life.years)], range(0, life.by_age.shape[2], 2), axis=2)
    numbers = by_age.round().transpose(1, 2, 0)[:, :, None, :, None]
    symbols = np.where(numbers == 0, NIL, 0).astype(np.int8)
    ages = ("18-24", "25-34", "35-44", "45-54", "55-64", "65-74")
    variables = (
        PxVariable("ammatti_104_20161021", "Ammatti", life.occupations, life.occupations),
        PxVariable("ikaryhma_10_20180101", "Ikä", ages, ages),
        PxVariable("sukupuoli_9_20180101", "Sukupuoli", ("SSS",), ("Yhteensä",), elimination=True),
        PxVariable("timeperiod_y", "Vuosi", life.years, life.years, time=True),
        _contents({"tyokay-tyolliset2": "Työlliset"}, "henkilöä"),
    )
    return PxTable(
        "tyokay", "115r", "Työlliset ammatin ja iän mukaan", "Tilastokeskus, työssäkäynti", UPDATED, variables, numbers, symbols
    )


@dataclass(frozen=True)
class WorkingLife:
    """Employment by two-digit occupation: the statistics' years, and those that have not come yet.

    Args:
        employed, leavers: years (known, then to come) x occupations.
        by_age: years x occupations x five-year groups.
    """

    occupations: tuple[str, ...]
    years: tuple[str, ...]
    employed: np.ndarray
    by_age: np.ndarray
    leavers: np.ndarray


def working_life(world: World) -> WorkingLife:
    """The planted working life of the world."""
    occupations, stock, years = _employed(world, YEARS_TO_COME)
    groups = tuple(sorted({code[:2] for code in occupations}))
    totals = np.array([stock[[code[:2] == group for code in occupations]].sum(axis=0) for group in groups]).T
    by_age, leavers = live(totals, world.numbers(34))
    return WorkingLife(groups, years, totals, by_age, leavers)


def employed_by_occupation_area(world: World) -> PxTable:
    """115s: employed by two- and three-digit occupation and region; small cells are confidential."""
    occupations, stock, years = _employed(world)
    minors = tuple(sorted({code[:digits] for code in occupations for digits in (2, 3)}))
    areas = ("SSS", *(f"MK{region}" for region in world.regions))
    people = np.array([sum(world.population[m] for m in world.municipalities[r]) for r in world.regions], dtype=float)
    noise = world.numbers(31).lognormal(0, 0.25, (len(minors), len(people)))
    shares = people * noise / (people * noise).sum(axis=1, keepdims=True)
    totals = np.array([stock[[code.startswith(minor) for code in occupations]].sum(axis=0) for minor in minors])
    by_region = np.round(totals[:, None, :] * shares[:, :, None])
    numbers = np.concatenate([totals[:, None, :], by_region], axis=1)[:, :, None, :, None]
    symbols = np.where((numbers > 0) & (numbers < 10), CONFIDENTIAL, 0).astype(np.int8)
    variables = (
        PxVariable("ammatti_104_20161021", "Ammatti", minors, minors),
        PxVariable("alue_28_20250101", "Alue", areas, areas),
        PxVariable("sukupuoli_9_20180101", "Sukupuoli", ("SSS",), ("Yhteensä",), elimination=True),
        PxVariable("timeperiod_y", "Vuosi", years, years, time=True),
        _contents({"tyokay-tyolliset2": "Työlliset"}, "henkilöä"),
    )
    return PxTable(
        "tyokay", "115s", "Työlliset alueen mukaan", "Tilastokeskus, työssäkäynti", UPDATED, variables, numbers, symbols
    )


def wages_by_occupation(world: World) -> PxTable:
    """15au: wages of full-time earners by one- and two-digit occupation, newest year only; one group is not available."""
    groups = tuple(sorted({kind.isco[:2] for kind in world.vocabulary.work} | {kind.isco[:1] for kind in world.vocabulary.work}))
    rows: list[list[float]] = []
    for group in groups:
        median = float(np.median([kind.wage_eur_month for kind in world.vocabulary.work if kind.isco.startswith(group)]))
        rows.append(
            [round(1000 + 37 * len(rows)), round(median * 1.06), round(median), round(median * 0.72), round(median * 1.55)]
        )
    numbers = np.array(rows, dtype=float)[None, :, None, None, :]
    symbols = np.zeros(numbers.shape, dtype=np.int8)
    symbols[:, -1, :, :, 1:] = MISSING
    contents = {
        "koko_psaaja_lkm": "Palkansaajien lukumäärä",
        "koko_psaaja_kans_ka": "Kokonaisansio, keskiarvo",
        "koko_psaaja_kans_med": "Kokonaisansio, mediaani",
        "koko_psaaja_kans_p10": "Kokonaisansio, 1. desiili",
        "koko_psaaja_kans_p90": "Kokonaisansio, 9. desiili",
    }
    variables = (
        PxVariable("sektoriluokitus_7_20230101", "Sektori", ("S0",), ("Yhteensä",)),
        PxVariable("ammatti_19_20180101", "Ammatti", groups, groups),
        PxVariable("sukupuoli_9_20180101", "Sukupuoli", ("SSS",), ("Yhteensä",), elimination=True),
        PxVariable("timeperiod_y", "Vuosi", ("2024",), ("2024",), time=True),
        _contents(contents, "euroa"),
    )
    return PxTable(
        "pra", "15au", "Kokoaikaisten palkansaajien ansiot", "Tilastokeskus, palkkarakenne", UPDATED, variables, numbers, symbols
    )


def vipunen_rows(world: World) -> dict[str, list[dict[str, Any]]]:
    """Rows of each resource, in load order."""
    return {
        "koulutusluokitus": _education_classification(world),
        "korkeakoulutus_hakeneet_ja_paikan_vastaanottaneet": _applicants(world, ("amk", "yo"), higher=True),
        "perusopetuksen_jalkeinen_koulutus_hakeneet_ja_paikan_vastaanottaneet": _applicants(world, ("amm",), higher=False),
        **more_resources(world, VIPUNEN_LOADED),
    }


def vipunen_columns(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Column descriptions as the service gives them."""
    columns = []
    for name in rows[0]:
        value = next((row[name] for row in rows if row[name] is not None), None)
        if name.endswith("Pvm"):
            columns.append({"name": name, "type": "date", "format": "yyyy-MM-dd HH:mm:ss"})
        else:
            columns.append({"name": name, "type": "number" if name.endswith("Lkm") else TYPE_NAMES.get(type(value), "string")})
    return columns


def _education_classification(world: World) -> list[dict[str, Any]]:
    fields = {code: names for code, *names in reference_table("education_fields").iter_rows()}
    rows = []
    for number, kind in enumerate(kind for kind in world.vocabulary.programmes if kind.education_code):
        row: dict[str, Any] = {"koulutusluokitusAvain": str(number), "koulutusluokitusKoodi": kind.education_code}
        row |= {f"koulutusluokitus{language.capitalize()}": kind.title[language] for language in ("fi", "sv", "en")}
        codes = {
            "koulutusastetaso1": kind.level_1,
            "koulutusastetaso2": f"{kind.level_1}1",
            "koulutusalataso1": kind.field_1,
            "koulutusalataso2": kind.field_2,
            "koulutusalataso3": f"{kind.field_2}1" if kind.field_2 else "",
        }
        for block, code in codes.items():
            names = fields.get(code, ["Tieto puuttuu", "Information saknas", "Missing data"])
            row[f"{block}Koodi"] = code
            row |= dict(zip((f"{block}Fi", f"{block}Sv", f"{block}En"), names, strict=True))
        rows.append({**row, "tietojoukkoPaivitettyPvm": VIPUNEN_LOADED})
    return rows


def _applicants(world: World, types: tuple[str, ...], *, higher: bool) -> list[dict[str, Any]]:
    """Three rows per target and year: places, applicants and the selected stand apart, as in the source."""
    fields = {code: fi for code, fi, _, _ in reference_table("education_fields").iter_rows()}
    regions = dict(reference_table("regions").select("region_code", "name_fi").iter_rows())
    rows = []
    for programme in world.programmes:
        kind = programme.kind
        if kind.programme_type not in types:
            continue
        own = world.dice("applicants", programme.oid)
        places = own.randrange(18, 90)
        for year in range(2022, 2027):
            wave = places * own.uniform(1.0, 5.0) * (1 + 0.04 * (year - 2024))
            common = {
                "koulutuksenAlkamisvuosi": year,
                "koulutuksenAlkamiskausi": own.choice(("kevät", "syksy")),
                "hakukohde": kind.title["fi"],
                "koulutusasteTaso1": "Toinen aste" if not higher else "Korkeakoulutus",
                "koulutusalaTaso1": fields.get(kind.field_1, "Tieto puuttuu"),
                "koulutusalaTaso2": fields.get(kind.field_2, "Tieto puuttuu"),
                "maakuntaHakukohde": regions[world.region_of[programme.school.municipality]],
                "kooditKuntaHakukohde": programme.school.municipality if own.random() > 0.01 else "Tieto puuttuu",
                "kooditHakukohde": f"1.2.246.562.20.{programme.index + 1:020d}",
            }
            if higher:
                common |= {"korkeakoulu": programme.school.name["fi"], "kooditKorkeakoulu": programme.school.code}
                common |= {"kooditPaaasiallinenTutkintoHakukohde": kind.education_code}
            else:
                common |= {"oppilaitos": programme.school.name["fi"], "kooditOppilaitos": programme.school.code}
                common |= {"kooditTutkintoHakukohde": kind.education_code}
            selected = min(places, round(wave * 0.6))
            measures = (
                (None, {"aloituspaikatLkm": places}),
                ("Ei valittu", {"kaikkiHakijatLkm": round(wave), "ensisijaisetHakijatLkm": round(wave * 0.4)}),
                (
                    "Yhteispisteet",
                    {
                        "valitutLkm": selected,
                        "paikanVastaanottaneetLkm": round(selected * 0.9),
                        "aloittaneetLkm": round(selected * 0.85),
                    },
                ),
            )
            for track, numbers in measures:
                empty = dict.fromkeys(MEASURES)
                tracked = {"valintatapajononTyyppi": track} if higher else {}
                rows.append({**common, **tracked, **empty, **numbers, "tietojoukkoPaivitettyPvm": VIPUNEN_LOADED})
    return rows


MEASURES = (
    "aloituspaikatLkm",
    "kaikkiHakijatLkm",
    "ensisijaisetHakijatLkm",
    "valitutLkm",
    "paikanVastaanottaneetLkm",
    "aloittaneetLkm",
)


def _areas(world: World) -> tuple[tuple[str, ...], tuple[str, ...], np.ndarray]:
    """Area codes, names, and each kind of work's share by area (kinds x areas without the whole country).

    The large world also has sub-regions and municipalities, so that the table has its real size.
    """
    codes, names, parts = ["SSS"], ["KOKO MAA"], [world.region_shares]
    regions = dict(reference_table("regions").select("region_code", "name_fi").iter_rows())
    codes += [f"MK{region}" for region in world.regions]
    names += [regions[region] for region in world.regions]
    if world.sizes.all_areas:
        for number, region in enumerate(world.regions):
            people = np.array([world.population[m] for m in world.municipalities[region]], dtype=float)
            parts.append(world.region_shares[:, number : number + 1] * (people / people.sum()))
            codes += [f"KU{code}" for code in world.municipalities[region]]
            names += list(world.municipalities[region])
            for group in range(4):
                members = people[group::4].sum() / people.sum()
                parts.append(world.region_shares[:, number : number + 1] * members)
                codes.append(f"SK{region}{group + 1}")
                names.append(f"{regions[region]} {group + 1}")
    return tuple(codes), tuple(names), np.concatenate(parts, axis=1)


def _occupation_curves(world: World) -> tuple[list[str], list[np.ndarray], list[np.ndarray]]:
    """Occupation codes with, for each, its kinds' positions and true curves of vacancies and of jobseekers."""
    groups: dict[str, list[int]] = {}
    for number, kind in enumerate(world.vocabulary.work):
        groups.setdefault(kind.isco, []).append(number)
    if world.sizes.all_areas:
        for code in reference_table("isco_groups")["occupation_code"].to_list():
            if len(code) == 4:
                groups.setdefault(code, [])
    vacancies, seekers = [], []
    occupations = [*sorted(groups), *X_CODES]
    for place, code in enumerate(occupations):
        own = world.numbers(23, place)
        members = groups.get(code, [])
        curve = np.zeros_like(world.demand)
        curve[members] = world.demand[members]
        if not members:
            curve[own.integers(len(curve))] = own.lognormal(3.0, 1.0) * np.exp(np.cumsum(own.normal(0, 0.03, curve.shape[1])))
        vacancies.append(curve)
        tension = own.lognormal(1.0, 0.7) * np.exp(0.25 * np.sin(np.arange(curve.shape[1]) / 19 + own.uniform(0, 6)))
        seekers.append(curve.mean(axis=1, keepdims=True) ** 0.6 * curve**0.4 * tension)
    return occupations, vacancies, seekers


def _spread(world: World, curves: list[np.ndarray], shares: np.ndarray, stream: int) -> np.ndarray:
    """Counts by occupation, area (whole country first) and month: Poisson around the true curve."""
    own = world.numbers(stream)
    result = np.empty((len(curves), shares.shape[1] + 1, curves[0].shape[1]), dtype=np.float32)
    regions = len(world.regions)
    for place, curve in enumerate(curves):
        expected = np.einsum("kt,ka->at", curve, shares)
        counts = own.poisson(expected * own.lognormal(0, 0.05, expected.shape))
        result[place, 1:] = counts
        result[place, 0] = counts[:regions].sum(axis=0)
    return result


def _with_totals(numbers: np.ndarray) -> np.ndarray:
    """Areas x occupations x months x contents with the total of occupations first."""
    return np.concatenate([numbers.sum(axis=1, keepdims=True), numbers], axis=1)


def _employed(world: World, to_come: int = 0) -> tuple[list[str], np.ndarray, tuple[str, ...]]:
    """Four-digit occupations, employed persons by occupation and year (and years to come), years known."""
    occupations = sorted({kind.isco for kind in world.vocabulary.work})
    years = tuple(str(year) for year in range(2010, LAST_MONTH.year - 1))
    rows = []
    for place, code in enumerate(occupations):
        own = world.numbers(32, place)
        level = sum(world.demand[n].mean() for n, kind in enumerate(world.vocabulary.work) if kind.isco == code)
        growth = {"growing": 0.02, "strong_growth": 0.04, "shrinking": -0.02}
        slope = np.mean([growth.get(kind.trend, 0.0) for kind in world.vocabulary.work if kind.isco == code])
        count = len(years) + to_come
        rows.append(np.round(level * 30 * np.exp(slope * np.arange(count) + np.cumsum(own.normal(0, 0.01, count)))))
    return occupations, np.array(rows), years


def _months(world: World) -> PxVariable:
    codes = tuple(f"{month.year}M{month.month:02d}" for month in world.months)
    return PxVariable("timeperiod_m", "Kuukausi", codes, codes, time=True)


def _contents(texts: dict[str, str], unit: str) -> PxVariable:
    return PxVariable("contentscode", "Tiedot", tuple(texts), tuple(texts.values()), units=(unit,) * len(texts))
