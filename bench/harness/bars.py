# Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
"""The bars Troupe is held to. This list is the only place they are written down for programs."""
import statistics
from dataclasses import dataclass

from . import tables

CPU = "server.cpu_us_per_delivery"
P99 = "latency_us.p99"
P99_ARRIVAL = "arrival_us.p99"
MEMORY = "server.rss_bytes_per_connection"
CPU_PERCENT = "server.cpu_percent"
BUSIEST = "server.busiest_thread_us_per_delivery"
PER_SECOND = "deliveries_per_s"
LOAD = "generator.cpu_percent"
KIB = 1024


@dataclass(frozen=True)
class Bar:
    subject: str  # server
    scenario: str
    metric: str
    limit: float  # at most: of the ratio to the peer, or of the value if there is no peer
    peer: str = ""
    goal: float | None = None
    peer_scenario: str = ""  # the same one if empty
    most_load: float | None = None  # a miss says nothing if the load took more than so much of the core they share (%)


SIZES, PAYLOADS = (100, 1_000, 10_000), (64, 1_024)

BARS = [
    # One message in flight: what a single broadcast costs.
    *(Bar(subject, f"{c}x{p}B/window-1", CPU, limit, "floor", goal)
      for subject, limit, goal in (("troupe-io_uring", 0.90, 0.80), ("troupe-sendmsg", 1.20, 1.05))
      for c in (1_000, 10_000) for p in PAYLOADS),
    # 64 in flight: what coalescing and joining are worth.
    *(Bar("troupe-io_uring", f"{c}x{p}B/window-64", CPU, limit, "floor_batch", 1.0)
      for c in SIZES for p, limit in ((64, 1.3), (1_024, 1.7))),
    *(Bar("troupe-io_uring", f"{c}x{p}B/window-64", CPU, 0.06, "go") for c in SIZES for p in PAYLOADS),
    # Fixed rates.
    *(Bar("troupe-io_uring", f"{c}x{p}B/rate-{k}k", metric, 1.0, "floor")
      for metric in (CPU, P99, P99_ARRIVAL) for c in SIZES for p in PAYLOADS for k in (20, 100)),
    # Two loops deliver at least 1.8 times as much: the busiest thread does at most 1/1.8 of the work. This
    # is CPU time, for the load generator shares the second core.
    *(Bar("troupe-2-loops", f"loops/1000x{p}B/{load}-{w}", BUSIEST, 1 / 1.8, "troupe-io_uring")
      for p in PAYLOADS for load in ("window", "lazy") for w in (1, 64)),
    # What they share costs nothing: they do as two servers that share nothing.
    *(Bar("troupe-2-loops", f"loops/1000x{p}B/{load}-{w}", BUSIEST, 1.0, "troupe-pair")
      for p in PAYLOADS for load in ("window", "lazy") for w in (1, 64)),
    # The same in deliveries a second, if the load leaves both cores to the loops.
    *(Bar("troupe-io_uring", f"loops/1000x{p}B/lazy-1", PER_SECOND, 1 / 1.8, "troupe-2-loops", most_load=10)
      for p in PAYLOADS),
    # A channel with as many subscribers costs hardly more than a broadcast to everyone.
    Bar("troupe-channels", "channel/10000x64B/publish", CPU, 1.10, "troupe-channels",
        peer_scenario="channel/10000x64B/broadcast"),
    # Idle connections.
    *(Bar("troupe-io_uring", f"{n}/idle", MEMORY, 6 * KIB, goal=4 * KIB) for n in ("10000", "max")),
    *(Bar("troupe-io_uring", f"{n}/idle", MEMORY, 0.27, "go") for n in ("10000", "max")),
    Bar("troupe-io_uring", "max/idle", CPU_PERCENT, 1.0),
    Bar("troupe-io_uring", "empty", CPU_PERCENT, 0.1, goal=0.0),
    # 100 slow readers among 10,000 do not show in the others' latency.
    Bar("troupe-io_uring", "10000x8192B/slow-100", P99, 1.2, "troupe-io_uring",
        peer_scenario="10000x8192B/slow-0"),
]


def judge(rounds):
    """Compares what tables.rounds_of() collected with the bars.

    Bars whose runs were not made are left out. Returns dictionaries that can go into the JSON file. A bar is passed or
    missed by the median of what the rounds reached, each for itself; the interval says how sure that is. "passed" is None
    if it was missed and the load may be why.
    """
    medians = tables.medians_of(rounds)
    verdicts = []
    for bar in BARS:
        peer_scenario = bar.peer_scenario or bar.scenario
        values = rounds.get(bar.scenario, {}).get(bar.subject, {}).get(bar.metric, {})
        references = rounds.get(peer_scenario, {}).get(bar.peer, {}).get(bar.metric, {})
        figures = tables.ratios_of(values, references) if bar.peer else list(values.values())
        if not figures:
            continue
        reached = statistics.median(figures)
        passed = reached <= bar.limit
        load = max(cell.get(LOAD, 0) for cell in (medians[bar.scenario][bar.subject],
                                                  medians.get(peer_scenario, {}).get(bar.peer, {})))
        verdicts.append({
            "subject": bar.subject, "scenario": bar.scenario, "metric": bar.metric,
            "peer": bar.peer or None, "peer_scenario": bar.peer_scenario or None,
            "limit": bar.limit, "goal": bar.goal, "reached": reached,
            "interval": tables.interval(figures),
            "passed": None if not passed and bar.most_load is not None and load > bar.most_load else passed,
            "load_percent": load,
            "goal_reached": None if bar.goal is None else reached <= bar.goal,
        })
    return verdicts
