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
    made.limit_calls(2, 60)
    for _ in range(3):
        made.get_json("/x")
    assert len(waits) == 1
    assert 59 < waits[0] <= 60
