"""What the pages say, in Finnish, Swedish and English, and how they write numbers and days."""

from __future__ import annotations

from datetime import date

TEXTS: dict[str, dict[str, str]] = {
    "fi": {
        "title": "JOD-tietoalusta: julkaisu",
        "skip": "Siirry sisältöön",
        "sections": "Tämän sivun osat",
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
        "forecast_alt": "Avoimet työpaikat koko maassa: {months} viime kuukautta ja ennuste 80 ja 95 prosentin väleineen.",
        "forecast_caption": "Avoimia työpaikkoja kuukauden lopussa, koko maa",
        "past": "toteutunut",
        "ahead": "ennuste",
        "accuracy_note": "MASE on ennusteen keskivirhe suhteessa sarjan tavalliseen muutokseen vuodesta toiseen. Vertailukohta "
        "on kausinaiivi, joka toistaa viime vuoden: pienempi on parempi. 80 % ja 95 % kertovat, kuinka usein toteutunut "
        "osui väliin, kun mennyttä ennustettiin.",
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
        "sections": "Sidans delar",
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
        "forecast_alt": "Lediga platser i hela landet: de senaste {months} månaderna och prognosen med 80- och "
        "95-procentsintervall.",
        "forecast_caption": "Lediga platser vid månadens slut, hela landet",
        "past": "utfall",
        "ahead": "prognos",
        "accuracy_note": "MASE är prognosens medelfel i förhållande till seriens vanliga förändring från år till år. Jämför med "
        "säsongsnaiv, som upprepar fjolåret: mindre är bättre. 80 % och 95 % anger hur ofta utfallet låg inom intervallet "
        "när det förflutna prognostiserades.",
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
        "sections": "Parts of this page",
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
        "forecast_alt": "Open vacancies of the whole country: the last {months} months, and the forecast with 80 and 95 per cent "
        "intervals.",
        "forecast_caption": "Open vacancies at month end, whole country",
        "past": "observed",
        "ahead": "forecast",
        "accuracy_note": "MASE is the mean error of the forecast in units of the series' usual change from year to "
        "year. Compare it with seasonal naive, which repeats last year: smaller is better. "
        "80 % and 95 % say how often the outcome fell inside "
        "the interval when the past was forecast.",
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

NAMES: dict[str, dict[str, str]] = {
    "fi": {
        "country": "Koko maa",
        "region": "Maakunta",
        "occupation": "Ammattiryhmä",
        "occupation_region": "Ammattiryhmä maakunnassa",
        "seasonal_naive": "kausinaiivi",
        "theta": "Theta",
        "level": "taso ja kausivaihtelu",
        "damped_trend": "vaimennettu trendi",
        "damped_trend_of_roots": "vaimennettu trendi neliöjuurista",
        "panel_of_models": "mallien yhdistelmä",
        "issued": "julkaistu malli",
        "ok": "ajan tasalla",
        "stale": "aiempi tilanne",
        "skipped": "ei mukana",
    },
    "sv": {
        "country": "Hela landet",
        "region": "Landskap",
        "occupation": "Yrkesgrupp",
        "occupation_region": "Yrkesgrupp i landskap",
        "seasonal_naive": "säsongsnaiv",
        "theta": "Theta",
        "level": "nivå och säsong",
        "damped_trend": "dämpad trend",
        "damped_trend_of_roots": "dämpad trend på kvadratrötter",
        "panel_of_models": "kombination av modeller",
        "issued": "publicerad modell",
        "ok": "aktuell",
        "stale": "tidigare läge",
        "skipped": "inte med",
    },
    "en": {
        "country": "Whole country",
        "region": "Region",
        "occupation": "Occupation group",
        "occupation_region": "Occupation group in a region",
        "seasonal_naive": "seasonal naive",
        "theta": "Theta",
        "level": "level and season",
        "damped_trend": "damped trend",
        "damped_trend_of_roots": "damped trend of square roots",
        "panel_of_models": "combination of models",
        "issued": "published model",
        "ok": "up to date",
        "stale": "earlier state",
        "skipped": "not included",
    },
}
"""Codes of the published datasets that the pages show, in words."""
MONTHS = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)


def number(value: float, language: str, decimals: int = 0) -> str:
    """A number as the language writes it: 22 680,5 in Finnish and Swedish, 22,680.5 in English."""
    text = f"{value:,.{decimals}f}"
    return text if language == "en" else text.replace(",", "\N{NO-BREAK SPACE}").replace(".", ",")


def day(instant: str, language: str) -> str:
    """The day of an ISO date or instant as the language writes it: 20.11.2026, 20 November 2026."""
    found = date.fromisoformat(instant[:10])
    if language == "en":
        return f"{found.day} {MONTHS[found.month - 1]} {found.year}"
    return f"{found.day}.{found.month}.{found.year}"
