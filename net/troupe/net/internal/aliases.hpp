// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// Names for the Boost types net uses. Sockets carry the loop's executor as its own type: the
// type-erased one costs an allocation or an indirect call at every step.
#pragma once
#include <boost/asio/basic_socket_acceptor.hpp>
#include <boost/asio/basic_stream_socket.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/system/error_code.hpp>

namespace boost::beast {
namespace http {}
namespace websocket {}
} // namespace boost::beast

namespace troupe::net {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
namespace websocket = boost::beast::websocket;

using error_code = boost::system::error_code;
using io_executor = asio::io_context::executor_type;
using tcp_socket = asio::basic_stream_socket<asio::ip::tcp, io_executor>;
using tcp_acceptor = asio::basic_socket_acceptor<asio::ip::tcp, io_executor>;

} // namespace troupe::net
