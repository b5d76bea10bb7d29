// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
#include "app/option_builders.hpp"
#include "app/option_tables.hpp"

#include <troupe/net/cluster/options.hpp>

namespace troupe::app {

using namespace std::chrono_literals;

std::vector<option> engine_option_table() {
  using net::cluster::engine_kind;
  constexpr auto plain_text = "a text without zero bytes";
  return {
      choice("engine.type", TROUPE_FIELD(server.cluster.engine),
             std::vector<std::pair<std::string_view, engine_kind>>{{"memory", engine_kind::memory},
                                                                   {"nats", engine_kind::nats}},
             "Whether this server is alone, or one of several that NATS connects."),
      duration("engine.heartbeat", TROUPE_FIELD(server.cluster.beat), {100ms, 60s},
               "Time between two signs of life that a node gives the others."),
      duration("engine.node_timeout", TROUPE_FIELD(server.cluster.timeout), {500ms, 10min},
               "A node that gives none for so long is gone; others take its channels over."),

      list("nats.servers", TROUPE_FIELD(server.cluster.nats.servers),
           "URLs such as nats://10.0.0.1:4222 or tls://nats.example.com:4222, without user or password",
           net::cluster::is_nats_url, "NATS servers, of which one is connected to."),
      text("nats.prefix", TROUPE_FIELD(server.cluster.nats.prefix),
           "words of letters, digits, - and _, with dots between them", net::cluster::is_subject_prefix,
           "What subjects begin with. Nodes with the same one are one cluster."),
      text("nats.user", TROUPE_FIELD(server.cluster.nats.user), plain_text, is_path,
           "User of the NATS server; empty: none."),
      secret(text("nats.password", TROUPE_FIELD(server.cluster.nats.password), plain_text, is_path,
                  "Password of that user.")),
      secret(text("nats.token", TROUPE_FIELD(server.cluster.nats.token), plain_text, is_path,
                  "Token for the NATS server, in place of a user.")),
      text("nats.credentials", TROUPE_FIELD(server.cluster.nats.credentials), "a path", is_path,
           "File with the JWT and the seed of a user of the NATS server."),
      text("nats.tls_ca", TROUPE_FIELD(server.cluster.nats.tls_ca), "a path", is_path,
           "PEM file with the authorities that NATS servers with tls:// are trusted by; empty: the system's."),
      text("nats.tls_certificate", TROUPE_FIELD(server.cluster.nats.tls_certificate), "a path", is_path,
           "PEM file with the certificate chain that this node shows them; empty: none."),
      text("nats.tls_key", TROUPE_FIELD(server.cluster.nats.tls_key), "a path", is_path,
           "PEM file with the private key of that certificate."),
  };
}

} // namespace troupe::app
