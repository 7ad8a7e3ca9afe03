#pragma once

#include <cstdint>
#include <ctime>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "base/file.hpp"

namespace bench {

/// Header fields in their order; names are compared without regard to case (RFC 9110, 5.1).
class HttpHeaders {
 public:
  using Field = std::pair<std::string, std::string>;

  /// The first field of that name; nullopt when there is none.
  std::optional<std::string_view> find(std::string_view name) const;
  std::string_view get(std::string_view name) const { return find(name).value_or(std::string_view()); }
  void add(std::string name, std::string value);
  /// Replaces all fields of that name.
  void set(std::string_view name, std::string value);
  void remove(std::string_view name);

  auto begin() const { return m_fields.begin(); }
  auto end() const { return m_fields.end(); }

 private:
  std::vector<Field> m_fields;
};

/// Names and values, decoded, in their order; a name may come more than once.
class HttpParameters {
 public:
  using Parameter = std::pair<std::string, std::string>;

  std::optional<std::string_view> find(std::string_view name) const;
  std::string_view get(std::string_view name) const { return find(name).value_or(std::string_view()); }
  void add(std::string name, std::string value);

  bool empty() const { return m_parameters.empty(); }
  auto begin() const { return m_parameters.begin(); }
  auto end() const { return m_parameters.end(); }

 private:
  std::vector<Parameter> m_parameters;
};

struct HttpRequest {
  std::string method;  ///< as sent: "GET"
  std::string target;  ///< as sent: "/books?sort=title"
  std::string path;    ///< decoded and without dot segments: "/books"; see Target
  std::vector<std::string> segments;
  HttpParameters query;
  HttpHeaders headers;
  std::string body;
  std::string client;  ///< the peer's address, without port

  /// GET, HEAD or OPTIONS: what must not change anything (RFC 9110, 9.2.1).
  bool is_read() const { return method == "GET" || method == "HEAD" || method == "OPTIONS"; }
};

/// A part of an open file.
struct FilePart {
  FileDescriptor file;
  std::uint64_t offset = 0;
  std::uint64_t size = 0;
};

/// A response that does not end (text/event-stream,
/// https://html.spec.whatwg.org/multipage/server-sent-events.html): the server asks each topic's `state`
/// about twice a second, and sends it, as the data of one event, at first and whenever it has changed.
struct EventStream {
  std::string topic;
  std::function<std::string()> state;
};

struct HttpResponse {
  int status = 200;
  HttpHeaders headers;
  std::variant<std::string, FilePart, EventStream> body;

  /// The body where it is text; nullptr where it is not.
  std::string* text() { return std::get_if<std::string>(&body); }
};

/// A response with a text for a body.
HttpResponse text_response(int status, std::string content_type, std::string body);
/// 302, or 303 after a write, so that the browser asks with GET.
HttpResponse redirect(std::string location, int status = 302);

/// "Sun, 06 Nov 1994 08:49:37 GMT" (RFC 9110, 5.6.7).
std::string http_date(std::time_t time);

/// "Not Found"
std::string_view reason_phrase(int status);

}  // namespace bench
