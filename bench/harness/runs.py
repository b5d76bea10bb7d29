# Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
"""Runs: a scenario against a server, or against several that share the connections."""
import json
import os
import subprocess
import sys
import time
from contextlib import ExitStack

from . import servers, tables

LOAD_CPU = 1
PATIENCE = 300  # seconds a run may take beyond what it measures


def say(text):
    print(text, file=sys.stderr, flush=True)


def _look_at(running, seconds):
    """CPU share of a server nobody is connected to."""
    before = running.cpu_seconds()
    time.sleep(seconds)
    return {"server": {"cpu_percent": 100 * (running.cpu_seconds() - before) / seconds}}


def _start_load(program, scenario, running):
    command = [program, "bench", f"{scenario.scheme}://127.0.0.1:{running.port}{scenario.path}", "--pid", running.process.pid,
               "--connections", scenario.connections, "--lazy", scenario.lazy, "--warmup", scenario.warmup,
               "--duration", scenario.seconds, "--format", "json", "--quiet", *scenario.arguments]
    return subprocess.Popen([str(word) for word in command], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                            preexec_fn=lambda: os.sched_setaffinity(0, {LOAD_CPU}))


def merged(results):
    """One result of those of servers that were measured at the same time, each with its share of the connections.

    The busiest thread is that of a server, had all delivered as much; of latencies the worst is kept, since percentiles
    do not add up.
    """
    if len(results) == 1:
        return results[0]
    rate = sum(r["deliveries_per_s"] for r in results)
    measured = [r["server"] for r in results]
    return {"deliveries_per_s": rate,
            "latency_us": {name: max(r["latency_us"][name] for r in results) for name in results[0]["latency_us"]},
            "server": {"cpu_us_per_delivery": sum(m["cpu_us_per_delivery"] * r["deliveries_per_s"] / rate
                                                  for m, r in zip(measured, results)),
                       "busiest_thread_us_per_delivery":
                           max(m["busiest_thread_us_per_delivery"] for m in measured) / len(results)},
            "generator": {"cpu_percent": sum(r["generator"]["cpu_percent"] for r in results)}}


def _load(program, scenario, running):
    """One load for each server, all at once. Returns their result, if every one has it, and what they complained of."""
    loads = []
    try:
        for r in running:
            loads.append(_start_load(program, scenario.share(len(running)), r))
        limit = scenario.seconds + scenario.warmup + PATIENCE
        done = [load.communicate(timeout=limit) for load in loads]
    finally:
        for load in loads:
            if load.poll() is None:
                load.kill()
                load.communicate()
    complaints = "; ".join(stderr.strip() for _, stderr in done if stderr.strip())
    results = [json.loads(stdout) for stdout, _ in done if stdout]
    return merged(results) if len(results) == len(loads) else None, complaints or None


def _measure(program, scenario, server, logs):
    try:
        with ExitStack() as started:
            running = [started.enter_context(servers.Running(part, logs / f"{part.name}.log"))
                       for part in server.parts or (server,)]
            if scenario.group == "empty":
                return _look_at(running[0], scenario.seconds), None
            return _load(program, scenario, running)
    except (OSError, RuntimeError, subprocess.TimeoutExpired) as failure:
        return None, str(failure)


def _brief(scenario, result):
    flat = tables.flatten(result)
    return ", ".join(f"{title} {form.format(flat[path])}"
                     for title, path, form in tables.COLUMNS[tables.kind_of(scenario)] if path in flat)


def in_turn(rounds, chosen, plan):
    """Round by round, scenario by scenario, server by server: what the machine does meanwhile hits all. Every other round
    takes the servers from the last to the first, so that none always runs when the machine is warmer."""
    for n in range(1, rounds + 1):
        for scenario in chosen:
            servers_of_it = plan(scenario)
            for server in servers_of_it if n % 2 else reversed(servers_of_it):
                yield n, scenario, server


def run_all(program, chosen, plan, rounds, logs):
    jobs = list(in_turn(rounds, chosen, plan))
    runs = []
    for number, (n, scenario, server) in enumerate(jobs, 1):
        result, error = _measure(program, scenario, server, logs)
        runs.append({"round": n, "scenario": scenario.name, "server": server.name,
                     "result": result, "error": error})
        outcome = "; ".join(filter(None, [result and _brief(scenario, result), error]))
        say(f"[{number}/{len(jobs)}] {scenario.name} {server.name}: {outcome}")
    return runs
