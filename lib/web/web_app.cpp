#include "web/web_app.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/digest.hpp"
#include "base/json.hpp"
#include "base/log_file.hpp"
#include "base/text.hpp"
#include "database/refusal.hpp"
#include "web/desk/desk.hpp"
#include "web/http/content_coding.hpp"
#include "web/http/failure.hpp"
#include "web/http/static_file.hpp"
#include "web/visit.hpp"
#include "web/website/website.hpp"

namespace bench {

namespace {

// "site.example:8000", "[::1]:8000"
std::string host_name(std::string_view host) {
  const std::size_t colon = host.rfind(':');
  const bool has_port = colon != std::string_view::npos && host.find(']', colon) == std::string_view::npos;
  return lower_case(has_port ? host.substr(0, colon) : host);
}

bool is_this_machine(std::string_view host) {
  return host.empty() || host == "localhost" || host.ends_with(".localhost") || host.starts_with('[') ||
         (host.find_first_not_of("0123456789.") == std::string_view::npos &&
          host.find_first_not_of('.') != std::string_view::npos);
}

// A proxy puts whom it was asked by behind what the client says of itself.
std::string last_address(std::string_view forwarded) {
  const std::size_t comma = forwarded.rfind(',');
  std::string_view address = comma == std::string_view::npos ? forwarded : forwarded.substr(comma + 1);
  while (address.starts_with(' ')) address.remove_prefix(1);
  return std::string(address);
}

constexpr std::string_view content_policy =
    "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'self'; form-action 'self'; "
    "frame-ancestors 'self'";

void add_common_headers(HttpResponse& response, const SiteSnapshot& now) {
  HttpHeaders& headers = response.headers;
  if (now.mode != SiteMode::live) headers.set("Bench-Read-Only", "?1");
  headers.set("X-Content-Type-Options", "nosniff");
  headers.set("Referrer-Policy", "same-origin");
  const bool is_page = headers.get("Content-Type").starts_with("text/html");
  if (is_page) {
    // A file that somebody uploaded has a stricter one.
    if (!headers.find("Content-Security-Policy"))
      headers.set("Content-Security-Policy", std::string(content_policy));
    headers.set("X-Frame-Options", "SAMEORIGIN");
  }
  // A page must be asked for anew each time, or one from a cache would keep the banner after the lift.
  if (!headers.find("Cache-Control")) headers.set("Cache-Control", "private, no-cache");
}

// No template, no database: this must be there when nothing else is.
HttpResponse updating_page(const Visit& visit) {
  if (visit.wants_json())
    return failure_response(visit, {503, "SessionStopped", "The site is being updated"});
  return text_response(
      503, "text/html; charset=utf-8",
      "<!doctype html>\n<html lang=\"en\" data-closed>\n<head>\n<meta charset=\"utf-8\">\n"
      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>Updating</title>\n"
      "<link rel=\"icon\" href=\"data:,\">\n<link rel=\"stylesheet\" href=\"/assets/core/desk.css\">\n"
      "<noscript><meta http-equiv=\"refresh\" content=\"30\"></noscript>\n"
      "<script src=\"/assets/core/read_only.js\" defer></script>\n</head>\n<body>\n"
      "<main class=\"card narrow\">\n<h1>Updating</h1>\n<p>The site is being updated. It will be back in a "
      "few "
      "moments.</p>\n<p class=\"note\">This page goes on by itself.</p>\n</main>\n</body>\n</html>\n");
}

bool is_named_as_read(std::string_view path) {
  return path == "/api/method/login" || path == "/api/method/logout" || path == "/api/method/ping" ||
         path == "/login" || path == "/logout";
}

// A form of another site must not act for whoever is logged in here.
void check_forgery(const Visit& visit) {
  const HttpRequest& request = visit.request;
  if (request.is_read()) return;
  if (is_from_another_site(request))
    throw HttpFailure(403, "CSRFTokenError", "the request comes from another site");
  // A page that hides where it comes from sends "null", which is no host.
  if (const auto origin = request.headers.find("Origin")) {
    const std::size_t scheme = origin->find("://");
    const std::string_view authority =
        scheme == std::string_view::npos ? *origin : origin->substr(scheme + 3);
    if (lower_case(authority) != lower_case(request.headers.get("Host")))
      throw HttpFailure(403, "CSRFTokenError", "the request comes from another site");
  }
  if (!visit.session || is_named_as_read(request.path)) return;
  std::string token(request.headers.get("X-Frappe-CSRF-Token"));
  if (token.empty() && request.headers.get("Content-Type").starts_with("application/x-www-form-urlencoded"))
    token = form_of(request).get("csrf_token");
  if (!is_same_secret(token, visit.session->csrf_token))
    throw HttpFailure(403, "CSRFTokenError",
                      visit.wants_json()
                          ? "Invalid Request: send the csrf_token that the login answered with "
                            "as the header X-Frappe-CSRF-Token"
                          : "Invalid Request: the page is too old, reload it");
}

std::optional<HttpResponse> file_for(Visit& visit) {
  const std::string_view path = visit.request.path;
  const Site& site = visit.site->site();
  constexpr std::string_view files = "/files/";
  constexpr std::string_view private_files = "/private/files/";
  constexpr std::string_view assets = "/assets/";
  if (path.starts_with(files)) {
    auto response = serve_file(visit.request, site.public_files(), path.substr(files.size()));
    // An upload that is a page would speak for the site.
    if (response)
      response->headers.set("Content-Security-Policy",
                            "sandbox; default-src 'none'; img-src 'self'; style-src 'unsafe-inline'");
    return response;
  }
  if (path.starts_with(private_files)) {
    require_login(visit);
    auto response = serve_file(visit.request, site.private_files(), path.substr(private_files.size()));
    if (response) response->headers.set("Content-Disposition", "attachment");
    return response;
  }
  if (!path.starts_with(assets)) return std::nullopt;
  const std::string_view below = path.substr(assets.size());
  const std::size_t slash = std::min(below.find('/'), below.size());
  for (const App& app : visit.now->apps)
    if (app.name == below.substr(0, slash) && slash < below.size())
      return serve_file(visit.request, app.folder / "public", below.substr(slash + 1));
  return std::nullopt;
}

HttpResponse route(Visit& visit, LoginThrottle& throttle) {
  const std::string_view path = visit.request.path;
  if (path.starts_with("/api/")) return answer_api(visit, throttle);
  if (visit.request.method == "OPTIONS") {
    HttpResponse response{.status = 204};
    response.headers.add("Allow", "GET, HEAD, OPTIONS, POST");
    return response;
  }
  if (path == "/login" && visit.request.method == "POST") return log_in(visit, throttle);
  if (path == "/logout" && visit.request.method == "POST") return log_out(visit);
  if (path == "/app" || path.starts_with("/app/") || path == "/login") return answer_desk(visit);
  if (visit.request.is_read())
    if (auto file = file_for(visit)) return std::move(*file);
  return answer_website(visit);
}

// What failed inside is for the site's log, not for whoever asked.
HttpResponse answer_failure(const Visit& visit, const Error& error) {
  // A naive app wrote in a read: the database refused it.
  if (visit.read_only() && is_refused_write(error)) return failure_response(visit, read_only());
  // What the database cannot read as a number, a time or text is somebody's input.
  if (error.sqlstate().starts_with("22"))
    return failure_response(visit,
                            not_valid(fmt::format("the database does not accept it: {}", error.what())));
  LogFile(visit.site->site().log_file())
      .line("error", fmt::format("{} {}: {}", visit.request.method, visit.request.path, error.what()));
  if (error.kind() == Kind::interrupted)
    return failure_response(visit, {503, "ServiceUnavailable", "this takes longer than a request may take"});
  const bool is_away = error.kind() == Kind::busy || error.kind() == Kind::database;
  if (is_away && !is_refused_write(error))
    return failure_response(
        visit, {503, "ServiceUnavailable", "the site's database does not answer: try again in a moment"});
  return failure_response(visit,
                          {500, "InternalError", "something went wrong on the server; its log says what"});
}

}  // namespace

WebApp::WebApp(BenchFolder bench, AppFinder apps, std::optional<std::string> only_site, int workers)
    : m_bench(std::move(bench)),
      m_apps(std::move(apps)),
      m_only_site(std::move(only_site)),
      m_seats(std::max(workers - std::max(workers / 4, 1), 1)) {}

std::shared_ptr<ServedSite> WebApp::served_as(const std::string& name) {
  const auto known = m_sites.find(name);
  if (known != m_sites.end()) return known->second;
  return m_sites.emplace(name, std::make_shared<ServedSite>(m_bench.site(name), m_apps, m_seats))
      .first->second;
}

std::shared_ptr<ServedSite> WebApp::served(const std::string& name) {
  const std::lock_guard lock(m_mutex);
  const auto known = m_sites.find(name);
  if (known != m_sites.end()) {
    if (known->second->exists()) return known->second;
    m_sites.erase(known);
    return nullptr;
  }
  // Whatever a Host says must not become a path before it is a site's name.
  const auto names = m_bench.site_names();
  auto found = std::ranges::find(names, name);
  // A Host has no capital letters, and a site's name may.
  if (found == names.end()) found = std::ranges::find(names, name, &lower_case);
  if (found == names.end()) return nullptr;
  if (*found != name) return m_sites.emplace(name, served_as(*found)).first->second;
  return served_as(name);
}

std::shared_ptr<const SiteConfig> WebApp::common_config() {
  const FileStamp now = stamp_of(m_bench.common_config_file().native());
  const std::lock_guard lock(m_mutex);
  if (m_common && now == m_common_stamp) return m_common;
  try {
    m_common = std::make_shared<const SiteConfig>(m_bench.common_config());
  } catch (const Error&) {
    // A file that is being edited by hand: what it said before stays true, and each site's log tells of it.
    if (!m_common) throw;
  }
  m_common_stamp = now;
  return m_common;
}

// `trusted_proxies` of the common config, else this host's own.
bool WebApp::is_trusted_proxy(const std::string& address) {
  const auto trusted = common_config()->json("trusted_proxies");
  if (!trusted) return address == "127.0.0.1" || address == "::1";
  // What cannot be understood trusts nobody.
  return trusted->is_array() &&
         std::ranges::any_of(*trusted, [&](const nlohmann::json& one) { return one == address; });
}

std::string WebApp::client_of(const std::string& peer, std::string_view forwarded_for) {
  if (forwarded_for.empty()) return peer;
  try {
    return is_trusted_proxy(peer) ? last_address(forwarded_for) : peer;
  } catch (const Error&) {
    // A configuration that cannot be read names no proxies.
    return peer;
  }
}

WebApp::Origin WebApp::origin_of(const HttpRequest& request) {
  Origin origin{.client = request.client};
  const auto site = request.headers.find("X-Frappe-Site-Name");
  const auto addresses = request.headers.find("X-Forwarded-For");
  const auto scheme = request.headers.find("X-Forwarded-Proto");
  if ((!site && !addresses && !scheme) || !is_trusted_proxy(request.client)) return origin;
  if (site) origin.site = *site;
  if (addresses) origin.client = last_address(*addresses);
  origin.is_encrypted = scheme && *scheme == "https";
  return origin;
}

std::shared_ptr<ServedSite> WebApp::site_for(const HttpRequest& request, const Origin& origin) {
  if (m_only_site) return served(*m_only_site);
  if (origin.site) return served(*origin.site);
  const std::string host = host_name(request.headers.get("Host"));
  if (auto site = served(host)) return site;
  // A name that is no site's (any more) must not get somebody else's.
  if (!is_this_machine(host)) return nullptr;
  const auto fallback = common_config()->string("default_site");
  return fallback ? served(*fallback) : nullptr;
}

HttpResponse WebApp::answer(const HttpRequest& request) {
  try {
    const Origin origin = origin_of(request);
    const auto site = site_for(request, origin);
    if (site == nullptr)
      return text_response(404, "text/plain; charset=utf-8", "There is no such site here.\n");
    return answer_for(site, request, origin);
  } catch (const std::exception& exception) {
    // There may be no site yet whose log could tell it.
    LogFile(m_bench.path() / "logs" / "bench.log")
        .line("error", fmt::format("{} {}{}: {}", request.method, request.headers.get("Host"), request.path,
                                   exception.what()));
    return text_response(500, "text/plain; charset=utf-8", "The site cannot be served.\n");
  }
}

HttpResponse WebApp::answer_for(const std::shared_ptr<ServedSite>& site, const HttpRequest& request,
                                const Origin& origin) {
  Visit visit{.request = request,
              .site = site,
              .now = site->snapshot(),
              .session = {},
              .user = {},
              .client = origin.client,
              .is_encrypted = origin.is_encrypted};
  visit.session = SessionSigner(visit.now->session_key)
                      .verify(cookie(request.headers.get("Cookie"), "sid"), Clock::now());
  HttpResponse response;
  try {
    const bool is_always_answered = request.path == "/api/health" || request.path == "/api/events" ||
                                    request.path == "/api/mode" ||
                                    (request.is_read() && request.path.starts_with("/assets/"));
    if (visit.now->mode == SiteMode::closed && !is_always_answered) {
      response = updating_page(visit);
    } else {
      // This comes before any other check: whatever else is wrong with it, it cannot be done now.
      if (visit.read_only() && !request.is_read() && !is_named_as_read(request.path)) throw read_only();
      if (has_too_many_fields(request))
        throw HttpFailure(413, "ValidationError", "a form of more fields than any form has");
      check_forgery(visit);
      response = route(visit, m_throttle);
    }
  } catch (const HttpFailure& failure) {
    response = failure_response(visit, failure);
  } catch (const std::exception& exception) {
    response = answer_failure(visit, to_error(exception));
  }
  // The mode may have changed while the answer was made.
  visit.now = site->snapshot();
  if (response.status == 503) {
    const auto end = visit.now->estimated_end;
    const auto left = end ? std::chrono::ceil<std::chrono::seconds>(*end - Clock::now()).count() : 0;
    // Nobody knows how much longer than expected it takes.
    const std::int64_t seconds = left > 0 ? std::min<std::int64_t>(left, 3'600) : 10;
    response.headers.set("Retry-After", fmt::format("{}", seconds));
    response.headers.set("Cache-Control", "no-store");
  }
  add_common_headers(response, *visit.now);
  return with_validators(std::move(response), request, name(visit.now->mode));
}

const User* logged_in(Visit& visit) {
  if (!visit.user && visit.session)
    visit.site->read_own([&](Database& database) { logged_in(visit, database); });
  return visit.user ? &*visit.user : nullptr;
}

const User* logged_in(Visit& visit, Database& database) {
  if (!visit.user && visit.session) {
    const auto find = [&visit](Database& accounts) { visit.user = find_user(accounts, visit.session->user); };
    // A replica may not know yet what an account may no longer do.
    if (visit.now->replica && visit.read_only())
      visit.site->read_own(find);
    else
      find(database);
    const bool is_current = visit.user && SessionSigner::is_current(*visit.session, *visit.user);
    if (!is_current) {
      visit.user.reset();
      visit.session.reset();
    }
  }
  return visit.user ? &*visit.user : nullptr;
}

namespace {

const User& required(const User* user) {
  if (user == nullptr) throw HttpFailure(401, "AuthenticationError", "log in first");
  return *user;
}

}  // namespace

const User& require_login(Visit& visit) {
  return required(logged_in(visit));
}

const User& require_login(Visit& visit, Database& database) {
  return required(logged_in(visit, database));
}

const User& require_writer(Visit& visit) {
  const User& user = require_login(visit);
  if (user.role != Role::writer)
    throw HttpFailure(403, "PermissionError", fmt::format("{} may read, but not change anything", user.name));
  return user;
}

HttpResponse failure_response(const Visit& visit, const HttpFailure& failure) {
  const int status = failure.status();
  if (!visit.wants_json()) return failure_page(visit, status, failure.what());
  // Frappe's own clients raise what `exc` holds, and show the messages of the server: lists of JSON in JSON.
  const std::string exception = fmt::format("{}: {}", failure.exc_type(), failure.what());
  const nlohmann::json shown{{"message", failure.what()}, {"indicator", "red"}};
  const nlohmann::json problem{{"type", "about:blank"},
                               {"title", reason_phrase(status)},
                               {"status", status},
                               {"detail", failure.what()},
                               {"exc_type", failure.exc_type()},
                               {"message", failure.what()},
                               {"exception", exception},
                               {"exc", json_text(nlohmann::json::array({exception}))},
                               {"_server_messages", json_text(nlohmann::json::array({json_text(shown)}))}};
  return text_response(status, "application/problem+json", json_text(problem) + "\n");
}

}  // namespace bench
