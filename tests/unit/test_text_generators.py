"""Texts by a language model: only facts go out, and only what the facts bear comes in."""

import json
import threading
from contextlib import contextmanager
from datetime import date
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from jod_pipelines.errors import SettingsError
from jod_pipelines.opportunities.text_generators import Request, facts_json, generate_texts, generator_of
from jod_pipelines.opportunities.words import Facts, write_texts
from jod_pipelines.settings import TextSettings, load_settings

NAMES = {"o": {"fi": "hitsaaja", "sv": "svetsare", "en": "welder"}}
SKILLS = {"s1": {"fi": "hitsata teräsrakenteita", "sv": "svetsa stålkonstruktioner", "en": "weld steel structures"}}
REGIONS = {"01": {"fi": "Uusimaa", "sv": "Nyland", "en": "Uusimaa"}}
ITEM = Facts("secret-id", "job", 31, [("o", 84.4)], [("s1", 81.2)], ["s1"], ["s1"], [("01", 50.0)])
DAY = date(2026, 11, 23)
GOOD = {
    "fi": {
        "summary": "Hitsaaja liittää teräsosia yhteen ja tuntee työssään tarvittavat menetelmät.",
        "description": "Tämä työ perustuu 31 ilmoitukseen. Niistä 84 % hakee työntekijää, joka osaa hitsata teräsrakenteita.",
    },
    "sv": {
        "summary": "En svetsare fogar samman delar av stål och känner till de metoder som arbetet kräver.",
        "description": "Arbetet bygger på 31 annonser. Av dem är det 84 % som söker någon som kan svetsa stålkonstruktioner.",
    },
    "en": {
        "summary": "A welder joins parts made of steel and knows the methods that the work needs.",
        "description": "This work is based on 31 postings. Of these, 84 % look for someone who can weld steel structures.",
    },
}


@contextmanager
def service(content, status=200):
    """A service that answers every request alike, and what it was asked."""
    asked = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            asked.append((self.path, self.headers["Authorization"], body))
            answer = json.dumps({"choices": [{"message": {"content": content}}]}).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", asked
    finally:
        server.shutdown()
        server.server_close()


def requests(*ids):
    template = write_texts([ITEM], NAMES, SKILLS, REGIONS)["secret-id"]
    return {key: Request(facts_json(ITEM, NAMES, SKILLS, REGIONS), template) for key in ids or ("k1",)}


def settings(url):
    return TextSettings(generator="openai_compatible", base_url=url, model="some-model", api_key="very-secret")


def changed(language, part, text):
    return json.dumps({**GOOD, language: {**GOOD[language], part: text}}, ensure_ascii=False)


def test_a_good_answer_is_used_kept_and_asked_for_once(tmp_path, caplog):
    with service(json.dumps(GOOD)) as (url, asked):
        texts, sources = generate_texts(requests(), generator_of(settings(url)), tmp_path, DAY)
        again, _ = generate_texts(requests("k2"), generator_of(settings(url)), tmp_path, date(2026, 12, 1))
    assert len(asked) == 1
    path, authorization, body = asked[0]
    assert (path, authorization, body["temperature"]) == ("/v1/chat/completions", "Bearer very-secret", 0)
    assert body["response_format"]["json_schema"]["schema"]["required"] == ["fi", "sv", "en"]
    assert json.loads(body["messages"][1]["content"]) == {
        "kind": "job",
        "members": 31,
        "names": [{**NAMES["o"], "share_pct": 84}],
        "skills": [{**SKILLS["s1"], "share_pct": 81}],
        "regions": [REGIONS["01"]],
    }
    assert "secret-id" not in json.dumps(body)
    assert texts["k1"]["fi"]["summary"] == again["k2"]["fi"]["summary"] == GOOD["fi"]["summary"]
    assert texts["k1"]["fi"]["title"] == "Hitsaaja"
    row = sources.row(0, named=True)
    assert (row["generator"], row["model"], row["review_state"]) == ("openai_compatible", "some-model", "unreviewed")
    assert "very-secret" not in caplog.text + "".join(path.read_text() for path in tmp_path.iterdir())


@pytest.mark.parametrize(
    ("content", "status", "why"),
    [
        (changed("fi", "description", "Tämä työ perustuu 32 ilmoitukseen, joissa haetaan osaajia."), 200, "number 32"),
        (
            changed("sv", "summary", GOOD["fi"]["summary"]).replace(GOOD["sv"]["description"], GOOD["fi"]["description"]),
            200,
            "sv: ",
        ),
        (changed("en", "summary", "Write to welder@example.org if you want to do this work."), 200, "personal data"),
        (changed("en", "summary", "This is the work that people do for Example all the year."), 200, "name Example"),
        (changed("en", "summary", "A welder " + "joins the parts of steel " * 40), 200, "en.summary"),
        (json.dumps({"fi": GOOD["fi"]}), 200, "required"),
        ('{"fi": ', 200, "broken JSON"),
        (json.dumps(GOOD), 500, "answered 500"),
    ],
)
def test_what_may_not_be_published_is_the_templates(tmp_path, caplog, content, status, why):
    asked_for = requests()
    with service(content, status) as (url, _):
        texts, sources = generate_texts(asked_for, generator_of(settings(url)), tmp_path, DAY)
    assert texts["k1"] == asked_for["k1"].template
    assert sources["generator"].to_list() == ["template"]
    assert why in caplog.text
    assert not list(tmp_path.iterdir())


def test_a_dead_service_is_left_alone_after_three_failures(tmp_path):
    with service("", 500) as (url, asked):
        generate_texts(requests(*"abcdefgh"), generator_of(settings(url)), tmp_path, DAY)
    assert len(asked) == 3


def test_a_rejected_text_is_the_templates_from_then_on(tmp_path):
    with service(json.dumps(GOOD)) as (url, _):
        generate_texts(requests(), generator_of(settings(url)), tmp_path, DAY)
    (kept,) = tmp_path.iterdir()
    kept.write_text(kept.read_text().replace('"unreviewed"', '"rejected"'))
    texts, sources = generate_texts(requests(), generator_of(settings(url)), tmp_path, DAY)
    assert texts["k1"] == requests()["k1"].template
    assert sources.select("generator", "review_state").row(0) == ("template", "rejected")


def test_the_default_asks_nobody_and_a_service_must_be_named(tmp_path, monkeypatch):
    texts, sources = generate_texts(requests(), generator_of(TextSettings()), tmp_path, DAY)
    assert texts["k1"] == requests()["k1"].template
    assert sources.select("generator", "review_state").row(0) == ("template", "not_needed")
    monkeypatch.setenv("JOD_TEXTS__GENERATOR", "openai_compatible")
    with pytest.raises(SettingsError, match="base_url"):
        load_settings()
    monkeypatch.setenv("JOD_TEXTS__BASE_URL", "http://127.0.0.1:1")
    monkeypatch.setenv("JOD_TEXTS__MODEL", "m")
    monkeypatch.setenv("JOD_TEXTS__API_KEY", "very-secret")
    assert "very-secret" not in repr(load_settings()) + load_settings().model_dump_json()
