# Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
"""The loads. A scenario is one call of `troupe bench`, or, with no connection, a look at an idle server."""
import resource
from dataclasses import dataclass, replace

SPARE_FILES = 1_000  # of the limit of open files, left to the server for other things
MOST_CONNECTIONS = 100_000
TIMED = ("closed", "rate", "loops", "channel")  # groups whose figures are per delivery, however long they last


@dataclass(frozen=True)
class Scenario:
    name: str
    group: str  # closed, rate, idle, empty, churn, slow, loops, channel, tls or compressed
    connections: int
    arguments: tuple = ()
    seconds: float = 0  # measured
    warmup: float = 0
    path: str = "/ws"
    scheme: str = "ws"
    lazy: int = 0  # so many of the connections

    def lasting(self, seconds):
        """The same for another time, if it delivers messages; how long connections idle or are slow belongs to the load."""
        return replace(self, seconds=seconds) if self.group in TIMED else self

    def share(self, servers):
        """What each of so many servers has of it."""
        return replace(self, connections=self.connections // servers, lazy=self.lazy // servers)


def most_connections():
    """What one server process may have, once the limit of open files is at its hard limit."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard == resource.RLIM_INFINITY:
        return MOST_CONNECTIONS
    return min(MOST_CONNECTIONS, hard - SPARE_FILES)


def _closed(connections, payload, window, seconds, group="closed"):
    prefix = "loops/" if group == "loops" else ""
    return Scenario(f"{prefix}{connections}x{payload}B/window-{window}", group, connections,
                    ("--payload", payload, "--window", window), seconds, 1)


def _lazy(connections, payload, window, prompt, seconds):
    """Most connections read so seldom that the servers' loops have most of both processors."""
    return Scenario(f"loops/{connections}x{payload}B/lazy-{window}", "loops", connections,
                    ("--payload", payload, "--window", window), seconds, 1, lazy=connections - prompt)


def _rate(connections, payload, deliveries, seconds):
    return Scenario(f"{connections}x{payload}B/rate-{deliveries // 1000}k", "rate", connections,
                    ("--payload", payload, "--rate", deliveries / connections), seconds, 1)


def _slow(connections, slow):
    # 32 KiB/s for each connection: a slow one has filled its socket before the warm-up is over.
    return Scenario(f"{connections}x8192B/slow-{slow}", "slow", connections,
                    ("--payload", 8192, "--rate", 4, "--slow", slow), 15, 8)


def _channel(connections, payload, seconds):
    """The same messages as a plain broadcast and as publications in a channel all are subscribed to."""
    load = ("--payload", payload, "--window", 1)
    name = f"channel/{connections}x{payload}B"
    return [Scenario(f"{name}/broadcast", "channel", connections, load, seconds, 1),
            Scenario(f"{name}/publish", "channel", connections, (*load, "--protocol", "centrifuge"), seconds, 1,
                     "/connection/websocket")]


def _wrapped(group, scheme, *arguments):
    """What TLS or compression costs: compare with the scenarios of the same name without the prefix."""
    return [Scenario(f"{group}/1000x1024B/window-1", group, 1_000, ("--payload", 1_024, "--window", 1, *arguments),
                     3, 1, scheme=scheme),
            Scenario(f"{group}/10000/idle", group, 10_000, ("--mode", "idle", *arguments), 30, 2, scheme=scheme)]


def full():
    sizes, payloads = (100, 1_000, 10_000), (64, 1_024)
    return [
        *(_closed(c, p, w, 3) for c in sizes for p in payloads for w in (1, 64)),
        *(_rate(c, p, d, 5) for c in sizes for p in payloads for d in (20_000, 100_000)),
        *(_closed(1_000, p, w, 3, "loops") for p in payloads for w in (1, 64)),
        *(_lazy(1_000, p, w, 16, 3) for p in payloads for w in (1, 64)),
        *_channel(10_000, 64, 5),
        *_wrapped("tls", "wss"),
        *_wrapped("compressed", "ws", "--compressed"),
        # 30 s: every connection has a heartbeat or two.
        Scenario("10000/idle", "idle", 10_000, ("--mode", "idle"), 30, 2),
        Scenario("max/idle", "idle", most_connections(), ("--mode", "idle"), 30, 2),
        Scenario("empty", "empty", 0, (), 10),
        Scenario("100/churn", "churn", 100, ("--mode", "churn"), 5, 1),
        _slow(10_000, 0),
        _slow(10_000, 100),
    ]


def quick():
    return [
        _closed(1_000, 64, 1, 1.5),
        _closed(1_000, 64, 64, 1.5),
        _rate(1_000, 64, 20_000, 1.5),
        Scenario("10000/idle", "idle", 10_000, ("--mode", "idle"), 3, 1),
        Scenario("empty", "empty", 0, (), 3),
        Scenario("100/churn", "churn", 100, ("--mode", "churn"), 1.5, 0.5),
    ]
