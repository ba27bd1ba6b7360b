"""Just enough Finnish (and English) inflection to make sandbox text that is not a list of labels.

Rules cover the endings the vocabulary uses; a word outside them comes back as None and the sentence is built another
way.
"""

from __future__ import annotations

import re

IRREGULAR_THIRD = {
    "tehdä": "tekee",
    "pestä": "pesee",
    "koota": "kokoaa",
    "nähdä": "näkee",
    "juosta": "juoksee",
    "päästä": "pääsee",
}
VOWELS = "aeiouyäöå"


def third_person(verb: str) -> str:
    """Present third person singular of an infinitive: hitsata, hitsaa; suunnitella, suunnittelee."""
    if verb in IRREGULAR_THIRD:
        return IRREGULAR_THIRD[verb]
    if verb.endswith(("ida", "idä", "uoda", "yydä", "iedä", "äydä")):
        return verb[:-2]
    if verb.endswith(("lla", "llä")):
        stem = verb[:-2]
        if stem.endswith(("tel",)) and stem[-4] in VOWELS:
            stem = stem[:-3] + "ttel"
        return stem + "ee"
    if verb.endswith(("ita", "itä")):
        return verb[:-2] + "tsee"
    if verb.endswith(("sta", "stä")):
        return verb[:-2] + "ee"
    if verb.endswith(("ata", "ätä")):
        stem, vowel = verb[:-3], verb[-1]
        if len(stem) > 1 and stem[-1] in "kpt" and stem[-2] in VOWELS:
            stem += stem[-1]
        return stem + vowel * 2
    if verb.endswith(("ota", "ötä", "uta", "ytä")):
        return verb[:-2] + verb[-1] * 2
    if verb.endswith(("aa", "ää")):
        return verb
    return verb[:-1] + verb[-2]


def inflected(phrase: str, case: str) -> str | None:
    """A noun phrase with its last word in genitive, partitive or elative; None when no rule fits."""
    *rest, word = phrase.split(" ")
    form = _inflect(word, case)
    endings = {"genitive": "sen", "partitive": "sta", "elative": "sesta"}
    agreeing = [_fit(part[:-3] + endings[case], part) if part.endswith("inen") else part for part in rest]
    return " ".join([*agreeing, form]) if form else None


def gerund(phrase: str) -> str:
    """An English verb phrase with its verb in -ing: weld steel, welding steel."""
    verb, _, rest = phrase.partition(" ")
    if verb.endswith("e") and not verb.endswith(("ee", "ye", "oe")):
        verb = verb[:-1]
    elif re.fullmatch(r"[^aeiou]*[aeiou][bdgmnprt]|control|debug|program", verb):
        verb += verb[-1]
    return f"{verb}ing {rest}".strip()


def _inflect(word: str, case: str) -> str | None:
    a = _harmony(word)
    stem_rules: list[tuple[str, dict[str, str]]] = [
        (r"minen$", {"genitive": "misen", "partitive": f"mist{a}", "elative": f"misest{a}"}),
        (r"(?<=[uyeo])us$|(?<=y)ys$", {"genitive": "uden", "partitive": f"utt{a}", "elative": f"udest{a}"}),
        (r"us$", {"genitive": "uksen", "partitive": "usta", "elative": "uksesta"}),
        (r"ys$", {"genitive": "yksen", "partitive": "ystä", "elative": "yksestä"}),
        (r"nti$", {"genitive": "nnin", "partitive": f"nti{a}", "elative": f"nnist{a}"}),
        (r"nt[aä]$", {"genitive": f"nn{a}n", "partitive": f"nt{a}{a}", "elative": f"nn{a}st{a}"}),
        (r"tieto$", {"genitive": "tiedon", "partitive": "tietoa", "elative": "tiedosta"}),
        (r"taito$", {"genitive": "taidon", "partitive": "taitoa", "elative": "taidosta"}),
        (r"hoito$", {"genitive": "hoidon", "partitive": "hoitoa", "elative": "hoidosta"}),
        (r"huolto$", {"genitive": "huollon", "partitive": "huoltoa", "elative": "huollosta"}),
        (r"työ$", {"genitive": "työn", "partitive": "työtä", "elative": "työstä"}),
        (r"ikk[aä]$", {"genitive": f"ik{a}n", "partitive": f"ikk{a}{a}", "elative": f"ik{a}st{a}"}),
        (r"oppi$", {"genitive": "opin", "partitive": "oppia", "elative": "opista"}),
        (r"tio$", {"genitive": "tion", "partitive": "tiota", "elative": "tiosta"}),
        (r"i[aä]$", {"genitive": f"i{a}n", "partitive": f"i{a}{a}", "elative": f"i{a}st{a}"}),
        (r"(?<=[lj])([uy])$", {"genitive": r"\1n", "partitive": rf"\1{a}", "elative": rf"\1st{a}"}),
    ]
    for ending, forms in stem_rules:
        if re.search(ending, word):
            form = re.sub(ending, forms[case], word)
            return form.replace("uud", "yyd") if word.endswith("yys") and "uud" in form else form
    return None


def _fit(form: str, word: str) -> str:
    """A form written with a, with the vowel its word takes."""
    return form if _harmony(word) == "a" else form.replace("sta", "stä")


def _harmony(word: str) -> str:
    """The a or ä of case endings: the last vowel that takes sides decides."""
    for letter in reversed(word):
        if letter in "aou":
            return "a"
        if letter in "äöy":
            return "ä"
    return "ä"
