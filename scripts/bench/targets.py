"""What littled promises of itself: `scripts/bench/peers --targets`."""

import re
import resource
import socket
import statistics
import time
from functools import partial

import servers
from measured import Servers, note
from wrk import Workload, run_wrk

CPU_0, CPU_1, BOTH = {0}, {1}, {0, 1}
SETTLE_S = 2  # for buffers to be given back
CONNECT_TIMEOUT_S = 10
HELLO = Workload("/hello")


def median_ratio(pairs):
    """Of (numerator, denominator) a round, with the extremes."""
    ratios = [a / b for a, b in pairs if b]
    return statistics.median(ratios), min(ratios), max(ratios)


def print_ratio(what, pairs, unit="us CPU a request"):
    middle, least, most = median_ratio(pairs)
    over, under = (statistics.median(p[i] for p in pairs) for i in (0, 1))
    print(f"{what}: {middle:.3f}  ({least:.3f} - {most:.3f} over {len(pairs)} rounds; "
          f"{over:.2f} over {under:.2f} {unit})", flush=True)


def cpu_pairs(options, folder, one, other):
    """Each of `one` and `other` is (server, workload, CPUs of wrk); rounds alternate."""
    pairs = []
    for _ in range(options.rounds):
        figures = [run_wrk(server, workload, options.seconds, folder, cpus).cpu_us
                   for server, workload, cpus in (one, other)]
        pairs.append(tuple(figures))
    return pairs


def slot_over_inline(group, options, folder):
    server = group.start(partial(servers.our_own, folder, CPU_0))
    pairs = cpu_pairs(options, folder, (server, Workload("slot", target="/cpu?ms=0"), CPU_1),
                      (server, HELLO, CPU_1))
    print_ratio("/cpu?ms=0 over /hello", pairs)


def two_over_one(group, options, folder):
    """With nginx for comparison: wrk shares both CPUs with two workers, and has one beside one."""
    for name, start in (("littled", servers.our_own), ("nginx", servers.nginx)):
        two = group.try_to_start(f"{name} 2", partial(start, folder, BOTH, workers=2))
        if not two:
            continue
        one = group.start(partial(start, folder, CPU_0))
        pairs = cpu_pairs(options, folder, (two, HELLO, BOTH), (one, HELLO, CPU_1))
        print_ratio(f"{name}: 2 workers on 2 CPUs over 1 worker", pairs)


def statistics_on_over_off(group, options, folder):
    off = group.try_to_start("littled --no-statistics", partial(
        servers.our_own, folder, CPU_0, options=("--no-statistics",), name="littled-off"))
    if not off:
        return
    on = group.start(partial(servers.our_own, folder, CPU_0, name="littled-on"))
    pairs = cpu_pairs(options, folder, (on, HELLO, CPU_1), (off, HELLO, CPU_1))
    print_ratio("statistics on over off", pairs)


# --- idle connections --------------------------------------------------------


def allow_descriptors(count):
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    if most != resource.RLIM_INFINITY and count + 200 > most:
        note(f"only {most - 200} idle connections: the limit on descriptors is {most}")
        count = most - 200
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    return count


def read_answer(s):
    got = b""
    while b"\r\n\r\n" not in got:
        piece = s.recv(65536)
        if not piece:
            raise ConnectionError("closed by the server")
        got += piece
    head, _, body = got.partition(b"\r\n\r\n")
    left = int(re.search(rb"(?i)\r\ncontent-length: *(\d+)", head)[1]) - len(body)
    while left > 0:
        left -= len(s.recv(left))


def open_idle(server, count):
    """Connections that had one answer and now wait."""
    request = b"GET /hello HTTP/1.1\r\nHost: 127.0.0.1\r\nUser-Agent: idle\r\nAccept: */*\r\n\r\n"
    idle = []
    for _ in range(count):
        s = socket.create_connection(("127.0.0.1", server.port), timeout=CONNECT_TIMEOUT_S)
        idle.append(s)
        s.sendall(request)
        read_answer(s)
    return idle


def idle_connections(group, options, folder):
    count = allow_descriptors(options.idle)
    makes = {"littled": servers.our_own, "nginx": servers.nginx, "h2o": servers.h2o}
    for name, make in makes.items():
        server = group.try_to_start(name, partial(make, folder, CPU_0))
        if server:
            measure_idle(server, name, count, options, folder)


def beside_idle(server, count, options, folder):
    """(p99 of 64 active connections, KiB of private memory each idle one took)."""
    before = server.private_bytes()
    idle = open_idle(server, count)
    try:
        time.sleep(SETTLE_S)
        each_kib = (server.private_bytes() - before) / 1024 / count
        return run_wrk(server, HELLO, options.seconds, folder, CPU_1).p99_s, each_kib
    finally:
        for s in idle:
            s.close()


def measure_idle(server, name, count, options, folder):
    run_wrk(server, HELLO, 1, folder, CPU_1)  # what the first load makes it allocate is not theirs
    pairs, first_kib = [], None
    for _ in range(options.rounds):
        without_s = run_wrk(server, HELLO, options.seconds, folder, CPU_1).p99_s
        time.sleep(SETTLE_S)
        beside_s, each_kib = beside_idle(server, count, options, folder)
        first_kib = each_kib if first_kib is None else first_kib  # later ones find memory freed before
        pairs.append((beside_s * 1e6, without_s * 1e6))
        time.sleep(SETTLE_S)
    print(f"{name}: {count} idle kept-alive connections: {first_kib:.3f} KiB private memory each",
          flush=True)
    print_ratio(f"{name}: p99 of 64 active beside them over without them", pairs, "us")


def measure(options, folder):
    print(f"medians of {options.rounds} rounds of {options.seconds} s")
    for part in (slot_over_inline, two_over_one, statistics_on_over_off, idle_connections):
        with Servers() as group:
            part(group, options, folder)
