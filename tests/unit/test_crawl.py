"""The crawl of the study catalogue: everything once, nothing again that did not change, nothing lost."""

import math
from collections import Counter
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from types import SimpleNamespace

import orjson
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jod_pipelines import ingest as ingest_module
from jod_pipelines.errors import SourceError
from jod_pipelines.ingest import ingest, read_typed
from jod_pipelines.landing.archive import Failed, Fetched
from jod_pipelines.platform import Platform
from jod_pipelines.sandbox import InProcessTransport
from jod_pipelines.sandbox.catalogue import Chain
from jod_pipelines.sandbox.servers.app import SourcesApp
from jod_pipelines.sandbox.servers.education import konfo
from jod_pipelines.sandbox.synthetic import SyntheticCatalogue
from jod_pipelines.sandbox.world import World, sizes_of
from jod_pipelines.settings import HttpSettings, load_settings
from jod_pipelines.sources import all_resources, eperusteet, opintopolku, recheck
from jod_pipelines.sources.crawl import FAILURES_IN_A_ROW, is_due, mark_of
from jod_pipelines.sources.http import Answer
from jod_pipelines.sources.resource import FetchContext
from tests_support import stored

FAST = HttpSettings(attempts=2, backoff_start_s=0, backoff_limit_s=0)
TONIGHT = date(2026, 11, 22)
TYPES = ("amm", "amk", "yo", "muu")


class Hits:
    """A catalogue of search hits for the sandbox's own search; `moves` lets an item jump to the front between two pages."""

    def __init__(self, hits, moves=()):
        self.hits, self.moves, self.asked = list(hits), set(moves), 0

    def search_hits(self):
        self.asked += 1
        if self.asked in self.moves and len(self.hits) > 1:
            self.hits.insert(0, self.hits.pop())
        return self.hits

    def koulutus(self, oid):
        return next(
            {"koulutuskoodienAlatJaAsteet": [], "metadata": {"koulutusala": h["field"]}} for h in self.hits if h["oid"] == oid
        )

    def published(self, kind):
        return {hit["oid"]: ["fi"] for hit in self.hits}


def searched(catalogue, window, sizes, partitions=opintopolku.PARTITIONS):
    """OIDs in all pages, and what could not be read, through the sandbox's search."""
    routes = {path: handler for _, path, handler in konfo(catalogue, window)}
    search = routes["/konfo-backend/external/search/toteutukset-koulutuksittain"]

    def ask(params):
        from werkzeug.test import EnvironBuilder
        from werkzeug.wrappers import Request

        response = search(Request(EnvironBuilder(query_string={k: str(v) for k, v in params.items()}).get_environ()))
        if response.status_code == 500:
            raise SourceError("GET search: the source answers 500 after 2 attempts")
        assert response.status_code == 200
        return Answer("GET search", 200, response.get_data(), "")

    found = list(opintopolku.search_pages(ask, window=window, sizes=sizes, partitions=partitions))
    assert len({key for key, _ in found}) == len(found)
    pages = [page.json()["hits"] for _, page in found if isinstance(page, Answer)]
    return [hit["oid"] for page in pages for hit in page], [page for _, page in found if isinstance(page, SourceError)]


def hit(number, kind="amk", offered=True, field="01", region="091", **changes):
    offer = {"toteutusOid": f"1.2.246.562.17.{number}", "oppilaitosOid": "1.2.246.562.10.1", "toteutusNimi": {}}
    return {
        "oid": f"1.2.246.562.13.{number}",
        "nimi": {"fi": f"N{number % 3}"},
        "kielivalinta": ["fi"],
        "koulutustyyppi": kind,
        "koulutukset": [],
        "kuvaus": None,
        "field": [{"koodiUri": f"kansallinenkoulutusluokitus2016koulutusalataso1_{field}#1"}],
        "toteutukset": [{**offer, "kunnat": [{"koodiUri": f"kunta_{region}"}]}] if offered else [],
        **changes,
    }


catalogues = st.lists(
    st.tuples(st.sampled_from(TYPES), st.booleans(), st.sampled_from(["00", "01", "06"]), st.sampled_from(["091", "837", "564"])),
    max_size=70,
)


@settings(max_examples=150, deadline=None)
@given(catalogues, st.sampled_from([(8, (4, 2, 1)), (16, (4, 2, 1)), (40, (20, 10, 1)), (100, (20, 5, 1))]))
def test_the_search_and_the_sitemap_find_every_programme_once(items, shape):
    window, sizes = shape
    hits = [hit(number, *item) for number, item in enumerate(items)]
    catalogue = Hits(hits)
    offered = {h["oid"] for h in hits if h["toteutukset"]}
    parts = Counter((kind, field, region) for kind, _, field, region in items)
    if max(parts.values(), default=0) >= window:  # a part is larger than the window after the last cut
        with pytest.raises(SourceError, match="every filter in use"):
            searched(catalogue, window, sizes)
        return
    found, lost = searched(catalogue, window, sizes)
    assert not lost
    assert set(found) == offered
    if len(offered) == len(hits):  # a page without a hit makes the part be read again from the end
        assert len(found) == len(set(found))
    assert set(found) | set(catalogue.published("koulutus")) == {h["oid"] for h in hits}


@settings(max_examples=100, deadline=None)
@given(st.integers(9, 60), st.sets(st.integers(2, 12), max_size=3))
def test_what_moves_between_pages_while_they_are_read_is_found_from_the_other_end(count, moves):
    catalogue = Hits([hit(number) for number in range(count)], moves)
    found, _ = searched(catalogue, 10_000, (8, 4, 1))
    pages = math.ceil(count / 8)
    if not moves & set(range(2, pages + 1)):
        assert catalogue.asked == pages
    elif len(found) != len(set(found)):
        assert catalogue.asked == 2 * pages  # an item showed twice: the part was read again from the end
    assert set(found) | set(catalogue.published("koulutus")) == {f"1.2.246.562.13.{n}" for n in range(count)}


@settings(max_examples=60, deadline=None)
@given(st.integers(4, 60), st.data())
def test_a_page_that_fails_gives_all_but_the_hit_that_breaks_it(count, data):
    bad = data.draw(st.sets(st.integers(0, count - 1), min_size=1, max_size=2))
    hits = [hit(number, **({"koulutukset": None} if number in bad else {})) for number in range(count)]
    found, lost = searched(Hits(hits), 10_000, (20, 10, 5, 1))
    assert sorted(found) == sorted(h["oid"] for n, h in enumerate(hits) if n not in bad)
    assert len(lost) == len(bad)


def test_a_search_that_is_down_is_not_taken_to_pieces():
    with pytest.raises(SourceError, match="answers 500"):
        searched(Hits([hit(n, koulutukset=None) for n in range(300)]), 10_000, (200, 50, 10, 1))


class Living(SyntheticCatalogue):
    """A small world that a test can change, with its requests counted."""

    def __init__(self, world):
        super().__init__(world)
        self.edits, self.gone, self.broken = {}, set(), set()

    def _shown(self, oid, document):
        if document is None or oid in self.gone:
            return None
        return {**document, "nimi": None} if oid in self.broken else {**document, **self.edits.get(oid, {})}

    def search_hits(self):
        hits = [{**h, **self.edits.get("hit" + h["oid"], {})} for h in super().search_hits() if h["oid"] not in self.gone]
        return [{**h, "toteutukset": [o for o in h["toteutukset"] if o["toteutusOid"] not in self.gone]} for h in hits]

    def koulutus(self, oid):
        return self._shown(oid, super().koulutus(oid))

    def toteutus(self, oid):
        return self._shown(oid, super().toteutus(oid))

    def hakukohde(self, oid):
        return self._shown(oid, super().hakukohde(oid))

    def haku(self, oid):
        return self._shown(oid, super().haku(oid))

    def published(self, kind):
        return {oid: languages for oid, languages in super().published(kind).items() if oid not in self.gone}

    def chains(self):
        shown = lambda oid: None if oid in self.gone else oid  # noqa: E731
        kept = [[shown(getattr(chain, kind)) for kind in recheck.LINK] for chain in SyntheticCatalogue.chains(self)]
        return [Chain(*oids) for oids in kept if oids[0]]


@pytest.fixture(scope="module")
def world():
    return World(2026, replace(sizes_of(100), programmes=92, implementations=130))


class Crawl:
    """A home whose education resources are landed night by night."""

    def __init__(self, home, world, **given):
        self.catalogue = Living(world)
        self.asked = []
        app = SourcesApp(self.catalogue)

        def counted(environ, start_response):
            self.asked.append(environ["PATH_INFO"])
            return app(environ, start_response)

        settings = load_settings(home=home, http=FAST, scale="100", **given)
        self.platform = Platform(settings, InProcessTransport(app=counted))

    def night(self, number=0):
        today = TONIGHT + timedelta(days=number)
        self.asked.clear()
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(ingest_module, "FetchContext", lambda *given: FetchContext(*given, today=today))
            chosen = [r for r in all_resources(self.platform.settings) if r.source in ("opintopolku", "eperusteet")]
            return {r.label: ingest(r, self.platform) for r in chosen}

    def table(self, label, table):
        return read_typed(self.platform, label, table).collect()


@pytest.fixture
def crawl(tmp_path, world):
    """A crawl that has landed everything, with a second look at everything in a week whatever it costs."""
    crawl = Crawl(tmp_path, world, recheck={"nights": 7, "max_pct": 100})
    crawl.night()
    return crawl


def test_the_first_night_lands_every_document_of_every_kind(crawl):
    chains = crawl.catalogue.chains()
    for kind, column in (
        ("koulutus", "programme_oid"),
        ("toteutus", "implementation_oid"),
        ("hakukohde", "option_oid"),
        ("haku", "round_oid"),
    ):
        landed = crawl.table(f"opintopolku/{kind}", kind)[column].to_list()
        assert len(landed) == len(set(landed))
        assert set(landed) == {getattr(chain, kind) for chain in chains} - {None}
    searched = set(crawl.table("opintopolku/search", "koulutus")["programme_oid"])
    assert set(crawl.table("opintopolku/koulutus", "koulutus")["programme_oid"]) - searched, (
        "the sitemap adds what the search drops"
    )


def test_an_unchanged_night_asks_no_document_and_a_week_looks_at_everything_once(crawl):
    seen = Counter()
    for number in range(1, 8):
        outcomes = crawl.night(number)
        assert {outcomes[f"opintopolku/{kind}"].requests for kind in recheck.LINK} == {0}
        assert {o.status for label, o in outcomes.items() if label != "opintopolku/recheck"} == {"unchanged"}
        seen.update(set(crawl.table("opintopolku/recheck", "evidence")["oid"]))
    documents = sum(crawl.table(f"opintopolku/{kind}", kind).height for kind in recheck.LINK)
    assert len(seen) == documents


def test_a_second_run_in_one_night_looks_at_nothing_again(crawl):
    assert crawl.night(0)["opintopolku/recheck"].requests == 0
    assert crawl.night(1)["opintopolku/recheck"].requests > 0
    again = crawl.night(1)["opintopolku/recheck"]
    assert (again.requests, again.status) == (0, "unchanged")


def test_a_change_the_search_shows_is_fetched_that_night_and_nothing_else(crawl):
    oid = crawl.catalogue.search_hits()[3]["oid"]
    crawl.catalogue.edits["hit" + oid] = {"nimi": {"fi": "Uusi nimi"}}
    crawl.catalogue.edits[oid] = {"nimi": {"fi": "Uusi nimi"}}
    outcomes = crawl.night()
    assert outcomes["opintopolku/koulutus"].requests == 1
    assert outcomes["opintopolku/toteutus"].requests == 0
    names = dict(crawl.table("opintopolku/koulutus", "koulutus").select("programme_oid", "name_fi").iter_rows())
    assert names[oid] == "Uusi nimi"


@pytest.mark.parametrize("kind", recheck.LINK)
def test_a_change_that_hides_from_the_search_is_found_within_a_week(crawl, kind):
    oid = sorted({getattr(chain, kind) for chain in crawl.catalogue.chains()} - {None})[-1]
    crawl.catalogue.edits[oid] = {"modified": "2026-11-22T10:00:00"}
    for number in range(1, 8):
        crawl.night(number)
    landed = crawl.table(f"opintopolku/{kind}", kind).filter(pl.col("modified_at") == datetime(2026, 11, 22, 8))
    assert landed.height == 1


def test_a_document_that_answers_500_is_quarantined_under_its_oid_and_its_last_good_copy_serves(crawl):
    oid = crawl.catalogue.search_hits()[0]["oid"]
    before = crawl.table("opintopolku/koulutus", "koulutus").filter(pl.col("programme_oid") == oid)
    crawl.catalogue.edits["hit" + oid] = {"kuvaus": {"fi": "toinen"}}
    crawl.catalogue.broken.add(oid)
    outcome = crawl.night()["opintopolku/koulutus"]
    assert outcome.quarantined == {"koulutus": 1}
    assert oid in outcome.message
    assert crawl.table("opintopolku/koulutus", "koulutus").filter(pl.col("programme_oid") == oid).equals(before)
    files = sorted((crawl.platform.home / "landing/opintopolku/koulutus/quarantine/koulutus").glob("*.parquet"))
    row = pl.read_parquet(files[-1]).row(0, named=True)
    assert row["source_document"] == oid
    assert "answers 500" in row["value"]
    nights = [TONIGHT + timedelta(days=n) for n in range(9)]
    quiet = next(n for n in range(1, 9) if not any(is_due(key, nights[n], 7) for key in _asked_with(crawl, oid)))
    again = crawl.night(quiet)["opintopolku/koulutus"]
    assert oid in again.message, "an open quarantine is named every night"
    assert again.requests == 0
    crawl.catalogue.broken.clear()
    for number in range(1, 8):
        crawl.night(number)
    assert crawl.table("opintopolku/koulutus", "koulutus").filter(pl.col("programme_oid") == oid)["description_fi"].len() == 1
    assert not crawl.night()["opintopolku/koulutus"].message


def _asked_with(crawl, oid):
    """The programme and the rounds in whose large answers it may be seen."""
    return {oid} | {chain.haku for chain in crawl.catalogue.chains() if chain.koulutus == oid and chain.haku}


def test_a_new_document_that_answers_500_from_the_start_is_quarantined_and_not_lost(tmp_path, world):
    crawl = Crawl(tmp_path, world)
    oid = crawl.catalogue.search_hits()[0]["oid"]
    crawl.catalogue.broken.add(oid)
    outcome = crawl.night()["opintopolku/koulutus"]
    assert outcome.quarantined == {"koulutus": 1}
    assert oid not in set(crawl.table("opintopolku/koulutus", "koulutus")["programme_oid"])
    crawl.catalogue.broken.clear()
    crawl.catalogue.edits["hit" + oid] = {"kuvaus": {"fi": "korjattu"}}
    crawl.night()
    assert oid in set(crawl.table("opintopolku/koulutus", "koulutus")["programme_oid"])


def test_a_document_that_answers_404_is_withdrawn_with_a_tombstone_and_asked_once(crawl):
    oid = next(chain.toteutus for chain in crawl.catalogue.chains() if chain.toteutus)
    crawl.catalogue.gone.add(oid)
    crawl.night()
    assert crawl.asked.count(f"/konfo-backend/external/toteutus/{oid}") == 1
    stones = crawl.table("opintopolku/toteutus", "withdrawn")
    assert stones["id"].to_list() == [oid]
    assert stones["withdrawn_at"][0].date() == datetime.now(UTC).date()
    assert oid not in set(crawl.table("opintopolku/toteutus", "toteutus")["implementation_oid"])
    crawl.night()
    assert f"/konfo-backend/external/toteutus/{oid}" not in crawl.asked
    assert crawl.table("opintopolku/toteutus", "withdrawn").equals(stones)
    crawl.catalogue.gone.clear()
    crawl.night()
    assert crawl.table("opintopolku/toteutus", "withdrawn").is_empty()
    assert oid in set(crawl.table("opintopolku/toteutus", "toteutus")["implementation_oid"])


def test_what_no_list_names_but_the_source_still_answers_stays(crawl):
    oid = next(chain.koulutus for chain in crawl.catalogue.chains() if chain.toteutus is None)
    listed = crawl.catalogue.published
    crawl.catalogue.published = lambda kind: {o: languages for o, languages in listed(kind).items() if o != oid}
    assert crawl.night()["opintopolku/koulutus"].requests == 1
    assert oid in set(crawl.table("opintopolku/koulutus", "koulutus")["programme_oid"])
    quiet = next(n for n in range(1, 9) if not is_due(oid, TONIGHT + timedelta(days=n), 7))
    assert crawl.night(quiet)["opintopolku/koulutus"].requests <= 1


def test_a_source_that_is_down_is_stale_and_not_a_thousand_quarantines(crawl):
    for h in crawl.catalogue.search_hits():
        crawl.catalogue.edits["hit" + h["oid"]] = {"kuvaus": {"fi": "uusi"}}
        crawl.catalogue.broken.add(h["oid"])
    outcome = crawl.night()["opintopolku/koulutus"]
    assert outcome.status == "stale"
    assert outcome.requests == FAILURES_IN_A_ROW * FAST.attempts


def test_one_bad_document_in_a_large_answer_hides_no_change_in_the_others(crawl):
    chains = crawl.catalogue.chains()
    oid = next(chain.haku for chain in chains if chain.haku)
    inside = sorted({chain.koulutus for chain in chains if chain.haku == oid})
    bad = next(c.toteutus for c in chains if c.haku == oid)
    owner = next(c.koulutus for c in chains if c.toteutus == bad)
    changed = next(c for c in chains if c.koulutus != owner and c.hakukohde and c.koulutus in inside)
    crawl.catalogue.broken.add(bad)
    crawl.catalogue.edits[changed.hakukohde] = {"modified": "2026-11-22T10:00:00"}
    for number in range(1, 8):
        outcomes = crawl.night(number)
        assert outcomes["opintopolku/toteutus"].requests <= len(chains) // 4
    landed = crawl.table("opintopolku/hakukohde", "hakukohde").filter(pl.col("modified_at") == datetime(2026, 11, 22, 8))
    assert landed["option_oid"].to_list() == [changed.hakukohde]
    assert bad in set(crawl.table("opintopolku/toteutus", "toteutus")["implementation_oid"]), "the last good copy serves"
    assert crawl.night(8)["opintopolku/toteutus"].message


def test_the_budget_makes_the_cycle_longer_and_never_less_than_a_night():
    def given(**values):
        return load_settings(recheck=values)

    assert recheck.nights_of_cycle(100, 10_000, given(nights=7, max_pct=1.5)) == 7
    assert recheck.nights_of_cycle(3_000, 10_000, given(nights=7, max_pct=1.5)) == 20
    assert recheck.nights_of_cycle(3_000, 10_000, given(nights=0)) == 0
    assert not is_due("x", TONIGHT, 0)
    assert sum(is_due("x", TONIGHT + timedelta(days=n), 20) for n in range(20)) == 1


oids = st.integers(1, 12)


@given(
    st.lists(st.tuples(oids, st.integers(0, 2), st.integers(0, 2), st.integers(1, 4)), min_size=1, max_size=40), st.integers(0, 5)
)
def test_the_large_answers_cover_every_document(items, largest_round):
    rows = {
        (f"k{k}", f"t{k}.{t}" if t else None, f"o{k}.{t}.{o}" if t and o else None, f"r{r}" if t and o else None)
        for k, t, o, r in items
    }
    rounds = {option: row for row in sorted(rows, key=str) if (option := row[2])}
    known = pl.DataFrame(
        [row for row in sorted(rows, key=str) if not row[2] or rounds[row[2]] == row], recheck.LINK, orient="row"
    )
    known = known.cast(pl.String)
    covered = set()
    sizes = dict(known.group_by("haku").agg(pl.col("hakukohde").n_unique()).iter_rows())
    for kind, oid in recheck.requests_to_cover(known, largest_round):
        assert kind == "koulutus" or sizes[oid] <= largest_round
        part = known.filter(pl.col(kind) == oid)
        covered |= {(name, item) for name in recheck.LINK for item in part[name].drop_nulls()}
    assert covered == {(name, item) for name in recheck.LINK for item in known[name].drop_nulls()}


def test_a_mark_ignores_order_and_what_always_moves():
    one = {"a": [{"x": 1}, {"y": 2}], "timestamp": 1}
    two = {"timestamp": 2, "a": [{"y": 2}, {"x": 1}]}
    assert mark_of(one, opintopolku.VOLATILE) == mark_of(two, opintopolku.VOLATILE)
    assert mark_of(one) != mark_of(two)


def test_a_sitemap_cut_short_is_an_error_and_a_page_of_html_too():
    whole = b"<urlset><url><loc>https://opintopolku.fi/konfo/sv/koulutus/1.2.246.562.13.1</loc></url></urlset>"
    assert opintopolku.sitemap_entries(whole) == [{"oid": "1.2.246.562.13.1", "languages": ["sv"]}]
    for body in (whole[:60], b"<html><p>Huoltokatko</html>", b""):
        with pytest.raises(SourceError, match="not whole XML"):
            opintopolku.sitemap_entries(body)


def test_contacts_of_options_and_rounds_never_reach_the_disk(crawl):
    sent = next(crawl.catalogue.haku(chain.haku) for chain in crawl.catalogue.chains() if chain.haku)
    assert b"@koulu.example" in orjson.dumps(sent)
    bodies = [stored(path) for path in crawl.platform.home.rglob("objects/*/*.zst")]
    assert bodies
    assert not any(b"@koulu.example" in body for body in bodies)


def test_a_contact_in_a_programme_s_text_never_reaches_the_disk_and_the_rest_of_the_text_does(crawl):
    hit = crawl.catalogue.search_hits()[2]
    text = "<p>Opit hitsaamaan.</p><p>Kysy: Maija.Mallinen@koulu.fi tai 040 123 4567</p><p>Saat todistuksen.</p>"
    document = crawl.catalogue.koulutus(hit["oid"])
    crawl.catalogue.edits["hit" + hit["oid"]] = {"kuvaus": {"fi": text}}
    crawl.catalogue.edits[hit["oid"]] = {"metadata": {**document["metadata"], "kuvaus": {"fi": text}}}
    crawl.night()
    for table in ("search", "koulutus"):
        landed = crawl.table(f"opintopolku/{table}", "koulutus").filter(pl.col("programme_oid") == hit["oid"])
        assert landed["description_fi"].to_list() == ["Opit hitsaamaan.\nSaat todistuksen."]
    for path in crawl.platform.home.rglob("*"):
        if path.is_file():
            assert not any(text in stored(path) for text in (b"Mallinen@", b"040 123 4567")), path
    for number in range(1, 8):
        assert crawl.night(number)["opintopolku/koulutus"].requests == 0, "the second look compares what may be kept"


def test_requirements_listed_in_three_languages_are_joined_and_fetched_again_when_published_anew(crawl):
    listed = crawl.table("eperusteet/perusteet", "peruste")
    assert listed["peruste_id"].n_unique() == listed.height
    assert {tuple(languages) for languages in listed["languages"]} == {("fi", "sv"), ("sv",)}
    assert crawl.night()["eperusteet/peruste"].requests == 0
    first = crawl.catalogue.perusteet()
    newer = [{**item, "julkaistu": item["julkaistu"] + (86_400_000 if n == 0 else 0)} for n, item in enumerate(first)]
    crawl.catalogue.perusteet = lambda: newer
    assert crawl.night()["eperusteet/peruste"].requests == 1
    units = crawl.table("eperusteet/peruste", "unit")
    assert set(units["credits"]) == {30.0}
    assert crawl.table("eperusteet/peruste", "requirement").filter(kind="structured")["requirement_uri"].null_count() == 0


@pytest.mark.parametrize("always", [False, True])
def test_a_qualification_that_moved_between_pages_is_found_on_a_second_reading_or_told(always):
    asked = []

    def answer(path, params):
        asked.append((params["kieli"], params["sivu"]))
        moved = params["sivu"] == 1 and (always or asked.count(asked[-1]) == 1)
        ids = range(49, 59) if moved else range(50 * params["sivu"], min(60, 50 * params["sivu"] + 50))
        page = {"data": [{"id": number} for number in ids], "sivu": params["sivu"], "sivuja": 2, "kokonaismäärä": 60}
        return Answer(f"GET {path}", 200, orjson.dumps(page), "")

    context = SimpleNamespace(client=SimpleNamespace(get_json=answer))
    documents = list(eperusteet.fetch_list(context))
    told = [document.error for document in documents if isinstance(document, Failed)]
    seen = {item["id"] for document in documents if isinstance(document, Fetched) for item in orjson.loads(document.body)["data"]}
    assert len(seen) == (59 if always else 60)
    assert [line.partition(" lists ")[2] for line in told] == ["59 of the 60 it says it holds"] * (3 if always else 0)


def test_organisations_are_asked_whole_only_when_some_changed(tmp_path, world):
    crawl = Crawl(tmp_path, world)
    tree = next(r for r in all_resources(crawl.platform.settings) if r.label == "organisaatio/organisations")
    ingest(tree, crawl.platform)
    settings = crawl.platform.settings
    day = next(TONIGHT + timedelta(days=n) for n in range(9) if not is_due("hierarkia", TONIGHT + timedelta(days=n), 7))

    def asked():
        crawl.asked.clear()
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(ingest_module, "FetchContext", lambda *given: FetchContext(*given, today=day))
            ingest(tree, crawl.platform)
        return [path.rsplit("/", 2)[-2:] for path in crawl.asked]

    assert settings.recheck.nights == 7
    assert asked() == [["muutetut", "oid"]]
    crawl.catalogue.organisations_changed = lambda since: ["1.2.246.562.10.1"]
    assert asked() == [["muutetut", "oid"], ["hierarkia", "hae"]]
