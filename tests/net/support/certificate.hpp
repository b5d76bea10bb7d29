// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// CERTIFICATE: a fresh self-signed certificate for localhost and its key as PEM files, removed with
// the object.
#pragma once
#include <filesystem>
#include <string>

namespace troupe::tests {

class certificate {
public:
  certificate();
  ~certificate();
  certificate(const certificate&) = delete;
  certificate& operator=(const certificate&) = delete;

  [[nodiscard]] std::string chain() const { return (folder_ / "chain.pem").string(); }
  [[nodiscard]] std::string key() const { return (folder_ / "key.pem").string(); }
  /// A file that holds something else.
  [[nodiscard]] std::string garbage() const { return (folder_ / "garbage.pem").string(); }

private:
  std::filesystem::path folder_;
};

} // namespace troupe::tests
