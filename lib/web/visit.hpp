#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>

#include "users/users.hpp"
#include "web/http/failure.hpp"
#include "web/http/message.hpp"
#include "web/served_site.hpp"
#include "web/session.hpp"
#include "web/template/template.hpp"

namespace bench {

/// One request to one site, and who makes it.
struct Visit {
  const HttpRequest& request;
  std::shared_ptr<ServedSite> site;
  std::shared_ptr<const SiteSnapshot> now;
  std::optional<Session> session;  ///< as the cookie proves
  std::optional<User> user;        ///< whoever that is in the database; only where somebody asked for it
  std::string client = {};         ///< the address of whoever asks, also behind a proxy
  bool is_encrypted = false;       ///< the client came over TLS, to the proxy or to us
  std::chrono::steady_clock::time_point began = std::chrono::steady_clock::now();

  RenderLimits limits() const { return {.until = began + longest_request}; }
  bool read_only() const { return now->in_maintenance(); }
  bool wants_json() const {
    return request.path.starts_with("/api/") ||
           request.headers.get("Accept").find("application/json") != std::string_view::npos;
  }
};

/// Looks the session's account up. nullptr when nobody is logged in, or no longer.
const User* logged_in(Visit& visit);
/// The same in a transaction that reads anyway.
const User* logged_in(Visit& visit, Database& database);
/// HttpFailure{401} when nobody is logged in.
const User& require_login(Visit& visit);
const User& require_login(Visit& visit, Database& database);
/// HttpFailure{401}, or {403} for somebody who may only read.
const User& require_writer(Visit& visit);
/// Any failure as an answer: problem+json (RFC 9457) with Frappe's `exc_type` for APIs, a page for people.
HttpResponse failure_response(const Visit& visit, const HttpFailure& failure);

/// The parameters of a form or of a JSON object in the body, those of the query otherwise.
HttpParameters form_of(const HttpRequest& request);
/// Whether the browser says that another site's page sent it (Fetch Metadata, Sec-Fetch-Site).
bool is_from_another_site(const HttpRequest& request);
/// Each field takes many times the memory of the bytes that it came in.
bool has_too_many_fields(const HttpRequest& request);

/// Answers to what begins with /api/.
HttpResponse answer_api(Visit& visit, LoginThrottle& throttle);
/// The same for people: /login (GET), and after a login by form.
HttpResponse log_in(Visit& visit, LoginThrottle& throttle);
HttpResponse log_out(Visit& visit);
/// Where a login leads to: `redirect-to` if that is a page of this site, else the Desk.
std::string place_after_login(const Visit& visit);

/// What pages need to know of the mode, as one JSON text: also the state of /api/events.
std::string mode_json(const SiteSnapshot& now);

}  // namespace bench
