"""The answer to a sender: what of a file was accepted, what was refused and what to do, as a page and as a table."""

from __future__ import annotations

import csv
import io
import re
from pathlib import Path

import jinja2
import polars as pl

from jod_pipelines.sources.offer_file import FORMULA, FileRefused, Verdict
from jod_pipelines.sources.text import LANGUAGES

SHOWN_ON_PAGE = 500
WORDS = {
    "fi": {
        "title": "Vastaus koulutustarjonnan tiedostoon",
        "accepted": "Hyväksytty {accepted} riviä {rows} rivistä.",
        "replaced": "Hyväksytyt rivit korvaavat aiemmin lähettämänne koulutukset.",
        "whole": "Tiedostoa ei voitu ottaa käyttöön. Aiemmin hyväksytyt koulutuksenne pysyvät ennallaan.",
        "send": "Korjatkaa alla luetellut kohdat ja lähettäkää koko tiedosto uudelleen samaan kansioon.",
        "more": "Tässä ovat ensimmäiset {shown} kohtaa; kaikki ovat CSV-tiedostossa.",
        "notes": "Huomioita",
        "row": "Rivi",
        "column": "Sarake",
        "value": "Arvo",
        "todo": "Mitä tehdä",
    },
    "sv": {
        "title": "Svar på filen med utbildningsutbud",
        "accepted": "{accepted} av {rows} rader godkändes.",
        "replaced": "De godkända raderna ersätter de utbildningar ni har skickat tidigare.",
        "whole": "Filen kunde inte tas i bruk. De utbildningar som godkänts tidigare förblir oförändrade.",
        "send": "Rätta punkterna nedan och skicka hela filen på nytt till samma mapp.",
        "more": "Här är de {shown} första punkterna; alla finns i CSV-filen.",
        "notes": "Anmärkningar",
        "row": "Rad",
        "column": "Kolumn",
        "value": "Värde",
        "todo": "Vad ni kan göra",
    },
    "en": {
        "title": "Answer to a file of education offers",
        "accepted": "{accepted} of {rows} rows were accepted.",
        "replaced": "The accepted rows replace the offers you sent before.",
        "whole": "The file could not be used. Your offers accepted earlier stay as they are.",
        "send": "Correct what is listed below and send the whole file again to the same folder.",
        "more": "These are the first {shown} findings; the CSV file has all of them.",
        "notes": "Remarks",
        "row": "Row",
        "column": "Column",
        "value": "Value",
        "todo": "What to do",
    },
}
RULES = {
    "required": (r"required", "Täyttäkää tieto.", "Fyll i uppgiften.", "Fill this in."),
    "number": (
        r"number",
        "Kirjoittakaa luku, esimerkiksi 12,50.",
        "Skriv ett tal, till exempel 12,50.",
        "Write a number, such as 12.50.",
    ),
    "whole": (r"whole number", "Kirjoittakaa kokonaisluku.", "Skriv ett heltal.", "Write a whole number."),
    "date": (
        r"date",
        "Kirjoittakaa päivä muodossa 1.8.2026 tai 2026-08-01.",
        "Skriv datumet som 1.8.2026 eller 2026-08-01.",
        "Write the day as 1.8.2026 or 2026-08-01.",
    ),
    "formula": (
        r"formula",
        "Poistakaa kaava tai merkki =, @, + tai - tekstin alusta.",
        "Ta bort formeln eller tecknet =, @, + eller - i början av texten.",
        "Remove the formula, or the sign =, @, + or - at the start of the text.",
    ),
    "municipality": (
        r"municipality",
        "Kirjoittakaa nykyisen kunnan nimi tai kolminumeroinen koodi, esimerkiksi 091.",
        "Skriv en nuvarande kommuns namn eller tresiffriga kod, till exempel 091.",
        "Write the name or three-digit code of a present municipality, such as 091.",
    ),
    "one_of": (r"one of (.*)", "Käyttäkää jotakin näistä: {0}.", "Använd något av dessa: {0}.", "Use one of: {0}."),
    "pattern": (
        r"pattern (.*)",
        "Korjatkaa muoto (sallittu: {0}).",
        "Rätta formen (tillåtet: {0}).",
        "Correct the form (allowed: {0}).",
    ),
    "length": (
        r"at most (\d+) characters",
        "Lyhentäkää enintään {0} merkkiin.",
        "Förkorta till högst {0} tecken.",
        "Shorten to {0} characters or fewer.",
    ),
    "least": (
        r"at least (.*)",
        "Arvon on oltava vähintään {0}.",
        "Värdet ska vara minst {0}.",
        "The value must be at least {0}.",
    ),
    "most": (r"at most (.*)", "Arvon on oltava enintään {0}.", "Värdet får vara högst {0}.", "The value must be at most {0}."),
    "key": (
        r"unique key",
        "Sama tunnus on jo ylempänä; antakaa jokaiselle koulutukselle oma tunnus.",
        "Samma id finns redan högre upp; ge varje utbildning ett eget id.",
        "The same id stands higher up; give each offer its own id.",
    ),
}
"""Rule of the contract (as an expression) and what to do in fi, sv and en; the first that matches counts."""
WHOLE = {
    "no_sender": (
        "Siirtäkää tiedosto oman organisaationne kansioon.",
        "Flytta filen till er egen organisations mapp.",
        "Move the file into your own organisation's folder.",
    ),
    "sender_name": (
        "Kansion nimessä saa olla vain pieniä kirjaimia, numeroita, - ja _ (enintään 60 merkkiä).",
        "Mappens namn får bara ha små bokstäver, siffror, - och _ (högst 60 tecken).",
        "The folder's name may hold only small letters, digits, - and _ (at most 60 characters).",
    ),
    "link": (
        "Tiedosto on linkki; lähettäkää tiedosto itse.",
        "Filen är en länk; skicka själva filen.",
        "The file is a link; send the file itself.",
    ),
    "too_large": ("Tiedosto on liian suuri: {0}.", "Filen är för stor: {0}.", "The file is too large: {0}."),
    "unpacks": (
        "Tiedosto purkautuu liian suureksi (raja {0}).",
        "Filen blir för stor när den packas upp (gränsen är {0}).",
        "The file unpacks to too much (the limit is {0}).",
    ),
    "too_many_cells": (
        "Taulukossa on liikaa rivejä tai sarakkeita ({0}); jakakaa se tai poistakaa ylimääräiset.",
        "Tabellen har för många rader eller kolumner ({0}); dela den eller ta bort de överflödiga.",
        "The table has too many rows or columns ({0}); split it or remove what is not needed.",
    ),
    "old_excel": (
        "Tallentakaa vanha tai salasanalla suojattu Excel-tiedosto muodossa .xlsx ilman salasanaa.",
        "Spara den gamla eller lösenordsskyddade Excel-filen som .xlsx utan lösenord.",
        "Save the old or password-protected Excel file as .xlsx without a password.",
    ),
    "not_excel": (
        "Pakattu tiedosto ei ole Excel-työkirja; lähettäkää CSV-, Excel- tai Parquet-tiedosto.",
        "Den packade filen är ingen Excel-arbetsbok; skicka en CSV-, Excel- eller Parquet-fil.",
        "The packed file is no Excel workbook; send a CSV, Excel or Parquet file.",
    ),
    "damaged": (
        "Tiedostoa ei voi lukea ({0}); tallentakaa ja lähettäkää se uudelleen.",
        "Filen kan inte läsas ({0}); spara och skicka den på nytt.",
        "The file cannot be read ({0}); save and send it again.",
    ),
    "no_headings": (
        "Ensimmäisiltä riveiltä ei löydy sarakeotsikoita, kuten tunnus, nimi ja kunta.",
        "De första raderna saknar kolumnrubriker, såsom id, namn och kommun.",
        "The first rows hold no column headings, such as id, name and municipality.",
    ),
    "double_heading": (
        "Kaksi saraketta tarkoittaa samaa: {0}. Poistakaa toinen.",
        "Två kolumner betyder samma sak: {0}. Ta bort den ena.",
        "Two columns mean the same: {0}. Remove one.",
    ),
    "contacts": (
        "Poistakaa henkilön yhteystietoja sisältävä sarake {0}. Tiedostosta ei tallennettu mitään.",
        "Ta bort kolumnen {0} med personers kontaktuppgifter. Ingenting i filen sparades.",
        "Remove the column {0} with contact details of people. Nothing of the file was kept.",
    ),
    "contact_in_text": (
        "Poistakaa riviltä {0} sähköpostiosoite tai puhelinnumero. Tiedostosta ei tallennettu mitään.",
        "Ta bort e-postadressen eller telefonnumret på rad {0}. Ingenting i filen sparades.",
        "Remove the e-mail address or telephone number in row {0}. Nothing of the file was kept.",
    ),
    "missing_headings": ("Lisätkää sarakkeet: {0}.", "Lägg till kolumnerna: {0}.", "Add the columns: {0}."),
    "no_rows": (
        "Otsikoiden alla ei ole rivejä.",
        "Det finns inga rader under rubrikerna.",
        "There are no rows below the headings.",
    ),
}
NOTES = {
    "rows_above": (
        "{0} riviä otsikoiden yläpuolella ohitettiin.",
        "{0} rader ovanför rubrikerna lästes inte.",
        "{0} rows above the headings were left out.",
    ),
    "unknown_heading": (
        "Saraketta {0} ei tunneta, eikä sitä käytetty.",
        "Kolumnen {0} är okänd och användes inte.",
        "The column {0} is not known and was not used.",
    ),
    "absent_heading": (
        "Saraketta {0} ei ollut; se jäi tyhjäksi.",
        "Kolumnen {0} saknades; den lämnades tom.",
        "The column {0} was not there and stays empty.",
    ),
}


def what_to_do(rule: str) -> dict[str, str]:
    """Advice by language for a rule a cell breaks."""
    for expression, *texts in RULES.values():
        if match := re.fullmatch(expression, rule):
            return {language: text.format(*match.groups()) for language, text in zip(LANGUAGES, texts, strict=True)}
    return dict.fromkeys(LANGUAGES, rule)


def page(file_name: str, result: Verdict | FileRefused) -> bytes:
    """The answer as an HTML page in Finnish, Swedish and English; everything a sender wrote is escaped."""
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).parent / "templates"),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
    )
    parts = [_part(language, number, result) for number, language in enumerate(LANGUAGES)]
    return environment.get_template("offer_report.html.j2").render(file_name=file_name, parts=parts).encode()


def table(result: Verdict | FileRefused) -> bytes:
    """The refused cells as CSV that Finnish spreadsheets open; a cell that would become a formula is quoted."""
    rows: list[tuple[object, ...]]
    if isinstance(result, FileRefused):
        texts = _formatted(WHOLE[result.reason], result.value)
        rows = [("", "", result.value, *texts)]
    else:
        rows = [(row, heading, value, *todo.values()) for row, heading, value, todo in _cells(result, None)]
    text = io.StringIO()
    writer = csv.writer(text, delimiter=";")
    writer.writerow(("row", "column", "value", *(f"what_to_do_{language}" for language in LANGUAGES)))
    writer.writerows([_harmless(cell) for cell in row] for row in rows)
    return text.getvalue().encode("utf-8-sig")


def _part(language: str, number: int, result: Verdict | FileRefused) -> dict[str, object]:
    words = WORDS[language]
    if isinstance(result, FileRefused):
        told = [words["whole"], _formatted(WHOLE[result.reason], result.value)[number]]
        return {"language": language, "words": words, "told": told, "notes": [], "cells": []}
    told = [words["accepted"].format(accepted=result.accepted.height, rows=result.rows)]
    told.append(words["whole"] if result.accepted.is_empty() else words["replaced"])
    if not result.refused.is_empty():
        told.append(words["send"])
    if result.refused.height > SHOWN_ON_PAGE:
        told.append(words["more"].format(shown=SHOWN_ON_PAGE))
    notes = [_formatted(NOTES[key], about)[number] for key, about in result.notes]
    cells = [(row, heading, value, todo[language]) for row, heading, value, todo in _cells(result, SHOWN_ON_PAGE)]
    return {"language": language, "words": words, "told": told, "notes": notes, "cells": cells}


def _cells(verdict: Verdict, limit: int | None) -> list[tuple[int, str, str, dict[str, str]]]:
    advice = {rule: what_to_do(rule) for rule in verdict.refused["rule"].unique()}
    shown = verdict.refused.head(limit if limit is not None else verdict.refused.height).with_columns(
        pl.col("column").replace(verdict.headings), pl.col("value").fill_null("").str.slice(0, 200)
    )
    return [(row, heading, value, advice[rule]) for row, heading, rule, value in shown.iter_rows()]


def _formatted(texts: tuple[str, ...], about: str) -> list[str]:
    return [text.format(about) for text in texts]


def _harmless(cell: object) -> object:
    return f"'{cell}" if isinstance(cell, str) and re.match(FORMULA, cell) else cell
