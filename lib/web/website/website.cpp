#include "web/website/website.hpp"

#include <cmark.h>
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <memory>
#include <optional>

#include "web/http/failure.hpp"
#include "web/page.hpp"
#include "web/resource/type_check.hpp"
#include "web/website/web_pages.hpp"

namespace bench {

namespace {

// Servers tell exact numbers as text; a page counts with them, and is the same on every database. What a
// double cannot hold stays as it is: it may be somebody's key.
TemplateValue number_or_text(std::string_view decimal) {
  std::int64_t whole = 0;
  const auto [end, error] = std::from_chars(decimal.data(), decimal.data() + decimal.size(), whole);
  if (error == std::errc() && end == decimal.data() + decimal.size()) return whole;
  if (const auto number = exact_double(decimal)) return *number;
  return decimal;
}

constexpr std::size_t most_rows = 100'000;
// Of the rows of a page, as most are.
constexpr std::size_t values_without_moving = 256;

/// The columns of an answer that its rows have as dicts, in the order of their names.
struct Columns {
  explicit Columns(const std::vector<AnswerColumn>& all) {
    for (std::size_t place = 0; place < all.size(); ++place) {
      const auto known = std::find(names.begin(), names.end(), all[place].name);
      // Of two columns of one name the last one counts.
      if (known != names.end()) {
        places[static_cast<std::size_t>(known - names.begin())] = place;
        continue;
      }
      names.push_back(all[place].name);
      places.push_back(place);
    }
  }
  std::vector<std::string> names;
  std::vector<std::size_t> places;
};

TemplateList rows_of(Database& database, const PageQuery& query, const HttpParameters& request,
                     std::size_t most_bytes) {
  std::vector<AnswerColumn> answered;
  std::optional<Columns> columns;
  std::vector<TemplateValue> values;
  std::size_t count = 0;
  std::size_t bytes = 0;
  const auto add_text = [&](std::string_view text, bool is_decimal) {
    bytes += text.size();
    if (bytes > most_bytes)
      throw Error(Kind::configuration, fmt::format("the query answers more than {} MiB", most_bytes >> 20U),
                  "ask for fewer rows or columns");
    if (is_decimal)
      values.push_back(number_or_text(text));
    else
      values.emplace_back(text);
  };
  const auto add = [&](RowView row) {
    if (++count > most_rows)
      throw Error(Kind::configuration, fmt::format("the query answers more than {} rows", most_rows),
                  "give it a LIMIT");
    if (!columns) {
      columns.emplace(answered);
      values.reserve(values_without_moving);
    }
    for (const std::size_t place : columns->places) {
      const ValueView& value = row[place];
      if (const auto* text = std::get_if<std::string_view>(&value))
        add_text(*text, answered[place].is_decimal);
      else if (const auto* whole = std::get_if<std::int64_t>(&value))
        values.emplace_back(*whole);
      else if (const auto* number = std::get_if<double>(&value))
        values.emplace_back(*number);
      else
        values.emplace_back(nullptr);
    }
  };
  database.read(query.sql, parameters_of(query, request), add, &answered);
  return columns ? template_rows(columns->names, std::move(values)) : TemplateList();
}

// Without raw HTML and links that run a script: what data say must not become more than text.
std::string html_of_markdown(const std::string& text) {
  const std::unique_ptr<char, decltype(&std::free)> html(
      cmark_markdown_to_html(text.data(), text.size(), CMARK_OPT_VALIDATE_UTF8), &std::free);
  return html.get();
}

std::vector<std::filesystem::path> page_folders(const SiteSnapshot& now) {
  std::vector<std::filesystem::path> folders;
  for (auto app = now.apps.rbegin(); app != now.apps.rend(); ++app) folders.push_back(app->folder / "www");
  return folders;
}

}  // namespace

HttpResponse answer_website(Visit& visit) {
  if (!visit.request.is_read()) throw method_not_allowed();
  const Dialect dialect = get_backend(visit.now->config.string("db_type").value_or("")).dialect;
  const auto page = visit.site->pages().find(page_folders(*visit.now), visit.request.path, dialect);
  if (!page) throw not_found();
  const bool login_required = page->source.login_required;
  if (login_required && !visit.session) require_login(visit);

  TemplateDict context;
  if (visit.session || !page->source.queries.empty())
    visit.site->read([&](Database& database) {
      logged_in(visit, database);
      if (login_required) require_login(visit, database);
      for (const PageQuery& query : page->source.queries) try {
          context.set(query.name, rows_of(database, query, visit.request.query, visit.limits().bytes));
        } catch (const Error& error) {
          throw error.with_context(fmt::format("{}: query '{}'", page->body->source().file, query.name));
        }
    });
  context.set("title", page->source.title);
  add_page_context(visit, context);
  const auto folders = visit.site->templates();
  std::string text = render(page->body, context, *folders, visit.limits());
  if (page->markup == WebPage::Markup::markdown) {
    context.set("content", TemplateValue::safe(html_of_markdown(text)));
    return render_page(visit, "website.html", context);
  }
  return text_response(200, "text/html; charset=utf-8", std::move(text));
}

}  // namespace bench
