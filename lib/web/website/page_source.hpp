#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "database/dialect.hpp"
#include "database/value.hpp"
#include "web/http/message.hpp"

namespace bench {

/// A query of a page: one SELECT, in which `:name` stands for a parameter of the request. Names are quoted as
/// in Frappe, with backticks, on every database.
struct PageQuery {
  std::string name;                     ///< under which the template finds its rows
  std::string sql;                      ///< with `?`
  std::vector<std::string> parameters;  ///< of the request, in the order of the marks
};

/// A file of an app's `www/`: front matter between two lines of `---` (YAML: `title`, `login_required`,
/// `queries`), and a template after it, in HTML or in Markdown.
struct PageSource {
  std::string title;
  bool login_required = false;
  std::vector<PageQuery> queries;
  /// What follows the front matter; in its place are as many lines that print nothing.
  std::string text;
};

/// Error{configuration} with file, line and column for front matter that cannot be understood, and for a
/// query that is not one SELECT.
PageSource parse_page(std::string_view text, const std::filesystem::path& file, Dialect dialect);

/// The values of a query's parameters; what the request does not name is NULL.
std::vector<Value> parameters_of(const PageQuery& query, const HttpParameters& request);

}  // namespace bench
