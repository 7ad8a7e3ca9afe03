#include "web/http/server.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/strand.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <ctime>
#include <list>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

#include "base/error.hpp"
#include "web/http/event_topics.hpp"
#include "web/http/url.hpp"

namespace bench {

namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
using tcp = asio::ip::tcp;
using ErrorCode = boost::system::error_code;

constexpr std::chrono::seconds heartbeat_interval{15};
/// How much later than promised a connection that is too slow may be closed.
constexpr std::chrono::seconds deadline_tick{1};
constexpr std::size_t header_piece = 4'096;
constexpr std::size_t body_piece = 65'536;
constexpr std::size_t file_piece = 262'144;

// Once a second is enough.
std::string date_now() {
  static thread_local std::time_t told_at = 0;
  static thread_local std::string told;
  const std::time_t now = std::time(nullptr);
  if (now != told_at) {
    told = http_date(now);
    told_at = now;
  }
  return told;
}

std::uint64_t size_of(const HttpResponse& response) {
  if (const auto* text = std::get_if<std::string>(&response.body)) return text->size();
  if (const auto* part = std::get_if<FilePart>(&response.body)) return part->size;
  return 0;
}

bool has_body(int status) {
  return status != 204 && status != 304;
}

enum class After { keep, close };

std::string head_of(const HttpResponse& response, After after) {
  fmt::memory_buffer head;
  const auto out = std::back_inserter(head);
  fmt::format_to(out, "HTTP/1.1 {} {}\r\nDate: {}\r\n", response.status, reason_phrase(response.status),
                 date_now());
  for (const auto& [name, value] : response.headers) fmt::format_to(out, "{}: {}\r\n", name, value);
  const bool is_stream = std::holds_alternative<EventStream>(response.body);
  if (!is_stream && has_body(response.status))
    fmt::format_to(out, "Content-Length: {}\r\n", size_of(response));
  if (after == After::close || is_stream) fmt::format_to(out, "Connection: close\r\n");
  fmt::format_to(out, "\r\n");
  return fmt::to_string(head);
}

HttpResponse bare(int status) {
  return text_response(status, "text/plain; charset=utf-8", fmt::format("{}\n", reason_phrase(status)));
}

int status_of(const ErrorCode& error) {
  if (error == http::error::body_limit) return 413;
  if (error == http::error::header_limit) return 431;
  return 400;
}

using Parser = http::request_parser<http::string_body>;

// Beast takes a body in any other coding for none, and its bytes for the next request (RFC 9112, 6.1).
bool has_plain_framing(const Parser::value_type& message) {
  const std::size_t codings = message.count(http::field::transfer_encoding);
  return codings == 0 || (codings == 1 && beast::iequals(message[http::field::transfer_encoding], "chunked"));
}

// What can be told of a request, also of one that goes no further.
HttpRequest beginning_of(const Parser::value_type& message) {
  HttpRequest request;
  request.method = std::string(message.method_string());
  request.target = std::string(message.target());
  for (const auto& field : message)
    request.headers.add(std::string(field.name_string()), std::string(field.value()));
  return request;
}

// Takes the body out of the message. nullopt when what was sent is not one plain request.
std::optional<HttpRequest> request_of(Parser::value_type& message, const std::string& client) {
  if (message.version() == 11 && message.count(http::field::host) != 1) return std::nullopt;
  // A line that Beast has put behind it, for one.
  if (message[http::field::host].find_first_of(" \t,/?#@") != std::string_view::npos) return std::nullopt;
  HttpRequest request = beginning_of(message);
  auto target = parse_target(request.target);
  if (!target) return std::nullopt;
  request.path = std::move(target->path);
  request.segments = std::move(target->segments);
  request.query = std::move(target->query);
  request.body = std::move(message.body());
  request.client = client;
  return request;
}

}  // namespace

class HttpServer::Implementation {
 public:
  Implementation(const ServerOptions& options, Handler handler, Log log);
  std::uint16_t port() const { return m_acceptor.local_endpoint().port(); }
  void run();
  void stop();

 private:
  struct Connection {
    explicit Connection(tcp::socket accepted) : socket(std::move(accepted)), wake_up(socket.get_executor()) {}
    void close() {
      ErrorCode ignored;
      socket.close(ignored);
    }
    void allow(std::chrono::milliseconds time) { deadline = std::chrono::steady_clock::now() + time; }

    tcp::socket socket;          ///< its executor is a strand: nothing else may touch what is here
    asio::steady_timer wake_up;  ///< of a stream of events
    std::string client;
    bool is_idle = true;
    bool is_gone = false;
    /// When it is closed. Whoever looks for those that are late reads it from outside.
    std::atomic<std::chrono::steady_clock::time_point> deadline =
        std::chrono::steady_clock::time_point::max();
  };
  using Connections = std::list<std::shared_ptr<Connection>>;
  /// What became of reading a request.
  struct Arrival {
    std::optional<HttpRequest> request;  ///< of one that is refused, what the log tells
    int refused_with = 0;                ///< the status; 0 without a request: the client is gone
    After after = After::keep;
  };

  bool begin_serving(const asio::any_io_executor& strand, tcp::socket socket);
  asio::awaitable<void> accept();
  asio::awaitable<void> close_late();
  asio::awaitable<void> serve(Connections::iterator place);
  asio::awaitable<ErrorCode> receive(Connection& connection, beast::flat_buffer& buffer, std::size_t piece);
  asio::awaitable<ErrorCode> parse(Connection& connection, beast::flat_buffer& buffer, Parser& parser,
                                   bool (Parser::*is_done)() const);
  asio::awaitable<Arrival> read(Connection& connection, beast::flat_buffer& buffer);
  HttpResponse answer(const HttpRequest& request) const;
  template <typename Buffers>
  asio::awaitable<bool> send(Connection& connection, Buffers buffers);
  asio::awaitable<bool> write(Connection& connection, const HttpResponse& response, bool head_only,
                              After after);
  asio::awaitable<bool> write_file(Connection& connection, const FilePart& part);
  asio::awaitable<void> stream_events(std::shared_ptr<Connection> connection, const EventStream& events);
  asio::awaitable<void> wait_for_end(std::shared_ptr<Connection> connection);
  void tell(const HttpRequest& request, const Connection& connection, const HttpResponse& response,
            std::chrono::steady_clock::time_point began) const;
  template <typename Action>
  void for_each_connection(Action action);
  std::size_t connections();
  Connections::iterator add(std::shared_ptr<Connection> connection);
  void remove(Connections::iterator place);
  void end_if_last();

  ServerOptions m_options;
  Handler m_handler;
  Log m_log;
  std::atomic<bool> m_stopping = false;
  std::mutex m_mutex;
  Connections m_connections;
  EventTopics m_topics{m_io};
  // What was suspended goes with it, and uses what stands above.
  asio::io_context m_io;
  asio::strand<asio::io_context::executor_type> m_control = asio::make_strand(m_io);
  tcp::acceptor m_acceptor{m_control};
  asio::steady_timer m_grace{m_control};
  asio::steady_timer m_tick{m_control};
};

HttpServer::Implementation::Implementation(const ServerOptions& options, Handler handler, Log log)
    : m_options(options), m_handler(std::move(handler)), m_log(std::move(log)) {
  ErrorCode error;
  const auto address = asio::ip::make_address(m_options.host, error);
  if (error)
    throw Error(Kind::usage, fmt::format("'{}' is no IP address", m_options.host), "use --host 127.0.0.1");
  const tcp::endpoint endpoint(address, m_options.port);
  m_acceptor.open(endpoint.protocol());
  m_acceptor.set_option(asio::socket_base::reuse_address(true));
  m_acceptor.bind(endpoint, error);
  if (!error) m_acceptor.listen(asio::socket_base::max_listen_connections, error);
  if (error)
    throw Error(
        Kind::usage,
        fmt::format("cannot listen on {} port {}: {}", m_options.host, m_options.port, error.message()),
        error == asio::error::address_in_use ? "choose another with --port"
        : m_options.port < 1024 ? "choose a --port from 1024 on, and let a proxy listen on this one"
                                : "name an address of this machine with --host");
}

void HttpServer::Implementation::run() {
  asio::co_spawn(m_control, accept(), asio::detached);
  asio::co_spawn(m_control, close_late(), asio::detached);
  std::vector<std::jthread> others;
  try {
    for (int i = 1; i < m_options.workers; ++i) others.emplace_back([this] { m_io.run(); });
  } catch (const std::system_error&) {
    // Where the system grants no more threads, those that are there serve.
  }
  m_io.run();
}

void HttpServer::Implementation::stop() {
  asio::post(m_control, [this] {
    if (m_stopping.exchange(true)) return;
    ErrorCode ignored;
    m_acceptor.close(ignored);
    for_each_connection([](Connection& connection) {
      if (connection.is_idle) connection.close();
      connection.wake_up.cancel();
    });
    m_grace.expires_after(m_options.grace);
    m_grace.async_wait([this](const ErrorCode& cancelled) {
      if (!cancelled) for_each_connection([](Connection& connection) { connection.close(); });
    });
    end_if_last();
  });
}

template <typename Action>
void HttpServer::Implementation::for_each_connection(Action action) {
  const std::lock_guard lock(m_mutex);
  for (const auto& connection : m_connections)
    asio::post(connection->socket.get_executor(), [connection, action] { action(*connection); });
}

std::size_t HttpServer::Implementation::connections() {
  const std::lock_guard lock(m_mutex);
  return m_connections.size();
}

HttpServer::Implementation::Connections::iterator HttpServer::Implementation::add(
    std::shared_ptr<Connection> connection) {
  const std::lock_guard lock(m_mutex);
  return m_connections.insert(m_connections.end(), std::move(connection));
}

void HttpServer::Implementation::remove(Connections::iterator place) {
  {
    const std::lock_guard lock(m_mutex);
    m_connections.erase(place);
  }
  asio::post(m_control, [this] { end_if_last(); });
}

// The last connection that ends after `stop` lets `run` return.
void HttpServer::Implementation::end_if_last() {
  if (!m_stopping || connections() > 0) return;
  m_grace.cancel();
  m_tick.cancel();
}

// False when there is not enough memory for it now.
bool HttpServer::Implementation::begin_serving(const asio::any_io_executor& strand, tcp::socket socket) {
  std::optional<Connections::iterator> place;
  try {
    place = add(std::make_shared<Connection>(std::move(socket)));
    asio::co_spawn(strand, serve(*place), asio::detached);
    return true;
  } catch (const std::exception&) {
    if (place) remove(*place);
    return false;
  }
}

asio::awaitable<void> HttpServer::Implementation::accept() {
  asio::steady_timer pause(m_control);
  while (!m_stopping) {
    ErrorCode error;
    // Whoever is too many waits in the system's queue, and a lack of descriptors passes.
    bool must_pause = connections() >= m_options.max_connections;
    if (!must_pause) {
      const asio::any_io_executor strand = asio::make_strand(m_io);
      tcp::socket socket =
          co_await m_acceptor.async_accept(strand, asio::redirect_error(asio::use_awaitable, error));
      must_pause = error || !begin_serving(strand, std::move(socket));
    }
    if (must_pause && !m_stopping) {
      pause.expires_after(std::chrono::milliseconds(20));
      co_await pause.async_wait(asio::redirect_error(asio::use_awaitable, error));
    }
  }
}

// A timer of its own for each thing that a connection waits for would cost more than most answers.
asio::awaitable<void> HttpServer::Implementation::close_late() {
  while (!m_stopping || connections() > 0) {
    try {
      ErrorCode cancelled;
      m_tick.expires_after(deadline_tick);
      co_await m_tick.async_wait(asio::redirect_error(asio::use_awaitable, cancelled));
      const auto now = std::chrono::steady_clock::now();
      const std::lock_guard lock(m_mutex);
      for (const auto& connection : m_connections)
        if (connection->deadline.load() < now)
          asio::post(connection->socket.get_executor(), [connection, now] {
            if (connection->deadline.load() < now) connection->close();
          });
    } catch (const std::exception&) {
      // Out of memory for the moment: those that are late are found by the next look.
    }
  }
}

asio::awaitable<void> HttpServer::Implementation::serve(Connections::iterator place) {
  const std::shared_ptr<Connection> held = *place;
  Connection& connection = *held;
  ErrorCode error;
  connection.socket.set_option(tcp::no_delay(true), error);
  connection.socket.non_blocking(true, error);
  const tcp::endpoint peer = connection.socket.remote_endpoint(error);
  connection.client = error ? "" : peer.address().to_string();
  try {
    beast::flat_buffer buffer(m_options.max_header + body_piece);
    for (After after = After::keep; after == After::keep && !m_stopping;) {
      Arrival arrival = co_await read(connection, buffer);
      if (!arrival.request && arrival.refused_with == 0) break;
      const auto began = std::chrono::steady_clock::now();
      const HttpRequest request = std::move(arrival.request).value_or(HttpRequest{});
      HttpResponse response = arrival.refused_with != 0 ? bare(arrival.refused_with) : HttpResponse{};
      if (arrival.refused_with == 0) response = answer(request);
      after = m_stopping || arrival.refused_with != 0 ? After::close : arrival.after;
      const bool written = co_await write(connection, response, request.method == "HEAD", after);
      tell(request, connection, response, began);
      if (!written) break;
      const auto* events = std::get_if<EventStream>(&response.body);
      if (events != nullptr && request.method != "HEAD") {
        co_await stream_events(held, *events);
        break;
      }
      // Whoever has sent many requests at once waits for others between two of them.
      if (buffer.size() > 0) co_await asio::post(connection.socket.get_executor(), asio::use_awaitable);
    }
  } catch (const std::exception&) {
    // The connection is lost, and nobody is left to tell.
  }
  connection.socket.shutdown(tcp::socket::shutdown_send, error);
  remove(place);
}

asio::awaitable<ErrorCode> HttpServer::Implementation::receive(Connection& connection,
                                                               beast::flat_buffer& buffer,
                                                               std::size_t piece) {
  ErrorCode error;
  const std::size_t size = co_await connection.socket.async_read_some(
      buffer.prepare(piece), asio::redirect_error(asio::use_awaitable, error));
  buffer.commit(size);
  // It was late: what came just before that is not answered any more, so it must not be done either.
  if (!error && !connection.socket.is_open()) error = asio::error::operation_aborted;
  co_return error;
}

asio::awaitable<ErrorCode> HttpServer::Implementation::parse(Connection& connection,
                                                             beast::flat_buffer& buffer, Parser& parser,
                                                             bool (Parser::*is_done)() const) {
  const bool in_header = !parser.is_header_done();
  // The parser's own limit holds for what it is given at once. In a body only the line before a chunk and the
  // trailers behind the last are not taken as they come.
  std::size_t taken = 0;
  for (;;) {
    ErrorCode error;
    if (!(parser.*is_done)() && buffer.size() > 0) {
      const std::size_t size = parser.put(buffer.cdata(), error);
      buffer.consume(size);
      if (in_header) taken += size;
    }
    if (error == http::error::need_more) error = {};
    if (error) co_return error;
    const bool is_over = (parser.*is_done)();
    if (taken + (is_over ? 0 : buffer.size()) > m_options.max_header) co_return http::error::header_limit;
    if (is_over) co_return error;
    error = co_await receive(connection, buffer, in_header ? header_piece : body_piece);
    if (error) co_return error;
  }
}

asio::awaitable<HttpServer::Implementation::Arrival> HttpServer::Implementation::read(
    Connection& connection, beast::flat_buffer& buffer) {
  if (buffer.size() == 0) {
    // What rests must not hold what its last request needed.
    buffer.shrink_to_fit();
    connection.is_idle = true;
    connection.allow(m_options.idle_timeout);
    const ErrorCode error = co_await receive(connection, buffer, header_piece);
    connection.is_idle = false;
    if (error || m_stopping) co_return Arrival{};
  }
  Parser parser;
  parser.header_limit(static_cast<std::uint32_t>(m_options.max_header));
  parser.body_limit(m_options.max_body);
  connection.allow(m_options.header_timeout);
  ErrorCode error = co_await parse(connection, buffer, parser, &Parser::is_header_done);
  if (!error && !has_plain_framing(parser.get())) co_return Arrival{beginning_of(parser.get()), 501};
  if (!error) {
    const auto expected = parser.get()[http::field::expect];
    if (!expected.empty() && !beast::iequals(expected, "100-continue"))
      co_return Arrival{beginning_of(parser.get()), 417};
    if (!expected.empty()) {
      constexpr std::string_view go_on = "HTTP/1.1 100 Continue\r\n\r\n";
      const bool is_sent = co_await send(connection, asio::buffer(go_on));
      if (!is_sent) co_return Arrival{};
    }
    connection.allow(m_options.body_timeout);
    parser.eager(true);
    error = co_await parse(connection, buffer, parser, &Parser::is_done);
  }
  const bool is_gone = error == asio::error::eof || error.category() == asio::error::get_system_category();
  if (error && is_gone) co_return Arrival{};
  if (error) co_return Arrival{beginning_of(parser.get()), status_of(error)};
  const After after = parser.keep_alive() ? After::keep : After::close;
  auto request = request_of(parser.get(), connection.client);
  if (!request) co_return Arrival{beginning_of(parser.get()), 400};
  co_return Arrival{std::move(request), 0, after};
}

HttpResponse HttpServer::Implementation::answer(const HttpRequest& request) const {
  try {
    return m_handler(request);
  } catch (const std::exception&) {
    return bare(500);
  }
}

// Most answers fit into what the system takes at once: then nothing is waited for.
template <typename Buffers>
asio::awaitable<bool> HttpServer::Implementation::send(Connection& connection, Buffers buffers) {
  connection.allow(m_options.write_timeout);
  ErrorCode error;
  const std::size_t size = connection.socket.write_some(buffers, error);
  if (error && error != asio::error::would_block) co_return false;
  if (size == asio::buffer_size(buffers)) co_return true;
  beast::buffers_suffix<Buffers> rest(buffers);
  rest.consume(size);
  co_await asio::async_write(connection.socket, rest, asio::redirect_error(asio::use_awaitable, error));
  co_return !error;
}

asio::awaitable<bool> HttpServer::Implementation::write(Connection& connection, const HttpResponse& response,
                                                        bool head_only, After after) {
  const std::string head = head_of(response, after);
  std::array<asio::const_buffer, 2> buffers{asio::buffer(head), asio::const_buffer()};
  const auto* text = std::get_if<std::string>(&response.body);
  if (text != nullptr && !head_only && has_body(response.status)) buffers[1] = asio::buffer(*text);
  const bool is_sent = co_await send(connection, buffers);
  const auto* part = std::get_if<FilePart>(&response.body);
  if (!is_sent || part == nullptr || head_only) co_return is_sent;
  co_return co_await write_file(connection, *part);
}

asio::awaitable<bool> HttpServer::Implementation::write_file(Connection& connection, const FilePart& part) {
  std::string piece;
  for (std::uint64_t done = 0; done < part.size;) {
    // A client that takes everything at once would keep this thread until the end of the file.
    if (done > 0) co_await asio::post(connection.socket.get_executor(), asio::use_awaitable);
    piece.resize(static_cast<std::size_t>(std::min<std::uint64_t>(file_piece, part.size - done)));
    const ssize_t size =
        ::pread(part.file.get(), piece.data(), piece.size(), static_cast<off_t>(part.offset + done));
    // The file became shorter: the length that was promised cannot be kept.
    if (size <= 0) co_return false;
    const bool is_sent =
        co_await send(connection, asio::buffer(piece.data(), static_cast<std::size_t>(size)));
    if (!is_sent) co_return false;
    done += static_cast<std::uint64_t>(size);
  }
  co_return true;
}

asio::awaitable<void> HttpServer::Implementation::stream_events(std::shared_ptr<Connection> connection,
                                                                const EventStream& events) {
  const auto strand = connection->socket.get_executor();
  EventTopics::Listener listener(m_topics, events, [strand, connection] {
    asio::post(strand, [connection] { connection->wake_up.cancel(); });
  });
  asio::co_spawn(strand, wait_for_end(connection), asio::detached);
  for (;;) {
    const auto news = listener.news();
    const std::string piece = news ? fmt::format("data: {}\n\n", *news) : ":\n\n";
    const bool is_sent = co_await send(*connection, asio::buffer(piece));
    if (!is_sent || m_stopping || connection->is_gone) break;
    // It may rest as long as the page is open.
    connection->deadline = std::chrono::steady_clock::time_point::max();
    // Whoever wakes this up from here on finds the timer running: the strand is held until it does.
    if (listener.has_news()) continue;
    ErrorCode woken;
    connection->wake_up.expires_after(heartbeat_interval);
    co_await connection->wake_up.async_wait(asio::redirect_error(asio::use_awaitable, woken));
    if (m_stopping || connection->is_gone) break;
  }
  connection->close();
}

// A client says nothing more on a stream of events: what can be read is its end.
asio::awaitable<void> HttpServer::Implementation::wait_for_end(std::shared_ptr<Connection> connection) {
  std::array<char, 64> unused{};
  ErrorCode error;
  co_await connection->socket.async_read_some(asio::buffer(unused),
                                              asio::redirect_error(asio::use_awaitable, error));
  connection->is_gone = true;
  connection->wake_up.cancel();
}

void HttpServer::Implementation::tell(const HttpRequest& request, const Connection& connection,
                                      const HttpResponse& response,
                                      std::chrono::steady_clock::time_point began) const {
  if (!m_log) return;
  m_log({.client = connection.client,
         .forwarded_for = std::string(request.headers.get("X-Forwarded-For")),
         .method = request.method,
         .target = request.target,
         .host = std::string(request.headers.get("Host")),
         .user_agent = std::string(request.headers.get("User-Agent")),
         .status = response.status,
         .bytes = size_of(response),
         .duration = std::chrono::duration_cast<std::chrono::microseconds>(std::chrono::steady_clock::now() -
                                                                           began)});
}

HttpServer::HttpServer(const ServerOptions& options, Handler handler, Log log)
    : m_implementation(std::make_unique<Implementation>(options, std::move(handler), std::move(log))) {}
HttpServer::~HttpServer() = default;
std::uint16_t HttpServer::port() const {
  return m_implementation->port();
}
void HttpServer::run() {
  m_implementation->run();
}
void HttpServer::stop() {
  m_implementation->stop();
}

}  // namespace bench
