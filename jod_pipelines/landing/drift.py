"""How the documents of a source are shaped, and where a new one departs from what has been seen.

A shape is learned from what lands: which JSON paths there are, of which types, and which of them are always there.
It is kept beside the landed documents; what a contract accepts becomes part of it, so each change is told once.
Every item is looked at, since a rare departure is the one that hurts. Items built alike are judged once, so what it
costs is reading the JSON and outlining it, some 20 µs an item (docs/decisions/0004).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase
from functools import cached_property
from typing import Any, Literal

import orjson

from jod_pipelines.landing.archive import Document, Finding, Kind, Verb

ENOUGH = 20
"""Objects that must all have had a field before its absence is news."""
WIDE = 60
"""An object with more fields than this is a map whose keys are data."""
SHOWN = 40
_CONTAINERS = frozenset({dict, list})
_DATA_KEY = re.compile(r"[\d]|.*[\s/:.]")
_TYPES = {str: "text", int: "number", float: "number", bool: "true or false", type(None): "null"}


@dataclass
class Shape:
    """What is known of a resource's documents.

    Attributes:
        types: for each path the types seen there; an object's fields are `parent.field`, a list's elements `parent[]`.
        seen, of: in how many objects a field was, out of how many that could have it.
    """

    types: dict[str, set[str]] = field(default_factory=dict)
    seen: dict[str, int] = field(default_factory=dict)
    of: dict[str, int] = field(default_factory=dict)

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> Shape:
        """Read back what `as_json` wrote."""
        return cls({path: set(types) for path, types in value["types"].items()}, dict(value["seen"]), dict(value["of"]))

    def as_json(self) -> dict[str, Any]:
        """The shape as JSON can hold it, in path order."""
        types = {path: sorted(types) for path, types in sorted(self.types.items())}
        return {"types": types, "seen": dict(sorted(self.seen.items())), "of": dict(sorted(self.of.items()))}

    def always(self, parent: str) -> list[str]:
        """Paths that every object at `parent` has had."""
        objects = self.of.get(parent, 0)
        children = self._children.get(parent, []) if objects >= ENOUGH else []
        return [path for path in children if self.seen[path] == objects]

    @cached_property
    def _children(self) -> dict[str, list[str]]:
        children: dict[str, list[str]] = {}
        for path in self.seen:
            children.setdefault(path.rpartition(".")[0], []).append(path)
        return children

    def learn(self, outline: Any, path: str, times: int) -> None:
        """Add what `outline_of` made of a value at a path, met `times` times."""
        self.types.setdefault(path, set()).add(_type_of_outline(outline))
        if isinstance(outline, frozenset):
            for element in outline:
                self.learn(element, f"{path}[]", times)
        elif isinstance(outline, tuple):
            self.of[path] = self.of.get(path, 0) + times
            for name, inner in outline:
                child = _child(path, name, len(outline))
                self.seen[child] = self.seen.get(child, 0) + times
                self.learn(inner, child, times)

    def departures(self, value: Any, path: str) -> Iterator[tuple[Kind, str, Any]]:
        """Where a value departs from this shape: kind, path and the value found there (of a missing field: the object's)."""
        known, found = self.types.get(path, set()) - {"null"}, _type_of(value)
        if known and found != "null" and found not in known:
            yield "changed type", path, value
            return
        if isinstance(value, list):
            for element in value if f"{path}[]" in self.types else ():
                yield from self.departures(element, f"{path}[]")
        elif isinstance(value, dict):
            present = set()
            for name, inner in value.items():
                child = f"{path}.*" if f"{path}.*" in self.types else _child(path, name, len(value))
                present.add(child)
                if child in self.types:
                    yield from self.departures(inner, child)
                elif path in self.of:
                    yield "unknown field", child, inner
            for child in self.always(path):
                if child not in present:
                    yield "missing field", child, value


@dataclass
class Watch:
    """Looks at documents on their way to be parsed, and keeps back the items whose departure the contract refuses.

    Args:
        known: the shape so far; None learns without judging.
        verbs: what to do with each kind.
        items: the field of a document that lists its items; without it a document, an element of a list or a line is one.
        ignore: paths (with `*`) whose departures are no news.
    """

    known: Shape | None
    verbs: dict[Kind, Verb]
    items: str | None = None
    ignore: tuple[str, ...] = ()
    learned: Shape = field(default_factory=Shape)
    findings: dict[tuple[Kind, str], Finding] = field(default_factory=dict)
    refused: dict[str, str] = field(default_factory=dict)
    _outlines: dict[Any, list[int]] = field(default_factory=dict)
    _clean: dict[Any, list[int]] = field(default_factory=dict)

    def look(self, document: Document) -> Document | None:
        """The document without the items the contract refuses, or None when it is refused as a whole."""
        try:
            items = items_of(document, self.items)
        except ValueError:
            return document  # not JSON: whoever parses it says so
        if items.envelope is not None and not self._accepts(document.key, "", items.envelope):
            return None
        numbered = enumerate(items.values, start=1)
        kept = [value for number, value in numbered if self._accepts(items.label(document.key, number), items.path, value)]
        if len(kept) == len(items.values):
            return document
        return None if items.kind == "whole" else replace(document, body=items.body(kept, self.items))

    def finish(self) -> Shape:
        """What is known after these documents."""
        for (path, outline), counted in self._outlines.items():
            self.learned.learn(outline, path, counted[0])
        for shape in [self.known] if self.known else []:
            for path, types in shape.types.items():
                self.learned.types.setdefault(path, set()).update(types)
            for mine, theirs in ((self.learned.seen, shape.seen), (self.learned.of, shape.of)):
                for path, seen in theirs.items():
                    mine[path] = mine.get(path, 0) + seen
        return self.learned

    def _accepts(self, label: str, path: str, value: Any) -> bool:
        outline = (path, outline_of(value))
        times = self._clean.get(outline)
        if times is None:
            departures = self.known.departures(value, path) if self.known else ()
            found = {(kind, at): inner for kind, at, inner in departures if not self._ignored(at)}
            for (kind, at), inner in found.items():
                self._note(kind, at, label, inner)
            if any(self.verbs.get(kind) == "quarantine" for kind, _ in found):
                return False
            times = self._outlines.setdefault(outline, [0])
            if not found:
                self._clean[outline] = times
        times[0] += 1
        return True

    def _ignored(self, path: str) -> bool:
        return any(fnmatchcase(path.lstrip("."), pattern) for pattern in self.ignore)

    def _note(self, kind: Kind, path: str, label: str, value: Any) -> None:
        verb, where = self.verbs.get(kind, "accept"), path.lstrip(".")
        first = self.findings.get((kind, path)) or Finding(kind, where, label, shown(value), verb, items=0)
        self.findings[(kind, path)] = replace(first, items=first.items + 1)
        if verb == "quarantine":
            self.refused[label] = f"{kind} {where} = {shown(value)}"


@dataclass(frozen=True)
class Items:
    """The items of a document: where they are, and with what path they are judged.

    `kind`: lines (JSON lines), list (elements of the document), field (elements of one of its fields, `envelope` is the
    rest of it) or whole (the document is the item).
    """

    kind: Literal["lines", "list", "field", "whole"]
    path: str
    values: list[Any]
    envelope: Any = None

    def label(self, key: str, number: int) -> str:
        """How people find the item with that number, counted from 1."""
        return {"lines": f"{key} line {number}", "whole": key}.get(self.kind, f"{key} item {number}")

    def body(self, values: list[Any], name: str | None) -> bytes:
        """A document of this kind with other items."""
        if self.kind == "lines":
            return b"".join(orjson.dumps(value) + b"\n" for value in values)
        return orjson.dumps({**self.envelope, name: values} if self.kind == "field" else values)


def items_of(document: Document, name: str | None) -> Items:
    """Find the items of a document; `name` is the field that lists them, if any.

    Raises:
        ValueError: the document is neither JSON nor JSON lines.
    """
    body = document.body
    if body[:1] not in (b"{", b"["):
        raise ValueError("not JSON")
    lines = body.splitlines() if body[:1] == b"{" and body.endswith(b"}\n") else []
    if lines and all(line[:1] == b"{" for line in lines):
        return Items("lines", "", [orjson.loads(line) for line in lines])
    whole = document.json()
    if isinstance(whole, list):
        return Items("list", "[]", whole)
    if name is not None and isinstance(whole.get(name), list):
        return Items("field", f".{name}[]", whole[name], {key: value for key, value in whole.items() if key != name})
    return Items("whole", "", [whole])


def outline_of(value: Any) -> Any:
    """A hashable outline of a JSON value: field names and types, no contents. Equal for documents built alike."""
    kind = type(value)
    if kind is dict:
        return tuple([(name, outline_of(v) if type(v) in _CONTAINERS else type(v)) for name, v in value.items()])
    if kind is list:
        return frozenset(map(outline_of, value))
    return kind


def shown(value: Any) -> str:
    """A value as a message can hold it."""
    text = orjson.dumps(value).decode()
    return text if len(text) <= SHOWN else f"{text[:SHOWN]}…"


def _child(path: str, name: str, siblings: int) -> str:
    own = "*" if siblings > WIDE or _DATA_KEY.match(name) else name
    return f"{path}.{own}"


def _type_of(value: Any) -> str:
    return "object" if isinstance(value, dict) else "list" if isinstance(value, list) else _TYPES[type(value)]


def _type_of_outline(outline: Any) -> str:
    return "object" if isinstance(outline, tuple) else "list" if isinstance(outline, frozenset) else _TYPES[outline]
