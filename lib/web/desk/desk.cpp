#include "web/desk/desk.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>

#include "base/text.hpp"
#include "web/desk/form.hpp"
#include "web/http/failure.hpp"
#include "web/http/url.hpp"
#include "web/page.hpp"
#include "web/resource/list_query.hpp"

namespace bench {

namespace {

constexpr std::int64_t rows_on_a_page = 20;
constexpr std::size_t columns_in_a_list = 6;
constexpr std::size_t longest_cell = 120;

HttpResponse desk_page(Visit& visit, std::string_view name, TemplateDict context, int status = 200) {
  add_page_context(visit, context);
  return render_page(visit, name, context, status);
}

std::string address(std::string_view doctype) {
  return fmt::format("/app/{}", percent_encoded(doctype));
}

std::string address(std::string_view doctype, std::string_view name) {
  return fmt::format("/app/{}/{}", percent_encoded(doctype), percent_encoded(name));
}

HttpResponse tables(Visit& visit) {
  TemplateList names;
  visit.site->read([&names](Database& database) {
    names.clear();
    for (const std::string& name : doctype_names(database)) names.emplace_back(name);
  });
  return desk_page(visit, "desk/tables.html", {{"tables", std::move(names)}});
}

std::vector<const Column*> list_columns(const Doctype& doctype) {
  constexpr std::array left_out{"creation", "modified_by", "owner", "docstatus", "idx", "modified"};
  std::vector<const Column*> columns;
  if (!doctype.key.empty()) columns.push_back(&doctype.key_column());
  for (const Column& column : doctype.columns) {
    if (columns.size() == columns_in_a_list) break;
    const bool is_long = column.type == ColumnType::json || column.type == ColumnType::binary;
    if (column.name == doctype.key || is_long || std::ranges::find(left_out, column.name) != left_out.end())
      continue;
    columns.push_back(&column);
  }
  return columns;
}

bool is_number(const Column& column) {
  return column.type == ColumnType::integer || column.type == ColumnType::decimal ||
         column.type == ColumnType::real;
}

std::string cell(const Column& column, const Value& value) {
  std::string text = to_text(value);
  if (column.type == ColumnType::boolean && !is_null(value)) return is_true_text(text) ? "Yes" : "No";
  if (text.size() <= longest_cell) return text;
  return text.substr(0, character_begin(text, longest_cell)) + "…";
}

/// What a list shows, as its address says.
struct ListView {
  std::string q, sort;
  std::vector<HttpParameters::Parameter> filters;  ///< columns and what they are to be
  bool descending = false;
  std::int64_t page = 1;

  std::string link(const std::string& base, std::string_view sorted_by, bool down,
                   std::int64_t to_page) const {
    std::string query;
    const auto add = [&query](std::string_view name, std::string_view value) {
      query +=
          fmt::format("{}{}={}", query.empty() ? "?" : "&", percent_encoded(name), percent_encoded(value));
    };
    for (const auto& [column, value] : filters) add(column, value);
    if (!q.empty()) add("q", q);
    if (!sorted_by.empty()) add("sort", sorted_by);
    if (down) add("dir", "desc");
    if (to_page > 1) add("page", fmt::format("{}", to_page));
    return base + query;
  }
};

ListView view_of(const HttpParameters& query, const Doctype& doctype) {
  constexpr std::array own_parameters{"q", "sort", "dir", "page", "new"};
  constexpr std::size_t most_filters = 20;
  ListView view;
  for (const auto& [name, value] : query)
    if (doctype.find(name) != nullptr && std::ranges::find(own_parameters, name) == own_parameters.end())
      view.filters.emplace_back(name, value);
  if (view.filters.size() > most_filters) throw not_valid(fmt::format("more than {} filters", most_filters));
  view.q = std::string(query.get("q"));
  if (doctype.find(query.get("sort")) != nullptr) view.sort = std::string(query.get("sort"));
  view.descending = query.get("dir") == "desc";
  const std::string_view page = query.get("page");
  std::from_chars(page.data(), page.data() + page.size(), view.page);
  view.page = std::clamp<std::int64_t>(view.page, 1, 1'000'000);
  return view;
}

TemplateList header_cells(const std::vector<const Column*>& columns, const ListView& view,
                          const std::string& base) {
  TemplateList cells;
  for (const Column* column : columns) {
    const bool is_sorted = column->name == view.sort;
    TemplateDict one{{"label", label(column->name)},
                     {"link", view.link(base, column->name, is_sorted && !view.descending, 1)},
                     {"is_number", is_number(*column)}};
    if (is_sorted) one.set("sorted", view.descending ? "descending" : "ascending");
    cells.emplace_back(std::move(one));
  }
  return cells;
}

HttpResponse list(Visit& visit, const std::string& name) {
  TemplateDict context;
  visit.site->read([&](Database& database) {
    const auto doctype = visit.site->doctype(database, name);
    const ListView view = view_of(visit.request.query, *doctype);
    const auto columns = list_columns(*doctype);
    ListQuery query{.fields = {},
                    .conditions = {},
                    .order = {},
                    .start = (view.page - 1) * rows_on_a_page,
                    .limit = rows_on_a_page};
    for (const Column* column : columns) query.fields.push_back(column->name);
    TemplateList filters;
    for (const auto& [column, value] : view.filters) {
      query.conditions.push_back(address_condition(*doctype, database.dialect(), column, value));
      filters.emplace_back(TemplateDict{{"name", column}, {"label", label(column)}, {"value", value}});
    }
    if (!view.q.empty()) query.conditions.push_back(search_condition(*doctype, database.dialect(), view.q));
    if (!view.sort.empty()) query.order.push_back({view.sort, view.descending});

    const std::string base = address(doctype->name);
    TemplateList rows;
    list_rows(database, *doctype, query, [&](RowView row) {
      TemplateList values;
      for (std::size_t i = 0; i < columns.size(); ++i)
        values.emplace_back(TemplateDict{{"text", cell(*columns[i], copy_of(row[i]))},
                                         {"is_number", is_number(*columns[i])}});
      TemplateDict one{{"values", std::move(values)}};
      if (!doctype->key.empty()) one.set("link", address(doctype->name, to_text(row.front())));
      rows.emplace_back(std::move(one));
    });
    const std::int64_t total = count_rows(database, *doctype, query);
    const std::int64_t pages = std::max<std::int64_t>(1, (total + rows_on_a_page - 1) / rows_on_a_page);
    context = {{"doctype", doctype->name},
               {"base", base},
               {"q", view.q},
               {"filters", std::move(filters)},
               {"has_key", !doctype->key.empty()},
               {"columns", header_cells(columns, view, base)},
               {"rows", std::move(rows)},
               {"total", total},
               {"page", view.page},
               {"pages", pages}};
    if (view.page > 1) context.set("previous", view.link(base, view.sort, view.descending, view.page - 1));
    if (view.page < pages) context.set("next", view.link(base, view.sort, view.descending, view.page + 1));
  });
  return desk_page(visit, "desk/list.html", std::move(context));
}

/// What a form is shown with beside the document.
struct FormNote {
  int status = 200;
  std::string message;
  const HttpParameters* typed = nullptr;
  std::string wrong_field = {};
  /// What is stored is shown beside what was typed: the form can be saved then, by somebody who has seen it.
  bool shows_stored = false;
};

HttpResponse form(Visit& visit, const std::string& doctype_name, const std::string& name,
                  const FormNote& note) {
  TemplateDict context;
  visit.site->read([&](Database& database) {
    const auto doctype = visit.site->doctype(database, doctype_name);
    std::optional<Document> document;
    if (!name.empty()) document = get_document(database, *doctype, name);
    const bool has_seen_stored = note.typed == nullptr || note.shows_stored;
    context = {{"doctype", doctype->name},
               {"name", name},
               {"base", address(doctype->name)},
               {"action", name.empty() ? address(doctype->name) : address(doctype->name, name)},
               {"version", has_seen_stored ? (document ? document->version : "")
                                           : std::string(note.typed->get("_version"))},
               {"shows_stored", note.shows_stored},
               {"wrong_field", note.wrong_field},
               {"fields", form_fields(*doctype, document ? &*document : nullptr, note.typed)},
               {"message", note.message},
               {"saved", visit.request.query.find("saved").has_value()}};
  });
  return desk_page(visit, "desk/form.html", std::move(context), note.status);
}

HttpResponse confirm_deletion(Visit& visit, const std::string& doctype, const std::string& name,
                              const HttpParameters& typed) {
  return desk_page(visit, "desk/confirm.html",
                   {{"doctype", doctype},
                    {"name", name},
                    {"action", address(doctype, name)},
                    {"version", typed.get("_version")}});
}

HttpResponse save(Visit& visit, const std::string& doctype_name, std::string name,
                  const HttpParameters& typed) {
  const std::string user = require_writer(visit).name;
  visit.site->write([&](Database& database) {
    const auto doctype = visit.site->doctype(database, doctype_name);
    if (name.empty()) {
      name = insert_document(database, *doctype, entries_of_form(*doctype, typed, nullptr), user);
      return;
    }
    const Document before = get_document(database, *doctype, name);
    update_document(database, *doctype, name, entries_of_form(*doctype, typed, &before),
                    std::string(typed.get("_version")), user);
  });
  return redirect(address(doctype_name, name) + "?saved", 303);
}

std::string conflict_message(const std::string& doctype, const std::string& name) {
  return fmt::format(
      "somebody changed {} {} after you opened it, and nothing of yours was saved. Where what is stored now "
      "differs from what you typed, it stands below the field; saving again puts yours in its place.",
      doctype, name);
}

HttpResponse change(Visit& visit, const std::string& doctype, const std::string& name) {
  require_writer(visit);
  const HttpParameters typed = parse_form(visit.request.body);
  // A form that an app's older version made may lack what this one asks for.
  if (const auto release = typed.find("_release"); release && *release != visit.now->release)
    return form(
        visit, doctype, name,
        {409, "The site was updated after you opened this page. Check what you typed, and save it again.",
         &typed, "", true});
  const std::string_view action = typed.get("_action");
  if (action == "delete" && !name.empty()) return confirm_deletion(visit, doctype, name, typed);
  try {
    if (action == "delete-for-good" && !name.empty()) {
      visit.site->write([&](Database& database) {
        delete_document(database, *visit.site->doctype(database, doctype), name,
                        std::string(typed.get("_version")));
      });
      return redirect(address(doctype), 303);
    }
    return save(visit, doctype, name, typed);
  } catch (const HttpFailure& failure) {
    const bool is_about_the_input = failure.status() == 409 || failure.status() == 417;
    if (!is_about_the_input) throw;
    // The question whether to delete it holds no fields.
    if (action == "delete-for-good") return form(visit, doctype, name, {failure.status(), failure.what()});
    const bool is_conflict = failure.exc_type() == "TimestampMismatchError";
    return form(visit, doctype, name,
                {failure.status(), is_conflict ? conflict_message(doctype, name) : failure.what(), &typed,
                 failure.field(), is_conflict});
  }
}

// With what was typed, where it was typed; nothing when the database does not answer, or nobody is logged in.
std::optional<HttpResponse> form_once_more(Visit& visit, int status, const std::string& message) {
  const std::vector<std::string>& address = visit.request.segments;
  if (address.size() < 2 || address.size() > 3) return std::nullopt;
  try {
    if (logged_in(visit) == nullptr) return std::nullopt;
    const HttpParameters typed = parse_form(visit.request.body);
    const bool holds_fields = typed.get("_action") != "delete-for-good";
    return form(visit, address[1], address.size() == 3 ? address[2] : "",
                {status, message, holds_fields ? &typed : nullptr});
  } catch (const std::exception&) {
    return std::nullopt;
  }
}

HttpResponse login_page(Visit& visit, int status, std::string_view message) {
  const std::string user(form_of(visit.request).get("usr"));
  return desk_page(visit, "desk/login.html",
                   {{"message", message},
                    {"usr", visit.request.is_read() ? "" : user},
                    {"redirect_to", form_of(visit.request).get("redirect-to")}},
                   status);
}

// In Frappe's addresses "Sales Invoice" is called "sales-invoice".
std::string slug_of(std::string_view doctype) {
  std::string slug = lower_case(doctype);
  std::ranges::replace(slug, ' ', '-');
  return slug;
}

std::string_view query_of(std::string_view target) {
  return target.substr(std::min(target.find('?'), target.size()));
}

std::optional<std::string> address_of_frappe(const Visit& visit) {
  const std::vector<std::string>& called = visit.request.segments;
  std::vector<std::string> doctypes;
  visit.site->read([&doctypes](Database& database) { doctypes = doctype_names(database); });
  auto found = std::ranges::find(doctypes, called[1]);
  const bool is_ours = found != doctypes.end();
  if (!is_ours) found = std::ranges::find(doctypes, called[1], slug_of);
  if (found == doctypes.end()) return std::nullopt;
  const bool is_new = called.size() == 3 &&
                      (called[2] == "new" || called[2].starts_with(fmt::format("new-{}-", slug_of(*found))));
  if (is_new) return address(*found) + "?new";
  if (is_ours) return std::nullopt;
  return fmt::format("{}{}", called.size() == 3 ? address(*found, called[2]) : address(*found),
                     query_of(visit.request.target));
}

HttpResponse look_at(Visit& visit, const std::string& doctype, const std::string& name) {
  if (!name.empty() || visit.request.query.find("new")) return form(visit, doctype, name, {});
  return list(visit, doctype);
}

// What another site's page had sent is nothing that somebody typed here.
bool was_typed_here(const HttpRequest& request) {
  return !request.is_read() && request.path.starts_with("/app/") && !is_from_another_site(request) &&
         !has_too_many_fields(request);
}

TemplateList typed_fields(const HttpRequest& request) {
  TemplateList fields;
  if (!was_typed_here(request)) return fields;
  for (const auto& [name, value] : parse_form(request.body))
    if (name != "csrf_token" && name != "pwd")
      fields.emplace_back(TemplateDict{{"name", name}, {"label", label(name)}, {"value", value}});
  return fields;
}

}  // namespace

HttpResponse answer_desk(Visit& visit) {
  const std::string& path = visit.request.path;
  if (path == "/login")
    return logged_in(visit) != nullptr ? redirect(place_after_login(visit)) : login_page(visit, 200, "");
  if (logged_in(visit) == nullptr) {
    if (visit.request.is_read()) return ask_to_log_in(visit.request);
    throw HttpFailure(401, "AuthenticationError",
                      "You are logged out. Log in in another window, and send this again.");
  }
  if (path == "/app") return tables(visit);
  const std::vector<std::string>& address = visit.request.segments;
  if (address.size() == 4 && address[2] == "view")
    return redirect(bench::address(address[1]) + std::string(query_of(visit.request.target)));
  if (address.size() > 3) throw not_found();
  const std::string& doctype = address[1];
  const std::string name = address.size() == 3 ? address[2] : "";
  if (visit.request.method == "POST") return change(visit, doctype, name);
  try {
    return look_at(visit, doctype, name);
  } catch (const HttpFailure& failure) {
    if (failure.status() != 404) throw;
    if (const auto place = address_of_frappe(visit)) return redirect(*place);
    throw;
  }
}

HttpResponse ask_to_log_in(const HttpRequest& request) {
  return redirect(fmt::format("/login?redirect-to={}", percent_encoded(request.target)));
}

HttpResponse failure_page(const Visit& visit, int status, const std::string& message) {
  Visit shown = visit;
  const bool is_login = visit.request.path == "/login" && (status == 401 || status == 429);
  if (is_login) return login_page(shown, status, message);
  if (status == 401 && visit.request.is_read()) return ask_to_log_in(visit.request);
  const bool is_about_a_form = status == 403 || status == 503;
  if (is_about_a_form && was_typed_here(visit.request))
    if (auto page = form_once_more(shown, status, message)) return std::move(*page);
  TemplateDict context{
      {"title", reason_phrase(status)}, {"message", message}, {"path", visit.request.path},
      {"action", visit.request.target}, {"status", status},   {"typed", typed_fields(visit.request)}};
  return desk_page(shown, "desk/failure.html", std::move(context), status);
}

}  // namespace bench
