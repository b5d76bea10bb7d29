#!/usr/bin/env python3
"""Sums up an Autobahn index.json per endpoint and group; exits 1 unless every case passed.

usage: report.py INDEX EXPECTED_CASES   (0: however many there are)
"""
import collections
import json
import sys

# INFORMATIONAL: the RFC leaves it open. NON-STRICT: allowed by the RFC, such as to fail a connection for a frame
# without having answered the message before it. Those are named, and counted as passed.
GOOD = {"OK", "INFORMATIONAL", "NON-STRICT"}

GROUPS = {
    "1": "framing", "2": "pings and pongs", "3": "reserved bits", "4": "opcodes", "5": "fragmentation", "6": "UTF-8",
    "7": "closing", "9": "limits", "10": "autofragments", "12": "compression", "13": "compression parameters",
}


def main():
    index, expected = json.load(open(sys.argv[1])), int(sys.argv[2])
    all_good = bool(index)
    for endpoint, cases in sorted(index.items()):
        total, good, bad, lenient = collections.Counter(), collections.Counter(), [], []
        for case, result in cases.items():
            group = case.split(".")[0]
            total[group] += 1
            if result["behavior"] in GOOD and result["behaviorClose"] in GOOD:
                good[group] += 1
                if result["behavior"] == "NON-STRICT":
                    lenient.append(case)
            else:
                bad.append((case, result["behavior"], result["behaviorClose"]))
        print(f"{endpoint}: {sum(good.values())}/{sum(total.values())}")
        for group in sorted(total, key=int):
            print(f"  {group:>2} {GROUPS.get(group, ''):<24} {good[group]:>3}/{total[group]}")
        for case, behavior, close in sorted(bad, key=lambda row: [int(part) for part in row[0].split(".")]):
            print(f"  FAILED {case}: {behavior}, closing {close}")
        if lenient:
            print(f"  passed, but not strictly: {', '.join(sorted(lenient))}")
        if expected and sum(total.values()) != expected:
            print(f"  FAILED: {sum(total.values())} cases ran instead of {expected}")
            all_good = False
        all_good = all_good and not bad
    return 0 if all_good else 1


if __name__ == "__main__":
    sys.exit(main())
