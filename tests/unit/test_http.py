import gzip
import time

import httpx
import pytest

from jod_pipelines.errors import SourceError, SourceSkipped
from jod_pipelines.settings import HttpSettings
from jod_pipelines.sources.http import NotFound, PoliteClient, Refused

SETTINGS = HttpSettings(attempts=3, backoff_start_s=0.5, backoff_limit_s=7)


def client(handler, **kwargs):
    waits = []
    made = PoliteClient("http://source.test", SETTINGS, transport=httpx.MockTransport(handler), pause=waits.append, **kwargs)
    return made, waits


def answers(*responses):
    left = list(responses)

    def handler(request):
        answer = left.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    return handler


def test_every_request_names_its_caller():
    seen = {}

    def handler(request):
        seen.update(request.headers)
        return httpx.Response(200, json=[])

    client(handler, headers={"KIPA-Subscription-Key": "k"})[0].get_json("/x")
    assert seen["caller-id"] == SETTINGS.caller_id
    assert seen["kipa-subscription-key"] == "k"


@pytest.mark.parametrize("status", [408, 429, 500, 502, 503, 504])
def test_what_may_heal_is_tried_again(status):
    made, waits = client(answers(httpx.Response(status), httpx.Response(200, json={"ok": 1})))
    assert made.get_json("/x").json() == {"ok": 1}
    assert len(waits) == 1


@pytest.mark.parametrize("status", [400, 401, 403, 409, 422])
def test_what_cannot_heal_is_not_repeated(status):
    made, waits = client(answers(httpx.Response(status, text="no")))
    with pytest.raises(Refused) as caught:
        made.get_json("/x")
    assert caught.value.status == status
    assert not waits
    assert made.requests_made == 1


def test_attempts_are_bounded():
    made, _ = client(answers(*[httpx.Response(503)] * 9))
    with pytest.raises(SourceError, match="503 after 3 attempts"):
        made.get_json("/x")
    assert made.requests_made == 3


def test_retry_after_is_obeyed_up_to_the_limit():
    made, waits = client(
        answers(
            httpx.Response(429, headers={"Retry-After": "4"}),
            httpx.Response(429, headers={"Retry-After": "400"}),
            httpx.Response(200, json=1),
        )
    )
    made.get_json("/x")
    assert waits == [4.0, 7.0]


def test_missing_is_told_apart_from_unrecorded():
    with pytest.raises(NotFound):
        client(answers(httpx.Response(404)))[0].get_json("/x")
    with pytest.raises(SourceSkipped, match="no recording of x"):
        client(answers(httpx.Response(501, text="no recording of x")))[0].get_json("/x")


@pytest.mark.parametrize(
    ("body", "why"),
    [(b'{"hits": [1, 2', "breaks at byte"), (b"", "it is empty"), (b"<html>busy</html>", "it is an HTML page")],
)
def test_a_body_that_is_not_whole_json_is_retried_and_then_named(body, why):
    made, _ = client(answers(*[httpx.Response(200, content=body)] * 3))
    with pytest.raises(SourceError, match=why):
        made.get_json("/x")
    healed, _ = client(answers(httpx.Response(200, content=body), httpx.Response(200, json=[1])))
    assert healed.get_json("/x").json() == [1]


def test_an_unreachable_host_is_one_line():
    made, _ = client(answers(*[httpx.ConnectError("refused")] * 3))
    with pytest.raises(SourceError, match=r"source\.test cannot be reached"):
        made.get_json("/x")


def test_lines_are_streamed_whole():
    made, _ = client(answers(httpx.Response(200, content=b'{"a":1}\n{"a":2}\n')))
    assert list(made.post_lines("/x", {})) == [b'{"a":1}', b'{"a":2}']


def test_a_stream_cut_inside_a_line_is_an_error():
    made, _ = client(answers(httpx.Response(200, content=b'{"a":1}\n{"a":')))
    with pytest.raises(SourceError, match="cut in the middle of a line"):
        list(made.post_lines("/x", {}))


def test_calls_stay_under_the_announced_window():
    made, waits = client(lambda request: httpx.Response(200, json=1))
    made.get_json("/config")  # the limit is asked for, and that is a call too
    made.limit_calls(2, 60)
    for _ in range(2):
        made.get_json("/x")
    assert len(waits) == 1
    assert 59 < waits[0] <= 60


class Unread(httpx.SyncByteStream):
    """A body that still has to come over the wire."""

    def __init__(self, *parts):
        self.parts = parts

    def __iter__(self):
        yield from self.parts


def packed(body, cut=0, extra=b""):
    whole = gzip.compress(body) + extra
    return httpx.Response(200, headers={"Content-Encoding": "gzip"}, stream=Unread(whole[: len(whole) - cut]))


def test_a_compressed_body_is_unpacked_member_by_member():
    made, _ = client(answers(packed(b'{"a":', extra=gzip.compress(b"1}"))))
    assert made.get_json("/x").json() == {"a": 1}


@pytest.mark.parametrize("cut", [1, 8, 12])
def test_a_compressed_body_without_its_end_is_not_taken_for_whole(cut):
    made, _ = client(answers(*[packed(b'{"a":1}\n', cut=cut) for _ in range(3)]))
    with pytest.raises(SourceError, match="compression is broken"):
        made.get_bytes("/x")
    with pytest.raises(SourceError, match="compression is broken"):
        list(client(answers(packed(b'{"a":1}\n', cut=cut)))[0].post_lines("/x", {}))


def test_compression_nobody_asked_for_is_refused():
    made, _ = client(answers(*[httpx.Response(200, headers={"Content-Encoding": "br"}, stream=Unread(b"[]")) for _ in range(3)]))
    with pytest.raises(SourceError, match="compression"):
        made.get_json("/x")


def test_another_host_gets_neither_key_nor_caller():
    hosts = []

    def handler(request):
        hosts.append(request.url.host)
        return httpx.Response(307, headers={"Location": "http://elsewhere.test/x"})

    made, _ = client(handler, headers={"KIPA-Subscription-Key": "k"})
    with pytest.raises(SourceError, match=r"redirected to another host, elsewhere\.test"):
        made.get_json("/x")
    assert set(hosts) == {"source.test"}


def test_a_redirect_within_the_host_is_followed_and_to_https_too():
    def handler(request):
        if request.url.scheme == "https":
            return httpx.Response(200, json=[1])
        return httpx.Response(301, headers={"Location": "https://source.test/y"})

    assert client(handler)[0].get_json("/x").json() == [1]


@pytest.mark.parametrize(("status", "ok"), [(307, True), (308, True), (301, False), (302, False), (303, False)])
def test_a_redirected_query_stays_a_query_or_is_not_made(status, ok):
    def handler(request):
        if request.url.path == "/y":
            return httpx.Response(200, json=[request.method])
        return httpx.Response(status, headers={"Location": "/y"})

    made, _ = client(handler)
    if ok:
        assert made.post_json("/x", {}).json() == ["POST"]
    else:
        with pytest.raises(SourceError, match="would lose the query"):
            made.post_json("/x", {})


def test_redirects_end():
    made, _ = client(lambda request: httpx.Response(307, headers={"Location": "/x"}))
    with pytest.raises(SourceError, match="redirected more than 3 times"):
        made.get_json("/x")


@pytest.mark.parametrize("body", [b"null", b'"huolto"', b"true"])
def test_a_bare_value_is_no_document(body):
    made, _ = client(answers(*[httpx.Response(200, content=body)] * 3))
    with pytest.raises(SourceError, match="instead of a document"):
        made.get_json("/x")


def test_a_byte_order_mark_is_no_part_of_the_answer():
    made, _ = client(
        answers(httpx.Response(200, content=b"\xef\xbb\xbf[1]"), httpx.Response(200, content=b'\xef\xbb\xbf{"a":1}\n'))
    )
    assert made.get_json("/x").body == b"[1]"
    assert list(made.post_lines("/x", {})) == [b'{"a":1}']


def test_text_spoiled_as_a_whole_is_refused_and_one_typing_mistake_is_not():
    spoiled = '["työ", "mäki"]'.encode().decode("latin-1").encode()
    made, _ = client(answers(*[httpx.Response(200, content=spoiled)] * 3))
    with pytest.raises(SourceError, match="UTF-8 read as Latin-1"):
        made.get_json("/x")
    one = '["tyÃ¶", "mäki"]'.encode()
    assert client(answers(httpx.Response(200, content=one)))[0].get_json("/x").body == one


def test_retry_after_as_a_date_goes_by_the_clock_of_the_source():
    headers = {"Retry-After": "Fri, 01 Jan 2038 00:00:05 GMT", "Date": "Fri, 01 Jan 2038 00:00:00 GMT"}
    past = {"Retry-After": "Wed, 21 Oct 2015 07:28:00 GMT"}
    made, waits = client(
        answers(httpx.Response(429, headers=headers), httpx.Response(503, headers=past), httpx.Response(200, json=[]))
    )
    made.get_json("/x")
    assert waits == [5.0, 0.0]


def test_a_source_that_drips_for_ever_is_given_up():
    class Endless(httpx.SyncByteStream):
        def __iter__(self):
            while True:
                time.sleep(0.005)
                yield b" "

    settings = HttpSettings(attempts=1, answer_timeout_s=0.01)
    transport = httpx.MockTransport(lambda request: httpx.Response(200, stream=Endless()))
    with pytest.raises(SourceError, match="did not answer in time"):
        PoliteClient("http://source.test", settings, transport=transport).get_json("/x")
