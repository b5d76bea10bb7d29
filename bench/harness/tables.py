# Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
"""Medians over rounds, how sure they are, and the tables that show them."""
import random
import statistics

# Per group: title, metric path, format.
COLUMNS = {
    "delivery": [
        ("CPU us", "server.cpu_us_per_delivery", "{:.3f}"),
        ("deliv/s", "deliveries_per_s", "{:.0f}"),
        ("p50 us", "latency_us.p50", "{:.0f}"),
        ("p99 us", "latency_us.p99", "{:.0f}"),
        ("p99.9 us", "latency_us.p99_9", "{:.0f}"),
        ("arrival p99 us", "arrival_us.p99", "{:.0f}"),
        ("busiest", "server.busiest_thread_us_per_delivery", "{:.3f}"),
        ("gen CPU %", "generator.cpu_percent", "{:.0f}"),
    ],
    "idle": [
        ("RSS B/conn", "server.rss_bytes_per_connection", "{:.0f}"),
        ("kernel B/conn", "kernel_bytes_per_connection", "{:.0f}"),
        ("CPU %", "server.cpu_percent", "{:.3f}"),
        ("pings", "pings_answered", "{:.0f}"),
    ],
    "empty": [("CPU %", "server.cpu_percent", "{:.3f}")],
    "churn": [
        ("CPU us", "server.cpu_us_per_cycle", "{:.1f}"),
        ("cycles/s", "cycles_per_s", "{:.0f}"),
        ("handshake p99 us", "handshake_us.p99", "{:.0f}"),
    ],
}
# The ratio table: per kind, what is compared and to which server.
RATIO = {"delivery": ("server.cpu_us_per_delivery", "floor"),
         "idle": ("server.rss_bytes_per_connection", "go"),
         "churn": ("server.cpu_us_per_cycle", "floor")}


def kind_of(scenario):
    if scenario.name.endswith("/idle"):
        return "idle"
    return scenario.group if scenario.group in COLUMNS else "delivery"


def flatten(result, prefix=""):
    """Nested numbers by their dotted paths."""
    flat = {}
    for key, value in result.items():
        if isinstance(value, dict):
            flat.update(flatten(value, f"{prefix}{key}."))
        elif isinstance(value, (int, float)):
            flat[prefix + key] = value
    return flat


def rounds_of(runs):
    """rounds[scenario][server][metric path][round]: every value of a run that gave a result."""
    collected = {}
    for run in runs:
        if run["result"] is None:
            continue
        cell = collected.setdefault(run["scenario"], {}).setdefault(run["server"], {})
        for path, value in flatten(run["result"]).items():
            cell.setdefault(path, {})[run["round"]] = value
    return collected


def medians_of(rounds):
    """medians[scenario][server][metric path] of what rounds_of() collected."""
    return {scenario: {server: {path: statistics.median(values.values()) for path, values in cell.items()}
                       for server, cell in row.items()}
            for scenario, row in rounds.items()}


def interval(values, references, samples=2_000):
    """Between which bounds nine of ten other sets of as many rounds would put the ratio of the medians (a bootstrap
    of whole rounds, for what disturbs the machine disturbs all servers of a round). None of fewer than three rounds.

    Both are values by round; without references it is the median itself.
    """
    common = sorted(values.keys() & references.keys() if references else values)
    if len(common) < 3:
        return None
    chance = random.Random(len(common))  # the same runs give the same bounds
    seen = []
    for _ in range(samples):
        drawn = chance.choices(common, k=len(common))
        median = statistics.median(values[n] for n in drawn)
        seen.append(median / statistics.median(references[n] for n in drawn) if references else median)
    seen.sort()
    return [seen[samples // 20], seen[-samples // 20 - 1]]


def _render(header, rows):
    widths = [max(len(row[i]) for row in [header, *rows]) for i in range(len(header))]
    lines = []
    for row in [header, *rows]:
        first, *rest = (cell.ljust(w) if i == 0 else cell.rjust(w)
                        for i, (cell, w) in enumerate(zip(row, widths)))
        lines.append("  ".join([first, *rest]).rstrip())
    return "\n".join(lines)


def ratio_table(scenarios, servers, medians):
    rows = []
    for scenario in scenarios:
        path, against = RATIO.get(kind_of(scenario), (None, None))
        row = medians.get(scenario.name, {})
        reference = row.get(against, {}).get(path)
        if not reference:
            continue
        rows.append([scenario.name, path, against] + [
            f"{row[s.name][path] / reference:.2f}" if path in row.get(s.name, {}) else "-" for s in servers])
    return _render(["ratio", "of", "to"] + [s.name for s in servers], rows) if rows else ""


def raw_table(kind, scenarios, servers, medians):
    columns = COLUMNS[kind]
    rows = []
    for scenario in scenarios:
        if kind_of(scenario) != kind:
            continue
        for server in servers:
            cell = medians.get(scenario.name, {}).get(server.name)
            if cell:
                rows.append([scenario.name, server.name] + [
                    form.format(cell[path]) if path in cell else "-" for _, path, form in columns])
    return _render(["scenario", "server"] + [title for title, _, _ in columns], rows) if rows else ""


def bar_table(verdicts):
    rows = []
    for v in verdicts:
        against = f"x {v['peer']}" if v["peer"] else ""
        if v["peer_scenario"]:
            against += f" at {v['peer_scenario']}"
        goal = "" if v["goal"] is None else f"{v['goal']:.4g}{' reached' if v['goal_reached'] else ''}"
        sure = "-" if v["interval"] is None else "{:.3g}..{:.3g}".format(*v["interval"])
        verdict = {True: "pass", False: "MISS", None: f"load {v['load_percent']:.0f} %"}[v["passed"]]
        rows.append([verdict, v["subject"], v["scenario"], v["metric"],
                     f"{v['reached']:.3g}", sure, f"<= {v['limit']:.3g} {against}".rstrip(), goal])
    return _render(["bar", "server", "scenario", "metric", "reached", "9 of 10", "limit", "goal"], rows) if rows else ""
