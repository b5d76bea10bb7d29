// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
#include <troupe/meters/message_type.hpp>

#include <caf/error.hpp>
#include <caf/make_message.hpp>
#include <caf/system_messages.hpp>

#include <cxxabi.h>

#include <chrono>
#include <cstdlib>
#include <memory>

namespace troupe::meters {

namespace {

const std::type_info* type_of_a_wrapped() {
  const auto example = caf::make_mailbox_element(nullptr, caf::make_message_id(), {}, caf::make_message(1));
  const auto& element = *example;
  return &typeid(element);
}

std::string readable(const std::type_info& type) {
  int status = 0;
  const std::unique_ptr<char, decltype(&std::free)> name{
    abi::__cxa_demangle(type.name(), nullptr, nullptr, &status), &std::free};
  return status == 0 ? name.get() : type.name();
}

} // namespace

const std::type_info* const wrapped_message = type_of_a_wrapped();

const std::type_info* type_within(const caf::mailbox_element& element) noexcept {
  const auto& content = element.content();
  if (content.size() == 0) return &typeid(void);
  const auto [number, type] = content.type(0); // CAF's own types have a number instead
  if (type) return type;
  return number == caf::type_nr<caf::down_msg>::value ? &typeid(caf::down_msg)
       : number == caf::type_nr<caf::exit_msg>::value ? &typeid(caf::exit_msg)
       : number == caf::type_nr<caf::error>::value    ? &typeid(caf::error)
                                                      : &typeid(void);
}

dead_letter letter_to(const caf::abstract_actor& whom, const meter_block& meter,
                      const caf::mailbox_element& element) {
  return {.when = std::chrono::nanoseconds{std::chrono::system_clock::now().time_since_epoch()}.count(),
          .message = type_of(element),
          .name = meter.name(),
          .to = whom.id(),
          .from = element.sender ? element.sender->id() : 0};
}

std::string message_name(const std::type_info& type) {
  auto name = readable(type);
  for (const std::string_view carrier : {"caf::mailbox_element_vals<", "troupe::express_element<"})
    if (name.starts_with(carrier) && name.ends_with('>'))
      return name.substr(carrier.size(), name.size() - carrier.size() - 1);
  return name;
}

} // namespace troupe::meters
