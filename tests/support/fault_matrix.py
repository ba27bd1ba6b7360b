"""The dossier's matrix of what a source does, line by line, and what meets it: a fault of the table, or a test elsewhere."""

from __future__ import annotations

UNIT = "tests/unit/"
SOCKETS = "tests/integration/test_postings_over_sockets.py::"

MATRIX: dict[str, dict[str, tuple[str, ...]]] = {
    "Vipunen": {
        "truncated 200 stream": ("vipunen rows: truncated with 200", "vipunen rows: rows missing"),
        "text 404/400 labelled JSON": (
            "vipunen columns: unknown resource, text labelled JSON",
            "vipunen rows: bad filter, text labelled JSON",
        ),
        "count as bare integer": ("vipunen count: count as text", "vipunen count: count as an object"),
        "year as string": ("vipunen rows: year as text in every row", "vipunen rows: year as a word in one row"),
        "date with and without time": ("vipunen rows: date with a time", "vipunen rows: load date that is none"),
        "load date of tomorrow": (
            "vipunen rows: load date of tomorrow",
            UNIT + "test_ingest.py::test_a_release_is_dated_no_later_than_what_it_is_made_of_was_fetched",
        ),
        "reload between pages": (
            "vipunen rows: reload while reading: load date moved",
            "vipunen count: reload while reading: count moved",
            UNIT + "test_statistics.py::test_a_table_reloaded_between_pages_is_read_again_and_only_the_second_load_serves",
        ),
        "column with -> or (": ("vipunen rows: a column nobody knows",),
    },
    "StatFin": {
        "403 cells": (
            "statfin cells: cell limit, 403",
            UNIT + "test_statistics.py::test_a_query_refused_as_too_large_is_halved_whatever_the_configuration_said",
        ),
        "429 with Retry-After": ("statfin cells: 429, Retry-After in seconds", "statfin cells: 429 for ever"),
        "HTML error page": ("statfin cells: HTML page with 200", "statfin limits: HTML page with 200 once"),
        "old long id -> 400": ("statfin metadata: table renamed, 400",),
        "edition suffix changed": ("statfin cells: edition suffix changed",),
        "... in a total": (UNIT + "test_sources.py::test_confidential_missing_and_zero_stay_three_things",),
        "updated with dots": (
            "statfin cells: updated with dots for colons",
            UNIT + "test_sources.py::test_pxwebs_own_json_is_read_with_dotted_clock_and_symbols",
        ),
        "status keys as strings": (
            "statfin cells: a slice whose status has no positions",
            UNIT + "test_sources.py::test_confidential_missing_and_zero_stay_three_things",
        ),
        "time dimension first": ("statfin cells: dimension order turned", "statfin cells: dimension order turned between slices"),
        "csv in ISO-8859-15": (
            UNIT + "test_statistics.py::test_older_csv_may_be_in_the_older_alphabet",
            UNIT + "test_statistics.py::test_px_files_are_read_in_their_own_alphabet_with_symbols_apart",
        ),
    },
    "Työmarkkinatori": {
        "NDJSON cut mid-line": ("postings: cut mid-line", "postings: cut between lines", "postings: no line at all"),
        "duplicate externalId": ("postings: a posting twice", "postings V1: a posting twice"),
        "national/ISCED-F URI": (UNIT + "test_esco.py::test_finesco_holds_national_concepts_and_isced_groups",),
        "comma-joined codes": ("postings: codes joined by commas",),
        "Ilmoitukset vs ilmoitukset": ("postings V1: list in lower case",),
        "naive timestamps": (UNIT + "test_postings.py::test_timestamps_are_utc_with_and_without_a_zone",),
        "archived posting": (SOCKETS + "test_withdrawn_content_is_nowhere_after_the_next_run",),
        "contacts dropped": (SOCKETS + "test_planted_contacts_are_nowhere_after_a_whole_run",),
        "host time-out instead of 401": ("postings: connection refused", "postings V1: 401"),
    },
    "ESCO": {
        "multi-line altLabels": (UNIT + "test_esco.py::test_each_layout_is_read_by_column_name",),
        "unknown URI after version change": (
            UNIT + "test_esco.py::test_a_concept_may_have_several_parents_and_one_that_nothing_describes_is_set_apart",
            UNIT + "test_esco.py::test_a_new_version_is_told_concept_by_concept",
        ),
        "two URIs with one label": (UNIT + "test_esco.py::test_two_concepts_may_share_a_label_and_codes_keep_their_zeros",),
        "poly-hierarchy": (
            UNIT + "test_esco.py::test_a_concept_may_have_several_parents_and_one_that_nothing_describes_is_set_apart",
        ),
        "page-number offset": (),  # of the REST interface, which is not asked: the download holds everything
    },
    "Opintopolku": {
        "kokonaismäärä key": ("qualification list: number of pages gone",),  # pages are counted by `sivuja`
        "kuvaus union type": (UNIT + "test_sources.py::test_a_badge_hides_its_outcomes_in_the_description",),
        "maksut vs maksullisuustyyppi": (UNIT + "test_sources.py::test_fees_are_read_from_the_old_and_the_new_field",),
        "epoch-ms vs ISO dates": (UNIT + "test_sources.py::test_dates_are_helsinki_days_and_utc_instants",),
        "version-suffix stripping, #-less URIs": (UNIT + "test_sources.py::test_code_uris_lose_version_and_keep_zeros",),
        "180120 credits": (UNIT + "test_sources.py::test_a_search_hit_is_read_whole",),
        "empty ammattitaitovaatimukset2019": (
            UNIT + "test_sources.py::test_requirements_are_taken_once_structured_before_authored",
        ),
        "short and empty pages, total past the window": ("search: page vanished", "search: total past the window"),
        "one bad document makes a page a 500": (
            "search: 500 on page 2",
            UNIT + "test_crawl.py::test_a_page_that_fails_gives_all_but_the_hit_that_breaks_it",
        ),
        "500 is not deleted, 404 is": (
            "programme: one answers 500",
            UNIT + "test_crawl.py::test_a_document_that_answers_404_is_withdrawn_with_a_tombstone_and_asked_once",
        ),
    },
    "Issue 3, §10": {
        "slow drip": ("postings: slow drip", "postings: drips for ever"),
        "connection reset mid-body": ("postings: connection reset mid-body", "esco pack: connection reset mid-body once"),
        "wrong charset": ("code list: Latin-1", "code list: UTF-16", "code list: UTF-8 twice"),
        "gzip error": ("search: gzip spoiled", "search: gzip cut", "code list: called gzip and is not"),
        "HTML error page with 200": ("search: HTML page with 200", "kela file: HTML page with 200"),
        "duplicate and vanishing pages": ("search: page twice", "search: page vanished"),
        "clock skew": (
            "postings: skewed clock in Date",
            UNIT + "test_ingest.py::test_a_posting_changed_in_the_future_hides_none_that_changes_today",
        ),
        "schema change between pages": (
            "search: schema changed on page 2: hits renamed",
            "search: schema changed on page 2: names gone",
        ),
        "502 for an hour": ("search: 502 for an hour", "token of V1: 502 for an hour"),
    },
    "The drop folder": {
        "a damaged or foreign file": (
            UNIT + "test_local_files.py::test_a_refused_file_is_answered_does_not_land_and_leaves_earlier_rows",
        ),
        "odd names, links, unfinished files": (
            UNIT + "test_local_files.py::test_odd_names_links_and_unfinished_files_harm_nothing",
        ),
        "contacts in a file": (SOCKETS + "test_planted_contacts_are_nowhere_after_a_whole_run",),
    },
}
"""By source and case. A case without an entry is out of reach, and says why."""
