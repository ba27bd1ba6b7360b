"""The faults the platform must survive, one line each: what goes wrong where, and what must become of it."""

from __future__ import annotations

import socket
from dataclasses import dataclass
from typing import Any

from fault_suite import HIGHER, HOLDS, QUARANTINES, RECOVERS, Case
from jod_pipelines.sandbox.faults import Fault

SAFE = f"{RECOVERS} {HOLDS} {QUARANTINES}"
"""Whatever the source's module makes of it, nothing is lost without a word."""
IMPATIENT = {"read_timeout_s": 0.3, "attempts": 2}
ELSEWHERE = "http://localhost:9/elsewhere"
CELLS_PATH = "/fi/StatFin/pra/15au.px"


@dataclass(frozen=True)
class Endpoint:
    """Requests of one kind, and the resource whose ingest makes them. `interface`: of the postings."""

    name: str
    resource: str
    system: str
    path: str
    method: str | None = None
    interface: str = "v2"

    def fault(self, **what: Any) -> Fault:
        """A fault of these requests."""
        return Fault(**{"system": self.system, "path": self.path, "method": self.method, "count": 0, **what})


CODES = Endpoint("code list", "koodisto/codes", "koodisto", "/json/kunta/koodi")
RELATIONS = Endpoint("code relations", "koodisto/relations", "koodisto", "/codeelement/.*/kunta/.*")
TREE = Endpoint("organisation tree", "organisaatio/organisations", "organisaatio", "/hierarkia/hae")
SEARCH = Endpoint("search", "opintopolku/search", "opintopolku", "/external/search/.*")
PROGRAMME = Endpoint("programme", "opintopolku/koulutus", "opintopolku", "/external/koulutus/.*")
IMPLEMENTATION = Endpoint("implementation", "opintopolku/toteutus", "opintopolku", "/external/toteutus/.*")
LISTING = Endpoint("qualification list", "eperusteet/perusteet", "eperusteet", "/external/perusteet")
QUALIFICATION = Endpoint("qualification", "eperusteet/peruste", "eperusteet", "/external/peruste/.*")
BADGES = Endpoint("badges", "eperusteet/osaamismerkit", "eperusteet", "/external/osaamismerkit")
COLUMNS = Endpoint("vipunen columns", HIGHER, "vipunen", "/[a-z_]+")
COUNT = Endpoint("vipunen count", HIGHER, "vipunen", "/.*/count")
ROWS = Endpoint("vipunen rows", HIGHER, "vipunen", "/.*/data")
CONFIG = Endpoint("statfin limits", "statfin/pra_15au", "statfin", "/fi/")
FOLDER = Endpoint("statfin folder", "statfin/pra_15au", "statfin", "/fi/StatFin/pra")
METADATA = Endpoint("statfin metadata", "statfin/pra_15au", "statfin", CELLS_PATH, "GET")
CELLS = Endpoint("statfin cells", "statfin/pra_15au", "statfin", CELLS_PATH, "POST")
POSTINGS = Endpoint("postings", "mylly/job_postings", "mylly", ".*", "POST")
PACK = Endpoint("esco pack", "esco/classification", "esco", ".*")
PAGES = Endpoint("postings V1", "mylly/job_postings", "mylly_v1", ".*", interface="v1")
TOKEN = Endpoint("token of V1", "mylly/job_postings", "login", ".*", interface="v1")
KNOWN = Endpoint("classification list", "classifications/items", "classifications", "/classifications")
HEAD = Endpoint("classification head", "classifications/items", "classifications", "/classifications/kunta_1_[^/]*")
ITEMS = Endpoint("classification items", "classifications/items", "classifications", "/classifications/kunta_1_.*/.*")
MAPS = Endpoint("correspondence", "classifications/correspondences", "classifications", "/correspondenceTables/kunta_2.*")
PACKAGES = Endpoint("kela catalogue", "kela/benefits", "kela", ".*/package_search")
FILES = Endpoint("kela file", "kela/benefits", "kela", ".*[.]csv")
FIELDS = Endpoint("kela metadata", "kela/benefits", "kela", ".*[.]json")
SERVICES = Endpoint("services by class", "ptv/services", "ptv", "/Service/serviceClass")
DETAILS = Endpoint("service details", "ptv/services", "ptv", "/Service/list")
CHANNELS = Endpoint("channel details", "ptv/channels", "ptv", "/ServiceChannel/list")

CASES: list[Case] = []


def case(
    name: str,
    endpoint: Endpoint,
    outcomes: str,
    says: str = "",
    *,
    http: Any = None,
    apart: str = "",
    **what: Any,
) -> None:
    """Add one fault to the table."""
    CASES.append(
        Case(
            name=f"{endpoint.name}: {name}",
            resource=endpoint.resource,
            outcomes=tuple(outcomes.split()),
            says=says,
            faults=(endpoint.fault(name=name, **what),),
            http=http or {},
            apart=tuple(apart.split()),
            interface=endpoint.interface,
        )
    )


# fmt: off
# ruff: noqa: E501
# ---- what passes: asked again, the answer is whole ------------------------------------------------------------------
for endpoint in (CODES, SEARCH, LISTING, ROWS, CELLS, POSTINGS):
    case("500 once", endpoint, RECOVERS, kind="status", status=500, times=1)
    case("502 twice", endpoint, RECOVERS, kind="status", status=502, times=2)
    case("429, Retry-After in seconds", endpoint, RECOVERS, kind="status", status=429, retry_after=1, times=1)
    case("skewed clock in Date", endpoint, RECOVERS, kind="header", headers={"Date": "Fri, 01 Jan 2038 00:00:00 GMT"})
    case("slow drip", endpoint, RECOVERS, kind="slow", seconds=0.01, bytes=50_000)
for endpoint in (TREE, PROGRAMME, BADGES, COUNT, FOLDER):
    case("503 once", endpoint, RECOVERS, kind="status", status=503, times=1)
    case("429, Retry-After as a date", endpoint, RECOVERS, kind="status", status=429, times=1, retry_after="Wed, 21 Oct 2026 07:28:00 GMT")
    case("connection reset before the body", endpoint, RECOVERS, kind="reset", bytes=0, times=1)
    case("slow headers", endpoint, RECOVERS, kind="wait", seconds=0.2, times=2)
for endpoint in (CODES, IMPLEMENTATION, METADATA, ROWS, PACK):
    case("connection reset mid-body once", endpoint, RECOVERS, kind="reset", bytes=300, times=1)
    case("connection closed mid-body once", endpoint, RECOVERS, kind="close", bytes=300, times=1)
    case("408 once", endpoint, RECOVERS, kind="status", status=408, times=1)
    case("gzip cut once", endpoint, RECOVERS, kind="gzip_cut", times=1)
    case("gzip spoiled once", endpoint, RECOVERS, kind="gzip_broken", times=1)
    case("Content-Length too long once", endpoint, RECOVERS, kind="length", bytes=50, times=1)
for endpoint in (RELATIONS, QUALIFICATION, COLUMNS, CONFIG):
    case("HTML page with 200 once", endpoint, RECOVERS, kind="html", times=1)
    case("empty body with 200 once", endpoint, RECOVERS, kind="empty", times=1)
    case("null once", endpoint, RECOVERS, kind="body", text="null", times=1)
    case("not HTTP once", endpoint, RECOVERS, kind="garbage", times=1)
    case("no answer once", endpoint, RECOVERS, kind="hang", seconds=0.6, times=1, http=IMPATIENT)
    case("truncated JSON with 200 once", endpoint, RECOVERS, kind="truncate", bytes=40, times=1)
case("redirect within the host", TREE, RECOVERS, kind="redirect", status=307, times=1, location="?aktiiviset=true")
case("redirect loop once", TREE, RECOVERS, kind="redirect", location="?again", times=4)

# ---- what looks odd and is right ------------------------------------------------------------------------------------
for endpoint in (CODES, SEARCH, ROWS, CELLS, POSTINGS):
    case("byte order mark", endpoint, RECOVERS, kind="bom")
    case("labelled as Latin-1 and HTML", endpoint, RECOVERS, kind="header", headers={"Content-Type": "text/html; charset=iso-8859-1"})
case("unknown field on page 2", SEARCH, RECOVERS, kind="edit", query="page=2", at="hits.0.nimi.se", value="Namma")
case("dimension order turned", CELLS, RECOVERS, kind="turn")
case("dimension order turned between slices", CELLS, RECOVERS, kind="turn", after=1, times=1)
case("index as a list", CELLS, RECOVERS, kind="replace", pattern=r'"index":\{"S0":0\}', replacement='"index":["S0"]')
case("edition suffix changed", CELLS, RECOVERS, kind="replace", pattern=r"_20\d{6}", replacement="_20990101", asked="_20990101", asked_as="_20180101")
case("updated with dots for colons", CELLS, RECOVERS, kind="replace", pattern=r"T06:00:00Z", replacement="T06.00.00Z")
case("year as text in every row", ROWS, RECOVERS, kind="edit", at="*.koulutuksenAlkamisvuosi", change="text")
case("date with a time", ROWS, RECOVERS, kind="replace", pattern=r'(Pvm":"[\d-]+)"', replacement=r'\1 00:00:00"')
case("load date of tomorrow", ROWS, RECOVERS, apart="tietojoukko_paivitetty_pvm", kind="edit", at="*.tietojoukkoPaivitettyPvm", value="2099-01-02")
case("a column nobody knows", ROWS, RECOVERS, kind="edit", at="*.sektori", change="copy", value="uusiSarake->(1)")
case("codes joined by commas", POSTINGS, RECOVERS, kind="replace", pattern=r'"regions":\["(\d+)","(\d+)"', replacement=r'"regions":["\1,\2"')
case("a posting twice", POSTINGS, RECOVERS, kind="replace", pattern=r"\A([^\n]*\n)", replacement=r"\1\1")
case("an item twice on a page", SEARCH, RECOVERS, kind="edit", query="page=2", at="hits", change="repeat")
case("an item twice on a page", LISTING, RECOVERS, kind="edit", at="data", change="repeat")
case("Windows line ends", POSTINGS, RECOVERS, kind="replace", pattern=r"\n", replacement="\\r\\n")
case("no line end on an empty line", POSTINGS, RECOVERS, kind="replace", pattern=r"\Z", replacement="\\n \\n")

# ---- what lasts: nothing new serves, and the fault has a name -------------------------------------------------------
for endpoint in (
    CODES,
    RELATIONS,
    TREE,
    SEARCH,
    LISTING,
    QUALIFICATION,
    BADGES,
    COLUMNS,
    COUNT,
    ROWS,
    CONFIG,
    FOLDER,
    METADATA,
    CELLS,
    POSTINGS,
    PACK,
):
    case("502 for an hour", endpoint, HOLDS, "answers 502 after 3 attempts", kind="status", status=502)
for endpoint in (SEARCH, TREE, ROWS, CELLS, POSTINGS):
    case("429 for ever", endpoint, HOLDS, "answers 429", kind="status", status=429, retry_after=3600)
    case("403", endpoint, HOLDS, "refused with 403|403", kind="status", status=403, text="forbidden")
    case("400", endpoint, HOLDS, "400", kind="status", status=400, text="Bad Request")
    case("HTML page with 200", endpoint, HOLDS, "HTML page|cut in the middle", kind="html")
    case("truncated with 200", endpoint, HOLDS, "not complete JSON|cut in the middle", kind="truncate", bytes=700)
    case("connection reset mid-body", endpoint, HOLDS, "closed the connection|broke off", kind="reset", bytes=500)
    case("connection closed mid-body", endpoint, HOLDS, "broke off", kind="close", bytes=500)
    case("gzip spoiled", endpoint, HOLDS, "compression is broken", kind="gzip_broken")
    case("gzip cut", endpoint, HOLDS, "compression is broken", kind="gzip_cut", bytes=20)
    case("redirect to another host", endpoint, HOLDS, "redirected to another host, localhost", kind="redirect", status=307, location=ELSEWHERE)
    case("drips for ever", endpoint, HOLDS, "did not answer in time", kind="slow", seconds=0.02, bytes=100, http={"answer_timeout_s": 0.2, "attempts": 1})
for endpoint in (CODES, LISTING, COUNT, METADATA, PACK):
    case("empty body with 200", endpoint, HOLDS, "empty|not a ZIP", kind="empty")
    case("Content-Length too long", endpoint, HOLDS, "broke off", kind="length", bytes=50)
    case("called gzip and is not", endpoint, HOLDS, "compression is broken", kind="gzip_lie")
    case("redirect loop", endpoint, HOLDS, "redirected more than", kind="redirect", location="?again")
    case("never answers", endpoint, HOLDS, "did not answer in time", kind="hang", seconds=0.5, http=IMPATIENT)
    case("not HTTP", endpoint, HOLDS, "did not answer in HTTP", kind="garbage")
for endpoint in (CODES, TREE, SEARCH, LISTING, BADGES, COUNT, ROWS, FOLDER, METADATA, CELLS):
    case("null", endpoint, HOLDS, "null instead of a document", kind="body", text="null")
for endpoint in (CODES, RELATIONS, TREE, SEARCH, LISTING, BADGES, COUNT, ROWS, CONFIG, FOLDER, METADATA, CELLS):
    case("JSON of another type", endpoint, f"{HOLDS} {QUARANTINES}", "another shape|is not|empty|is a|readable document", kind="body", text='{"viesti":"huolto"}')
for endpoint in (TREE, SEARCH, LISTING, FOLDER, METADATA, CELLS, CODES, BADGES, ROWS):
    case("empty list", endpoint, HOLDS, "another shape|reload|empty|is not|no table|readable document|0 rows", kind="body", text="[]")
for endpoint in (CODES, TREE, SEARCH, ROWS, QUALIFICATION):
    case("Latin-1", endpoint, HOLDS, "not complete JSON|shape", kind="recode")
    case("UTF-16", endpoint, HOLDS, "not complete JSON", kind="recode", charset="utf-16")
    case("UTF-8 twice", endpoint, HOLDS, "spoiled", kind="mojibake")
case("no such list", CODES, QUARANTINES, "1 documents failed.*kunta", kind="status", status=404)
case("a list without its codes", CODES, HOLDS, "kunta", kind="body", text="[]")
case("gone", SEARCH, HOLDS, "not found", kind="status", status=404)
case("gone", TREE, HOLDS, "not found", kind="status", status=404)
case("unknown resource, text labelled JSON", COLUMNS, HOLDS, "no resource", kind="status", status=404, text="Resource 'x' not found", content_type="application/json")
case("bad filter, text labelled JSON", ROWS, HOLDS, "refused with 400", kind="status", status=400, text="Bad filtering parameter! Cause: x", content_type="application/json")
case("count as text", COUNT, HOLDS, "instead of a document", kind="body", text='"1740"')
case("count as an object", COUNT, HOLDS, "not a bare number", kind="body", text='{"count":1740}')
case("count lags the rows", COUNT, HOLDS, "reloaded|announced", kind="body", text="1700")
case("reload while reading: load date moved", ROWS, RECOVERS, apart="tietojoukko_paivitetty_pvm", kind="edit", after=2, at="*.tietojoukkoPaivitettyPvm", value="2026-06-02")
case("reload while reading: count moved", COUNT, HOLDS, "reloaded", kind="body", after=1, text="1745")
case("rows missing", ROWS, RECOVERS, kind="replace", after=1, times=1, pattern=r"\},\{.*", replacement="}]")
case("load date that is none", ROWS, HOLDS, "shape|date", kind="edit", at="*.tietojoukkoPaivitettyPvm", value="pian")
case("cell limit, 403", CELLS, HOLDS, "403", kind="status", status=403, text='{"error":"Too many values selected"}')
case("table renamed, 400", METADATA, HOLDS, "may have been renamed", kind="status", status=400, text='{"error":"Parameter error"}' )
case("table gone from its folder", FOLDER, HOLDS, "has no table", kind="edit", at="0.id", value="99zz.px")
case("limits without their names", CONFIG, HOLDS, "maxCalls", kind="edit", at="maxCalls", change="drop")
case("limit as text", CONFIG, RECOVERS, kind="edit", at="maxCells", change="text")
case("variable renamed", METADATA, HOLDS, "variables match", kind="replace", pattern="ammatti_19", replacement="ammatti_99")
case("variable twice in two editions", METADATA, HOLDS, "2 variables match", kind="replace", pattern=r"sukupuoli_9_\d+", replacement="ammatti_19_20250101")
case("variable nobody configured", METADATA, HOLDS, "not in the settings entry|variables match", kind="replace", pattern=r"sukupuoli_9_\d+", replacement="ikä_1_20250101")
case("values gone", METADATA, HOLDS, "matches", kind="edit", at="variables.0.values", value=[])
case("total renamed", SEARCH, HOLDS, "total", kind="edit", at="total", change="rename", value="yhteensa")
case("total past the window", SEARCH, HOLDS, "10000", kind="edit", at="total", value=10_000)
case("schema changed on page 2: hits renamed", SEARCH, f"{HOLDS} {QUARANTINES}", "hits", kind="edit", query="page=2", at="hits", change="rename", value="osumat")
case("schema changed on page 2: names gone", SEARCH, QUARANTINES, "nimi", kind="edit", query="page=2", at="hits.*.nimi", change="drop")
case("page twice", SEARCH, SAFE, kind="other", query="page=2", params={"page": "1"})
case("page vanished", SEARCH, SAFE, kind="edit", query="page=2", at="hits", value=[])
case("500 on page 2", SEARCH, RECOVERS, kind="status", status=500, query="page=2")
case("number of pages gone", LISTING, HOLDS, "sivuja", kind="edit", at="sivuja", change="drop")
case("page without its data", LISTING, HOLDS, "", kind="edit", at="data", value=[])
case("documents gone", LISTING, HOLDS, "", kind="edit", at="data", change="rename", value="tiedot")
case("not a ZIP file", PACK, HOLDS, "not a ZIP", kind="body", text="<html>")
case("cut with 200", PACK, HOLDS, "cannot be read", kind="truncate", bytes=20_000)
case("cut mid-line", POSTINGS, HOLDS, "cut in the middle of a line", kind="truncate", bytes=3_000)
case("cut between lines", POSTINGS, SAFE, kind="truncate", lines=5, times=1)
case("a line that is not JSON", POSTINGS, QUARANTINES, "answer line 1: not a posting|no posting", kind="replace", pattern=r'^\{"languages"', replacement="{languages")
case("no line at all", POSTINGS, SAFE, kind="body", text="", times=1)
case("archived list is an HTML page", POSTINGS, HOLDS, "cut in the middle", kind="html", after=1)
case("archived list down", POSTINGS, HOLDS, "503", kind="status", status=503, after=1)
case("connection reset mid-stream once", POSTINGS, HOLDS, "broke off|closed", kind="reset", bytes=5000, times=1)
case("every one answers 500", IMPLEMENTATION, SAFE, "500", kind="status", status=500)
case("one answers 500", IMPLEMENTATION, SAFE, "1 documents failed.*500", kind="status", status=500, after=3, times=3)
case("one answers 500", PROGRAMME, SAFE, "1 documents failed.*500", kind="status", status=500, times=3)

# ---- the sources of statistics, services and the older postings interface ------------------------------------------------
for endpoint in (PAGES, TOKEN, KNOWN, ITEMS, MAPS, PACKAGES, FILES, SERVICES, DETAILS, CHANNELS):
    case("500 once", endpoint, RECOVERS, kind="status", status=500, times=1)
    case("connection reset mid-body once", endpoint, RECOVERS, kind="reset", bytes=20, times=1)
    case("slow drip", endpoint, RECOVERS, kind="slow", seconds=0.01, bytes=50_000)
    case("502 for an hour", endpoint, HOLDS, "answers 502", kind="status", status=502)
    case("connection closed mid-body", endpoint, HOLDS, "broke off", kind="close", bytes=20)
    case("gzip spoiled", endpoint, HOLDS, "compression is broken|token", kind="gzip_broken")
for endpoint in (PAGES, KNOWN, ITEMS, MAPS, PACKAGES, SERVICES, DETAILS, CHANNELS):
    case("HTML page with 200", endpoint, HOLDS, "HTML page", kind="html")
    case("truncated with 200", endpoint, HOLDS, "not complete JSON", kind="truncate", bytes=30)
    case("null", endpoint, HOLDS, "null instead of a document", kind="body", text="null")
    case("JSON of another type", endpoint, SAFE, "another shape|is not a list|holds no data|refuses|no list|does not say|TypeError", kind="body", text='{"viesti":"huolto"}')
    case("byte order mark", endpoint, RECOVERS, kind="bom")
    case("429 for ever", endpoint, HOLDS, "answers 429", kind="status", status=429, retry_after=3600)
case("no token in the answer", TOKEN, HOLDS, "gives no token.*check JOD_POSTINGS", kind="body", text='{"error":"invalid_client"}')
case("credentials refused", TOKEN, HOLDS, "gives no token.*check JOD_POSTINGS", kind="status", status=400, text="{}")
case("401", PAGES, HOLDS, "refused with 401", kind="status", status=401, text="")
case("a page that says it holds more", PAGES, HOLDS, "says it holds", kind="edit", at="ilmoituksienMaara", value=101)
case("list in lower case", PAGES, RECOVERS, kind="edit", at="Ilmoitukset", change="rename", value="ilmoitukset")
case("list under another name", PAGES, HOLDS, "no list 'ilmoitukset'", kind="edit", at="Ilmoitukset", change="rename", value="paikat")
case("no posting at all", PAGES, SAFE, "no longer listed|0 rows", kind="body", times=1, text='{"ilmoituksienMaara":0,"Ilmoitukset":[],"sivutus":{"sivu":0,"maara":500}}')
case("a posting twice", PAGES, RECOVERS, kind="replace", pattern=r'"ilmoituksienMaara":\d+,"Ilmoitukset":\[(\{"ilmoituksenID".*?\}),(?=\{"ilmoituksenID")', replacement=r'"Ilmoitukset":[\1,\1,')
case("number of postings not said", PAGES, RECOVERS, kind="edit", at="ilmoituksienMaara", change="drop")
case("a posting without id", PAGES, QUARANTINES, "answer line 1: not a posting", kind="edit", at="Ilmoitukset.0.ilmoituksenID", change="drop")
case("only addresses", ITEMS, HOLDS, "holds no data", kind="body", text='["https://data.stat.fi/x"]')
case("an item without its code", ITEMS, QUARANTINES, "KeyError", kind="edit", at="0.code", change="drop")
case("a level that is none", ITEMS, QUARANTINES, "quarantine", kind="edit", times=1, at="0.level", value="kunta")
case("level as text", ITEMS, RECOVERS, kind="edit", at="*.level", change="text")
case("listed and not there", HEAD, HOLDS, "listed but not there", kind="status", status=404, text="{}")
case("no edition in force", KNOWN, QUARANTINES, "no classification in force matches|shrank", kind="replace", pattern=r"kunta_1_\d{8}", replacement="kunta_1_20990101")
case("a map without its target", MAPS, QUARANTINES, "KeyError", kind="edit", at="0.targetItem", change="drop")
case("data set gone", PACKAGES, HOLDS, "has no data set", kind="edit", at="result.results", value=[])
case("refused with 200", PACKAGES, HOLDS, "refuses the search", kind="body", text='{"success":false,"error":{"__type":"x"}}')
case("HTML page with 200", FILES, QUARANTINES, "quarantine", kind="html", times=1)
case("a column of the metadata missing", FILES, QUARANTINES, "quarantine", kind="replace", times=1, pattern=r"kunta_nro", replacement="kuntanumero")
case("a value that is no number", FILES, QUARANTINES, "quarantine", kind="replace", times=1, pattern=r"\d+(\r?\n)\Z", replacement=r"paljon\1")
case("not the metadata", FIELDS, f"{HOLDS} {QUARANTINES}", "quarantine", kind="body", text="{}")
case("number of pages gone", SERVICES, HOLDS, "how many pages", kind="edit", at="pageCount", change="drop")
case("no item on the page", SERVICES, SAFE, "shrank|0 rows|no list", kind="edit", at="itemList", value=None)
case("archived while listed", DETAILS, RECOVERS, kind="status", status=404, text="{}")
case("too many ids at once", DETAILS, RECOVERS, kind="status", status=400, text='{"Guids":["too many"]}')
case("a service without a name", DETAILS, QUARANTINES, "KeyError", kind="edit", at="0.serviceNames", change="drop")
case("a service without an id", DETAILS, HOLDS, "another shape", kind="edit", at="0.id", change="drop")
case("hours without an end", CHANNELS, SAFE, "KeyError", kind="edit", at="*.serviceHours.*.openingHour.*.to", change="drop")

# ---- what is wrong in part: set aside and named, the rest goes on ---------------------------------------------------
case("year as a word in one row", ROWS, QUARANTINES, "quarantine", kind="edit", after=1, times=1, at="3.koulutuksenAlkamisvuosi", value="tuntematon")
case("values under their neighbours' names in one row", ROWS, QUARANTINES, "quarantine", kind="edit", after=1, times=1, at="3", change="shift")
case("an OID that is none", SEARCH, QUARANTINES, "quarantine", kind="edit", query="page=1", at="hits.0.oid", value="broken")
case("a hit without its name", SEARCH, QUARANTINES, "quarantine", kind="edit", query="page=1", at="hits.0.nimi", change="drop")
case("a hit that is a text", SEARCH, QUARANTINES, "quarantine", kind="edit", query="page=1", at="hits.0", value="huolto")
case("a name that is a list", SEARCH, QUARANTINES, "quarantine", kind="edit", query="page=1", at="hits.0.nimi", value=["a"])
case("a code without its value", CODES, QUARANTINES, "quarantine", kind="edit", at="0.koodiArvo", value=None)
case("a code without its URI", CODES, QUARANTINES, "quarantine", kind="edit", at="0.koodiUri", change="drop")
case("a date that is none", CODES, QUARANTINES, "quarantine", kind="edit", at="0.voimassaAlkuPvm", value="eilen")
case("an organisation without OID", TREE, QUARANTINES, "quarantine", kind="edit", at="organisaatiot.0.children.0.oid", change="drop")
case("a qualification with a text for id", LISTING, f"{RECOVERS} {QUARANTINES}", "quarantine", kind="edit", at="data.0.id", value="x1")
case("a qualification without units' ids", QUALIFICATION, QUARANTINES, "quarantine", kind="edit", times=1, at="tutkinnonOsat.0.id", change="drop")
case("a goal without its text", BADGES, QUARANTINES, "quarantine", kind="edit", at="0.osaamistavoitteet", value=[{"id": 0}])
case("a programme of another shape", PROGRAMME, QUARANTINES, "quarantine", kind="edit", times=1, at="metadata", value="poissa")
case("an implementation without metadata", IMPLEMENTATION, QUARANTINES, "quarantine", kind="edit", times=1, at="metadata", change="drop")
case("a slice with fewer values than cells", CELLS, QUARANTINES, "quarantine", kind="edit", after=1, times=1, at="value", change="first", value=10)
case("a slice without dimension", CELLS, QUARANTINES, "quarantine", kind="edit", after=1, times=1, at="dimension", change="drop")
case("a slice whose status has no positions", CELLS, QUARANTINES, "quarantine", kind="replace", after=1, times=1, pattern=r'"class":"dataset"', replacement='"class":"dataset","status":{"x":"..."}')
case("values as text in one slice", CELLS, QUARANTINES, "quarantine", kind="edit", after=1, times=1, at="value.0", value="n/a")
case("a posting without times", POSTINGS, HOLDS, "are no postings|is a posting", kind="replace", pattern=r'"lastModified":"[^"]*",?', replacement="")
# fmt: on


def unreachable() -> list[Case]:
    """Hosts that are not there: a closed port, and one that lets nobody connect."""
    closed = socket.create_server(("127.0.0.1", 0))
    port = closed.getsockname()[1]
    closed.close()
    http = {"attempts": 2, "connect_timeout_s": 0.3}
    address = f"http://127.0.0.1:{port}"
    return [
        Case(f"{endpoint.name}: connection refused", endpoint.resource, (HOLDS,), "cannot be reached", (), http, address)
        for endpoint in (CODES, ROWS, CELLS, POSTINGS)
    ]
