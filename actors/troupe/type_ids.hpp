// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// Where the type IDs of a program's own messages start: behind those of Troupe's.
#pragma once
#include <troupe/centrifuge/channel_messages.hpp>
#include <troupe/hooks/messages.hpp>
#include <troupe/hooks/user_messages.hpp>
#include <troupe/messages.hpp>

namespace troupe {

/// CAF_BEGIN_TYPE_ID_BLOCK(my_program, ::troupe::first_type_id)
/// IDs from 28,000 on are Troupe's again: blocks of parts that a program's messages have nothing to do with.
inline constexpr caf::type_id_t first_type_id = caf::id_block::troupe_users::end;

} // namespace troupe
