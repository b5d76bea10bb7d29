# Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
"""The servers that are measured, and how each is started, awaited and stopped."""
import os
import shlex
import signal
import socket
import subprocess
import time
from dataclasses import dataclass, field, replace
from pathlib import Path

START_LIMIT = 15  # seconds until a server must accept connections
CERTIFICATE, KEY = "bench-certificate.pem", "bench-key.pem"
STOP_LIMIT = 10  # seconds from SIGTERM until SIGKILL


@dataclass(frozen=True)
class Server:
    name: str
    command: str  # words, with {port} where the port belongs
    cpus: frozenset = frozenset({0})
    environment: dict = field(default_factory=dict, hash=False)
    parts: tuple = ()  # if there are any: these servers instead, each with its share of the connections


def troupe_variants(program):
    serve = f"{shlex.quote(str(program))} serve --listen-port {{port}}"
    return [
        Server("troupe-io_uring", f"{serve} --listen-loops 1 --listen-send io_uring"),
        Server("troupe-sendmsg", f"{serve} --listen-loops 1 --listen-send sendmsg"),
    ]


def two_loops(program):
    serve = f"{shlex.quote(str(program))} serve --listen-port {{port}}"
    return Server("troupe-2-loops", f"{serve} --listen-loops 2 --listen-send io_uring", frozenset({0, 1}))


def pair(program):
    """Two servers that share nothing but the machine: what two loops could cost at best."""
    one, _ = troupe_variants(program)
    return Server("troupe-pair", "", parts=tuple(replace(one, name=f"troupe-pair-{cpu}", cpus=frozenset({cpu}))
                                                 for cpu in (0, 1)))


def channels(program):
    serve = f"{shlex.quote(str(program))} serve --listen-port {{port}}"
    return Server("troupe-channels", f"{serve} --listen-loops 1 --listen-send io_uring --client-insecure true")


def tls(program, directory):
    """With the certificate that make_certificate() leaves in the directory."""
    serve = f"{shlex.quote(str(program))} serve --listen-port {{port}}"
    files = f"--tls-cert {shlex.quote(str(directory / CERTIFICATE))} --tls-key {shlex.quote(str(directory / KEY))}"
    return Server("troupe-tls", f"{serve} --listen-loops 1 --listen-send io_uring {files}")


def compressed(program):
    serve = f"{shlex.quote(str(program))} serve --listen-port {{port}}"
    return Server("troupe-compressed", f"{serve} --listen-loops 1 --listen-send io_uring --websocket-compression true")


# Servers that take part in the scenarios of some groups only, and nobody else in these.
ONLY = {"loops": ("troupe-io_uring", "troupe-2-loops", "troupe-pair"), "channel": ("troupe-channels",), "tls": ("troupe-tls",),
        "compressed": ("troupe-compressed",)}


def of_group(group, servers):
    if group in ONLY:
        return [s for s in servers if s.name in ONLY[group]]
    special = set().union(*ONLY.values()) - {"troupe-io_uring"}
    return [s for s in servers if s.name not in special]


def make_certificate(directory):
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
                    "-subj", "/CN=localhost", "-days", "30", "-keyout", str(directory / KEY),
                    "-out", str(directory / CERTIFICATE)], check=True, capture_output=True)


def baselines(build, sources):
    def word(path):
        return shlex.quote(str(path))

    return [
        Server("floor", f"{word(build / 'bench/floor')} {{port}}"),
        Server("floor_batch", f"{word(build / 'bench/floor_batch')} {{port}}"),
        Server("floor_ring", f"{word(build / 'bench/floor_ring')} {{port}}"),
        Server("go", f"{word(build / 'bench/go_tutorial')} {{port}}", environment={"GOMAXPROCS": "1"}),
        Server("ws", f"node {word(sources / 'bench/ws_server.mjs')} {{port}}"),
    ]


def known(program, build, sources):
    """All but the peers, in the order of their columns."""
    return [*troupe_variants(program), *baselines(build, sources), two_loops(program), pair(program), channels(program),
            tls(program, build), compressed(program)]


def peer(text):
    """A server named on the command line as NAME=COMMAND."""
    name, equals, command = text.partition("=")
    if not name or not equals or "{port}" not in command:
        raise ValueError(f"'{text}' is not NAME=COMMAND with {{port}} in the command")
    return Server(name, command)


def _free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Running:
    """A started server: a context manager that ends it, whatever happens."""

    def __init__(self, server, log: Path):
        self.server = server
        self.port = _free_port()
        self.log = log

    def __enter__(self):
        command = shlex.split(self.server.command.format(port=self.port))
        with open(self.log, "wb") as log:
            self.process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT,
                env={**os.environ, **self.server.environment},
                preexec_fn=lambda: os.sched_setaffinity(0, self.server.cpus))
        try:
            self._await_port()
        except BaseException:
            self.__exit__()
            raise
        return self

    def _await_port(self):
        deadline = time.monotonic() + START_LIMIT
        while time.monotonic() < deadline:
            if self.process.poll() is not None:
                raise RuntimeError(f"{self.server.name} ended at once with status "
                                   f"{self.process.returncode}, see {self.log}")
            try:
                socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
                time.sleep(0.2)  # let it settle before its memory is measured
                return
            except OSError:
                time.sleep(0.02)
        raise RuntimeError(f"{self.server.name} does not listen after {START_LIMIT} s, see {self.log}")

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(STOP_LIMIT)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()

    def cpu_seconds(self):
        """CPU time of all its threads so far."""
        total = 0
        for task in Path(f"/proc/{self.process.pid}/task").iterdir():
            try:
                total += int((task / "schedstat").read_text().split()[0])
            except OSError:
                pass  # the thread ended meanwhile
        return total / 1e9
