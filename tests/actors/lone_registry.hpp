// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// LONE REGISTRY: a registry whose shards are stand-ins, which record and answer when told to.
#pragma once
#include <troupe/centrifuge/channel_messages.hpp>
#include <troupe/registry.hpp>
#include <troupe/testing/deterministic_system.hpp>

#include "node.hpp"
#include "support/catch.hpp"

#include <caf/scoped_actor.hpp>
#include <caf/send.hpp>
#include <caf/typed_response_promise.hpp>

#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace troupe::tests {

// What a stand-in for a shard was sent, and what it owes: it answers when the test tells it to.
struct ledger {
  struct acknowledgement {
    shard_actor from;
    caf::strong_actor_ptr to;
    std::uint64_t number;
  };
  std::vector<fan_out> fan_outs;
  std::vector<std::string> order; // of everything, by kind
  std::deque<acknowledgement> owed;
  std::deque<caf::typed_response_promise<receipt>> receipts_owed;
  std::deque<caf::typed_response_promise<noted>> syncs_owed;

  void acknowledge() {
    const auto& [from, to, number] = owed.front();
    caf::send_as(from, caf::actor_cast<registry_actor>(to), fanned_out{number});
    owed.pop_front();
  }
  void answer(receipt r) {
    receipts_owed.front().deliver(r);
    receipts_owed.pop_front();
  }
};

struct stand_in_state {
  static constexpr const char* name = "stand_in";
};
using stand_in_pointer = hosted_pointer<shard_actor, stand_in_state>;

inline shard_actor::behavior_type stand_in(stand_in_pointer self, std::shared_ptr<ledger> book) {
  const auto owe_receipt = [self, book](const char* what) {
    book->order.push_back(what);
    book->receipts_owed.push_back(self->make_response_promise<receipt>());
    return book->receipts_owed.back();
  };
  return {
    [](const join&) { return joined{}; },
    [](const introduce&) {},
    [self, book](const fan_out& m) {
      book->fan_outs.push_back(m);
      book->order.push_back("fan_out");
      book->owed.push_back({shard_actor{self}, self->current_sender(), m.number});
    },
    [owe_receipt](const confirm_fan_out&) { return owe_receipt("confirm_fan_out"); },
    [owe_receipt](const change_membership&) { return owe_receipt("change_membership"); },
    [owe_receipt](const close_connections&) { return owe_receipt("close_connections"); },
    [self](const drain&) { self->quit(); },
    [](const observe&) { return receipt{.matched = 1}; },
    [](const unobserve&) { return receipt{.matched = 1}; },
    [self, book](const sync_connections&) { return book->syncs_owed.emplace_back(self->make_response_promise<noted>()); },
    [](const list_sets&) { return listed_sets{}; },
    [](const list_connections&) { return listed_connections{}; },
    [](const describe_connection&) { return connection_details{}; },
    [](const limit_connection&) { return connection_details{}; },
    [](const centrifuge::fan_out_event&) { return fanned_out{}; },
    [](const centrifuge::change_channel_members&) {},
    [](const go_on&) {},
  };
}

// A registry alone, with stand-ins for its shards.
struct lone_registry : testing::deterministic_system {
  explicit lone_registry(std::size_t n = 1, registry_options options = {}) {
    for (std::size_t i = 0; i < n; ++i) {
      books.push_back(std::make_shared<ledger>());
      shards.push_back(spawn_on(host(), stand_in, books.back()));
    }
    options.log = &log;
    registry = spawn_on(host(), troupe::registry, shards, options);
    run();
  }
  ~lone_registry() {
    caf::anon_send(registry, drain{});
    run();
    CHECK(running() == 0);
  }

  void send(std::string_view text, target to = {}, overflow policy = overflow::disconnect,
            connection_handle exclude = {}) {
    caf::anon_send(registry, broadcast{std::move(to), frame::encode(opcode::text, text), exclude,
                                       policy, {}});
  }
  void submit_as(caf::scoped_actor& who, std::string_view text, std::size_t cost) {
    who->send(registry, submit{{.to = {}, .message = frame::encode(opcode::text, text)}, cost});
  }
  // Payloads of each delivery of each fan-out, those joined in one string.
  [[nodiscard]] std::vector<std::vector<std::string>> fanned_out_texts(std::size_t shard = 0) const {
    std::vector<std::vector<std::string>> all;
    for (const auto& f : books[shard]->fan_outs) {
      std::vector<std::string> one;
      for (const auto& d : f.deliveries) {
        std::string joined;
        for (const auto& part : d->message.parts()) joined += part.payload();
        one.push_back(d->message.parts().empty() ? std::string{d->message.payload()} : joined);
      }
      all.push_back(std::move(one));
    }
    return all;
  }

  memory_log log;
  std::vector<std::shared_ptr<ledger>> books;
  std::vector<shard_actor> shards;
  registry_actor registry;
};

} // namespace troupe::tests
