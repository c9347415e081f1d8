"""Behind proxies: what they may say, and who is believed."""

import pytest

X_A = [("X_A", "by underscore"), ("X-A", "by hyphen")]


def seen_fields(c):
    """The X-A and X_A fields as an app sees them."""
    return [tuple(f) for f in c.get("/echo", headers=X_A).json()["headers"] if f[0] in ("X-A", "X_A")]


@pytest.mark.short
def test_underscores_are_left_out(server):
    with server.conn() as c:
        assert seen_fields(c) == [("X-A", "by hyphen")]


def test_underscores_may_be_refused_or_taken(serve):
    with serve("--header-map", "refuse") as s, s.conn() as c:
        answer = c.get("/echo", headers=X_A)
        assert answer.status == 400 and b"underscore" in answer.body
        assert c.is_closed_within(5)
    with serve("--header-map", "dangerous") as s, s.conn() as c:
        assert seen_fields(c) == X_A
