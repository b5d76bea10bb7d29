// TICKER: prices that change many times a second. A slow client gets the latest price of each symbol, not
// every one: it never lags behind, and costs the server no memory.
//
//   ticker [PORT]
#include <troupe/server.hpp>
#include <troupe/type_ids.hpp>

#include <caf/send.hpp>
#include <fmt/format.h>

#include <array>
#include <chrono>
#include <random>

struct tick {};

CAF_BEGIN_TYPE_ID_BLOCK(ticker, ::troupe::first_type_id)
  CAF_ADD_TYPE_ID(ticker, (tick))
CAF_END_TYPE_ID_BLOCK(ticker)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(tick)

namespace {

using namespace troupe;
using centrifuge::error_code;

constexpr auto pace = std::chrono::milliseconds{50};

struct price {
  const char* symbol;
  double value;
};

struct market_state {
  std::array<price, 3> prices{{{"AAA", 100}, {"BBB", 50}, {"CCC", 10}}};
  std::minstd_rand random{1};
};

// snippet: market
using market_actor = hooks::namespace_actor::extend<caf::reacts_to<tick>>;

market_actor::behavior_type market(market_actor::stateful_pointer<market_state> self,
                                   const hooks::birth& born) {
  self->send(self, tick{});
  return {
    [](const hooks::subscribe& m) {
      return m.channel == "price:all" ? hooks::admission::granted()
                                      : hooks::admission::refuse(error_code::unknown_channel);
    },
    [](const hooks::publish&) { return hooks::ruling::refuse(error_code::permission_denied); },
    [](const hooks::read_channel&) { return hooks::view::as_it_is(); },
    [](const hooks::entered&) {},
    [](const hooks::left&) {},
    [self, born](const tick&) {
      auto& [prices, random] = self->state;
      for (auto& p : prices) {
        p.value += std::uniform_real_distribution{-0.5, 0.5}(random);
        const auto text = fmt::format(R"({{"symbol":"{}","price":{:.2f}}})", p.symbol, p.value);
        caf::anon_send(born.channels.of("price:all"),
                       centrifuge::publish_channel{.channel = "price:all",
                                                   .data = payload_of(text),
                                                   .key = p.symbol}); // replaces an unsent one
      }
      self->delayed_send(self, pace, tick{});
    },
  };
}
// end

} // namespace

int main(int argc, char** argv) {
  centrifuge::channel_options prices;
  prices.allow_subscribe_for_client = prices.allow_subscribe_for_anonymous = true;
  prices.slow_consumer = overflow::latest_per_key;
  net::server_options options;
  options.listen.port = port_argument(argc, argv);
  options.client.allow_anonymous_connect_without_token = true;
  options.channels.namespaces = {{"price", prices}};
  return serve(options, {.namespaces = {{.name = "price", .actor = hooks::on_scheduler(market)}}});
}
