# Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
"""Medians over rounds, ratios within rounds, how sure both are, and the tables that show them."""
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


def ratios_of(values, references):
    """The ratio of each round that has both, in the order of rounds. Both are values by round."""
    return [values[n] / references[n] for n in sorted(values.keys() & references.keys()) if references[n]]


def paired(values, references):
    """The median of the ratios of rounds: what slows the machine for longer than a run slows both and drops out.
    None if no round has both."""
    ratios = ratios_of(values, references)
    return statistics.median(ratios) if ratios else None


def interval(figures, samples=2_000):
    """Between which bounds nine of ten other sets of as many rounds would put the median of figures, one a round (a
    bootstrap). None of fewer than three."""
    if len(figures) < 3:
        return None
    chance = random.Random(len(figures))  # the same runs give the same bounds
    seen = sorted(statistics.median(chance.choices(figures, k=len(figures))) for _ in range(samples))
    return [seen[samples // 20], seen[-samples // 20 - 1]]


def _render(header, rows):
    widths = [max(len(row[i]) for row in [header, *rows]) for i in range(len(header))]
    lines = []
    for row in [header, *rows]:
        first, *rest = (cell.ljust(w) if i == 0 else cell.rjust(w)
                        for i, (cell, w) in enumerate(zip(row, widths)))
        lines.append("  ".join([first, *rest]).rstrip())
    return "\n".join(lines)


def ratio_table(scenarios, servers, rounds):
    rows = []
    for scenario in scenarios:
        path, against = RATIO.get(kind_of(scenario), (None, None))
        row = rounds.get(scenario.name, {})
        references = row.get(against, {}).get(path)
        if not references:
            continue
        ratios = [paired(row.get(s.name, {}).get(path, {}), references) for s in servers]
        rows.append([scenario.name, path, against] + ["-" if r is None else f"{r:.2f}" for r in ratios])
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
