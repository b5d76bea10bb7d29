#!/usr/bin/env python3
# Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
"""A delivery through the actors, and a client's message to nobody else, take no more instructions than they did.

Unlike time, the instructions valgrind counts are the same on a busy machine. The difference of two runs
leaves out what does not depend on the number of messages.
"""
import re
import subprocess
import sys

# Instructions at most; see docs/performance.md before raising one.
DELIVERY = 1200
MESSAGE = 7900
LISTENERS = 500


def instructions(program, connections, broadcasts, messages):
    run = subprocess.run(
        ["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null", program, str(connections), str(broadcasts), "0",
         str(messages)], capture_output=True, text=True, check=True)
    return int(re.search(r"Collected : (\d+)", run.stderr).group(1))


def check(what, each, limit):
    print(f"{each:.0f} instructions per {what}, at most {limit}")
    return each <= limit


def main():
    program = sys.argv[1]
    spent = instructions(program, LISTENERS, 22, 0) - instructions(program, LISTENERS, 2, 0)
    delivery = check("delivery", spent / (20 * LISTENERS), DELIVERY)
    spent = instructions(program, 1, 0, 402) - instructions(program, 1, 0, 2)
    message = check("client's message", spent / 400, MESSAGE)
    return 0 if delivery and message else 1


sys.exit(main())
