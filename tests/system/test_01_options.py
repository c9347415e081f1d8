"""Options of the running program: by file, environment and flag; and every refusal."""

import re
import subprocess

import pytest

from server import LITTLED, PATIENCE, ROOT, clean_environment, run_once


def refused(done, *words):
    """It ended at once with status 2 and one line that says all of that."""
    lines = done.stderr.splitlines()
    assert done.returncode == 2, (done.returncode, done.stderr)
    assert len(lines) == 1, lines
    for word in words:
        assert word in lines[0], (word, lines[0])


def config(tmp_path, text):
    path = tmp_path / "test.ini"
    path.write_text(text)
    return path


def printed(*args, **more):
    """--print-config as {name: (value, origin)}."""
    done = run_once("--print-config", *args, **more)
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    settings = [(line.partition(" = "), before) for before, line in zip(lines, lines[1:])
                if " = " in line and before.startswith("# ")]
    return {name: (value, origin[2:]) for (name, _, value), origin in settings}


def test_help_and_version():
    done = run_once("--help")
    assert done.returncode == 0
    for flag in ("--bind", "--workers", "--threads", "--config", "--admin-bind", "--keep-alive",
                 "--limit-request-field_size", "--access-logfile", "--graceful-timeout"):
        assert flag in done.stdout, flag
    commands = re.findall(r"^COMMAND\((\w+),", (ROOT / "src/cmd/commands.def").read_text(), re.M)
    assert len(commands) > 4
    assert f"COMMAND is {', '.join(commands[:-1])} or {commands[-1]};" in done.stdout
    done = run_once("--version")
    assert done.returncode == 0 and "littled" in done.stdout


def test_every_source_sets_an_option_and_is_named(tmp_path):
    path = config(tmp_path, "[littled]\n\nworkers = 3\n")
    assert printed()["workers"] == ("1", "default")
    value, origin = printed(env={"LITTLED_WORKERS": 2})["workers"]
    assert value == "2" and "LITTLED_WORKERS" in origin
    value, origin = printed(env={"WEB_CONCURRENCY": 6})["workers"]
    assert value == "6" and "WEB_CONCURRENCY" in origin
    value, origin = printed("-c", path)["workers"]
    assert value == "3" and "file" in origin and "line 3" in origin
    assert printed("-w", 4)["workers"] == printed("--workers=4")["workers"]
    value, origin = printed("-w", 4)["workers"]
    assert value == "4" and "command line" in origin


def test_a_higher_source_wins(tmp_path):
    path = config(tmp_path, "[littled]\nworkers = 3\n")
    env = {"LITTLED_WORKERS": 2, "WEB_CONCURRENCY": 6}
    assert printed(env=env)["workers"][0] == "2"
    assert printed("-c", path, env=env)["workers"][0] == "3"
    assert printed("-c", path, "--workers=4", env=env)["workers"][0] == "4"


def test_what_is_printed_is_a_configuration(tmp_path):
    path = config(tmp_path, run_once("--print-config", "-w", 4, "--keep-alive", "7").stdout)
    again = printed("-c", path)
    assert again["workers"][0] == "4" and again["keep_alive"][0] == "7s"


def test_port_is_read_as_gunicorn_reads_it():
    assert printed(env={"PORT": 9876})["bind"][0] == "0.0.0.0:9876"
    assert printed("-b", "127.0.0.1:9", env={"PORT": 9876})["bind"][0] == "127.0.0.1:9"


@pytest.mark.parametrize("words", [
    ("--workers", "0"), ("--workers", "many"), ("--workers", "-1"), ("--threads", "1e9"),
    ("--bind", "127.0.0.1:65536"), ("--bind", "nonsense:port"), ("--bind", "[::1:80"),
    ("--admin-bind", "127.0.0.1:x"), ("--keep-alive", "soon"), ("--timeout", "-3"),
    ("--limit-request-line", "8191"), ("--limit-request-body", "lots"),
    ("--log-level", "loud"), ("--backlog", "0"), ("--worker-connections", "99999999999999999999"),
])
def test_a_bad_value_on_the_command_line(words):
    refused(run_once(*words, "workload"), words[0], words[1])


@pytest.mark.parametrize("words", [("--wrokers=2",), ("--no-such-thing",), ("-Z",), ("--workers",)])
def test_a_bad_flag(words):
    refused(run_once(*words, "workload"), words[0].split("=")[0])


def test_a_misspelt_flag_is_told_the_nearest_name():
    refused(run_once("--wrokers=2", "workload"), "--workers")


@pytest.mark.parametrize("variable, value", [
    ("LITTLED_WORKERS", "0"), ("LITTLED_THREADS", "x"), ("WEB_CONCURRENCY", "lots"),
    ("PORT", "http"), ("LITTLED_KEEP_ALIVE", "never"), ("LITTLED_LOG_LEVEL", "loud"),
])
def test_a_bad_value_in_the_environment(variable, value):
    refused(run_once("workload", env={variable: value}), variable, value)


@pytest.mark.parametrize("text, line, word", [
    ("[littled]\nworkers = none\n", 2, "workers"),
    ("[littled]\n\nwrokers = 2\n", 3, "workers"),
    ("[littled]\nthreads = 0\n", 2, "threads"),
    ("[littel]\nworkers = 2\n", 1, "littled"),
    ("workers = 2\n", 1, "section"),
    ("[littled]\nnot a setting\n", 2, ""),
    ("[littled\nworkers = 2\n", 1, ""),
    ("[littled]\nname = " + "x" * 20000 + "\n", 2, ""),
    ("[littled]\nworker_class = gthread\n", 2, "one kind of worker"),
    ("[route x]\napp = workload\n", 1, "x"),
    ("[route /]\nworkers = 1\n", 1, "app"),
    ("[route /]\napp = nosuchapp\n", 1, "nosuchapp"),
    ("[route /]\napp = workload\nnosuchkey = 1\n", 3, "nosuchkey"),
])
def test_a_bad_line_in_the_file(tmp_path, text, line, word):
    path = config(tmp_path, text)
    refused(run_once("--check-config", "-c", path), f"{path}:{line}", word)
    refused(run_once("-c", path), f"{path}:{line}", word)


def test_a_file_that_is_not_there(tmp_path):
    refused(run_once("-c", tmp_path / "absent.ini"), "absent.ini", "No such file")


def test_check_config_starts_nothing(tmp_path):
    path = config(tmp_path, "[littled]\nworkers = 2\n[route /]\napp = workload\n")
    done = run_once("--check-config", "-c", path)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("options, words", [
    (("--access-logformat", "%(nonsense)s"), ("access_logformat", "%(nonsense)s")),
    (("-b", "127.0.0.1:1", "-b", "127.0.0.1:1"), ("bind = 127.0.0.1:1", "another address")),
    (("-b", "127.0.0.1:1", "--admin-bind", "127.0.0.1:1"), ("admin_bind = 127.0.0.1:1",)),
])
def test_check_config_finds_what_a_start_would(options, words):
    for check in ((), ("--check-config",)):
        refused(run_once(*options, *check, "workload"), *words)


@pytest.mark.parametrize("word, meant", [("benhc", "bench"), ("advice", "advise"), ("statik", "static")])
def test_a_misspelt_command_is_told_the_nearest_name(word, meant):
    refused(run_once(word), word, f"did you mean {meant}?")


@pytest.mark.parametrize("words, meant", [
    (("bench", "--concurency=3", "http://x/"), "--concurrency"), (("top", "--windw", "10"), "--window"),
    (("advise", "--windw=10"), "--window"), (("ctl", "--jsno"), "--json"),
    (("lab", "--lits"), "--list"),
])
def test_a_misspelt_flag_of_a_command_is_told_the_nearest_name(words, meant):
    refused(run_once(*words), words[1], f"did you mean {meant}?")


@pytest.mark.parametrize("words, letter", [
    (("ctl", "-jx", "status"), "-x"), (("top", "--once", "-xh"), "-x"), (("bench", "-zh"), "-z"),
])
def test_a_letter_that_is_no_flag_is_named(words, letter):
    refused(run_once(*words), f"littled {words[0]}: {letter}: there is no such option")


@pytest.mark.parametrize("command", ["advise", "bench", "ctl", "lab", "top", "usl"])
def test_short_and_long_help_of_a_command_are_the_same(command):
    done = run_once(command, "-h")
    assert done.returncode == 0 and done.stdout == run_once(command, "--help").stdout
    assert done.stdout.startswith(f"Usage: littled {command}")


def test_words_that_mean_flags():
    assert run_once("help").stdout == run_once("--help").stdout
    assert run_once("version").stdout == run_once("--version").stdout
    assert run_once("check-config", "workload").stdout == "the configuration is sound\n"
    refused(run_once("check-config"), "nothing to serve")


@pytest.mark.parametrize("words", [
    ("--help",), ("--version",), ("--print-config",), ("--print-reference", "markdown"), ("--check-config", "workload"),
    ("bench", "--help"), ("top", "--help"), ("advise", "--help"), ("ctl", "--help"),
    ("usl", "--help"), ("bench", "--print-schedule", "--rate", "5", "--duration", "1",
                        "http://127.0.0.1:1/"),
])
def test_a_full_standard_output_is_a_failure(words):
    with open("/dev/full", "wb") as full:
        done = subprocess.run([LITTLED, *words], stdin=subprocess.DEVNULL, stdout=full, text=True,
                              stderr=subprocess.PIPE, env=clean_environment(), timeout=10 * PATIENCE)
    assert done.returncode == 1
    assert len(done.stderr.splitlines()) == 1 and "standard output" in done.stderr


def test_options_reach_the_running_server(serve, tmp_path):
    path = config(tmp_path, "[littled]\nthreads = 3\n[route /here]\napp = workload\n")
    env = {"LITTLED_WORKERS": 2, "LITTLED_THREADS": 7}
    with serve("-c", path, env=env, workers=None, threads=None, app=None) as s:
        about = s.stats()["littled"]
        assert (about["workers"], about["threads"], about["slots"]) == (2, 3, 6)
        assert s.get("/here/hello").body == b"Hello, world\n"
        assert s.get("/hello").status == 404
