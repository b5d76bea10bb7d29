// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// EXPRESS: how a message travels that hosted actors get often, or thousands at a time, one each. To its receiver, to whoever
// watches or traces it and in its mailbox's order it is a message as any other. But its memory is kept for the next, and
// a receiver that said what it expects gets it without CAF's search for a handler (hosted::expects()).
// Knows, as hosted.hpp, what CAF 0.17 does with a message (docs/decisions/0014-express-messages.md).
#pragma once
#include <caf/abstract_actor.hpp>
#include <caf/actor_cast.hpp>
#include <caf/actor_control_block.hpp>
#include <caf/check_typed_input.hpp>
#include <caf/detail/tuple_vals.hpp>
#include <caf/execution_unit.hpp>
#include <caf/mailbox_element.hpp>
#include <caf/make_message.hpp>
#include <caf/message.hpp>
#include <caf/response_type.hpp>

#include <cstddef>
#include <new>
#include <tuple>
#include <type_traits>
#include <typeinfo>
#include <utility>

namespace troupe {

/// Memory of one size that a thread keeps for its next messages. Any thread may give back what another took.
/// Bounds: `most_kept` pieces for each thread; what is more, or is left when the thread ends, goes to the heap.
template <std::size_t size>
class kept_memory {
public:
  static constexpr std::size_t most_kept = 512; // twice what a shard sends before its actors run

  static void* take() {
    if (!first_) return ::operator new(size);
    --kept_;
    return std::exchange(first_, first_->next);
  }

  static void give(void* piece) noexcept {
    static thread_local const ending at_end;
    if (kept_ == most_kept) return ::operator delete(piece);
    ++kept_;
    first_ = ::new (piece) link{first_};
  }

  /// Pieces that this thread keeps.
  [[nodiscard]] static std::size_t kept() noexcept { return kept_; }

private:
  struct link {
    link* next;
  };
  static_assert(sizeof(link) <= size);
  struct ending {
    ~ending() {
      while (first_) ::operator delete(std::exchange(first_, first_->next));
      kept_ = most_kept; // what comes now is not kept
    }
  };

  static inline constinit thread_local link* first_ = nullptr;
  static inline constinit thread_local std::size_t kept_ = 0;
};

/// What carries one: as CAF's own carrier of a single value, which is final, but with memory that is kept.
template <class T>
class express_element final : public caf::mailbox_element, public caf::detail::tuple_vals_impl<caf::type_erased_tuple, T> {
public:
  express_element(caf::strong_actor_ptr from, T what)
    : caf::mailbox_element(std::move(from), caf::make_message_id(), {}),
      caf::detail::tuple_vals_impl<caf::type_erased_tuple, T>(std::move(what)) {}

  static void* operator new(std::size_t) { return kept_memory<sizeof(express_element)>::take(); }
  static void operator delete(void* piece) noexcept { kept_memory<sizeof(express_element)>::give(piece); }

  const T& what() const noexcept { return std::get<0>(this->data()); }

  caf::type_erased_tuple& content() override { return *this; }
  const caf::type_erased_tuple& content() const override { return *this; }
  caf::message move_content_to_message() override { return caf::make_message(std::move(std::get<0>(this->data()))); }
  caf::message copy_content_to_message() const override { return caf::make_message(what()); }
};

/// Whether an actor of this interface has a handler for T; one without an interface may have.
template <class Interface, class T>
inline constexpr bool may_handle = caf::response_type<caf::signatures_of_t<Interface>, T>::valid;

/// Puts `what` into the mailbox of `to`. @param from Empty: nobody. @param here What runs the caller.
template <class T>
void enqueue_express(caf::abstract_actor& to, caf::strong_actor_ptr from, T what, caf::execution_unit* here) {
  to.enqueue(caf::mailbox_element_ptr{new express_element<T>{std::move(from), std::move(what)}}, here);
}

/// Sends as `self->send(to, what)`. Thread: that of `self`.
/// @tparam Interface What `to` is known to be, if that is more than its handle says.
/// @param to Not empty.
template <class Interface = void, class Self, class Handle, class T>
void send_express(Self self, const Handle& to, T what) {
  static_assert(may_handle<std::conditional_t<std::is_void_v<Interface>, Handle, Interface>, T>, "it has no handler for that");
  enqueue_express(*caf::actor_cast<caf::abstract_actor*>(to), caf::strong_actor_ptr{self->ctrl()}, std::move(what),
                  self->context());
}

/// As above, to itself.
template <class Self, class T>
void send_express(Self self, T what) {
  static_assert(may_handle<Self, T>, "it has no handler for that");
  enqueue_express(*self, caf::strong_actor_ptr{self->ctrl()}, std::move(what), self->context());
}

/// Sends as `anon_send(to, what)`. Thread: that of `here`.
/// @param here The host of `to`.
/// @param to Not empty.
template <class Handle, class T>
void tell_express(caf::execution_unit& here, const Handle& to, T what) {
  static_assert(may_handle<Handle, T>, "it has no handler for that");
  enqueue_express(*caf::actor_cast<caf::abstract_actor*>(to), nullptr, std::move(what), &here);
}

class hosted_job;

/// What an actor does with a message that it gets often.
struct express_lane {
  const std::type_info* carrier; // its dynamic type
  void (*handle)(hosted_job& who, const caf::mailbox_element& carrier);
};

template <auto handler>
struct express_handler;

template <class State, class T, void (State::*handler)(const T&)>
struct express_handler<handler> {
  /// @tparam Pointer A hosted_pointer to an actor of that state.
  template <class Pointer>
  static void handle(hosted_job& who, const caf::mailbox_element& carrier) {
    (static_cast<Pointer>(&who)->state.*handler)(static_cast<const express_element<T>&>(carrier).what());
  }
  template <class Pointer>
  static constexpr express_lane lane() noexcept { return {&typeid(express_element<T>), handle<Pointer>}; }
};

/// Members of an actor's state, each `void (const T&)`: its handlers for the types T, most frequent first.
template <auto... handlers>
struct express_lanes {
  /// Up to one without a carrier. @tparam Pointer A hosted_pointer to an actor of that state.
  template <class Pointer>
  static constexpr express_lane of[] = {express_handler<handlers>::template lane<Pointer>()..., {nullptr, nullptr}};
};

} // namespace troupe
