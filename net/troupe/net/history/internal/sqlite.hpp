// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// SQLite as values: a connection, and statements that are prepared once. Thread: that of its owner; one at a time.
#pragma once
#include <cstdint>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>

struct sqlite3;
struct sqlite3_stmt;

namespace troupe::net::history::internal {

/// What SQLite could not do.
class sqlite_failure : public std::runtime_error {
public:
  sqlite_failure(int code, const std::string& what) : std::runtime_error{what}, code_{code} {}
  /// The file is no database, or is one that is broken.
  [[nodiscard]] bool is_damage() const noexcept;
  /// Another process has it.
  [[nodiscard]] bool is_busy() const noexcept;

private:
  int code_;
};

class sqlite_connection {
public:
  /// @throws sqlite_failure
  explicit sqlite_connection(const std::string& path);

  /// Runs one or more statements without parameters. @throws sqlite_failure
  void run(const char* sql);
  [[nodiscard]] bool in_transaction() const noexcept;
  /// Row that was inserted last.
  [[nodiscard]] std::int64_t last_row() const noexcept;
  [[nodiscard]] sqlite3* get() const noexcept { return it_.get(); }

private:
  struct closer {
    void operator()(sqlite3* of) const noexcept;
  };
  std::unique_ptr<sqlite3, closer> it_;
};

/// Its parameters are bound by position; what they refer to outlives the row.
class sqlite_statement {
public:
  /// @throws sqlite_failure
  sqlite_statement(const sqlite_connection& in, std::string_view sql);

  /// Begins anew with these parameters. @throws sqlite_failure
  template <class... Parameters>
  void begin(const Parameters&... all) {
    reset();
    int at = 0;
    (bind(++at, all), ...);
  }
  /// The next row. @returns false: there is none; then it is reset. @throws sqlite_failure
  bool next();
  /// begin() and all rows, for what has none. @throws sqlite_failure
  template <class... Parameters>
  void run(const Parameters&... all) {
    begin(all...);
    while (next()) {}
  }
  void reset() noexcept;

  /// Of the row, by column from 0. Texts hold until the next row.
  [[nodiscard]] std::int64_t number(int column) const noexcept;
  [[nodiscard]] std::string_view text(int column) const noexcept;
  [[nodiscard]] std::string_view bytes(int column) const noexcept;

private:
  /// Bytes that are no text.
  friend struct blob;
  void bind(int at, std::int64_t value);
  void bind(int at, std::string_view text);
  void bind(int at, const struct blob& bytes);
  void check(int code) const;

  struct ender {
    void operator()(sqlite3_stmt* of) const noexcept;
  };
  std::unique_ptr<sqlite3_stmt, ender> it_;
};

struct blob {
  std::string_view bytes;
};

} // namespace troupe::net::history::internal
