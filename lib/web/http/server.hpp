#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "web/http/message.hpp"

namespace bench {

struct ServerOptions {
  std::string host = "127.0.0.1";
  std::uint16_t port = 8000;  ///< 0: any that is free
  int workers = 16;           ///< requests that are answered at the same time
  std::size_t max_header = 16'384;
  std::size_t max_body = 25'000'000;
  std::size_t max_connections = 4'096;
  /// A request's header must be there this long after its first byte; its body may take longer.
  std::chrono::milliseconds header_timeout{10'000};
  std::chrono::milliseconds body_timeout{60'000};
  /// How long a connection may rest between two requests.
  std::chrono::milliseconds idle_timeout{75'000};
  /// How long the client may take for each piece of an answer.
  std::chrono::milliseconds write_timeout{60'000};
  /// How long `stop` waits for requests that are being answered.
  std::chrono::milliseconds grace{30'000};
};

/// What the access log tells of one request.
struct Exchange {
  std::string client, forwarded_for, method, target, host, user_agent;
  int status = 0;
  std::uint64_t bytes = 0;  ///< of the body
  std::chrono::microseconds duration{0};
};

/// An HTTP/1.1 server (RFC 9110, 9112) on `workers` threads, each of which reads, answers and writes for
/// whichever connection has something to do: an answer that takes long holds up one of them. What is no
/// proper request (a length given in two ways, no Host, too large, too slow) never reaches the handler.
class HttpServer {
 public:
  /// Called from several threads at once. What it throws becomes a bare 500.
  using Handler = std::function<HttpResponse(const HttpRequest&)>;
  /// Likewise.
  using Log = std::function<void(const Exchange&)>;

  /// Listens from here on. Error{usage} when the address is taken or not ours.
  HttpServer(const ServerOptions& options, Handler handler, Log log);
  ~HttpServer();
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;

  std::uint16_t port() const;
  /// Serves until `stop`.
  void run();
  /// From any thread: no new connection is taken, requests that are being answered are finished, event
  /// streams end.
  void stop();

 private:
  class Implementation;
  std::unique_ptr<Implementation> m_implementation;
};

}  // namespace bench
