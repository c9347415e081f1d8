"""What is sent through the proxies: rows of the conformance table, and many spellings of one
attack, a Transfer-Encoding that one reader sees and the next one does not."""

from http11_cases import SMUGGLING, post

HELLO5 = b"5\r\nhello\r\n0\r\n\r\n"

# One odd byte in any of four places, or in two.
SPELLINGS = [b"%(o)sTransfer-Encoding: chunked", b"Transfer-Encoding%(o)s: chunked",
             b"Transfer-Encoding:%(o)schunked", b"Transfer-Encoding: chunked%(o)s",
             b"Transfer%(o)sEncoding: chunked", b"Transfer-Encoding: chun%(o)sked",
             b"Transfer-Encoding%(o)s:%(o)schunked", b"Transfer-Encoding:%(o)schunked%(o)s",
             b"X: y%(o)sTransfer-Encoding: chunked", b"X:%(o)sTransfer-Encoding: chunked"]


def table():
    """[(what, bytes)]"""
    return [(f"{row[0]}: {row[1]}", row[2]) for row in SMUGGLING]


def spellings(odd):
    """Each with a length that ends the body before the chunks do, behind them, and without one."""
    for spelling in SPELLINGS:
        field = spelling % {b"o": odd} + b"\r\n"
        for length in (b"", b"Content-Length: 3\r\n", b"Content-Length: %d\r\n" % len(HELLO5)):
            yield f"{field!r}, {length!r}", post(field + length, HELLO5)


def all_spellings():
    odd = [bytes([c]) for c in range(256)] + [b"\r\n", b"\r\n ", b"\n ", b"\r\r", b"\0\r\n", b"  "]
    return [case for o in odd for case in spellings(o)]
