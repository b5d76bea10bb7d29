# Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
"""The parts of scripts/bench that turn runs into tables and verdicts."""
import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "bench"))
from harness import bars, runs, scenarios, servers, tables  # noqa: E402


def run(scenario, server, number, cpu, p99=1.0):
    return {"round": number, "scenario": scenario, "server": server, "error": None,
            "result": {"server": {"cpu_us_per_delivery": cpu}, "latency_us": {"p99": p99}, "mode": "x"}}


class Medians(unittest.TestCase):
    def test_are_taken_over_rounds_and_skip_failed_runs(self):
        made = [run("a", "floor", 1, 5), run("a", "floor", 2, 9), run("a", "floor", 3, 6),
                {"round": 4, "scenario": "a", "server": "floor", "result": None, "error": "refused"}]
        self.assertEqual(tables.medians_of(tables.rounds_of(made))["a"]["floor"][bars.CPU], 6)


class Verdicts(unittest.TestCase):
    name = "1000x64B/window-1"

    def verdicts(self, troupe, floor):
        made = [run(self.name, "troupe-io_uring", 1, troupe), run(self.name, "floor", 1, floor)]
        return bars.judge(tables.rounds_of(made))

    def test_compare_with_the_peer_of_the_same_scenario(self):
        passed, = self.verdicts(4.0, 5.0)
        self.assertTrue(passed["passed"] and passed["goal_reached"])
        passed, = self.verdicts(4.4, 5.0)
        self.assertTrue(passed["passed"] and not passed["goal_reached"])
        missed, = self.verdicts(4.6, 5.0)
        self.assertFalse(missed["passed"])
        self.assertAlmostEqual(missed["reached"], 0.92)

    def test_are_left_out_without_a_run_of_the_peer(self):
        self.assertEqual(bars.judge(tables.rounds_of([run(self.name, "troupe-io_uring", 1, 4)])), [])

    def test_compare_with_another_scenario_where_the_bar_says_so(self):
        made = [run("10000x8192B/slow-0", "troupe-io_uring", 1, 1, p99=100),
                run("10000x8192B/slow-100", "troupe-io_uring", 1, 1, p99=130)]
        missed, = bars.judge(tables.rounds_of(made))
        self.assertFalse(missed["passed"])
        self.assertAlmostEqual(missed["reached"], 1.3)

    def test_take_plain_values_where_there_is_no_peer(self):
        passed, = bars.judge({"10000/idle": {"troupe-io_uring": {bars.MEMORY: {1: 5000}}}})
        self.assertTrue(passed["passed"])
        self.assertFalse(passed["goal_reached"])

    def test_leave_a_miss_open_where_the_load_took_the_core(self):
        def verdict(deliveries, load):
            name = "loops/1000x64B/lazy-1"
            made = [{"round": 1, "scenario": name, "server": server, "error": None,
                     "result": {"deliveries_per_s": d, "generator": {"cpu_percent": c}, "mode": "x"}}
                    for server, d, c in (("troupe-io_uring", 100, 8), ("troupe-2-loops", deliveries, load))]
            found, = bars.judge(tables.rounds_of(made))
            return found

        self.assertIs(verdict(190, 38)["passed"], True)
        self.assertIs(verdict(160, 9)["passed"], False)
        self.assertIsNone(verdict(160, 38)["passed"])
        self.assertIn("load 38 %", tables.bar_table([verdict(160, 38)]))
        self.assertIn("MISS", tables.bar_table([verdict(160, 9)]))

    def test_hold_two_loops_to_one_and_to_two_servers_that_share_nothing(self):
        def verdicts(one, two, pair):
            name = "loops/1000x1024B/window-64"
            made = [{"round": 1, "scenario": name, "server": server, "error": None,
                     "result": {"server": {"busiest_thread_us_per_delivery": us}, "mode": "x"}}
                    for server, us in (("troupe-io_uring", one), ("troupe-2-loops", two), ("troupe-pair", pair))]
            return {v["peer"]: v["passed"] for v in bars.judge(tables.rounds_of(made))}

        self.assertEqual(verdicts(1.0, 0.5, 0.6), {"troupe-io_uring": True, "troupe-pair": True})
        self.assertEqual(verdicts(1.0, 0.5, 0.4), {"troupe-io_uring": True, "troupe-pair": False})
        self.assertEqual(verdicts(1.0, 0.57, 0.6), {"troupe-io_uring": False, "troupe-pair": True})


class Merged(unittest.TestCase):
    @staticmethod
    def result(rate, cpu, busiest, p99, load):
        return {"deliveries_per_s": rate, "latency_us": {"p99": p99}, "generator": {"cpu_percent": load},
                "server": {"cpu_us_per_delivery": cpu, "busiest_thread_us_per_delivery": busiest}}

    def test_of_one_server_is_its_result(self):
        alone = self.result(100, 5.0, 4.0, 9, 50)
        self.assertIs(runs.merged([alone]), alone)

    def test_tells_processor_time_for_each_delivery_and_of_the_busiest_as_if_they_had_delivered_as_much(self):
        together = runs.merged([self.result(300, 4.0, 4.0, 9, 20), self.result(100, 6.0, 5.0, 12, 30)])
        self.assertEqual(together["deliveries_per_s"], 400)
        self.assertAlmostEqual(together["server"]["cpu_us_per_delivery"], 4.5)
        self.assertAlmostEqual(together["server"]["busiest_thread_us_per_delivery"], 2.5)
        self.assertEqual(together["latency_us"]["p99"], 12)
        self.assertEqual(together["generator"]["cpu_percent"], 50)


class Shares(unittest.TestCase):
    def test_split_the_connections_and_those_that_read_late(self):
        half = next(s for s in scenarios.full() if s.name == "loops/1000x64B/lazy-1").share(2)
        self.assertEqual((half.connections, half.lazy, half.arguments), (500, 492, ("--payload", 64, "--window", 1)))


class Times(unittest.TestCase):
    def test_can_be_set_where_figures_are_per_delivery_and_nowhere_else(self):
        changed = {s.group for s in scenarios.full() if s.lasting(0.25).seconds == 0.25}
        self.assertEqual(changed, {"closed", "rate", "loops", "channel"})


class Ratios(unittest.TestCase):
    def test_are_those_of_rounds_so_that_a_slow_machine_drops_out(self):
        floor = {1: 5.0, 2: 9.0, 3: 5.5, 4: 9.5}
        self.assertAlmostEqual(tables.paired({1: 4.5, 2: 8.1, 3: 4.95, 4: 8.55}, floor), 0.9)

    def test_are_of_rounds_that_have_both(self):
        self.assertEqual(tables.ratios_of({1: 4.0, 2: 5.0, 4: 1.0}, {2: 10.0, 1: 5.0, 3: 9.0}), [0.8, 0.5])
        self.assertIsNone(tables.paired({1: 4.0}, {2: 5.0}))


class Intervals(unittest.TestCase):
    def test_are_narrow_where_rounds_agree(self):
        low, high = tables.interval([0.9] * 15)
        self.assertAlmostEqual(low, 0.9)
        self.assertAlmostEqual(high, 0.9)

    def test_are_wide_where_rounds_do_not_agree(self):
        low, high = tables.interval([0.8 + 0.2 * (n % 3) for n in range(15)])
        self.assertLess(low, 1.0)
        self.assertGreaterEqual(high, 1.0)
        self.assertLess(high, 1.3)

    def test_repeat(self):
        figures = [float(n) for n in range(1, 10)]
        self.assertEqual(tables.interval(figures), tables.interval(figures))
        low, high = tables.interval(figures)
        self.assertTrue(1 < low < 5 < high < 9)

    def test_are_not_made_up_of_less_than_three_rounds(self):
        self.assertIsNone(tables.interval([0.8, 0.9]))


class Order(unittest.TestCase):
    def test_is_turned_round_by_round_so_that_no_server_is_always_first(self):
        a, b = (servers.Server(n, "") for n in "ab")
        chosen = scenarios.quick()[:2]
        taken = [(n, s.name, server.name) for n, s, server in runs.in_turn(2, chosen, lambda _: [a, b])]
        one, two = (s.name for s in chosen)
        self.assertEqual(taken, [(1, one, "a"), (1, one, "b"), (1, two, "a"), (1, two, "b"),
                                 (2, one, "b"), (2, one, "a"), (2, two, "b"), (2, two, "a")])


class Bars(unittest.TestCase):
    def test_name_scenarios_and_servers_that_exist(self):
        names = {s.name for s in scenarios.full()}
        known = {s.name for s in servers.known("t", Path("b"), Path("s"))}
        for bar in bars.BARS:
            self.assertIn(bar.scenario, names)
            self.assertIn(bar.subject, known)
            self.assertIn(bar.peer_scenario or bar.scenario, names)
            if bar.peer:
                self.assertIn(bar.peer, known)


class Peers(unittest.TestCase):
    def test_are_a_name_and_a_command_with_a_port(self):
        self.assertEqual(servers.peer("x=./x --port {port} a=b").command, "./x --port {port} a=b")
        for wrong in ("x", "=./x {port}", "x=./x 80"):
            with self.assertRaises(ValueError):
                servers.peer(wrong)


class Tables(unittest.TestCase):
    def test_show_ratios_and_gaps(self):
        made = [run("1000x64B/window-1", "floor", 1, 5.0), run("1000x64B/window-1", "other", 1, 2.5)]
        shown = tables.ratio_table(scenarios.full(), [servers.Server(n, "") for n in ("floor", "other", "gone")],
                                   tables.rounds_of(made))
        self.assertRegex(shown, r"1000x64B/window-1 +\S+ +floor +1.00 +0.50 +-")


if __name__ == "__main__":
    unittest.main()
