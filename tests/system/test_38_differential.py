"""littled behind HAProxy, nginx and Apache: what one reads as a request, the other does too.
A short form of scripts/differential."""

import sys

import pytest

from server import ROOT

sys.path.append(str(ROOT / "scripts" / "differing"))

from cases import spellings, table  # noqa: E402
from comparison import compare  # noqa: E402
from proxies import PROXIES  # noqa: E402

ODD = [b" ", b"\t", b"\0", b"\x0b", b"\r", b"\n", b"\r\n ", b"\x7f", b"\xff", b"_", b","]


@pytest.mark.parametrize("is_lenient", [False, True], ids=["strict", "lenient"])
@pytest.mark.parametrize("proxy", PROXIES, ids=lambda p: p.name)
def test_as_many_requests_are_found_as_were_sent_on(tmp_path, proxy, is_lenient):
    cases = table() + [case for odd in ODD for case in spellings(odd)]
    c = compare(tmp_path, proxy, is_lenient, cases)
    assert not c.differences, c
    assert c.found == c.sent >= len(cases) // 3
    # What a strict proxy lets through is sound, or nearly; a lenient one leaves it to littled.
    assert c.refused > 0 or not is_lenient
