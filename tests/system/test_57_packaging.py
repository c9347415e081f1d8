"""What is installed, packaged, and told about the command line elsewhere: manual, completion."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from server import LITTLED, ROOT, SANITIZED, clean_environment

# A make of one's own, whoever started the tests.
OWN = {k: v for k, v in os.environ.items() if k not in ("MAKEFLAGS", "MAKELEVEL", "MFLAGS")}

BUILD = os.path.dirname(os.path.abspath(LITTLED))
# Named as the Makefile itself names it, or make would not know again what it has built.
TARGETS = os.path.relpath(BUILD, ROOT)


def make(*words):
    sanitize = os.environ.get("LITTLED_TEST_SANITIZE", "")
    command = ["make", "-C", str(ROOT), f"BUILD={TARGETS}", f"SANITIZE={sanitize}", *words]
    return subprocess.run(command, env=OWN, check=True, capture_output=True, text=True)


def files_below(folder):
    return {str(p.relative_to(folder)) for p in folder.rglob("*") if not p.is_dir()}


def flags():
    """Every flag there is, and the option's key and words, where it has them."""
    lines = subprocess.run([LITTLED, "--print-reference", "completion"], check=True,
                           capture_output=True, text=True).stdout.splitlines()
    return [line.split("\t") for line in lines]


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    to = tmp_path_factory.mktemp("installed")
    make("install", f"DESTDIR={to}", "PREFIX=/usr")
    return to / "usr"


# --- installing --------------------------------------------------------------------


def all_below(folder):
    return sorted(str(p.relative_to(folder)) for p in folder.rglob("*"))


@pytest.mark.parametrize("where", ["DESTDIR={}|PREFIX=/usr", "PREFIX={}/own", "PREFIX={}/a b"])
def test_uninstall_takes_away_what_install_brought_and_nothing_else(tmp_path, where):
    to = tmp_path / "to"
    where = where.format(to).split("|")
    root = Path(where[-1].partition("=")[2]) if len(where) == 1 else to / "usr"
    to.mkdir()
    make("install", *where)
    make("install", *where)  # over itself, as an upgrade does
    assert len(files_below(root)) > 50 and os.access(root / "bin/littled", os.X_OK)
    make("uninstall", *where)
    assert all_below(to) == [], "what install made stays behind"
    make("uninstall", *where)

    strangers = [root / "bin/other", root / "share/doc/littled/notes", root / "lib/x/y"]
    for stranger in strangers:
        stranger.parent.mkdir(parents=True)
        stranger.write_text("mine")
    (root / "share/man").mkdir(parents=True)
    before = all_below(to)
    make("install", *where)
    make("uninstall", *where)
    assert all_below(to) == before


def test_units_name_the_program_where_it_is(tmp_path):
    make("install", f"DESTDIR={tmp_path}", "PREFIX=/opt/x")
    unit = (tmp_path / "opt/x/lib/systemd/system/littled.service").read_text()
    assert "ExecStart=/opt/x/bin/littled " in unit
    assert "/usr/bin/littled" not in unit


def test_an_app_is_built_with_what_is_installed(installed, serve, tmp_path, monkeypatch):
    env = {**OWN, "PKG_CONFIG_PATH": str(installed / "share/pkgconfig"),
           "PKG_CONFIG_SYSROOT_DIR": str(installed.parent)}

    def ask(*words):
        return subprocess.run(["pkg-config", *words, "littled"], env=env, check=True,
                              capture_output=True, text=True).stdout.split()

    version = subprocess.run([LITTLED, "--version"], capture_output=True, text=True).stdout
    assert ask("--modversion") == version.split()[1:]
    assert ask("--libs") == []
    abi = re.search(r"define LTD_ABI (\d+)", (installed / "include/littled/version.h").read_text())
    assert ask("--variable=abi") == [abi[1]]

    source = installed / "share/doc/littled/examples/hello/hello.c"
    for compiler in filter(shutil.which, (os.environ.get("CC", "cc"), "gcc", "clang")):
        for standard in ("c11", "gnu11", "c17"):
            subprocess.run([compiler, f"-std={standard}", "-Wall", "-Wextra", "-pedantic", "-Werror",
                            "-fPIC", "-shared", *ask("--cflags"), "-o", str(tmp_path / "hello.so"),
                            str(source)], check=True)
    monkeypatch.setattr("server.LITTLED", str(installed / "bin/littled"))
    with serve(app=tmp_path / "hello.so") as s:
        assert s.get("/hello?name=Ada").body == b"Hello, Ada\n"


# --- the manual ----------------------------------------------------------------------


def render(page):
    got = subprocess.run(["man", "--warnings", "-E", "UTF-8", "-l", str(page)], check=True,
                         env={**OWN, "MANWIDTH": "200", "MAN_KEEP_FORMATTING": "", "LC_ALL": "C.UTF-8"},
                         capture_output=True, text=True)
    assert got.stderr == ""
    return got.stdout


def test_the_manual_says_it_all_and_renders_without_a_warning(installed):
    pages = {p.name: render(p) for p in installed.glob("share/man/man*/*")}
    for flag, letter, *_ in flags():
        assert re.search(rf"^\s+(-\w, )?(--\S+.*, )?{flag}\b", pages["littled.1"], re.M), flag
        assert not letter or f"{letter}, {flag}" in pages["littled.1"]
    reference = (ROOT / "conf/REFERENCE.md").read_text()
    keys = re.findall(r"^\| `(\w+)` \| ", reference, re.M)
    assert len(keys) > 50
    for key in keys:
        assert re.search(rf"^\s+{key} = ", pages["littled.ini.5"], re.M), key
    for command in commands():
        page = pages[f"littled-{command}.1"]
        assert f"littled {command}" in page
        assert subprocess.run([LITTLED, command, "--help"], capture_output=True,
                              text=True).stdout.splitlines()[0] in page


def commands():
    rows = (ROOT / "src/cmd/commands.def").read_text()
    return re.findall(r"^COMMAND\((\w+),", rows, re.M)


# --- completion ------------------------------------------------------------------------


@pytest.fixture
def complete(installed, tmp_path):
    """complete("littled", "--wor") -> what bash offers for the last word."""
    script = installed / "share/bash-completion/completions/littled"

    def offer(*words):
        asked = subprocess.run(
            ["bash", "-c", 'source "$0"; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _littled;'
             'printf "%s\\n" "${COMPREPLY[@]}"', str(script), *words],
            check=True, capture_output=True, text=True, cwd=tmp_path)
        assert asked.stderr == ""
        return asked.stdout.split()

    return offer


def test_bash_completes_every_option(complete):
    offered = complete("littled", "-")
    for flag, letter, *_ in flags():
        assert flag in offered
        assert not letter or letter in offered
    assert complete("littled", "--work") == ["--workers", "--worker-connections"]


def test_bash_completes_values(complete, tmp_path):
    (tmp_path / "one.ini").write_text("")
    (tmp_path / "folder").mkdir()
    assert complete("littled", "--log-level", "") == "debug info warning error critical".split()
    assert complete("littled", "--log-level", "=", "w") == ["warning"]
    assert complete("littled", "-c", "o") == ["one.ini"]
    assert complete("littled", "--chdir", "") == ["folder"]
    assert "root" in complete("littled", "--user", "ro")
    assert complete("littled", "--threads", "") == []


def test_bash_completes_commands_and_apps(complete, tmp_path):
    (tmp_path / "own.so").write_text("")
    offered = complete("littled", "")
    assert {"workload", "static", "own.so", *commands()} <= set(offered)
    assert not set(commands()) & set(complete("littled", "-w", "2", ""))
    assert complete("littled", "bench", "--conc") == ["--concurrency"]


ZSH = r"""
zmodload zsh/zpty
zpty z 'PS1= zsh -f -i'
zpty -w z "fpath=($1 \$fpath); autoload -Uz compinit; compinit -u -d $1/dump"
zpty -w z 'bindkey "^I" complete-word; show() { zle -U ""; print -r -- "<$BUFFER>"; zle send-break }'
zpty -w z 'zle -N show; bindkey "^X" show; echo REA""DY'
zpty -r z out '*READY*'
shift
for line; do
	zpty -w -n z "$line"$'\t\C-x'
	zpty -r z out '*<*>*'
	print -r -- "${${out##*<}%%>*}"
done
zpty -d z
"""


@pytest.mark.skipif(not shutil.which("zsh"), reason="zsh is not installed")
def test_zsh_completes_options_values_commands_and_apps(installed, tmp_path):
    shutil.copy(installed / "share/zsh/site-functions/_littled", tmp_path)
    typed = ["littled --log-le", "littled --log-level=crit", "littled ben", "littled bench --conc",
             "littled -w 3 stat"]
    asked = subprocess.run(["zsh", "-f", "-c", ZSH, "zsh", str(tmp_path), *typed], check=True,
                           capture_output=True, text=True, timeout=60)
    assert [line.rstrip(" =") for line in asked.stdout.splitlines()] == [
        "littled --log-level", "littled --log-level=critical", "littled bench",
        "littled bench --concurrency", "littled -w 3 static"]


# --- the Debian package --------------------------------------------------------------------

def test_the_package_is_built_with_the_libraries_the_server_is():
    def libraries(text):
        return set(re.findall(r"\b(?:lib|zlib)\S+-dev\b", text))

    setup = (ROOT / "scripts/setup").read_text().split("packages=")[1].split('"')[1]
    control = (ROOT / "debian/control").read_text()
    # Of these one is for the fuzzers, and the other is looked for by set-up on its own.
    assert libraries(setup) - {"libclang-rt-dev"} == libraries(control) - {"libllhttp-dev"}


needs_debhelper = pytest.mark.skipif(not shutil.which("dh"), reason="debhelper is not installed")


@pytest.fixture(scope="module")
def packages():
    """What scripts/make-deb makes of the server that is being tested: name -> file."""
    made = subprocess.run([ROOT / "scripts/make-deb", BUILD], env=OWN, check=True,
                          capture_output=True, text=True).stdout.split()
    return {os.path.basename(p).split("_")[0]: ROOT / p for p in made}


def contents(package, tmp_path):
    """The files of the package with their modes, and its control files by their names."""
    listing = subprocess.run(["dpkg-deb", "-c", package], check=True, capture_output=True, text=True)
    rows = [line.split(maxsplit=5) for line in listing.stdout.splitlines()]
    subprocess.run(["dpkg-deb", "-e", package, tmp_path / "control"], check=True)
    control = {p.name: p.read_text() for p in (tmp_path / "control").iterdir()}
    return {row[5][1:]: (row[0], row[1]) for row in rows if row[0][0] != "d"}, control


@needs_debhelper
@pytest.mark.skipif(SANITIZED, reason="no package of this build")
def test_the_package_has_what_it_should(packages, tmp_path):
    files, control = contents(packages["littled"], tmp_path)
    assert all(owner == "root/root" for _, owner in files.values())
    assert files["/usr/bin/littled"][0] == "-rwxr-xr-x"
    assert {"/etc/littled/littled.ini", "/lib/systemd/system/littled.service",
            "/lib/systemd/system/littled.socket", "/usr/share/man/man1/littled.1.gz",
            "/usr/share/man/man5/littled.ini.5.gz", "/etc/logrotate.d/littled",
            "/usr/share/bash-completion/completions/littled",
            "/usr/share/zsh/vendor-completions/_littled"} <= set(files)
    assert not [f for f in files if f.startswith("/usr/local") or "/include/" in f]
    assert control["conffiles"].split() == ["/etc/littled/littled.ini", "/etc/logrotate.d/littled"]
    assert "adduser" in control["postinst"] and "--system" in control["postinst"]
    assert "deluser" in control["postrm"] and "/var/log/littled" in control["postrm"]
    for needed in ("libc6", "libev4", "libinih1", "adduser"):
        assert re.search(rf"^Depends:.*\b{needed}\b", control["control"], re.M)


@needs_debhelper
@pytest.mark.skipif(SANITIZED, reason="no package of this build")
def test_the_package_for_app_authors(packages, tmp_path):
    files, _ = contents(packages["littled-dev"], tmp_path)
    headers = {f"/usr/include/littled/{p.name}" for p in (ROOT / "include/littled").iterdir()}
    assert headers | {"/usr/share/pkgconfig/littled.pc"} == {
        f for f in files if not f.startswith("/usr/share/doc/")}


@needs_debhelper
@pytest.mark.skipif(SANITIZED, reason="no package of this build")
def test_the_packaged_unit_and_configuration_agree(packages, tmp_path):
    subprocess.run(["dpkg-deb", "-x", packages["littled"], tmp_path], check=True)
    unit = (tmp_path / "lib/systemd/system/littled.service").read_text()
    assert "\nUser=littled\n" in unit and "DynamicUser" not in unit
    assert "ExecStart=/usr/bin/littled --config /etc/littled/littled.ini\n" in unit

    # As it is installed, but for the folders that only root can make.
    written = (tmp_path / "etc/littled/littled.ini").read_text()
    moved = written.replace("/var/log/littled", str(tmp_path)).replace("/run/littled", str(tmp_path))
    moved = moved.replace("/usr/share/littled", str(tmp_path / "usr/share/littled"))
    (tmp_path / "moved.ini").write_text(moved)
    checked = subprocess.run([tmp_path / "usr/bin/littled", "-c", tmp_path / "moved.ini",
                              "--check-config"], capture_output=True, text=True,
                             env=clean_environment())
    assert (checked.returncode, checked.stderr) == (0, "")
