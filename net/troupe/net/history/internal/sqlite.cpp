// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
#include <troupe/net/history/internal/sqlite.hpp>

#include <sqlite3.h>

namespace troupe::net::history::internal {

namespace {

constexpr int primary = 0xff; // of an extended code

[[noreturn]] void fail(sqlite3* in, int code) {
  // Of a connection that could not be made there is only the code.
  throw sqlite_failure{code, in ? sqlite3_errmsg(in) : sqlite3_errstr(code)};
}

} // namespace

bool sqlite_failure::is_damage() const noexcept {
  return (code_ & primary) == SQLITE_CORRUPT || (code_ & primary) == SQLITE_NOTADB;
}

bool sqlite_failure::is_busy() const noexcept {
  return (code_ & primary) == SQLITE_BUSY || (code_ & primary) == SQLITE_LOCKED;
}

void sqlite_connection::closer::operator()(sqlite3* of) const noexcept { sqlite3_close_v2(of); }

sqlite_connection::sqlite_connection(const std::string& path) {
  sqlite3* made = nullptr;
  const auto code = sqlite3_open_v2(path.c_str(), &made,
                                    SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX, nullptr);
  it_.reset(made);
  if (code != SQLITE_OK) fail(made, code);
  sqlite3_extended_result_codes(made, 1);
}

void sqlite_connection::run(const char* sql) {
  if (const auto code = sqlite3_exec(get(), sql, nullptr, nullptr, nullptr); code != SQLITE_OK) fail(get(), code);
}

bool sqlite_connection::in_transaction() const noexcept { return sqlite3_get_autocommit(get()) == 0; }

std::int64_t sqlite_connection::last_row() const noexcept { return sqlite3_last_insert_rowid(get()); }

void sqlite_statement::ender::operator()(sqlite3_stmt* of) const noexcept { sqlite3_finalize(of); }

sqlite_statement::sqlite_statement(const sqlite_connection& in, std::string_view sql) {
  sqlite3_stmt* made = nullptr;
  const auto code = sqlite3_prepare_v3(in.get(), sql.data(), static_cast<int>(sql.size()), SQLITE_PREPARE_PERSISTENT,
                                       &made, nullptr);
  it_.reset(made);
  if (code != SQLITE_OK) fail(in.get(), code);
}

bool sqlite_statement::next() {
  const auto code = sqlite3_step(it_.get());
  if (code == SQLITE_ROW) return true;
  if (code != SQLITE_DONE) {
    const sqlite_failure why{code, sqlite3_errmsg(sqlite3_db_handle(it_.get()))};
    reset();
    throw why;
  }
  reset();
  return false;
}

void sqlite_statement::reset() noexcept { sqlite3_reset(it_.get()); }

std::int64_t sqlite_statement::number(int column) const noexcept { return sqlite3_column_int64(it_.get(), column); }

std::string_view sqlite_statement::text(int column) const noexcept {
  const auto* begin = reinterpret_cast<const char*>(sqlite3_column_text(it_.get(), column));
  return begin ? std::string_view{begin, static_cast<std::size_t>(sqlite3_column_bytes(it_.get(), column))}
               : std::string_view{};
}

std::string_view sqlite_statement::bytes(int column) const noexcept {
  const auto* begin = static_cast<const char*>(sqlite3_column_blob(it_.get(), column));
  return begin ? std::string_view{begin, static_cast<std::size_t>(sqlite3_column_bytes(it_.get(), column))}
               : std::string_view{};
}

void sqlite_statement::bind(int at, std::int64_t value) { check(sqlite3_bind_int64(it_.get(), at, value)); }

void sqlite_statement::bind(int at, std::string_view text) {
  check(sqlite3_bind_text64(it_.get(), at, text.data(), text.size(), SQLITE_STATIC, SQLITE_UTF8));
}

void sqlite_statement::bind(int at, const blob& bytes) {
  check(sqlite3_bind_blob64(it_.get(), at, bytes.bytes.data(), bytes.bytes.size(), SQLITE_STATIC));
}

void sqlite_statement::check(int code) const {
  if (code != SQLITE_OK) fail(sqlite3_db_handle(it_.get()), code);
}

} // namespace troupe::net::history::internal
