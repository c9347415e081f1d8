"""The static app: files of a folder, in whole and in part, and nothing else."""

import gzip
import html
import os
import re
import socket
import threading
import time
import urllib.parse
from email.utils import formatdate

import pytest

from client import request
from load import Background
from server import eventually, open_files, run_once

SECRET = b"not for the public\n"
TEXT = b"".join(b"line %d\n" % i for i in range(2000))


@pytest.fixture
def folder(tmp_path):
    """A site, and beside it what must never be served."""
    (tmp_path / "secret.txt").write_bytes(SECRET)
    site = tmp_path / "site"
    (site / "sub" / "empty").mkdir(parents=True)
    (site / "index.html").write_text("<p>home\n")
    (site / "sub" / "index.html").write_text("<p>sub\n")
    (site / "text.txt").write_bytes(TEXT)
    (site / "none.txt").write_bytes(b"")
    return site


@pytest.fixture
def site(serve, tmp_path, folder):
    """site(name=value, ...) -> a server of the folder with these settings, at `prefix`."""
    def make(prefix="/", more="", threads=2, workers=1, **settings):
        path = tmp_path / "site.ini"
        lines = "".join(f"{name} = {value}\n" for name, value in settings.items())
        path.write_text(f"[route {prefix}]\napp = static:{folder}\n{lines}{more}")
        return serve("-c", path, app=None, threads=threads, workers=workers)
    return make


def settled(path, text=None):
    """The file, changed long enough ago to be kept in memory once it was asked for."""
    if text is not None:
        path.write_bytes(text)
    time.sleep(max(0, path.stat().st_ctime + 0.1 - time.time()))
    return path


def slots_served(server):
    return sum(slot["served"] for w in server.stats()["workers"] for slot in w["slots"])


def no_file_stays_open(server, folder):
    """A descriptor is closed a little after the client has its answer."""
    pid = server.worker_pids()[0]
    eventually(lambda: not any(str(folder) in link for link in open_files(pid).values()), 5,
               "no file of the site is open")


# --- whole files -------------------------------------------------------------------


@pytest.mark.short
def test_a_file_by_name_from_the_command_line(serve, folder):
    settled(folder / "text.txt")
    with serve(app=f"static:{folder}") as s, s.conn() as c:
        for _ in range(3):  # from the disk, then from memory
            answer = c.get("/text.txt")
            assert (answer.status, answer.body) == (200, TEXT)
            assert answer.header("Content-Type") == "text/plain; charset=utf-8"
            assert answer.header("Accept-Ranges") == "bytes"
            modified = int((folder / "text.txt").stat().st_mtime)
            assert answer.header("Last-Modified") == formatdate(modified, usegmt=True)
            head = c.get("/text.txt", method="HEAD")
            same = ("Content-Length", "Content-Type", "ETag", "Last-Modified", "Accept-Ranges")
            assert [head.header(n) for n in same] == [answer.header(n) for n in same]
        assert c.get("/none.txt").body == b""
        assert c.get("/").body == b"<p>home\n"


def test_a_relative_folder_and_large_files(serve, folder, monkeypatch):
    big = os.urandom(5_000_000)
    (folder / "big.bin").write_bytes(big)
    monkeypatch.chdir(folder.parent)
    with serve(app="static:site") as s, s.conn() as c:
        for _ in range(2):
            answer = c.get("/big.bin")
            assert answer.body == big
            assert answer.header("Content-Type") == "application/octet-stream"
        assert c.get("/text.txt").body == TEXT


def test_settings_of_types_and_caching(site, folder):
    for name in ("a.js", "a.foo", "a", "a.css"):
        (folder / name).write_text("x")
    settings = {"types": "foo=text/foo js=application/x-js", "default_type": "text/odd",
                "charset": "koi8-r", "cache_control": "public, max-age=60", "ranges": 0}
    with site(**settings) as s:
        types = {n: s.get(f"/{n}").header("Content-Type") for n in ("a.js", "a.foo", "a", "a.css")}
        assert types == {"a.js": "application/x-js", "a.foo": "text/foo; charset=koi8-r",
                         "a": "text/odd; charset=koi8-r", "a.css": "text/css; charset=koi8-r"}
        answer = s.get("/a", headers=[("Range", "bytes=0-0")])
        assert answer.status == 200 and answer.header("Accept-Ranges") is None
        assert answer.header("Cache-Control") == "public, max-age=60"
        answer = s.get("/a", headers=[("If-None-Match", "*")])
        assert (answer.status, answer.header("Cache-Control")) == (304, "public, max-age=60")


@pytest.mark.parametrize("line, words", [
    ("listing = maybe", "listing = maybe: not one of no|yes"),
    ("dotfiles = some", "dotfiles = some: not one of no|well-known|yes"),
    ("ranges = 257", "ranges = 257: not a number from 0 to 256"),
    ("ranges = -1", "ranges = -1: not a number"),
    ("cache_size = 8x", "cache_size = 8x: not a size"),
    ("cache_size = k", "cache_size = k: not a size"),
    ("cache_file_size = 99m", "cache_file_size = 99m: not a size from 0 to"),
    ("types = foo", "'foo' is no media type"),
    ("default_type = foo", "'foo' is no media type"),
    ("index = a/b", "index = a/b: the name of a file has no slash"),
    ("cache_control = caf\u00e9", "cache_control has a character that cannot be sent"),
    ("indx = a", "has no setting 'indx' (did you mean index?)"),
])
def test_bad_settings_are_refused(tmp_path, folder, line, words):
    path = tmp_path / "bad.ini"
    path.write_text(f"[route /]\napp = static:{folder}\n{line}\n")
    done = run_once("--check-config", "-c", path)
    assert done.returncode == 2 and words in done.stderr, done.stderr


def test_a_folder_that_is_none_is_refused(tmp_path, folder):
    for app, words in (("static", "no folder to serve: say static:DIR"),
                       ("static:", "no folder to serve"),
                       (f"static:{tmp_path}/absent", "absent: No such file or directory"),
                       (f"static:{folder}/text.txt", "text.txt: Not a directory")):
        done = run_once("--check-config", app)
        assert done.returncode == 2 and words in done.stderr, done.stderr


# --- nothing else ------------------------------------------------------------------

NOT_FOUND = [
    "/absent", "/text.txt/", "/text.txt/x", "/sub/absent/", "/%20", "/" + "a" * 300,
    "/" + "a/" * 1500, "/index.html/", "/TEXT.TXT", "/text.txt%20", "/text.txt.",
    "/..", "/../secret.txt", "/../../../../etc/passwd", "/sub/../../secret.txt",
    "/%2e%2e/secret.txt", "/%2e%2e%2fsecret.txt", "/..%2fsecret.txt", "/..%2Fsecret.txt",
    "/sub/..%2f..%2fsecret.txt", "/.%2e/secret.txt", "/..%5csecret.txt", "/..\\secret.txt",
    "/%252e%252e/secret.txt", "/..;/secret.txt", "/..%c0%afsecret.txt", "/%c0%ae%c0%ae/secret.txt",
    "//../secret.txt", "/./../secret.txt", "/sub//../../secret.txt", "/...//secret.txt",
    "/sub%2findex.html", "/out", "/out.txt", "/outabs", "/outabs/secret.txt", "/sub/up/secret.txt",
    "/loop", "/dangling", "/fifo", "/socket", "/null", "/proc/self/environ",
    "/.hidden", "/.git/config", "/sub/.hidden", "/%2ehidden", "/.well-known/x", "/.", "/sub/.x/..",
]


def fill_with_traps(folder):
    (folder / "out").symlink_to("..")
    (folder / "out.txt").symlink_to("../secret.txt")
    (folder / "outabs").symlink_to(folder.parent)
    (folder / "sub" / "up").symlink_to("../..")
    (folder / "loop").symlink_to("loop")
    (folder / "dangling").symlink_to("nowhere")
    (folder / "null").symlink_to("/dev/null")
    (folder / "proc").symlink_to("/proc")
    os.mkfifo(folder / "fifo")
    (folder / ".git").mkdir()
    (folder / ".well-known").mkdir()
    for name in (".hidden", ".git/config", "sub/.hidden", ".well-known/x"):
        (folder / name).write_bytes(SECRET)


@pytest.mark.short
def test_nothing_but_what_is_in_the_folder(site, folder):
    fill_with_traps(folder)
    unix = socket.socket(socket.AF_UNIX)
    unix.bind(str(folder / "socket"))
    with site() as s, s.conn() as c:
        for target in NOT_FOUND:
            answer = c.get(target)
            expected = 200 if target == "/." else 404
            assert answer.status == expected, (target, answer.status)
            assert SECRET not in answer.body and b"root:" not in answer.body
        for target in ("/a%00", "/text.txt%00.html", "/%00/../text.txt", "/%", "/%zz", "/a%2"):
            with s.conn() as other:
                assert other.get(target).status == 400, target
        assert c.get("/text.txt").body == TEXT
    unix.close()


def test_paths_that_stay_inside(site, folder):
    (folder / "inside").symlink_to("sub/../text.txt")
    (folder / "a b%c?d#e\u00fc").write_bytes(b"odd")
    same = ["/text.txt", "//text.txt", "/./text.txt", "/sub/../text.txt", "/sub/%2e%2E/text.txt",
            "/%74ext.txt", "/sub/empty/../../text.txt", "/text.txt?a=/../b", "/inside"]
    with site() as s, s.conn() as c:
        for target in same:
            assert c.get(target).body == TEXT, target
        assert c.get("/a%20b%25c%3Fd%23e%C3%BC").body == b"odd"
        assert c.get("http://other/text.txt").body == TEXT


def test_a_pipe_is_not_even_opened(site, folder):
    """A reader that looks in and leaves would kill whoever writes to it."""
    os.mkfifo(folder / "fifo")
    writer = Background(lambda: os.open(folder / "fifo", os.O_WRONLY))
    with site() as s:
        for _ in range(5):
            assert s.get("/fifo").status == 404
        assert writer.thread.is_alive(), "the writer found a reader"
        os.close(os.open(folder / "fifo", os.O_RDONLY))
        os.close(writer.result())


def test_dotfiles_by_setting(site, folder):
    fill_with_traps(folder)
    with site(dotfiles="well-known") as s:
        assert s.get("/.well-known/x").body == SECRET
        for target in ("/.hidden", "/sub/.well-known/x", "/.well-known/.x", "/.well-knownx"):
            assert s.get(target).status == 404, target
    with site(dotfiles="yes") as s:
        for target in ("/.hidden", "/.git/config", "/sub/.hidden", "/.well-known/x"):
            assert s.get(target).body == SECRET, target
        assert s.get("/../secret.txt").status == 404


def test_other_methods(site):
    with site() as s, s.conn() as c:
        for method, status in (("POST", 405), ("PUT", 405), ("DELETE", 405), ("OPTIONS", 200)):
            answer = c.get("/text.txt", method=method)
            assert (answer.status, answer.header("Allow")) == (status, "GET, HEAD, OPTIONS")


def test_a_link_that_is_turned_to_and_fro_lets_nothing_out(site, folder):
    """Between the look and the opening, a folder becomes a link to the outside and back."""
    for name in ("in", "out"):
        (folder / f"{name}-x").mkdir()
    (folder / "in-x" / "f").write_bytes(b"inside\n")
    os.rmdir(folder / "out-x")
    outside = folder.parent / "outside"
    outside.mkdir()
    (outside / "f").write_bytes(SECRET)
    (folder / "a").symlink_to("in-x")
    over = threading.Event()

    def turn():
        while not over.is_set():
            for target in (str(outside), "in-x"):
                os.symlink(target, folder / "new")
                os.rename(folder / "new", folder / "a")

    turner = Background(turn)
    try:
        seen = set()
        with site(threads=4) as s, s.conn() as c:
            def ask():
                for _ in range(500):
                    answer = c.get("/a/f")
                    seen.add(answer.status)
                    assert answer.body == b"inside\n" or answer.status == 404, answer.body
                return len(seen) > 1
            eventually(ask, 10, "the link is met both ways")
        assert seen == {200, 404}
    finally:
        over.set()
        turner.result()


# --- folders ------------------------------------------------------------------------


def test_folders(site, folder):
    with site() as s:
        answer = s.get("/sub")
        assert (answer.status, answer.header("Location")) == (301, "/sub/")
        assert s.get("/sub?a=b&c").header("Location") == "/sub/?a=b&c"
        assert s.get("/sub/?x").body == b"<p>sub\n"
        assert s.get("/sub/").header("Content-Type") == "text/html; charset=utf-8"
        assert s.get("/sub/empty/").status == 403
        (folder / "d e").mkdir()
        assert s.get("/d%20e").header("Location") == "/d%20e/"


def test_a_redirect_stays_on_this_host(site, folder):
    (folder / "example.org").mkdir()
    with site() as s:
        for target in ("//example.org", "///example.org", "/./example.org", "//./example.org",
                       "/sub/..//example.org", "http://t//example.org"):
            assert s.get(target).header("Location") == "/example.org/", target


def test_below_a_prefix(site, folder):
    with site(prefix="/files", more="[route /other]\napp = workload\n") as s:
        assert s.get("/files/text.txt").body == TEXT
        assert s.get("/files/sub").header("Location") == "/files/sub/"
        answer = s.get("/files?a=b")
        assert (answer.status, answer.header("Location")) == (301, "/files/?a=b")
        assert s.get("/f%69les").header("Location") == "/files/"
        assert s.get("/filesx").status == s.get("/file").status == 404
        assert s.get("/files/").body == b"<p>home\n"
        assert s.get("/files/../secret.txt").status == 404
        assert s.get("/files/../other/hello").status == 404
        assert s.get("/text.txt").status == 404


def test_index_names_in_their_order(site, folder):
    (folder / "first").mkdir()
    (folder / "both").mkdir()
    (folder / "second").mkdir()
    for name in ("first/a.html", "both/a.html", "both/b.txt", "second/b.txt"):
        (folder / name).write_text(name)
    (folder / "second" / "a.html").mkdir()
    with site(index="a.html b.txt") as s:
        assert s.get("/first/").body == b"first/a.html"
        assert s.get("/both/").body == b"both/a.html"
        assert s.get("/second/").body == b"second/b.txt"
        assert s.get("/second/").header("Content-Type") == "text/plain; charset=utf-8"
        assert s.get("/").status == 403
    with site(index="") as s:
        assert s.get("/first/").status == 403


def test_listing(site, folder):
    fill_with_traps(folder)
    (folder / "index.html").unlink()
    names = ["b", "a", "<i>&\"'.txt", "javascript:alert(1)", "sp ace", "100%", "\u00fcber", "?q#f"]
    for name in names:
        (folder / name).write_bytes(name.encode())
    with site(listing="yes") as s, s.conn() as c:
        answer = c.get("/")
        assert answer.status == 200
        assert answer.header("Content-Type") == "text/html; charset=utf-8"
        page = answer.body.decode()
        links = re.findall(r'<a href="([^"]*)">([^<]*)</a>', page)
        assert page.count("<a ") == len(links)
        shown = [html.unescape(text) for _, text in links]
        assert shown == ["sub/", *sorted([*names, "none.txt", "text.txt"], key=str.encode)]
        for link, text in links:
            assert urllib.parse.unquote(link) == html.unescape(text) and ":" not in link
            if not link.endswith("/"):
                assert c.get("/" + link).status == 200, link
        assert c.get("/", method="HEAD").header("Content-Length") == str(len(answer.body))
        assert c.get("/sub/").body == b"<p>sub\n"
        empty = c.get("/sub/empty/").body.decode()
        assert "<h1>Index of /sub/empty/</h1>" in empty
        assert re.findall(r'href="([^"]*)"', empty) == ["../"]


# --- conditions ----------------------------------------------------------------------


@pytest.mark.short
@pytest.mark.parametrize("is_cached", [False, True])
def test_conditions(site, folder, is_cached):
    path = folder / "text.txt"
    os.utime(path, (1_000_000_000, 1_000_000_000))
    settled(path)
    same, before, after = (formatdate(1_000_000_000 + d, usegmt=True) for d in (0, -1, 1))
    with site(cache_size="8m" if is_cached else "0") as s, s.conn() as c:
        tag = c.get("/text.txt").header("ETag")
        assert re.fullmatch(r'"[!#-~]+"', tag)
        cases = [
            (200, []),
            (304, [("If-None-Match", tag)]),
            (304, [("If-None-Match", "W/" + tag)]),
            (304, [("If-None-Match", "*")]),
            (304, [("If-None-Match", f'"x", {tag}')]),
            (304, [("If-None-Match", '"x"'), ("If-None-Match", tag)]),
            (200, [("If-None-Match", '"x"')]),
            (304, [("If-Modified-Since", same)]),
            (304, [("If-Modified-Since", after)]),
            (200, [("If-Modified-Since", before)]),
            (200, [("If-Modified-Since", "nonsense")]),
            (200, [("If-Modified-Since", same), ("If-Modified-Since", same)]),
            (200, [("If-None-Match", '"x"'), ("If-Modified-Since", after)]),
            (304, [("If-None-Match", tag), ("If-Modified-Since", before)]),
            (200, [("If-Match", tag)]),
            (200, [("If-Match", "*")]),
            (412, [("If-Match", '"x"')]),
            (412, [("If-Match", "W/" + tag)]),
            (200, [("If-Match", '"x"'), ("If-Match", tag)]),
            (200, [("If-Unmodified-Since", same)]),
            (412, [("If-Unmodified-Since", before)]),
            (200, [("If-Match", tag), ("If-Unmodified-Since", before)]),
            (412, [("If-Match", '"x"'), ("If-None-Match", tag)]),
            (304, [("If-None-Match", tag), ("Range", "bytes=0-0")]),
            (412, [("If-Match", '"x"'), ("Range", "bytes=0-0")]),
        ]
        for method in ("GET", "HEAD"):
            for status, headers in cases:
                answer = c.get("/text.txt", method=method, headers=headers)
                assert answer.status == status, (method, headers, answer.status)
                if status == 304:
                    assert answer.header("ETag") == tag
                    assert answer.header("Content-Length") is None
        assert c.get("/absent", headers=[("If-None-Match", "*")]).status == 404
        assert c.get("/absent", headers=[("If-Match", "*")]).status == 404
        assert c.get("/sub", headers=[("If-None-Match", "*")]).status == 301


def test_a_date_in_the_future_is_not_sent(site, folder):
    os.utime(folder / "text.txt", (4e9, 4e9))
    with site() as s:
        answer = s.get("/text.txt")
        assert answer.header("Last-Modified") <= answer.header("Date")
        assert answer.header("Last-Modified")[-20:-13] == answer.header("Date")[-20:-13]


# --- ranges ---------------------------------------------------------------------------


def parts_of(answer):
    """[(first, last, size, bytes)] of a multipart/byteranges answer."""
    kind, boundary = answer.header("Content-Type").split("; boundary=")
    assert kind == "multipart/byteranges" and answer.header("Content-Range") is None
    pieces = (b"\r\n" + answer.body).split(b"\r\n--" + boundary.encode())
    assert pieces[0] == b"" and pieces[-1] == b"--\r\n"
    parts = []
    for piece in pieces[1:-1]:
        head, body = piece.split(b"\r\n\r\n", 1)
        lines = head.decode().split("\r\n")
        assert lines[:2] == ["", "Content-Type: text/plain; charset=utf-8"]
        first, last, size = re.fullmatch(r"Content-Range: bytes (\d+)-(\d+)/(\d+)",
                                         lines[2]).groups()
        parts.append((int(first), int(last), int(size), body))
    return parts


@pytest.mark.short
@pytest.mark.parametrize("is_cached", [False, True])
def test_ranges(site, folder, is_cached):
    settled(folder / "text.txt")
    size = len(TEXT)
    single = {"0-0": (0, 0), "10-19": (10, 19), f"{size - 1}-": (size - 1, size - 1),
              "0-": (0, size - 1), "-7": (size - 7, size - 1), "-99999999": (0, size - 1),
              f"5-{1 << 70}": (5, size - 1), "0-4,3-9": (0, 9), "5-9,0-4": (0, 9),
              "3-4,99999999-": (3, 4), "0-,0-,0-,0-,0-": (0, size - 1), ", 0-0 ,": (0, 0)}
    multiple = {"0-0,2-2": [(0, 0), (2, 2)], "-1,0-9": [(size - 1, size - 1), (0, 9)],
                "0-9,100-199,50-59": [(0, 9), (100, 199), (50, 59)]}
    whole = ["bytes=", "bytes=a-b", "bytes=9-0", "bytes=0-1,x", "items=0-1", "bytes 0-1",
             "bytes=" + ",".join(f"{2 * i}-{2 * i}" for i in range(33))]
    outside = [f"bytes={size}-", "bytes=-0", f"bytes={1 << 70}-", f"bytes={size}-{size + 9},-0"]
    with site(cache_size="8m" if is_cached else "0") as s, s.conn() as c:
        tag = c.get("/text.txt").header("ETag")
        for spec, (first, last) in single.items():
            answer = c.get("/text.txt", headers=[("Range", f"bytes={spec}")])
            assert answer.status == 206, spec
            assert answer.header("Content-Range") == f"bytes {first}-{last}/{size}", spec
            assert answer.body == TEXT[first:last + 1] and answer.header("ETag") == tag
            assert answer.header("Content-Type") == "text/plain; charset=utf-8"
        for spec, expected in multiple.items():
            answer = c.get("/text.txt", headers=[("Range", f"bytes={spec}")])
            assert answer.status == 206, spec
            assert parts_of(answer) == [(a, b, size, TEXT[a:b + 1]) for a, b in expected], spec
        for value in whole:
            answer = c.get("/text.txt", headers=[("Range", value)])
            assert (answer.status, answer.body) == (200, TEXT), value
        for value in outside:
            answer = c.get("/text.txt", headers=[("Range", value)])
            assert (answer.status, answer.header("Content-Range")) == (416, f"bytes */{size}")
        answer = c.get("/text.txt", headers=[("Range", "bytes=0-0"), ("Range", "bytes=1-1")])
        assert answer.status == 200
        head = c.get("/text.txt", method="HEAD", headers=[("Range", "bytes=0-0")])
        assert (head.status, head.header("Content-Length")) == (200, str(size))
        assert c.get("/none.txt", headers=[("Range", "bytes=0-")]).status == 416
        assert c.get("/none.txt", headers=[("Range", "bytes=-5")]).status == 200


def test_if_range(site, folder):
    path = folder / "text.txt"
    os.utime(path, (1_000_000_000, 1_000_000_000))
    same, after = (formatdate(1_000_000_000 + d, usegmt=True) for d in (0, 1))
    with site() as s, s.conn() as c:
        tag = c.get("/text.txt").header("ETag")
        for value, status in ((tag, 206), (same, 206), ("W/" + tag, 200), ('"x"', 200),
                              (after, 200), ("nonsense", 200), ("*", 200)):
            headers = [("Range", "bytes=0-0"), ("If-Range", value)]
            assert c.get("/text.txt", headers=headers).status == status, value
        headers = [("Range", "bytes=99999999-"), ("If-Range", '"x"')]
        assert c.get("/text.txt", headers=headers).status == 200
        headers = [("Range", "bytes=0-0"), ("If-Range", tag), ("If-Range", tag)]
        assert c.get("/text.txt", headers=headers).status == 200


def test_many_ranges_of_a_large_file(site, folder):
    big = os.urandom(3_000_000)
    (folder / "big.txt").write_bytes(big)
    wanted = [(i * 90_000, i * 90_000 + 50_000) for i in reversed(range(32))]
    spec = ",".join(f"{a}-{b}" for a, b in wanted)
    with site() as s, s.conn() as c:
        for _ in range(3):
            answer = c.get("/big.txt", headers=[("Range", f"bytes={spec}")])
            assert parts_of(answer) == [(a, b, len(big), big[a:b + 1]) for a, b in wanted]
        no_file_stays_open(s, folder)


# --- compressed forms --------------------------------------------------------------------


def test_precompressed(site, folder):
    (folder / "text.txt.gz").write_bytes(gzip.compress(TEXT))
    (folder / "text.txt.br").write_bytes(b"as if by brotli")
    (folder / "sub" / "index.html.gz").write_bytes(gzip.compress(b"<p>sub\n"))
    (folder / "a.png").write_bytes(b"png")
    (folder / "a.png.gz").write_bytes(b"of no use")
    (folder / "only.txt.gz").write_bytes(b"alone")
    (folder / "odd.txt").write_bytes(b"odd")
    (folder / "odd.txt.gz").mkdir()
    (folder / "odd.txt.br").symlink_to("../secret.txt")
    cases = [(None, None), ("", None), ("gzip", "gzip"), ("br", "br"), ("gzip, br", "br"),
             ("gzip;q=1, br;q=0.9", "gzip"), ("br;q=0, *", "gzip"), ("identity, gzip;q=0.5", None),
             ("gzip;q=0", None), ("deflate", None), ("*", "br"), ("GZIP", "gzip")]
    with site() as s, s.conn() as c:
        tags = {}
        for accept, coding in cases:
            headers = [] if accept is None else [("Accept-Encoding", accept)]
            answer = c.get("/text.txt", headers=headers)
            assert answer.header("Content-Encoding") == coding, accept
            assert answer.header("Vary") == "Accept-Encoding"
            assert answer.header("Content-Type") == "text/plain; charset=utf-8"
            tags[coding] = answer.header("ETag")
            if coding == "gzip":
                assert gzip.decompress(answer.body) == TEXT
        assert len(set(tags.values())) == 3, "each form has a tag of its own"
        packed = [("Accept-Encoding", "gzip")]
        for coding, status in ((None, 200), ("gzip", 304)):
            answer = c.get("/text.txt", headers=[*packed, ("If-None-Match", tags[coding])])
            assert (answer.status, answer.header("Vary")) == (status, "Accept-Encoding")
        part = c.get("/text.txt", headers=[*packed, ("Range", "bytes=0-1")])
        assert (part.body, part.header("Content-Encoding")) == (b"\x1f\x8b", "gzip")
        assert gzip.decompress(c.get("/sub/", headers=packed).body) == b"<p>sub\n"
        assert c.get("/sub/", headers=packed).header("Content-Type").startswith("text/html")
        for target, body in (("/a.png", b"png"), ("/odd.txt", b"odd"), ("/none.txt", b"")):
            answer = c.get(target, headers=[("Accept-Encoding", "gzip, br")])
            assert answer.body == body and answer.header("Content-Encoding") is None
            assert answer.header("Vary") is None, target
        assert c.get("/only.txt", headers=packed).status == 404
        itself = c.get("/text.txt.gz", headers=packed)
        assert itself.header("Content-Type") == "application/gzip"
        assert itself.header("Content-Encoding") is None
    with site(precompressed="no") as s:
        answer = s.get("/text.txt", headers=[("Accept-Encoding", "gzip, br")])
        assert answer.body == TEXT and answer.header("Vary") is None


def test_a_compressed_form_that_cannot_be_read_does_not_hide_the_file(serve, folder):
    packed = folder / "text.txt.gz"
    packed.write_bytes(b"x")
    packed.chmod(0)
    settled(packed)
    without = "--bounding-set=-dac_override,-dac_read_search"
    wrap = ("setpriv", without) if os.geteuid() == 0 else ()
    with serve(app=f"static:{folder}", wrap=wrap) as s:
        for _ in range(3):
            answer = s.get("/text.txt", headers=[("Accept-Encoding", "gzip")])
            assert (answer.status, answer.body) == (200, TEXT)
            assert answer.header("Content-Encoding") is None
            assert answer.header("Vary") == "Accept-Encoding"
        assert s.get("/text.txt.gz").status == 403
        no_file_stays_open(s, folder)


def more_or_reset(conn):
    try:
        return conn.more()
    except ConnectionResetError:
        return False


# --- files that change ----------------------------------------------------------------------


@pytest.mark.short
def test_what_is_served_is_what_is_there(site, folder):
    """Also of the same length, in place, and within a tick of the clock."""
    path = folder / "changing.txt"
    with site() as s, s.conn() as c:
        for i in range(200):
            path.write_bytes(b"%05d" % i)
            for _ in range(1 + i % 3):
                assert c.get("/changing.txt").body == b"%05d" % i
        tags = set()
        for i in range(5):
            settled(path, b"%05d" % i)
            answers = [c.get("/changing.txt") for _ in range(3)]
            assert {a.body for a in answers} == {b"%05d" % i}
            tags |= {a.header("ETag") for a in answers}
        assert len(tags) == 5
        path.unlink()
        assert c.get("/changing.txt").status == 404


def test_a_file_that_shrinks_while_it_is_sent_is_cut(site, folder):
    path = folder / "big.bin"
    with open(path, "wb") as f:
        f.truncate(200 << 20)
    with site() as s:
        with s.conn() as c:
            c.send(request("/big.bin"))
            head = c.until(b"\r\n\r\n")
            assert b"Content-Length: %d" % (200 << 20) in head
            os.truncate(path, 1000)
            received = len(c.rest)
            c.rest.clear()
            while more_or_reset(c):
                received += len(c.rest)
                c.rest.clear()
            assert received < 200 << 20
        eventually(lambda: "was cut after" in s.stderr(), 5, "the log says so")
        assert s.get("/big.bin").header("Content-Length") == "1000"


def test_a_file_that_is_replaced_while_it_is_sent_is_sent_to_its_end(site, folder):
    path, new = folder / "big.bin", folder / "new.bin"
    path.write_bytes(b"a" * (50 << 20))
    new.write_bytes(b"b" * (50 << 20))
    with site() as s, s.conn() as c:
        c.send(request("/big.bin"))
        c.until(b"\r\n\r\n")
        os.rename(new, path)
        body = c.exactly(50 << 20)
        assert body == b"a" * (50 << 20)
        assert c.get("/big.bin").body == b"b" * (50 << 20)


def test_a_site_that_is_replaced_needs_no_reload(serve, tmp_path):
    for release in "12":
        (tmp_path / release).mkdir()
        settled(tmp_path / release / "a.txt", release.encode())
    current = tmp_path / "current"
    current.symlink_to("1")
    with serve(app=f"static:{current}") as s, s.conn() as c:
        assert [c.get("/a.txt").body for _ in range(3)] == [b"1"] * 3
        (tmp_path / "next").symlink_to("2")
        os.rename(tmp_path / "next", current)
        assert [c.get("/a.txt").body for _ in range(3)] == [b"2"] * 3
        current.unlink()
        assert [c.get("/a.txt").status for _ in range(3)] == [404] * 3
        current.symlink_to("1")
        assert c.get("/a.txt").body == b"1"
        assert s.stderr().count(f"cannot open {current}: No such file") == 1


# --- inline and in slots -----------------------------------------------------------------------


@pytest.mark.short
def test_small_hot_files_need_no_slot(site, folder):
    settled(folder / "text.txt")
    (folder / "large.txt").write_bytes(b"x" * 200_000)
    with site(prefix="/", more="[route /w]\napp = workload\n", threads=1) as s, s.conn() as c:
        assert [c.get("/text.txt").body for _ in range(2)] == [TEXT] * 2
        before = slots_served(s)
        sleeper = Background(lambda: s.get("/w/sleep?ms=3000"))
        s.wait_busy(1)
        for _ in range(5):
            assert c.get("/text.txt").body == TEXT
            assert c.get("/text.txt", method="HEAD").status == 200
            assert c.get("/text.txt", headers=[("Range", "bytes=0-4,9-9")]).status == 206
            assert c.get("/text.txt", headers=[("If-None-Match", "*")]).status == 304
            assert c.get("/sub").status == 301
            assert c.get("/.hidden").status == 404
        assert s.busy_slots() == 1 and slots_served(s) == before
        large = Background(lambda: s.get("/large.txt"))
        assert sleeper.result().status == 200
        assert large.result().body == b"x" * 200_000
        stats = s.window_with(30)
        assert slots_served(s) == before + 2
        assert stats["little"]["residual"] == 0 and stats["little"]["L_inline"] > 0


def test_more_files_than_there_is_memory_for(site, folder):
    for i in range(100):
        (folder / f"{i}.txt").write_bytes(b"%d" % i * 1000)
    settled(folder / "99.txt")
    with site(cache_size="20k", cache_file_size="2k", workers=2) as s, s.conn() as c:
        for _ in range(3):
            for i in range(100):
                assert c.get(f"/{i}.txt").body == b"%d" % i * 1000


def test_no_descriptor_is_left_open(site, folder):
    fill_with_traps(folder)
    (folder / "large.txt").write_bytes(b"x" * 200_000)
    (folder / "text.txt.gz").write_bytes(b"x")
    with site(listing="yes") as s, s.conn() as c:
        for headers in ([], [("Accept-Encoding", "gzip")], [("If-None-Match", "*")],
                        [("If-Match", '"x"')], [("Range", "bytes=0-0,3-3")],
                        [("Range", "bytes=999999-")]):
            for target in ("/text.txt", "/large.txt", "/none.txt", "/", "/sub", "/sub/",
                           "/sub/empty/", "/fifo", "/out.txt", "/absent", "/.hidden"):
                for method in ("GET", "HEAD"):
                    c.get(target, method=method, headers=headers)
        no_file_stays_open(s, folder)
