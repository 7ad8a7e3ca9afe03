#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <semaphore>
#include <utility>

#include "base/json.hpp"
#include "base/text.hpp"
#include "users/password.hpp"
#include "web/http/failure.hpp"
#include "web/http/url.hpp"
#include "web/resource/document.hpp"
#include "web/resource/list_query.hpp"
#include "web/visit.hpp"

namespace bench {

namespace {

constexpr std::chrono::hours session_life{24 * 7};
constexpr std::size_t longest_user_name = 140;
constexpr std::size_t most_bytes_of_list = 64U << 20U;
constexpr std::chrono::seconds patience_of_logins{3};
// Each takes 19 MiB, and a worker: whoever comes in crowds waits a moment, and is then sent away.
std::counting_semaphore<2> hashing{2};

bool is_right_password(const std::optional<User>& user, std::string_view password) {
  if (!hashing.try_acquire_for(patience_of_logins))
    throw HttpFailure(503, "ServiceUnavailable", "too many are logging in: try again in a moment");
  const std::unique_ptr<std::counting_semaphore<2>, void (*)(std::counting_semaphore<2>*)> turn(
      &hashing, [](std::counting_semaphore<2>* semaphore) { semaphore->release(); });
  return is_password_of(user ? user->password_hash : "", password);
}

HttpResponse json_response(const nlohmann::json& body, int status = 200) {
  return text_response(status, "application/json", json_text(body) + "\n");
}

bool is_json(const HttpRequest& request) {
  return lower_case(request.headers.get("Content-Type")).starts_with("application/json");
}

void refuse_other_bodies(const HttpRequest& request) {
  const std::string type = lower_case(request.headers.get("Content-Type"));
  if (!type.empty() && !is_json(request) && !type.starts_with("application/x-www-form-urlencoded"))
    throw HttpFailure(415, "ValidationError", "send JSON, or a form as application/x-www-form-urlencoded");
}

nlohmann::json sent_json(std::string_view text) {
  nlohmann::json json = parse_sent_json(text);
  if (json.is_discarded()) throw not_valid("what was sent is no valid JSON, or is nested too deep");
  return json;
}

nlohmann::json json_body(const HttpRequest& request) {
  refuse_other_bodies(request);
  if (is_json(request)) return sent_json(request.body);
  nlohmann::json object = nlohmann::json::object();
  for (const auto& [name, value] : parse_form(request.body)) {
    // Frappe's clients send the document as one form field.
    if (name == "data") return sent_json(value);
    if (name != "csrf_token") object[name] = value;
  }
  return object;
}

nlohmann::json to_json(const Doctype& doctype, const Document& document) {
  nlohmann::json object = nlohmann::json::object();
  for (std::size_t i = 0; i < doctype.columns.size(); ++i)
    object[doctype.columns[i].name] = to_json(doctype.columns[i], view_of(document.values[i]));
  if (doctype.find("doctype") == nullptr) object["doctype"] = doctype.name;
  if (doctype.find("version") == nullptr) object["version"] = document.version;
  return object;
}

/// The answer to a list, row by row, without a tree of JSON values in between: that would take longer than
/// all else that a list needs.
class ListText {
 public:
  ListText(const Doctype& doctype, const std::vector<std::string>& fields);
  void add(RowView row);
  std::string finish() { return std::move(m_text) + "]}\n"; }

 private:
  struct Member {
    std::string begin;
    const Column& column;
    std::size_t place;
  };
  std::vector<Member> m_members;
  std::string m_text = "{\"data\":[";
  bool m_is_first = true;
};

ListText::ListText(const Doctype& doctype, const std::vector<std::string>& fields) {
  // In the order in which all other objects have their members.
  std::map<std::string, std::size_t> places;
  for (std::size_t i = 0; i < fields.size(); ++i) places[doctype.get(fields[i]).name] = i;
  for (const auto& [name, place] : places) {
    std::string begin = m_members.empty() ? "{" : ",";
    append_json_text(begin, name);
    m_members.push_back({begin + ":", doctype.get(name), place});
  }
}

void ListText::add(RowView row) {
  if (!std::exchange(m_is_first, false)) m_text += ',';
  if (m_members.empty()) m_text += '{';
  for (const Member& member : m_members) {
    m_text += member.begin;
    append_json(m_text, member.column, row[member.place]);
  }
  m_text += '}';
  if (m_text.size() > most_bytes_of_list)
    throw not_valid(
        fmt::format("the answer is larger than {} MiB: ask for fewer fields, or for the rows in parts",
                    most_bytes_of_list >> 20U));
}

HttpResponse list(Visit& visit, const std::string& name) {
  std::string text;
  visit.site->read([&](Database& database) {
    require_login(visit, database);
    const auto doctype = visit.site->doctype(database, name);
    const ListQuery query = parse_list_query(*doctype, database.dialect(), visit.request.query);
    ListText answer(*doctype, query.fields);
    list_rows(database, *doctype, query, [&answer](RowView row) { answer.add(row); });
    text = answer.finish();
  });
  return text_response(200, "application/json", std::move(text));
}

HttpResponse read_one(Visit& visit, const std::string& doctype_name, const std::string& name) {
  nlohmann::json data;
  visit.site->read([&](Database& database) {
    require_login(visit, database);
    const auto doctype = visit.site->doctype(database, doctype_name);
    data = to_json(*doctype, get_document(database, *doctype, name));
  });
  return json_response({{"data", data}});
}

HttpResponse create(Visit& visit, const std::string& doctype_name) {
  const std::string user = require_writer(visit).name;
  const nlohmann::json body = json_body(visit.request);
  std::string name;
  visit.site->write([&](Database& database) {
    const auto doctype = visit.site->doctype(database, doctype_name);
    name = insert_document(database, *doctype, entries_of(*doctype, body), user);
  });
  return read_one(visit, doctype_name, name);
}

std::string version_in(const nlohmann::json& document) {
  if (!document.is_object() || !document.contains("version")) return "";
  const nlohmann::json& version = document.at("version");
  if (!version.is_string()) throw not_valid("'version' must be a text");
  return version.get<std::string>();
}

HttpResponse update(Visit& visit, const std::string& doctype_name, const std::string& name) {
  const std::string user = require_writer(visit).name;
  const nlohmann::json body = json_body(visit.request);
  visit.site->write([&](Database& database) {
    const auto doctype = visit.site->doctype(database, doctype_name);
    const bool has_column = doctype->find("version") != nullptr;
    const std::string version = has_column ? "" : version_in(body);
    update_document(database, *doctype, name, entries_of(*doctype, body), version, user);
  });
  return read_one(visit, doctype_name, name);
}

HttpResponse remove(Visit& visit, const std::string& doctype_name, const std::string& name) {
  require_writer(visit);
  const std::string version(visit.request.query.get("version"));
  visit.site->write([&](Database& database) {
    delete_document(database, *visit.site->doctype(database, doctype_name), name, version);
  });
  return json_response({{"message", "ok"}}, 202);
}

HttpResponse resource(Visit& visit) {
  const std::vector<std::string>& address = visit.request.segments;
  const std::string& method = visit.request.method;
  const bool is_read = method == "GET" || method == "HEAD";
  const bool is_list = address.size() == 3;
  const bool is_document = address.size() == 4;
  // A read looks who asks in its own transaction.
  if (!visit.session || !is_read || !(is_list || is_document)) require_login(visit);
  if (is_list) {
    if (is_read) return list(visit, address[2]);
    if (method == "POST") return create(visit, address[2]);
    throw method_not_allowed();
  }
  if (!is_document) throw not_found();
  if (is_read) return read_one(visit, address[2], address[3]);
  if (method == "PUT" || method == "PATCH") return update(visit, address[2], address[3]);
  if (method == "DELETE") return remove(visit, address[2], address[3]);
  throw method_not_allowed();
}

nlohmann::json to_json(const SiteSnapshot& now) {
  const auto time = [](const std::optional<Clock::time_point>& point) {
    return point ? nlohmann::json(to_iso8601(*point)) : nlohmann::json(nullptr);
  };
  return {{"mode", name(now.mode)},
          {"read_only", now.in_maintenance()},
          {"reason", now.reason},
          {"expected_end", time(now.expected_end)},
          {"announced_for", time(now.announced_for)},
          {"release", now.release}};
}

std::string session_cookie(const Visit& visit, std::string_view value, std::chrono::seconds life) {
  return fmt::format("sid={}; Path=/; Max-Age={}; HttpOnly; SameSite=Lax{}", value, life.count(),
                     visit.is_encrypted ? "; Secure" : "");
}

HttpResponse health(const Visit& visit) {
  HttpResponse response = json_response({{"status", "ok"}, {"mode", name(visit.now->mode)}});
  response.headers.set("Cache-Control", "no-store");
  return response;
}

HttpResponse events(const Visit& visit) {
  HttpResponse response;
  response.headers.add("Content-Type", "text/event-stream");
  response.headers.add("Cache-Control", "no-store");
  // nginx would keep what it has until its buffer is full.
  response.headers.add("X-Accel-Buffering", "no");
  const auto site = visit.site;
  response.body =
      EventStream{.topic = site->site().name(), .state = [site] { return mode_json(*site->snapshot()); }};
  return response;
}

// For a page that cannot listen, and for one that is about to send a form: who it would come from now.
HttpResponse mode(const Visit& visit) {
  nlohmann::json told = to_json(*visit.now);
  told["user"] = visit.session ? nlohmann::json(visit.session->user) : nlohmann::json(nullptr);
  told["csrf_token"] = visit.session ? visit.session->csrf_token : "";
  HttpResponse response = json_response(told);
  response.headers.set("Cache-Control", "no-store");
  return response;
}

HttpResponse method(Visit& visit, LoginThrottle& throttle, std::string_view name) {
  if (name == "ping") return json_response({{"message", "pong"}});
  if (name == "login" && visit.request.method != "POST") throw method_not_allowed();
  if (name == "login") return log_in(visit, throttle);
  if (name == "logout") return log_out(visit);
  if (name == "frappe.auth.get_logged_user") return json_response({{"message", require_login(visit).name}});
  throw not_found(fmt::format("there is no method '{}'", name));
}

}  // namespace

std::string mode_json(const SiteSnapshot& now) {
  return json_text(to_json(now));
}

bool is_from_another_site(const HttpRequest& request) {
  const std::string_view from = request.headers.get("Sec-Fetch-Site");
  return from == "cross-site" || from == "same-site";
}

bool has_too_many_fields(const HttpRequest& request) {
  constexpr std::ptrdiff_t most_fields = 5'000;
  return !(is_json(request) && request.path.starts_with("/api/")) &&
         std::ranges::count(request.body, '&') >= most_fields;
}

HttpParameters form_of(const HttpRequest& request) {
  if (!is_json(request)) return request.body.empty() ? request.query : parse_form(request.body);
  HttpParameters parameters;
  const nlohmann::json body = parse_sent_json(request.body);
  if (body.is_object())
    for (const auto& [name, value] : body.items())
      parameters.add(name, value.is_string() ? value.get<std::string>() : json_text(value));
  return parameters;
}

HttpResponse log_in(Visit& visit, LoginThrottle& throttle) {
  refuse_other_bodies(visit.request);
  const HttpParameters form = form_of(visit.request);
  // No account has a longer name, and what is counted must not be as long as somebody likes.
  const bool is_possible = form.get("usr").size() <= longest_user_name;
  const std::string name(is_possible ? form.get("usr") : "");
  // However the name is spelled, it is one account that is guessed at.
  const std::string counted = lower_case(name);
  const Clock::time_point now = Clock::now();
  const std::string& address = visit.client;
  if (const auto wait = throttle.wait(address, counted, now); wait.count() > 0) {
    HttpResponse response =
        failure_response(visit, {429, "TooManyRequestsError",
                                 fmt::format("too many wrong passwords: try again in {} s", wait.count())});
    response.headers.set("Retry-After", fmt::format("{}", wait.count()));
    return response;
  }
  std::optional<User> user;
  visit.site->read_own([&](Database& database) { user = find_user(database, name); });
  const bool is_right = is_possible && is_right_password(user, form.get("pwd"));
  if (!is_right || !user->enabled) {
    throttle.note_failure(address, counted, now);
    return failure_response(visit, {401, "AuthenticationError", "Invalid login credentials"});
  }
  throttle.note_success(address, counted);
  const SessionSigner signer(visit.now->session_key);
  const std::string value = signer.issue(*user, now + session_life);
  HttpResponse response = visit.wants_json()
                              ? json_response({{"message", "Logged In"},
                                               {"home_page", "/app"},
                                               {"full_name", user->full_name},
                                               {"csrf_token", signer.verify(value, now)->csrf_token}})
                              : redirect(place_after_login(visit), 303);
  response.headers.add("Set-Cookie", session_cookie(visit, value, session_life));
  response.headers.set("Cache-Control", "no-store");
  return response;
}

std::string place_after_login(const Visit& visit) {
  const HttpParameters form = form_of(visit.request);
  const std::string_view place = form.get("redirect-to");
  // Browsers take "//host" and "/\\host" for another site's address, and leave out control characters first.
  const bool is_ours = place.starts_with('/') && !place.starts_with("//") &&
                       place.find('\\') == std::string_view::npos &&
                       std::ranges::none_of(place, [](unsigned char c) { return c <= 0x20 || c == 0x7f; });
  return is_ours ? std::string(place) : "/app";
}

HttpResponse log_out(Visit& visit) {
  HttpResponse response =
      visit.wants_json() ? json_response(nlohmann::json::object()) : redirect("/login", 303);
  response.headers.add("Set-Cookie", session_cookie(visit, "", std::chrono::seconds(0)));
  response.headers.set("Cache-Control", "no-store");
  return response;
}

HttpResponse answer_api(Visit& visit, LoginThrottle& throttle) {
  const std::string_view path = visit.request.path;
  const auto below = [path](std::string_view prefix) { return path.substr(prefix.size()); };
  if (path == "/api/health") return health(visit);
  if (path == "/api/events") return events(visit);
  if (path == "/api/mode") return mode(visit);
  if (path.starts_with("/api/method/")) return method(visit, throttle, below("/api/method/"));
  if (path.starts_with("/api/resource/")) return resource(visit);
  throw not_found();
}

}  // namespace bench
