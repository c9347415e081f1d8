"""
What must hold of a server at rest after a soak.

With no worker killed all of it is equalities. A worker that is killed may die between doing a
thing and counting it, so that a kill may leave each account of connections one off; and in the
middle of giving a request away, so that sender and receiver both count it.
"""

import re
import statistics
from typing import NamedTuple

# The first seconds fill the ring of one-second totals, which takes memory as it is touched.
RING_S = 64
MEMORY_TIMES, MEMORY_BYTES = 1.1, 2 << 20

# Ends that nothing in the load brings about.
UNEXPECTED_CLOSES = ("write_timeout", "memory", "drain", "move_lost", "io_error")

EXPECTED_LINES = (
    r"\[INFO\] littled \S+ starting.*",
    r"\[INFO\] littled \S+, process \d+: .*",
    r"\[INFO\] listening at .*",
    r"\[INFO\] statistics at .*",
    r"\[INFO\] worker \d+: process \d+",
    r"\[INFO\] serving: .*",
    r"\[ERROR\] worker \d+: process \d+ was ended by signal 9 \(Killed\); requests lost: \d+",
    r"\[INFO\] stopping: .*",
    r"\[INFO\] worker \d+: process \d+ has left",
    r"\[INFO\] reload: .*",
    r"\[INFO\] workers: \d+ are wanted, after \d+",
    r"\[INFO\] stopped.*",
)


class Sample(NamedTuple):
    at: float  # seconds since the beginning
    tree: int  # bytes of all processes
    master: int
    shared: int  # of those of all, what they share


class Result(NamedTuple):
    holds: bool
    what: str
    figures: str


def between(what, low, n, high):
    return Result(low <= n <= high, what, f"{low} <= {n} <= {high}")


def equal(what, a, b):
    return Result(a == b, what, f"{a} == {b}")


def requests(load, stats):
    count, totals, kills = load.count, stats["totals"], load.kills
    statuses = totals["status"]
    answers = sum(n for code, n in statuses.items() if code != "499")
    unfinished = count["abandoned"] + count["killed"] + count["unanswered"]
    in_flight, moving = sum(k.in_flight for k in kills), sum(k.moving for k in kills)
    threads = stats["littled"]["threads"] + 1
    yield equal("each request: answered, given up, gone with a worker", count["asked"],
                count["answered"] + unfinished)
    yield equal("requests unanswered for no reason", count["unanswered"], 0)
    yield equal("wrong answers and unexplained ends (below)", len(load.violations), 0)
    yield between("arrivals: what was answered, up to all that was sent", count["answered"],
                  totals["arrivals"], count["asked"] + count["parts"] + len(kills))
    yield equal("arrivals = completions + lost", totals["arrivals"],
                totals["completions"] + totals["lost"])
    yield between("statuses counted: completions, but for updates undone", totals["completions"],
                  sum(statuses.values()), totals["completions"] + threads * len(kills))
    yield between("answers the server counted", count["answered"] - totals["lost"], answers,
                  count["answered"] + unfinished)
    yield between("lost: what was in the killed, but for what was moving",
                  in_flight - moving - len(kills), totals["lost"], in_flight)


def rest(load, stats):
    law = stats["little"]
    yield equal("in flight at rest", stats["concurrency"]["now"], 0)
    yield equal("connections at rest", sum(stats["connections"].values()), 0)
    yield equal("requests waiting, slots busy at rest",
                sum(w["queued"] + (len(w["slots"]) - w["free_slots"]) for w in stats["workers"]), 0)
    yield Result(abs(law["residual"]) <= 1e-9 * max(law["L"], 1), "the law: |residual| / L",
                 f"{law['residual']:.1e} / {law['L']:.3f}")


def connections(load, stats):
    count, totals, closes, kills = load.count, stats["totals"], stats["closes"], load.kills
    died, moving = sum(k.connections for k in kills), sum(k.moving for k in kills)
    begun = totals["accepted"] + totals["moves_in"] + totals["handed_in"]
    ended = sum(closes.values()) + sum(stats["connections"].values()) + died
    yield between("connections made and accepted", count["connected"] - len(kills),
                  totals["accepted"], count["connected"])
    yield between("accepted + moved and handed in = closed by reason + died", begun - len(kills), ended,
                  begun + len(kills))
    yield between("connections clients saw end with a worker: none moving", 0,
                  count["killed connections"], died - moving + len(kills))
    yield between("moves in = moves out, but for senders killed", totals["moves_out"] - len(kills),
                  totals["moves_in"], totals["moves_out"] + moving + len(kills))
    away = totals["moves_out"] + totals["handed_out"]
    yield between("closes `moved` = moves out + handed out", away - len(kills), closes["moved"], away)
    yield between("handed in = handed out, but for receivers killed",
                  totals["handed_out"] - died - len(kills), totals["handed_in"], totals["handed_out"])
    yield equal("ends of no reason here: " + " ".join(UNEXPECTED_CLOSES),
                sum(closes[name] for name in UNEXPECTED_CLOSES), 0)
    yield equal("accept errors", totals["accept_errors"], 0)


def processes(soak, stats, open_fds):
    kills = len(soak.load.kills)
    yield equal("processes begun = workers + kills + reloads + resizes", soak.begun(),
                len(stats["workers"]) * (1 + soak.reloads) + kills + soak.resizes)
    # What a reload forks has one more: the reload's own, open while it lasts.
    more = {name: n - min(soak.fds.values()) for name, n in open_fds.items()}
    yield Result(len(open_fds) == len(soak.fds) and max(more.values()) <= 1 + (soak.reloads > 0),
                 "descriptors at rest: not more than at the start", f"{soak.fds} -> {open_fds}")


def flat(what, sizes):
    """Medians of the last third and of the first."""
    what += f": last third <= first x {MEMORY_TIMES:g} + {MEMORY_BYTES >> 20} MiB"
    third = len(sizes) // 3
    if third < 5:
        return Result(True, what, "not judged: the run is too short")
    first, last = statistics.median(sizes[:third]), statistics.median(sizes[-third:])
    return Result(last <= first * MEMORY_TIMES + MEMORY_BYTES, what,
                  f"{last / 2**20:.1f}, {first / 2**20:.1f} MiB")


def memory(samples):
    settled = [s for s in samples if s.at > RING_S]
    yield flat("memory of all", [s.tree for s in settled])
    yield flat("memory of the master", [s.master for s in settled])
    yield flat("shared memory", [s.shared for s in settled])


def log(text, load, stats):
    strange = [line for line in text.splitlines()
               if not any(re.search(known + "$", line) for known in EXPECTED_LINES)]
    lost = [int(n) for n in re.findall(r"requests lost: (\d+)", text)]
    yield Result(not strange, "nothing on stderr that is not expected", "; ".join(strange[:5]))
    yield equal("deaths on stderr = kills", len(lost), len(load.kills))
    yield equal("lost on stderr = lost in the statistics", sum(lost), stats["totals"]["lost"])


def all_checks(soak, stats, open_fds, stderr):
    load = soak.load
    yield from requests(load, stats)
    yield from rest(load, stats)
    yield from connections(load, stats)
    yield from processes(soak, stats, open_fds)
    yield from memory(soak.memory)
    yield from log(stderr, load, stats)
