// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
#include "app/doctor/diagnosis.hpp"
#include "app/doctor/tls_files.hpp"
#include "support/catch.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>

using namespace troupe::app;
using namespace troupe::app::doctor;
using namespace std::chrono_literals;

namespace {

/// A machine on which nothing is wrong.
facts healthy() {
  facts f;
  f.now = std::chrono::sys_seconds{1'800'000'000s};
  f.descriptors = 1'048'576;
  f.system_descriptors = 1'048'576;
  f.somaxconn = 4096;
  f.syn_backlog = 4096;
  f.first_ephemeral_port = 32'768;
  f.last_ephemeral_port = 60'999;
  f.huge_pages = "madvise";
  f.clock_source = "tsc";
  f.clock_is_synchronized = true;
  f.processors = 8;
  f.memory_bytes = 64ULL << 30;
  f.ports = {{"listen.port", 8000, 0}};
  return f;
}

settings with_tls() {
  settings s;
  s.server.tls.certificate = "/etc/tls/chain.pem";
  s.server.tls.key = "/etc/tls/key.pem";
  return s;
}

/// The worst finding of a check, as "VERDICT found -> mend".
std::string told(const facts& seen, std::string_view check, const settings& of = {}) {
  const auto all = diagnose(seen, of);
  const finding* worst = nullptr;
  for (const auto& each : all)
    if (each.check == check && (!worst || each.how > worst->how))
      worst = &each;
  REQUIRE(worst != nullptr);
  return fmt::format("{} {} -> {}", to_string(worst->how), worst->found, worst->mend);
}

} // namespace

TEST_CASE("doctor: a healthy machine has nothing to mend", "[app][doctor]") {
  for (const auto& each : diagnose(healthy(), {})) {
    CAPTURE(each.check, each.found);
    CHECK(each.how == verdict::good);
    CHECK(each.mend.empty());
  }
}

TEST_CASE("doctor: too few descriptors hurt, by the connections that are wanted", "[app][doctor]") {
  auto f = healthy();
  f.descriptors = 20'000;
  CHECK(told(f, "descriptors") ==
        "HURTS 20000 open files, one for each connection; 65536 are wanted -> "
        "LimitNOFILE=1048576 in the unit, or ulimit -Hn 1048576 as root");
  f.system_descriptors = 20'000;
  CHECK(told(f, "descriptors").find("sysctl -w fs.nr_open=1048576; then LimitNOFILE") != std::string::npos);
  settings few;
  few.server.limit.connections = 19'936;
  CHECK(told(f, "descriptors", few).starts_with("good"));
  few.server.limit.connections = 19'937;
  CHECK(told(f, "descriptors", few).starts_with("HURTS"));
}

TEST_CASE("doctor: a kernel that cuts the backlog hurts", "[app][doctor]") {
  auto f = healthy();
  f.somaxconn = 4095;
  CHECK(told(f, "backlog") == "HURTS net.core.somaxconn = 4095 cuts listen.backlog = 4096: bursts of "
                              "connections are dropped -> sysctl -w net.core.somaxconn=4096");
  f.somaxconn = 4096;
  f.syn_backlog = 512;
  CHECK(told(f, "backlog").starts_with("hint"));
}

TEST_CASE("doctor: a port among those of outgoing connections hurts", "[app][doctor]") {
  auto f = healthy();
  f.ports = {{"listen.port", 40'000, 0}};
  CHECK(told(f, "port range").starts_with("HURTS listen.port = 40000 is within it"));
  CHECK(told(f, "port range").ends_with("sysctl -w net.ipv4.ip_local_reserved_ports=40000"));
  f = healthy();
  f.first_ephemeral_port = 50'000;
  CHECK(told(f, "port range").starts_with("hint"));
}

TEST_CASE("doctor: a missing io_uring is a hint, and fatal if it is demanded", "[app][doctor]") {
  auto f = healthy();
  f.io_uring_works = false;
  f.io_uring_disabled = 2;
  CHECK(told(f, "io_uring") == "hint kernel.io_uring_disabled = 2: every send is a system call of its "
                               "own -> sysctl -w kernel.io_uring_disabled=0");
  settings s;
  s.server.listen.send = troupe::net::send_method::io_uring;
  CHECK(told(f, "io_uring", s).starts_with("FATAL"));
  s.server.listen.send = troupe::net::send_method::sendmsg;
  CHECK(told(f, "io_uring", s).starts_with("good"));
}

TEST_CASE("doctor: the kernel's clocks and pages are judged", "[app][doctor]") {
  auto f = healthy();
  f.huge_pages = "always";
  f.clock_source = "hpet";
  f.clock_is_synchronized = false;
  CHECK(told(f, "huge pages").starts_with("hint always"));
  CHECK(told(f, "clock source").starts_with("HURTS hpet"));
  CHECK(told(f, "clock").starts_with("hint not synchronized"));
  for (const auto* good : {"tsc", "kvm-clock", "arch_sys_counter", ""}) {
    f.clock_source = good;
    CHECK(told(f, "clock source").starts_with("good"));
  }
}

TEST_CASE("doctor: connection tracking below the descriptors hurts", "[app][doctor]") {
  auto f = healthy();
  f.conntrack_max = 65'536;
  CHECK(told(f, "connection tracking").ends_with("sysctl -w net.netfilter.nf_conntrack_max=1048576"));
  f.conntrack_max = 1'048'576;
  CHECK(told(f, "connection tracking").starts_with("good"));
}

TEST_CASE("doctor: a quota below the loops hurts", "[app][doctor]") {
  auto f = healthy();
  f.processor_quota = 1.5;
  settings s;
  s.server.listen.loops = 8;
  CHECK(told(f, "processors", s) == "HURTS 8 loops with a quota of 1.5 processors: all stand still whenever it is "
                                    "spent -> listen.loops = 0, or no quota");
  CHECK(told(f, "processors") == "good 1 loop on 8 -> ");
  f.processor_quota = 0.5;
  CHECK(told(f, "processors") == "HURTS 1 loop with a quota of 0.5 processors: all stand still whenever it is "
                                 "spent -> a quota of a whole processor, or none");
  s.server.listen.loops = 9;
  f.processor_quota = std::nullopt;
  CHECK(told(f, "processors", s).starts_with("hint"));
}

TEST_CASE("doctor: memory is compared with the connections that may come", "[app][doctor]") {
  auto f = healthy();
  f.memory_bytes = 1ULL << 30;
  CHECK(told(f, "memory").starts_with("HURTS 1.00GiB are enough for 65536 idle connections"));
  settings s;
  s.server.limit.connections = 65'536;
  CHECK(told(f, "memory", s).starts_with("good"));
}

TEST_CASE("doctor: a port that cannot be had is fatal, with the way to find out why",
          "[app][doctor]") {
  auto f = healthy();
  f.ports = {{"listen.port", 8000, EADDRINUSE}};
  CHECK(told(f, "ports") == "FATAL listen.port = 8000 is in use -> ss -ltnp 'sport = :8000' tells by whom");
  f.ports = {{"listen.port", 443, EACCES}};
  CHECK(told(f, "ports").starts_with("FATAL listen.port = 443 is for root -> AmbientCapabilities"));
  f.ports = {{"admin.port", 9000, EADDRNOTAVAIL}};
  CHECK(told(f, "ports").starts_with("FATAL admin.port = 9000: "));
}

TEST_CASE("doctor: certificates are judged by their dates and their key", "[app][doctor]") {
  const auto s = with_tls();
  auto f = healthy();
  f.tls.emplace();
  f.tls->not_after = f.now + 24h * 90;
  f.tls->key_mode = 0600;
  CHECK(told(f, "tls", s) == "good the certificate is valid for 90 days -> ");
  f.tls->not_after = f.now + 24h * 20;
  CHECK(told(f, "tls", s) == "hint the certificate expires in 20 days -> renew it");
  f.tls->not_after = f.now;
  CHECK(told(f, "tls", s).starts_with("HURTS the certificate has expired"));
  f.tls->not_before = f.now + 1s;
  CHECK(told(f, "tls", s).starts_with("HURTS the certificate is not valid yet"));
  f.tls->key_fits = false;
  CHECK(told(f, "tls", s).starts_with("FATAL the key does not belong to the certificate"));
  f.tls = tls_facts{};
  f.tls->not_after = f.now + 24h * 90;
  f.tls->key_mode = 0644;
  CHECK(told(f, "tls", s) == "hint others may use the key's file: its mode is 0644 -> chmod 600 /etc/tls/key.pem");
  f.tls->fault = "tls.key: /etc/tls/key.pem cannot be read";
  CHECK(told(f, "tls", s).starts_with("FATAL tls.key: /etc/tls/key.pem cannot be read"));
}

TEST_CASE("doctor: this machine can be examined", "[app][doctor]") {
  settings s;
  s.server.listen.address = "127.0.0.1";
  s.server.listen.port = 0;
  const auto f = examine(s);
  CHECK(f.descriptors > 0);
  CHECK(f.processors > 0);
  CHECK(f.memory_bytes.value_or(0) > 0);
  CHECK(f.ports.empty());
  CHECK_FALSE(f.tls.has_value());
  CHECK(diagnose(f, s).size() >= 11);
  CHECK(read_tls_files("/does/not/exist", "/neither").fault ==
        "tls.certificate: /does/not/exist cannot be read");
}

TEST_CASE("doctor: a journal of events has to be on a disk with room that can be written to", "[app][doctor]") {
  settings with;
  with.server.events.endpoint = "https://app.example/events";
  with.server.events.directory = "/srv/events";
  with.server.events.journal_max_bytes = 1000;
  auto f = healthy();
  f.journal = folder_facts{0, false, 1000};
  CHECK(told(f, "events", with).starts_with("good"));
  f.journal->free_bytes = 999;
  CHECK(told(f, "events", with).starts_with("HURTS 999"));
  f.journal->in_memory = true;
  CHECK(told(f, "events", with).starts_with("HURTS events.directory = /srv/events is in memory"));
  f.journal->fault = EACCES;
  CHECK(told(f, "events", with).starts_with("FATAL events.directory = /srv/events: Permission denied"));
}

TEST_CASE("doctor: history has to be on a disk with room that can be written to", "[app][doctor]") {
  settings with;
  with.server.history.directory = "/srv/history";
  with.server.history.max_bytes = 1000;
  auto f = healthy();
  f.history = folder_facts{0, false, 1000};
  CHECK(told(f, "history", with).starts_with("good"));
  f.history->free_bytes = 999;
  CHECK(told(f, "history", with).starts_with("HURTS 999"));
  f.history->in_memory = true;
  CHECK(told(f, "history", with).starts_with("HURTS history.directory = /srv/history is in memory"));
  f.history->fault = EACCES;
  CHECK(told(f, "history", with).starts_with("FATAL history.directory = /srv/history: Permission denied"));
}

TEST_CASE("doctor: webhooks elsewhere are better encrypted", "[app][doctor]") {
  const auto findings = [](const std::string& url) {
    settings with;
    with.server.webhook.connect = url;
    const auto all = diagnose(healthy(), with);
    return std::ranges::count(all, "webhooks", &finding::check);
  };
  CHECK(findings("http://app.example/connect") == 1);
  for (const auto* url : {"", "https://app.example/", "http://127.0.0.1:3000/", "http://[::1]/", "http://localhost/"}) {
    CAPTURE(url);
    CHECK(findings(url) == 0);
  }
}
