"""Tables of Statistics Finland and resources of Vipunen that stand beside the forecasts' material.

Codes, sizes and symbols are those of the real tables; numbers are drawn. What the sources' own pages do not tell (the
number of the area in `pra/15b2`; the code of age in `vkour/12bs`; all codes of
`kkesk/14pi`, of which area, sector of education, year and contents are known; the sexes of `opiskt/14rw`) is shaped like
their neighbours.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from jod_pipelines.reference import reference_table
from jod_pipelines.sandbox.catalogue import PxTable, PxVariable
from jod_pipelines.sandbox.world import World

CONFIDENTIAL, NOT_YET, NIL = 3, 4, 9
WITH_A_DECIMAL = ("%", "indeksi", "vuotta")
SEX = {"SSS": "Yhteensä", "1": "Miehet", "2": "Naiset"}


@dataclass(frozen=True)
class Drawn:
    """What a table is made of; the time variable stands where `order` puts it."""

    path: str
    title: str
    source: str
    updated: str
    dimensions: dict[str, dict[str, str]]
    periods: tuple[str, ...]
    contents: dict[str, tuple[str, str]]
    time_first: bool = False
    eliminated: tuple[str, ...] = ()


def drawn_tables(world: World) -> dict[str, list[PxTable]]:
    """The tables by folder."""
    found: dict[str, list[PxTable]] = {}
    for number, table in enumerate(_tables(world)):
        found.setdefault(table.path.split("/")[0], []).append(_draw(world, table, number))
    return found


def _tables(world: World) -> list[Drawn]:
    regions = {
        f"MK{c}": n for c, n in reference_table("regions").select("region_code", "name_fi").iter_rows() if c in world.regions
    }
    areas = {**municipality_areas(world), **regions}
    groups = reference_table("isco_groups").select("occupation_code", "name_fi").iter_rows()
    occupations = {"SSS": "Yhteensä", **{code: name for code, name in groups if len(code) < 3}}
    industries = dict.fromkeys(("SSS", "A_B", "C", "D_E", *"FGHIJ", "K_L", *"MNOPQR", "STU"), "Toimiala")
    years = tuple(str(year) for year in range(2016, 2026))
    months = tuple(f"{year}M{month:02d}" for year in range(2016, 2027) for month in range(1, 13) if (year, month) <= (2026, 10))
    quarters = tuple(f"{year}Q{quarter}" for year in range(2013, 2027) for quarter in range(1, 5) if (year, quarter) <= (2026, 2))
    statfin = "Tilastokeskus, "
    return [
        Drawn(
            "tyti/135z",
            "Työvoimatutkimuksen tärkeimmät tunnusluvut",
            statfin + "työvoimatutkimus",
            "2026-11-20T06:00:00",
            {},
            months,
            {
                "Tyollisyysaste_15_64": ("Työllisyysaste, 15-64-vuotiaat, %", "%"),
                "tyti-Tyolliset": ("Työlliset, 1000 henkilöä", "1000 henkilöä"),
                "tyti-Tyottomat": ("Työttömät, 1000 henkilöä", "1000 henkilöä"),
                "tyti-Tyottomyysaste": ("Työttömyysaste, %", "%"),
            },
        ),
        Drawn(
            "tyti/13au",
            "Työlliset ammatin mukaan",
            statfin + "työvoimatutkimus",
            "2026-03-05T06:00:00",
            {"sukupuoli_9_20180101": SEX, "ammatti_19_20180101": occupations},
            years,
            {"tyti-Tyolliset": ("Työlliset, 1000 henkilöä", "1000 henkilöä")},
            time_first=True,
        ),
        Drawn(
            "vkour/12bs",
            "15 vuotta täyttänyt väestö koulutusasteen ja alueen mukaan",
            statfin + "väestön koulutusrakenne",
            "2026-06-18T05:00:00",
            {
                "alue_23_20260101": areas,
                "sukupuoli_9_20180101": SEX,
                "ikaryhma_10_20180101": {"SSS": "Yhteensä", "15-19": "15-19"},
            },
            years,
            {
                "vaesto_15_": ("15 vuotta täyttänyt väestö 31.12", "henkilöä"),
                "kaste3T8": ("Perusasteen jälkeisen tutkinnon suorittanut väestö", "henkilöä"),
                "kaste0": ("Ilman perusasteen jälkeistä tutkintoa oleva väestö", "henkilöä"),
                "kaste0osuus": ("Ilman perusasteen jälkeistä tutkintoa olevien osuus, %", "%"),
                "kaste3T8osuus": ("Perusasteen jälkeisen tutkinnon suorittaneiden osuus, %", "%"),
                "kaste3": ("Toisen asteen tutkinnon suorittaneet", "henkilöä"),
                "kaste3osuus": ("Toisen asteen tutkinnon suorittaneiden osuus, %", "%"),
                "kaste4": ("Erikoisammattikoulutusasteen tutkinnon suorittaneet", "henkilöä"),
                "kaste5T8": ("Korkea-asteen tutkinnon suorittaneet", "henkilöä"),
                "kaste5": ("Alimman korkea-asteen tutkinnon suorittaneet", "henkilöä"),
                "kaste6": ("Alemman korkeakouluasteen tutkinnon suorittaneet", "henkilöä"),
                "kaste7": ("Ylemmän korkeakouluasteen tutkinnon suorittaneet", "henkilöä"),
                "kaste8": ("Tutkijakoulutusasteen tutkinnon suorittaneet", "henkilöä"),
                "kaste5T8osuus": ("Korkea-asteen tutkinnon suorittaneiden osuus, %", "%"),
                "vktm": ("Väestön koulutustasomittain", "indeksi"),
            },
            time_first=True,
            eliminated=("sukupuoli_9_20180101", "ikaryhma_10_20180101"),
        ),
        Drawn(
            "vaerak/11ra",
            "Tunnuslukuja väestöstä",
            statfin + "väestörakenne",
            "2026-05-29T05:00:00",
            {"alue_23_20260101": areas},
            years,
            {
                "vaerak-vaesto": ("Väestö 31.12.", "henkilöä"),
                "vaesto_alle15_p": ("Alle 15-vuotiaiden osuus, %", "%"),
                "vaesto_yli64_p": ("65 vuotta täyttäneiden osuus, %", "%"),
                "vaesto_keski_ika": ("Keski-ikä, molemmat sukupuolet", "vuotta"),
            },
        ),
        Drawn(
            "vaerak/11re",
            "Väestö 31.12. alueen, sukupuolen ja iän mukaan",
            statfin + "väestörakenne",
            "2026-04-01T05:00:00",
            {"alue_23_20260101": areas, "sukupuoli_9_20180101": SEX, "ikaryhma_10_20180101": _ages()},
            years[-3:],
            {"vaerak-vaesto": ("Väestö 31.12.", "henkilöä")},
            eliminated=("sukupuoli_9_20180101", "ikaryhma_10_20180101"),
        ),
        Drawn(
            "pra/15b2",
            "Kokoaikaisten palkansaajien ansiot maakunnan mukaan",
            statfin + "palkkarakenne",
            "2025-12-01T06:00:00",
            {
                "sektoriluokitus_7_20230101": {"S0": "Yhteensä", "S11_S12_S15": "Yksityinen", "S13111": "Valtio"},
                "alue_28_20250101": {"SSS": "KOKO MAA", **regions},
                "sukupuoli_9_20180101": SEX,
            },
            ("2024",),
            {
                "koko_psaaja_lkm": ("Palkansaajien lukumäärä", "henkilöä"),
                "koko_psaaja_kans_ka": ("Kokonaisansio, keskiarvo", "euroa"),
                "koko_psaaja_kans_med": ("Kokonaisansio, mediaani", "euroa"),
                "koko_psaaja_kans_p10": ("Kokonaisansio, 1. desiili", "euroa"),
                "koko_psaaja_kans_p90": ("Kokonaisansio, 9. desiili", "euroa"),
            },
            eliminated=("sukupuoli_9_20180101",),
        ),
        Drawn(
            "atp/11l1",
            "Avoimet työpaikat",
            statfin + "avoimet työpaikat",
            "2026-08-20T05:00:00",
            {},
            quarters,
            {
                "atp_lkm": ("Avoimet työpaikat", "lkm"),
                "atp_eihoit": ("Avoimet työpaikat ilman hoitajaa", "lkm"),
                "atp_osa": ("Osa-aikaiset avoimet työpaikat", "lkm"),
                "atp_maar": ("Määräaikaiset avoimet työpaikat", "lkm"),
                "atp_vaik": ("Vaikeasti täytettävät työpaikat", "lkm"),
            },
        ),
        Drawn(
            "kkesk/14pi",
            "Koulutuksen keskeyttäminen maakunnan ja koulutussektorin mukaan",
            statfin + "koulutuksen keskeyttäminen",
            "2026-03-12T06:00:00",
            {
                "koulutussektori_1_20180101": {"1": "Lukiokoulutus", "2": "Ammatillinen", "3": "Amk", "4": "Yliopisto"},
                "maakunta_2_20130101": {"SS": "KOKO MAA", **{code.removeprefix("MK"): name for code, name in regions.items()}},
            },
            years[2:-1],
            {"keskeyttaneet": ("Keskeyttäneet", "henkilöä"), "keskeyttaneet_osuus": ("Keskeyttäneiden osuus, %", "%")},
        ),
        Drawn(
            "opiskt/14rw",
            "Opiskelijat ja tutkinnot koulutuslajin mukaan",
            statfin + "opiskelijat ja tutkinnot",
            "2026-03-12T06:00:00",
            {
                "koullaji_1_20180101": {
                    "SSS": "Yhteensä",
                    "1": "Lukiokoulutus",
                    "2": "Ammatillinen",
                    "3": "Amk",
                    "4": "Yliopisto",
                },
                "sukupuoli_9_20180101": SEX,
            },
            years[:-1],
            {
                "opis_aop": ("Opiskelijat", "henkilöä"),
                "uusi_aop": ("Uudet opiskelijat", "henkilöä"),
                "tut_aop": ("Tutkinnot", "henkilöä"),
            },
        ),
        Drawn(
            "tyti/13aq",
            "Työlliset toimialan mukaan",
            statfin + "työvoimatutkimus",
            "2026-03-05T06:00:00",
            {"toimiala_79_20180101": industries},
            years,
            {"tyti-Tyolliset": ("Työlliset, 1000 henkilöä", "1000 henkilöä")},
        ),
    ]


def municipality_areas(world: World) -> dict[str, str]:
    """The whole country and municipalities, by code as Statistics Finland writes it; a small world has two of each region."""
    towns = world.municipalities if world.sizes.all_areas else {r: codes[:2] for r, codes in world.municipalities.items()}
    return {"SSS": "KOKO MAA", **{f"KU{code}": f"Kunta {code}" for codes in towns.values() for code in codes}}


def _draw(world: World, table: Drawn, number: int) -> PxTable:
    time = PxVariable(
        "timeperiod_" + ("m" if "M" in table.periods[0] else "q" if "Q" in table.periods[0] else "y"),
        "Aika",
        table.periods,
        table.periods,
        time=True,
    )
    dimensions = [
        PxVariable(code, code.split("_")[0].capitalize(), tuple(v), tuple(v.values()), elimination=code in table.eliminated)
        for code, v in table.dimensions.items()
    ]
    texts, units = zip(*table.contents.values(), strict=True)
    contents = PxVariable("contentscode", "Tiedot", tuple(table.contents), texts, units=units)
    variables = (time, *dimensions, contents) if table.time_first else (*dimensions, time, contents)
    shape = tuple(len(variable.values) for variable in variables)
    own = world.numbers(41, number)
    drawn = own.lognormal(4.0, 1.5, shape)
    shares = np.where([unit == "%" for unit in units], drawn % 100, drawn)
    numbers = np.where([unit in WITH_A_DECIMAL for unit in units], np.round(shares, 1), np.round(drawn))
    symbols = np.where(numbers == 0, NIL, np.where(numbers < 5, CONFIDENTIAL, 0)).astype(np.int8)
    symbols.reshape(-1)[-1] = NOT_YET
    folder, name = table.path.split("/")
    return PxTable(folder, name, table.title, table.source, table.updated, variables, numbers, symbols)


def _ages() -> dict[str, str]:
    return {"SSS": "Yhteensä", **{f"{age:03d}": str(age) for age in range(0, 100, 5)}, "100-": "100 -"}


def more_resources(world: World, loaded: str) -> dict[str, list[dict[str, Any]]]:
    """Students and publications as Vipunen gives them: their names and types hold the service's quirks."""
    own = world.dice("vipunen")
    schools = [school for school in world.schools if school.code][:40]
    students = [
        {
            "tilastovuosi": str(year),
            "aineistotyyppi": "Lopullinen",
            "sektori": own.choice(("Ammattikorkeakoulukoulutus", "Yliopistokoulutus")),
            "korkeakoulu": school.name["fi"],
            "sukupuoli": sex,
            "opiskelijatfte": round(own.uniform(1, 900), 10),
            "opiskelijat": own.randrange(1, 1000),
            "uudetOpiskelijat": own.randrange(0, 4) * 60,
            "tutkinnot": own.choice((None, 0, own.randrange(1, 200))),
            "rahoitusmallialaAmk2021-2024": own.choice(("Tekniikka", "Tieto puuttuu", None)),
            "koodiKorkeakoulu": school.code,
            "koodiKoulutus": own.choice(("612101", "Tuntematon")),
            "tietojoukkoPaivitettyPvm": loaded,
        }
        for school in schools
        for year in range(2022, 2026)
        for sex in ("mies", "nainen")
    ]
    vocational = [
        {
            "tilastovuosi": year,
            "suorituksenTyyppi": "Koko tutkinto",
            "tutkinto": f"Esimerkkitutkinto {code}",
            "hankintakoulutusKyllaEi": own.random() < 0.2,
            "koodiTutkinto": code,
            "koodiKoulutuksenJarjestaja": "0000000-0",
            "uudetOpiskelijatLkm": own.randrange(0, 200),
            "opiskelijatLkm": own.randrange(1, 400),
            "tutkinnonSuorittaneetLkm": own.randrange(0, 100),
            "nettoopiskelijamaaraLkm": round(own.uniform(0, 300), 10),
            "tietojoukkoPaivitettyPvm": loaded,
        }
        for year in range(2021, 2026)
        for code in ("371101", "381112", "031110", "354345")
    ]
    general = [
        {
            "tilastovuosi": year,
            "tutkinto": "Ylioppilastutkinto",
            "koodiTutkinto": "301101",
            "koodiKoulutuksenJarjestaja": "0000000-0",
            "uudetOpiskelijatLkm": own.randrange(0, 200),
            "opiskelijatLkm": own.randrange(200, 700),
            "tietojoukkoPaivitettyPvm": loaded,
        }
        for year in range(2021, 2026)
    ]
    publications = [
        {
            "tilastovuosi": 2025,
            "julkaisunNimi": f'Esimerkki "{number}"',
            "koodiJulkaisufoorumitaso": str(number % 4),
            "julkaisufoorumitaso2015->": own.choice(("1", "2", "Tieto puuttuu")),
            "koulutusala(taso3)": "Tieto puuttuu",
            "avoinSaatavuus": None if number % 7 == 0 else number % 2 == 0,
            "tietojoukkoPaivitettyPvm": f"{loaded} 00:00:00",
        }
        for number in range(50)
    ]
    return {
        "opiskelijat_ja_tutkinnot": students,
        "amm_opiskelijat_ja_tutkinnot_vuosi_tutkinto": vocational,
        "lukio_opiskelijat_vuosi_tutkinto": general,
        "julkaisut": publications,
    }
