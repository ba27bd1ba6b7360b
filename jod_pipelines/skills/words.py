"""Text as sentences of words, each with the base forms it may stand for, in the three languages.

Finnish says the same skill as verb and object (johtaa projekteja), as nouns (projektien johtaminen) and as a compound
(projektijohtaminen). A word therefore offers its lemma, the verb its action noun is made of, and its compound parts.
"""

from __future__ import annotations

import csv
import re
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import simplemma
from simplemma.strategies import DictionaryLookupStrategy

_LOOKUP = DictionaryLookupStrategy()
COMPOUNDING = ("fi", "sv")
SHORTEST_PART = 4
"""Shorter parts of a guessed compound are mostly endings."""
TOKEN = re.compile(r"[^\W_]+(?:[-'’/.+#][^\W_]+|[+#]+)*|[.!?;:•,\n]")
COMMA = ","
BREAKS = frozenset(".!?;:•\n")
STOP_WORDS = {
    "fi": frozenset("ja sekä tai eli että joka mikä se ne tämä nämä on olla voida kuin myös mm esim eri sen niiden".split()),
    "sv": frozenset("och samt eller att som en ett den det de i på av för till med om är vara kan".split()),
    "en": frozenset("and or the a an of in on for to with by as is are be been being can at from that this".split()),
}
HEADS = {
    "fi": ("osaaminen", "taito", "tuntemus", "valmius", "opinnot"),
    "sv": ("kunnande", "kunskap", "färdighet", "kompetens"),
    "en": (),
}
"""Last parts of compounds that say no more than 'skill in': asiakaspalveluosaaminen is asiakaspalvelu."""
WHOLE = "="
"""Marks the form of a word that keeps such a last part, for phrases in which it matters (tutkimusosaaminen is no tutkimus)."""
ACTION_NOUNS = {
    "fi": (
        ("elu", ("ella",)),
        ("ely", ("ellä",)),
        ("ailu", ("ailla",)),
        ("ily", ("illä",)),
        ("ointi", ("oida",)),
        ("öinti", ("öidä",)),
        ("uus", ("uttaa",)),
        ("aus", ("ata", "aa")),
        ("äys", ("ätä", "ää")),
        ("utus", ("uttaa",)),
        ("tus", ("ttaa", "taa")),
        ("tys", ("ttää", "tää")),
        ("us", ("aa", "oa")),
        ("ys", ("ää",)),
        ("linta", ("lita",)),
        ("nta", ("a", "ta", "toa")),
        ("ntä", ("ä", "tä")),
        ("eleminen", ("ella",)),
        ("aaminen", ("ata", "aa")),
        ("ääminen", ("ätä", "ää")),
        ("aminen", ("aa",)),
        ("äminen", ("ää",)),
        ("ominen", ("oa", "oida")),
        ("uminen", ("ua",)),
        ("minen", ("a", "ä", "da", "dä")),
        ("oito", ("oitaa",)),
        ("uolto", ("uoltaa",)),
        ("orjuu", ("orjata",)),
        ("jaus", ("jata",)),
    ),
    "sv": (("ning", ("a", "")), ("ande", ("a",)), ("ende", ("",)), ("ing", ("a",))),
    "en": (("ing", ("e", "")),),
}
"""Endings of nouns that name an action, and the endings of the verbs they may come from."""
OTHER_READINGS = {
    "fi": (("ista", "inen"), ("istä", "inen")),
    "sv": (("ar", "a"), ("er", "a")),
    "en": (),
}
"""Endings whose word may be another base form than the one the dictionary gives."""
OTHER_MATTERS = Path(__file__).with_name("other_matters.csv")
"""Patterns of sentences that say nothing of the skills a text is about; see decision 0026."""


def _other_matters() -> dict[str, re.Pattern[str]]:
    """One pattern for each language: what the text denies, or says of applicants, workplaces, the world or studying."""
    patterns: dict[str, list[str]] = {}
    with OTHER_MATTERS.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            patterns.setdefault(row["language"], []).append(f"(?:{row['pattern']})")
    return {language: re.compile("|".join(found), re.IGNORECASE) for language, found in patterns.items()}


OTHER_MATTER = _other_matters()


@dataclass(frozen=True, slots=True)
class Word:
    """A content word: the base forms it may stand for (its own lemma first), its place, whether written as a name.

    A capital where a sentence begins makes no name. `modifiers` are the forms of which only the first part of a compound
    speaks: asiakassuhde is about asiakas, but is none. `clause` counts the commas before the word.
    """

    forms: tuple[str, ...]
    start: int
    end: int
    is_name: bool = False
    is_capital: bool = False
    modifiers: frozenset[str] = frozenset()
    clause: int = 0


def sentences(text: str, language: str) -> list[list[Word]]:
    """Content words by sentence; sentences on other matters are left out (`other_matters.csv`)."""
    found: list[list[Word]] = []
    current: list[Word] = []
    begin = clause = 0
    stop, is_other = STOP_WORDS[language], OTHER_MATTER[language].search

    def close(end: int) -> None:
        if current and not is_other(text, begin, end):
            found.append(current.copy())
        current.clear()

    for match in TOKEN.finditer(text):
        token = match.group()
        if token == COMMA:
            clause += 1
            continue
        if token in BREAKS:
            close(match.start())
            begin = match.end()
            continue
        lowered = token.lower()
        if lowered not in stop:
            is_capital = token[0].isupper() and not token.isupper()
            is_name = bool(current) and is_capital
            known, first = forms(lowered, language), modifiers(lowered, language)
            current.append(Word(known, match.start(), match.end(), is_name, is_capital, first, clause))
    close(len(text))
    return found


@lru_cache(maxsize=500_000)
def forms(word: str, language: str) -> tuple[str, ...]:
    """Base forms a lower-case word may stand for: its lemma, then the verb behind it and its compound parts."""
    own, whole = lemma(word, language), whole_lemma(word, language)
    others = [verb_of(own, language), *_other_readings(word, language), WHOLE + whole if whole != own else None]
    for part in _parts(own, language) or ():
        others += [part, verb_of(part, language)]
    return tuple(dict.fromkeys([own, *(form for form in others if form)]))


@lru_cache(maxsize=500_000)
def modifiers(word: str, language: str) -> frozenset[str]:
    """Of the base forms of a word those that only the first part of a compound stands for."""
    own = lemma(word, language)
    parts = _parts(own, language)
    if parts is None:
        return frozenset()
    first, last = ({part, verb_of(part, language)} for part in parts)
    return frozenset(form for form in first - last - {own, verb_of(own, language)} if form)


@lru_cache(maxsize=500_000)
def lemma(word: str, language: str) -> str:
    """The word's base form, lower case, without a compound head that adds nothing."""
    base = whole_lemma(word, language)
    for head in HEADS[language]:
        if base.endswith(head) and len(base) > len(head) + SHORTEST_PART:
            bare = base.removesuffix(head).rstrip("-")
            return _unhyphenated(bare, language) or bare
    return base


@lru_cache(maxsize=500_000)
def whole_lemma(word: str, language: str) -> str:
    """The word's base form, lower case.

    A word the dictionary does not know is taken as a compound of two that it knows; the general guesses of the
    library are left out for Finnish and Swedish, where they cut compounds to their first part.
    """
    base = _dictionary(word, language) or _unhyphenated(word, language)
    if base is None and language in COMPOUNDING:
        cut = _cut(word, language)
        base = word[:cut] + (_dictionary(word[cut:], language) or "") if cut else word
    elif base is None:
        base = simplemma.lemmatize(word, lang=language).lower()
    return base


def _unhyphenated(word: str, language: str) -> str | None:
    """The noun of action a Finnish first part stands for: johtamis- (ja kehittämisosaaminen), johtaminen."""
    noun = word.removesuffix("mis") + "minen"
    return noun if language == "fi" and word.endswith("mis") and _dictionary(noun, language) == noun else None


@lru_cache(maxsize=500_000)
def verb_of(noun: str, language: str) -> str | None:
    """The verb an action noun is made of (suunnittelu: suunnitella), or None; only verbs the dictionary knows."""
    for ending, verb_endings in ACTION_NOUNS[language]:
        if noun.endswith(ending) and len(noun) > len(ending) + 1:
            stem = noun.removesuffix(ending)
            for verb_ending in verb_endings:
                for candidate in (stem + verb_ending, _weak(stem) + verb_ending):
                    if candidate != noun and _dictionary(candidate, language) == candidate:
                        return candidate
    return None


def _other_readings(word: str, language: str) -> list[str]:
    """Base forms the dictionary passed over: it gives one reading of a form that has two (svetsar: welder, welds)."""
    found = []
    for ending, base in OTHER_READINGS[language]:
        if word.endswith(ending):
            candidate = word.removesuffix(ending) + base
            if _dictionary(candidate, language) == candidate:
                found.append(candidate)
    return found


def _weak(stem: str) -> str:
    """Consonant gradation of Finnish: suunnittelu, suunnitella."""
    return stem.removesuffix("tt") + "t" if stem.endswith("tt") else stem


def _parts(word: str, language: str) -> tuple[str, str] | None:
    cut = _cut(word, language)
    if not cut:
        return None
    first = word[:cut].rstrip("-")
    return _known(first, language) or first, _dictionary(word[cut:], language) or word[cut:]


@lru_cache(maxsize=500_000)
def _cut(word: str, language: str) -> int:
    """Where a compound's last part begins, both parts being known words; 0 when it is no compound."""
    if language in COMPOUNDING:
        for cut in range(SHORTEST_PART, len(word) - SHORTEST_PART + 1):
            first = word[:cut].rstrip("-")
            if len(first) >= SHORTEST_PART and _dictionary(word[cut:], language) and _known(first, language):
                return cut
    return 0


def _known(word: str, language: str) -> str | None:
    return _dictionary(word, language) or _unhyphenated(word, language)


@lru_cache(maxsize=500_000)
def _dictionary(word: str, language: str) -> str | None:
    found = _LOOKUP.get_lemma(word, language) or _LOOKUP.get_lemma(word.capitalize(), language)
    return found.lower() if found else None


def units(word: Word, language: str) -> tuple[str, ...]:
    """What a label's word must meet in a text: the verb it is made of or its lemma; of an unknown compound, of each part."""
    own = word.forms[0]
    parts = _parts(own, language) if _dictionary(own, language) != own else None
    return tuple(verb_of(part, language) or part for part in parts or (own,))
