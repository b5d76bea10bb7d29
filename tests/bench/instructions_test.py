#!/usr/bin/env python3
# Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
"""A delivery through the actors takes no more instructions than it did.

Unlike time, the instructions valgrind counts are the same on a busy machine. The difference of two runs
leaves out what does not depend on the number of broadcasts.
"""
import re
import subprocess
import sys

CONNECTIONS = 500
FEW, MANY = 2, 22
LIMIT = 1200  # instructions per delivery; see docs/performance.md before raising it


def instructions(program, broadcasts):
    run = subprocess.run(
        ["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null", program, str(CONNECTIONS), str(broadcasts), "0"],
        capture_output=True, text=True, check=True)
    return int(re.search(r"Collected : (\d+)", run.stderr).group(1))


def main():
    program = sys.argv[1]
    spent = instructions(program, MANY) - instructions(program, FEW)
    each = spent / ((MANY - FEW) * CONNECTIONS)
    print(f"{each:.0f} instructions per delivery, at most {LIMIT}")
    return 0 if each <= LIMIT else 1


sys.exit(main())
