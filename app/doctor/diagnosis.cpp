// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
#include "app/doctor/diagnosis.hpp"

#include "app/console/quantity.hpp"
#include "app/values.hpp"

#include <troupe/net/internal/resources.hpp>
#include <troupe/net/web/address.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <system_error>
#include <utility>

namespace troupe::app::doctor {

namespace {

using namespace std::chrono_literals;

constexpr std::uint64_t many_descriptors = 65'536;
constexpr std::uint64_t spare_descriptors = 64;      // beside connections: logs, loops, listeners
constexpr std::uint64_t bytes_per_connection = 16u << 10; // idle, with the kernel's share
constexpr auto renewal = std::chrono::days{21};
constexpr unsigned others_may_read = 0077;

finding descriptors(const facts& seen, const settings& of) {
  const auto wanted = of.server.limit.connections != 0
                          ? std::uint64_t{of.server.limit.connections} + spare_descriptors
                          : many_descriptors;
  const auto found = fmt::format("{} open files, one for each connection", seen.descriptors);
  if (seen.descriptors >= wanted)
    return {"descriptors", verdict::good, found};
  auto mend = fmt::format("LimitNOFILE={0} in the unit, or ulimit -Hn {0} as root", std::max(wanted, std::uint64_t{1'048'576}));
  if (seen.system_descriptors && *seen.system_descriptors < wanted)
    mend = fmt::format("sysctl -w fs.nr_open={}; then {}", std::max(wanted, std::uint64_t{1'048'576}), mend);
  return {"descriptors", verdict::hurts, found + fmt::format("; {} are wanted", wanted), mend};
}

finding backlog(const facts& seen, const settings& of) {
  const std::uint64_t wanted = of.server.listen.backlog;
  if (!seen.somaxconn)
    return {"backlog", verdict::good, "net.core.somaxconn is not visible here"};
  if (*seen.somaxconn < wanted)
    return {"backlog", verdict::hurts,
            fmt::format("net.core.somaxconn = {} cuts listen.backlog = {}: bursts of connections are dropped",
                        *seen.somaxconn, wanted),
            fmt::format("sysctl -w net.core.somaxconn={}", wanted)};
  if (seen.syn_backlog && *seen.syn_backlog < wanted)
    return {"backlog", verdict::hint,
            fmt::format("net.ipv4.tcp_max_syn_backlog = {} is below listen.backlog = {}",
                        *seen.syn_backlog, wanted),
            fmt::format("sysctl -w net.ipv4.tcp_max_syn_backlog={}", wanted)};
  return {"backlog", verdict::good, fmt::format("net.core.somaxconn = {}", *seen.somaxconn)};
}

finding port_range(const facts& seen, const settings& of) {
  if (!seen.first_ephemeral_port || !seen.last_ephemeral_port)
    return {"port range", verdict::good, "net.ipv4.ip_local_port_range is not visible here"};
  const auto first = *seen.first_ephemeral_port;
  const auto last = *seen.last_ephemeral_port;
  const auto range = fmt::format("net.ipv4.ip_local_port_range = {} to {}", first, last);
  for (const auto& each : seen.ports)
    if (each.port >= first && each.port <= last)
      return {"port range", verdict::hurts,
              fmt::format("{} = {} is within it: an outgoing connection can hold the port at a restart ({})",
                          each.option, each.port, range),
              fmt::format("sysctl -w net.ipv4.ip_local_reserved_ports={}", each.port)};
  constexpr std::uint64_t usual = 28'000;
  const auto wanted = of.server.limit.connections != 0 ? of.server.limit.connections : usual;
  if (last - first + 1 < std::min<std::uint64_t>(wanted, usual))
    return {"port range", verdict::hint,
            range + ": a proxy on this machine gets no more connections than that through",
            "sysctl -w net.ipv4.ip_local_port_range='10240 65535'"};
  return {"port range", verdict::good, range};
}

finding io_uring(const facts& seen, const settings& of) {
  if (of.server.listen.send == net::send_method::sendmsg)
    return {"io_uring", verdict::good, "not used: listen.send is sendmsg"};
  if (seen.io_uring_works)
    return {"io_uring", verdict::good, "works: sends leave in batches"};
  const bool demanded = of.server.listen.send == net::send_method::io_uring;
  const bool disabled = seen.io_uring_disabled.value_or(0) != 0;
  return {"io_uring", demanded ? verdict::fatal : verdict::hint,
          disabled ? fmt::format("kernel.io_uring_disabled = {}: every send is a system call of its own",
                                 *seen.io_uring_disabled)
                   : "not available: every send is a system call of its own",
          disabled ? "sysctl -w kernel.io_uring_disabled=0"
                   : "a kernel from 5.6 on, and a container profile that allows io_uring_setup"};
}

finding huge_pages(const facts& seen) {
  if (seen.huge_pages != "always")
    return {"huge pages", verdict::good,
            seen.huge_pages.empty() ? "not visible here" : seen.huge_pages};
  return {"huge pages", verdict::hint, "always: memory of idle connections grows, and pauses come with it",
          "echo madvise > /sys/kernel/mm/transparent_hugepage/enabled"};
}

finding clock_source(const facts& seen) {
  const auto slow = {"hpet", "acpi_pm", "jiffies", "refined-jiffies", "xen"};
  if (std::ranges::find(slow, seen.clock_source) == slow.end())
    return {"clock source", verdict::good, seen.clock_source.empty() ? "not visible here" : seen.clock_source};
  return {"clock source", verdict::hurts,
          seen.clock_source + ": reading the time is a system call, many times a millisecond",
          "echo tsc > /sys/devices/system/clocksource/clocksource0/current_clocksource"};
}

finding clock(const facts& seen) {
  if (seen.clock_is_synchronized.value_or(true))
    return {"clock", verdict::good, seen.clock_is_synchronized ? "synchronized" : "not visible here"};
  return {"clock", verdict::hint, "not synchronized by this kernel: tokens and certificates end at the wrong time if nothing else keeps it",
          "timedatectl set-ntp true"};
}

finding connection_tracking(const facts& seen) {
  if (!seen.conntrack_max)
    return {"connection tracking", verdict::good, "not loaded"};
  if (*seen.conntrack_max >= seen.descriptors)
    return {"connection tracking", verdict::good, fmt::format("nf_conntrack_max = {}", *seen.conntrack_max)};
  return {"connection tracking", verdict::hurts,
          fmt::format("nf_conntrack_max = {}: beyond it packets are dropped without a word", *seen.conntrack_max),
          fmt::format("sysctl -w net.netfilter.nf_conntrack_max={}", seen.descriptors)};
}

finding processors(const facts& seen, const settings& of) {
  const auto best = net::default_loops(seen.processors, seen.processor_quota);
  const auto loops = of.server.listen.loops != 0 ? of.server.listen.loops : best;
  const auto threads = fmt::format("{} loop{}", loops, loops == 1 ? "" : "s");
  if (seen.processor_quota && *seen.processor_quota < static_cast<double>(loops))
    return {"processors", verdict::hurts,
            fmt::format("{} with a quota of {:.2g} processors: all stand still whenever it is spent", threads,
                        *seen.processor_quota),
            loops == best ? "a quota of a whole processor, or none" : "listen.loops = 0, or no quota"};
  if (loops > seen.processors)
    return {"processors", verdict::hint,
            fmt::format("{} on {} processors", threads, seen.processors), "listen.loops = 0"};
  return {"processors", verdict::good, fmt::format("{} on {}", threads, seen.processors)};
}

finding memory(const facts& seen, const settings& of) {
  if (!seen.memory_bytes)
    return {"memory", verdict::good, "not visible here"};
  const auto connections = of.server.limit.connections != 0 ? of.server.limit.connections : seen.descriptors;
  const auto room = *seen.memory_bytes / bytes_per_connection;
  if (room >= connections)
    return {"memory", verdict::good, fmt::format("{}: enough for {} idle connections", console::to_text(static_cast<double>(*seen.memory_bytes), console::column_type::bytes), connections)};
  return {"memory", verdict::hurts,
          fmt::format("{} are enough for {} idle connections, and {} may come", console::to_text(static_cast<double>(*seen.memory_bytes), console::column_type::bytes), room, connections),
          fmt::format("limit.connections = {}, or more memory", room)};
}

void ports(const facts& seen, std::vector<finding>& to) {
  for (const auto& each : seen.ports) {
    const auto name = fmt::format("{} = {}", each.option, each.port);
    if (each.fault == 0)
      to.push_back({"ports", verdict::good, name + " is free"});
    else if (each.fault == EADDRINUSE)
      to.push_back({"ports", verdict::fatal, name + " is in use",
                    fmt::format("ss -ltnp 'sport = :{}' tells by whom", each.port)});
    else if (each.fault == EACCES)
      to.push_back({"ports", verdict::fatal, name + " is for root",
                    fmt::format("AmbientCapabilities=CAP_NET_BIND_SERVICE in the unit, or "
                                "sysctl -w net.ipv4.ip_unprivileged_port_start={}", each.port)});
    else
      to.push_back({"ports", verdict::fatal,
                    fmt::format("{}: {}", name, std::generic_category().message(each.fault)),
                    "listen.address or admin.address has to be one of this machine: ip address"});
  }
}

void tls(const facts& seen, const settings& of, std::vector<finding>& to) {
  if (!seen.tls) {
    to.push_back({"tls", verdict::good, "off"});
    return;
  }
  const auto& t = *seen.tls;
  if (!t.fault.empty()) {
    to.push_back({"tls", verdict::fatal, t.fault, "tls.certificate and tls.key take PEM files"});
    return;
  }
  if (!t.key_fits)
    to.push_back({"tls", verdict::fatal, "the key does not belong to the certificate",
                  fmt::format("openssl x509 -in {} -noout -pubkey and openssl pkey -in {} -pubout must agree",
                              of.server.tls.certificate, of.server.tls.key)});
  const auto left = std::chrono::floor<std::chrono::days>(t.not_after - seen.now).count();
  if (t.not_before > seen.now)
    to.push_back({"tls", verdict::hurts, "the certificate is not valid yet", "timedatectl, or another certificate"});
  else if (t.not_after <= seen.now)
    to.push_back({"tls", verdict::hurts, "the certificate has expired: clients refuse it", "renew it"});
  else if (t.not_after - seen.now < renewal)
    to.push_back({"tls", verdict::hint, fmt::format("the certificate expires in {} days", left), "renew it"});
  else
    to.push_back({"tls", verdict::good, fmt::format("the certificate is valid for {} days", left)});
  if ((t.key_mode & others_may_read) != 0)
    to.push_back({"tls", verdict::hint, fmt::format("others may use the key's file: its mode is {:04o}", t.key_mode),
                  fmt::format("chmod 600 {}", of.server.tls.key)});
}

/// What is written to a folder.
struct written {
  const char* section; ///< Of the options.
  const char* what;    ///< In a sentence.
  const char* limit;   ///< The option that bounds it,
  std::uint64_t most;  ///< and how.
};

void folder(const std::optional<folder_facts>& seen, const std::string& path, const written& by, std::vector<finding>& to) {
  if (!seen)
    return;
  const auto bytes = [](std::uint64_t n) {
    return console::to_text(static_cast<double>(n), console::column_type::bytes);
  };
  if (seen->fault != 0)
    to.push_back({by.section, verdict::fatal,
                  fmt::format("{}.directory = {}: {}", by.section, path, std::generic_category().message(seen->fault)),
                  "a folder that the server's user may write to"});
  else if (seen->in_memory)
    to.push_back({by.section, verdict::hurts,
                  fmt::format("{}.directory = {} is in memory: {} is lost with the machine", by.section, path, by.what),
                  fmt::format("a folder on a disk, such as /var/lib/troupe/{}", by.section)});
  else if (seen->free_bytes < by.most)
    to.push_back({by.section, verdict::hurts,
                  fmt::format("{} are free for {} of up to {}", bytes(seen->free_bytes), by.what, bytes(by.most)),
                  fmt::format("{} = {}, or more room", by.limit, seen->free_bytes / 2)});
  else
    to.push_back({by.section, verdict::good, fmt::format("{} are free for {}", bytes(seen->free_bytes), by.what)});
}

void webhooks(const settings& of, std::vector<finding>& to) {
  const auto& w = of.server.webhook;
  const std::pair<const char*, const std::string&> urls[] = {
      {"webhook.connect", w.connect}, {"webhook.refresh", w.refresh},         {"webhook.subscribe", w.subscribe},
      {"webhook.publish", w.publish}, {"webhook.sub_refresh", w.sub_refresh}, {"webhook.rpc", w.rpc},
      {"events.endpoint", of.server.events.endpoint}};
  for (const auto& [key, url] : urls) {
    const auto address = net::web::parse_address(url);
    if (!address || address->is_encrypted || address->host == "localhost" || is_loopback_address(address->host))
      continue;
    to.push_back({"webhooks", verdict::hint, fmt::format("{} goes to {} unencrypted: users' data can be read on its way", key, address->host),
                  "an https URL"});
  }
}

} // namespace

std::string_view to_string(verdict value) noexcept {
  switch (value) {
    case verdict::good: return "good";
    case verdict::hint: return "hint";
    case verdict::hurts: return "HURTS";
    case verdict::fatal: return "FATAL";
  }
  return "";
}

std::vector<finding> diagnose(const facts& seen, const settings& of) {
  std::vector<finding> all{descriptors(seen, of), backlog(seen, of),  port_range(seen, of),
                           io_uring(seen, of),    huge_pages(seen),   clock_source(seen),
                           clock(seen),           connection_tracking(seen),
                           processors(seen, of),  memory(seen, of)};
  ports(seen, all);
  tls(seen, of, all);
  const auto& events = of.server.events;
  const auto& history = of.server.history;
  folder(seen.journal, events.directory, {"events", "the journal", "events.journal_max_bytes", events.journal_max_bytes}, all);
  folder(seen.history, history.directory, {"history", "history", "history.max_bytes", history.max_bytes}, all);
  webhooks(of, all);
  return all;
}

} // namespace troupe::app::doctor
