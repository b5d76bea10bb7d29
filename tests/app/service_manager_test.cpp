// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
#include "app/service_manager.hpp"

#include "support/catch.hpp"
#include "support/scratch_folder.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/local/datagram_protocol.hpp>

#include <cstdlib>
#include <string>

using troupe::app::tell_service_manager;

namespace {

using protocol = boost::asio::local::datagram_protocol;

/// A service manager that listens at a place.
class manager {
public:
  explicit manager(const std::string& at) : socket_{io_, protocol::endpoint{at}} { socket_.non_blocking(true); }

  /// What it was told next; nothing if nothing.
  std::string hear() {
    std::string lines(1'000, '\0');
    boost::system::error_code ec;
    lines.resize(socket_.receive(boost::asio::buffer(lines), 0, ec));
    return lines;
  }

private:
  boost::asio::io_context io_;
  protocol::socket socket_;
};

struct environment {
  ~environment() { ::unsetenv("NOTIFY_SOCKET"); }
  static void set(const std::string& place) { ::setenv("NOTIFY_SOCKET", place.c_str(), 1); }
};

} // namespace

TEST_CASE_METHOD(environment, "service manager: who gave an address is told", "[app]") {
  const troupe::tests::scratch_folder folder;
  const auto path = folder.file("notify");
  manager one{path};
  set(path);
  tell_service_manager("READY=1\nSTATUS=well");
  CHECK(one.hear() == "READY=1\nSTATUS=well");
  CHECK(one.hear().empty());

  const auto name = path.substr(1); // an abstract one is in no folder
  manager abstract{std::string(1, '\0') + name};
  set('@' + name);
  tell_service_manager("STOPPING=1");
  CHECK(abstract.hear() == "STOPPING=1");
}

TEST_CASE_METHOD(environment, "service manager: nobody, or one that does not listen, disturbs nothing", "[app]") {
  tell_service_manager("READY=1");
  for (const auto& place : {std::string{}, std::string{"vsock:1:2"}, std::string{"/nowhere/at/all"}, '/' + std::string(200, 'x')}) {
    set(place);
    CHECK_NOTHROW(tell_service_manager("READY=1"));
  }
}
