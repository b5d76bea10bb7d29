// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
#include "bench/report.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <array>
#include <string_view>
#include <utility>

namespace troupe::app::bench {

namespace {

using nlohmann::ordered_json;

constexpr std::array quantiles{std::pair{"p50", 0.5}, std::pair{"p99", 0.99},
                               std::pair{"p99_9", 0.999}};

double seconds(std::chrono::nanoseconds time) {
  return std::chrono::duration<double>{time}.count();
}

double per(double amount, double count) {
  return count > 0 ? amount / count : 0;
}

/// What one unit of work is in this mode, and how much of it was done.
std::pair<std::string_view, std::uint64_t> work_of(const load_options& options,
                                                   const load_result& result) {
  switch (options.mode) {
  case load_mode::broadcast:
    return {"delivery", result.deliveries};
  case load_mode::churn:
    return {"cycle", result.cycles};
  case load_mode::idle:
    break;
  }
  return {"", 0};
}

double bytes_per_connection(const load_options& options, double bytes) {
  return per(bytes, static_cast<double>(options.connections));
}

double resident_growth(const load_result::server_use& use) {
  return static_cast<double>(use.resident_open) - static_cast<double>(use.resident_before);
}

ordered_json to_microseconds(const histogram& times) {
  ordered_json result;
  for (const auto& [name, share] : quantiles)
    result[name] = static_cast<double>(times.quantile(share)) / 1e3;
  result["max"] = static_cast<double>(times.max()) / 1e3;
  result["mean"] = times.mean() / 1e3;
  return result;
}

std::string to_text(const histogram& times) {
  const auto us = [](std::uint64_t ns) { return static_cast<double>(ns) / 1e3; };
  return fmt::format("p50 {:.1f}  p99 {:.1f}  p99.9 {:.1f}  max {:.1f} us", us(times.quantile(0.5)),
                     us(times.quantile(0.99)), us(times.quantile(0.999)), us(times.max()));
}

std::string_view name_of(load_mode mode) {
  switch (mode) {
  case load_mode::broadcast:
    return "broadcast";
  case load_mode::idle:
    return "idle";
  case load_mode::churn:
    return "churn";
  }
  return "";
}

/// "1,000 connections, 64 B, 64 in flight" and the like.
std::string describe(const load_options& options) {
  if (options.mode != load_mode::broadcast)
    return fmt::format("{} connections, {}", options.connections, name_of(options.mode));
  const auto pace = options.rate > 0 ? fmt::format("{:g} messages/s", options.rate)
                                     : fmt::format("{} in flight", options.window);
  return fmt::format("{} connections, {} B, {}", options.connections, options.payload_bytes, pace);
}

} // namespace

std::string to_table(const load_options& options, const load_result& result) {
  std::string text;
  const auto line = [&text](std::string_view name, const std::string& value) {
    text += fmt::format("{:<18}{}\n", name, value);
  };
  const auto [unit, work] = work_of(options, result);
  const auto count = static_cast<double>(work);
  const auto elapsed = seconds(result.elapsed);

  line("load", describe(options));
  line("measured", fmt::format("{:.2f} s", elapsed));
  if (options.mode == load_mode::broadcast) {
    line("messages", fmt::format("{} sent, {} not sent", result.messages, result.unsent));
    line("deliveries", fmt::format("{} ({:.0f}/s)", result.deliveries, per(count, elapsed)));
    line("went wrong", fmt::format("{} lost, {} duplicated, {} reordered, {} not ours", result.lost,
                                   result.duplicated, result.reordered, result.foreign));
    line("latency", to_text(result.latency));
    if (result.on_arrival.count() != 0)
      line("  on arrival", to_text(result.on_arrival));
  }
  if (options.mode == load_mode::churn) {
    line("cycles", fmt::format("{} ({:.0f}/s)", result.cycles, per(count, elapsed)));
    line("cycle", to_text(result.latency));
  } else {
    line("connecting", fmt::format("{:.2f} s", seconds(result.connect_time)));
    line("pings answered", fmt::format("{}", result.pings));
  }
  line("handshake", to_text(result.handshake));
  if (options.lazy_connections != 0)
    line("lazy readers", fmt::format("{}", options.lazy_connections));
  if (options.slow_connections != 0)
    line("slow readers",
         fmt::format("{}, {} reset by the server", options.slow_connections, result.slow_reset));
  if (result.server) {
    const auto cpu = seconds(result.server->cpu);
    line("server CPU", fmt::format("{:.2f} % of one core", 100 * per(cpu, elapsed)));
    if (!unit.empty())
      line("", fmt::format("{:.3f} us per {}, busiest thread {:.3f} us", per(cpu * 1e6, count),
                           unit, per(seconds(result.server->busiest_thread) * 1e6, count)));
    if (options.mode != load_mode::churn)
      line("server memory",
           fmt::format("{:.0f} B resident per connection ({} KiB before)",
                       bytes_per_connection(options, resident_growth(*result.server)),
                       result.server->resident_before / 1024));
  }
  if (options.mode != load_mode::churn)
    line("kernel memory",
         fmt::format("{:.0f} B per connection (slab and TCP buffers of this machine)",
                     bytes_per_connection(options, static_cast<double>(result.kernel_bytes))));
  line("generator",
       fmt::format("{} worker(s), {} source address(es), CPU {:.1f} % of one core", result.workers,
                   result.sources, 100 * per(seconds(result.load_cpu), elapsed)));
  return text;
}

std::string to_json(const load_options& options, const load_result& result) {
  const auto [unit, work] = work_of(options, result);
  const auto count = static_cast<double>(work);
  const auto elapsed = seconds(result.elapsed);

  ordered_json json;
  json["mode"] = name_of(options.mode);
  json["protocol"] = options.protocol == load_protocol::raw ? "raw" : "centrifuge";
  json["connections"] = options.connections;
  json["elapsed_s"] = elapsed;
  if (options.mode == load_mode::broadcast) {
    json["payload_bytes"] = options.payload_bytes;
    json[options.rate > 0 ? "rate_per_s" : "window"] =
        options.rate > 0 ? ordered_json(options.rate) : ordered_json(options.window);
    json["messages"] = result.messages;
    json["unsent"] = result.unsent;
    json["deliveries"] = result.deliveries;
    json["deliveries_per_s"] = per(count, elapsed);
    json["lost"] = result.lost;
    json["duplicated"] = result.duplicated;
    json["reordered"] = result.reordered;
    json["foreign"] = result.foreign;
    json["latency_us"] = to_microseconds(result.latency);
    if (result.on_arrival.count() != 0)
      json["arrival_us"] = to_microseconds(result.on_arrival);
  }
  if (options.mode == load_mode::churn) {
    json["cycles"] = result.cycles;
    json["cycles_per_s"] = per(count, elapsed);
    json["cycle_us"] = to_microseconds(result.latency);
  } else {
    json["connect_s"] = seconds(result.connect_time);
    json["pings_answered"] = result.pings;
    json["kernel_bytes_per_connection"] =
        bytes_per_connection(options, static_cast<double>(result.kernel_bytes));
  }
  json["handshake_us"] = to_microseconds(result.handshake);
  if (options.lazy_connections != 0)
    json["lazy_readers"] = options.lazy_connections;
  if (options.slow_connections != 0)
    json["slow_readers"] = {{"count", options.slow_connections}, {"reset", result.slow_reset}};
  if (result.server) {
    auto& server = json["server"];
    const auto cpu = seconds(result.server->cpu);
    server["cpu_percent"] = 100 * per(cpu, elapsed);
    if (!unit.empty()) {
      server[fmt::format("cpu_us_per_{}", unit)] = per(cpu * 1e6, count);
      server[fmt::format("busiest_thread_us_per_{}", unit)] =
          per(seconds(result.server->busiest_thread) * 1e6, count);
    }
    if (options.mode != load_mode::churn) {
      server["rss_bytes"] = result.server->resident_open;
      server["rss_bytes_per_connection"] =
          bytes_per_connection(options, resident_growth(*result.server));
    }
  }
  json["generator"] = {{"workers", result.workers},
                       {"sources", result.sources},
                       {"cpu_percent", 100 * per(seconds(result.load_cpu), elapsed)}};
  return json.dump(2) + "\n";
}

} // namespace troupe::app::bench
