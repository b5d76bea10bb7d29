# Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
"""troupe console as a person uses it: in a terminal, with editing, completion and history."""
import json
import os
import pty
import re
import select
import signal
import stat
import subprocess
import sys
import tempfile
import termios
import time
import unittest
from pathlib import Path

BINARY = sys.argv.pop(1)
PATIENCE = 20  # seconds, for a busy machine


class Terminal:
    """A child in a pseudo-terminal: types keys, waits for what appears."""

    def __init__(self, args, home):
        self.text = ""
        self.pid, self.descriptor = pty.fork()
        if self.pid == 0:
            environment = {"HOME": str(home), "TERM": "xterm", "PATH": os.environ["PATH"]}
            os.execve(args[0], args, environment)

    def type(self, keys):
        """Once the line editor reads keys: the prompt may be there before that."""
        deadline = time.monotonic() + PATIENCE
        while termios.tcgetattr(self.descriptor)[3] & termios.ICANON and time.monotonic() < deadline:
            time.sleep(0.001)
        os.write(self.descriptor, keys.encode())

    def expect(self, pattern):
        """Waits for a pattern after what was expected before; escape sequences are left out."""
        deadline = time.monotonic() + PATIENCE
        while True:
            plain = re.sub(r"\x1b(\[[0-9;?]*[A-Za-z]|[=>])|\r|\x07", "", self.text)
            if found := re.search(pattern, plain, re.DOTALL):
                self.text = plain[found.end():]
                return found
            left = deadline - time.monotonic()
            if left <= 0 or not select.select([self.descriptor], [], [], left)[0]:
                raise AssertionError(f"no {pattern!r} in {plain!r}")
            try:
                piece = os.read(self.descriptor, 65536)
            except OSError:  # the child is gone
                piece = b""
            if not piece:
                raise AssertionError(f"the console ended before {pattern!r}: {plain!r}")
            self.text += piece.decode(errors="replace")

    def end(self):
        """The exit code."""
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                os.close(self.descriptor)
                return os.waitstatus_to_exitcode(status)
            if select.select([self.descriptor], [], [], 0.05)[0]:
                try:
                    self.text += os.read(self.descriptor, 65536).decode(errors="replace")
                except OSError:
                    time.sleep(0.01)
        os.kill(self.pid, signal.SIGKILL)
        raise AssertionError("the console did not end")


class Console(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.home = Path(folder.name)
        self.socket = str(self.home / "console")
        environment = {k: v for k, v in os.environ.items() if not k.startswith("TROUPE_")}
        self.server = subprocess.Popen(
            [BINARY, "serve", "--listen-address", "127.0.0.1", "--listen-port", "0",
             "--log-format", "json", "--console-path", self.socket],
            env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        self.addCleanup(self.stop)
        self.assertEqual(json.loads(self.server.stderr.readline())["event"], "listening")

    def stop(self):
        self.server.terminate()
        self.server.communicate(timeout=PATIENCE)
        self.assertEqual(self.server.returncode, 0)

    def open(self, *flags):
        return Terminal([BINARY, "console", "--socket", self.socket, *flags], self.home)

    def test_a_session_from_help_to_quit(self):
        console = self.open()
        console.expect(r"Tab completes.*troupe> ")
        console.type("help\n")
        console.expect(r"command +for +what it does\n.*loops +read-only.*troupe> ")
        console.type("loops\n")
        console.expect(r"loop +load.*\n +0 .*troupe> ")
        console.type("lops\n")
        console.expect(r"troupe console: no such command 'lops'; one of: .*troupe> ")
        console.type("quit\n")
        self.assertEqual(console.end(), 0)

    def test_tab_completes_commands_and_arguments(self):
        console = self.open()
        console.expect("troupe> ")
        console.type("logl\t")
        console.expect("loglevel ")
        console.type("warn\t")
        console.expect("warning")
        console.type("\n")
        console.expect("events of level warning and above are logged\n.*troupe> ")
        console.type("\x04")
        self.assertEqual(console.end(), 0)

    def test_history_is_there_in_the_next_session_and_private(self):
        console = self.open()
        console.expect("troupe> ")
        console.type("send everyone first\n")
        console.expect("0 connections: 0 queued, 0 dropped\n.*troupe> ")
        console.type("quit\n")
        self.assertEqual(console.end(), 0)
        history = self.home / ".troupe_history"
        self.assertEqual(stat.S_IMODE(history.stat().st_mode), 0o600)
        again = self.open()
        again.expect("troupe> ")
        again.type("\x1b[A")  # up
        again.expect("send everyone first|quit")
        again.type("\x1b[A\n")
        again.expect("0 connections: 0 queued, 0 dropped\n.*troupe> ")
        again.type("\x04")
        self.assertEqual(again.end(), 0)

    def test_a_trace_runs_until_control_c_and_the_session_goes_on(self):
        console = self.open()
        console.expect("troupe> ")
        console.type("trace user alice\n")
        console.expect("tracing; Ctrl-C ends it")
        os.write(console.descriptor, b"\x03")
        console.expect("ended: stopped.*troupe> ")
        console.type("loops\n")
        console.expect(r"loop +load.*troupe> ")
        console.type("quit\n")
        self.assertEqual(console.end(), 0)

    def test_a_read_only_session_says_so_and_acts_on_nothing(self):
        console = self.open("--read-only")
        console.expect(r"troupe \(read-only\)> ")
        console.type("drain\n")
        console.expect(r"the session is read-only \(--read-only\)\n.*> ")
        console.type("quit\n")
        self.assertEqual(console.end(), 0)
        self.assertIsNone(self.server.poll())

    def test_it_ends_when_the_server_does(self):
        console = self.open()
        console.expect("troupe> ")
        console.type("drain\n")
        console.expect("draining; the server exits when everyone is gone")
        self.server.wait(timeout=PATIENCE)
        console.type("loops\n")
        console.expect("the server has ended the session")
        self.assertEqual(console.end(), 1)


if __name__ == "__main__":
    unittest.main()
