"""
What the soak's clients ask, and how they behave.

A manner is a generator that drives one connection. It asks with `link.ask()` and yields what it
waits for: ANSWERED (all it asked), CLOSED (by the server), `Received(n)` bytes, or a number of
seconds. When it returns, its client closes; with a reset, if it called `link.reset()`.
"""

import json
import random
import string
from typing import NamedTuple

from client import chunked, request

ANSWERED, CLOSED = "its answers", "the end of the connection"


class Received(NamedTuple):
    at_least: int


# The server's own deadlines, short so that they are met often.
OPTIONS = ("--keep-alive", "2", "--header-timeout", "2")

TEXT = "".join(random.Random(0).choices(string.ascii_letters + string.digits, k=1 << 19))
PATTERN = (string.ascii_lowercase + string.ascii_uppercase + string.digits + ".\n").encode() * 4096
BODY_MAX = 400_000  # below the server's limit, above what a message between workers holds

# --- questions: a name, the request, what a right answer is, and whether it ends the connection ---


def has_body(body):
    return lambda r: r.status == 200 and r.body == body


def has_status(status):
    return lambda r: r.status == status


def text_of(dice):
    """Mostly short, now and then larger than any buffer."""
    length = dice.randrange(BODY_MAX) if dice.random() < 0.03 else int(dice.expovariate(1 / 800))
    start = dice.randrange(len(TEXT) - BODY_MAX)
    return TEXT[start:start + min(length, BODY_MAX)].encode()


def in_chunks(dice, body):
    pieces, at = [], 0
    while at < len(body):
        length = dice.randint(1, max(2, len(body) // 3))
        pieces.append(body[at:at + length])
        at += length
    return chunked(pieces)


def with_body(dice, target, method, headers, body):
    """By length, or chunked."""
    if dice.random() < 0.5:
        return request(target, method, headers, body)
    coding = [*headers, ("Transfer-Encoding", "chunked")]
    return request(target, method, coding) + in_chunks(dice, body)


def hello(dice, headers, version):
    text = request("/hello", headers=headers, version=version)
    return "/hello", text, has_body(b"Hello, world\n")


def sleep(dice, headers, version):
    target = f"/sleep?ms={min(dice.expovariate(1 / 25), 200):.2f}"
    return target, request(target, headers=headers, version=version), has_body(b"ok\n")


def cpu(dice, headers, version):
    target = f"/cpu?ms={dice.choice((0, 0, 0.05, 1)):g}"
    return target, request(target, headers=headers, version=version), has_body(b"ok\n")


def sleep_with_body(dice, headers, version):
    """What moves with its request."""
    target = f"/sleep?ms={dice.uniform(0, 30):.2f}"
    return target, with_body(dice, target, "GET", headers, text_of(dice)), has_body(b"ok\n")


def echo(dice, headers, version):
    target, body = f"/echo?{dice.getrandbits(40):x}", text_of(dice)

    def is_right(r):
        said = json.loads(r.body)
        return r.status == 200 and said["target"] == target and said["body"] == body.decode() \
            and said["body_length"] == len(body)

    return target, with_body(dice, target, "POST", headers, body), is_right


def some_bytes(dice, headers, version):
    n = dice.randrange(200_000)
    target = f"/bytes?n={n}"
    return target, request(target, headers=headers, version=version), has_body(PATTERN[:n])


def not_found(dice, headers, version):
    return "/none", request("/none", headers=headers, version=version), has_status(404)


QUESTIONS = {
    hello: 30, sleep: 32, cpu: 16, sleep_with_body: 5, echo: 12, some_bytes: 2, not_found: 3,
}


def question(dice, headers=(), version="1.1"):
    make = dice.choices(list(QUESTIONS), list(QUESTIONS.values()))[0]
    return *make(dice, headers, version), False


def last_question(dice):
    """After which the server ends the connection; a body has its coding from HTTP/1.1 only."""
    if dice.random() < 0.7:
        return *question(dice, [("Connection", "close")])[:3], True
    return *dice.choice((hello, sleep, cpu))(dice, [], "1.0"), True


# --- manners -------------------------------------------------------------------------------------


def keeps_alive(link):
    for _ in range(link.dice.randint(1, 12)):
        link.ask(question(link.dice))
        yield ANSWERED
        yield link.dice.uniform(0, 0.1)


def asks_once(link):
    link.ask(last_question(link.dice))
    yield ANSWERED
    yield CLOSED


def pipelines(link):
    for _ in range(link.dice.randint(1, 3)):
        for _ in range(link.dice.randint(2, 16)):
            link.ask(question(link.dice))
        yield ANSWERED
        yield link.dice.uniform(0, 0.3)
    if link.dice.random() < 0.5:
        link.ask(question(link.dice))
        link.ask(last_question(link.dice))
        yield ANSWERED
        yield CLOSED


def dribbles(link):
    """A request in pieces, each a little later."""
    asked = question(link.dice)
    text = asked[1]
    link.expect(asked)
    for _ in range(4):
        length = link.dice.randint(1, max(1, min(len(text), 2000)))
        link.send(text[:length])
        text = text[length:]
        yield link.dice.uniform(0, 0.02)
    link.send(text)
    yield ANSWERED


def ends_its_output(link):
    """No more will come from it, but it still reads."""
    link.ask(question(link.dice))
    link.end_output()
    yield ANSWERED
    yield CLOSED


def part_of_a_request(dice):
    text = question(dice)[1]
    return text[:dice.randrange(1, min(len(text), 3000))]


def resets_in_a_request(link):
    if link.dice.random() < 0.5:
        link.ask(question(link.dice))
        yield ANSWERED
    link.send_part(part_of_a_request(link.dice))
    yield link.dice.uniform(0, 0.03)
    link.reset()


def leaves_in_a_request(link):
    link.send_part(part_of_a_request(link.dice))
    yield link.dice.uniform(0, 0.03)


def resets_in_a_response(link):
    n = link.dice.randrange(1, 4_000_000)
    link.ask(("/bytes", request(f"/bytes?n={n}"), None, False))
    yield Received(link.dice.randint(1, n))
    link.reset()


def resets_in_service(link):
    for _ in range(link.dice.randint(1, 4)):
        link.ask(question(link.dice))
    yield link.dice.uniform(0, 0.04)
    link.reset()


def leaves_in_service(link):
    for _ in range(link.dice.randint(1, 4)):
        link.ask(question(link.dice))
    yield link.dice.uniform(0, 0.04)


def comes_and_goes(link):
    """Without a word; half of them with a reset."""
    yield link.dice.uniform(0, 0.02)
    if link.dice.random() < 0.5:
        link.reset()


def stays_idle(link):
    """Until keep-alive is over."""
    link.ask(question(link.dice))
    yield ANSWERED
    yield CLOSED


def says_nothing(link):
    yield CLOSED


def is_too_slow(link):
    """A head that is never finished: 408."""
    link.expect(("half a head", None, has_status(408), True))
    link.send(b"GET /hello HTTP/1.1\r\nHost: te")
    yield ANSWERED
    yield CLOSED


def talks_nonsense(link):
    link.ask(("nonsense", b"GET /\x01 HTTP/1.1\r\n\r\n", has_status(400), True))
    yield ANSWERED
    yield CLOSED


MANNERS = {
    keeps_alive: 30, asks_once: 22, pipelines: 10, dribbles: 6, resets_in_a_request: 5,
    leaves_in_a_request: 4, resets_in_a_response: 3, resets_in_service: 6, leaves_in_service: 4,
    comes_and_goes: 3, stays_idle: 1, says_nothing: 0.5, is_too_slow: 0.5, talks_nonsense: 2,
}
ALL, WEIGHTS = list(MANNERS), list(MANNERS.values())
