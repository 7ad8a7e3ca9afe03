#include "web/website/page_source.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>

#include "base/yaml.hpp"

namespace bench {

namespace {

bool is_name_character(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_';
}

bool begins_as_query(std::string_view sql) {
  std::string word;
  for (const char c : sql.substr(std::min(sql.find_first_not_of(" \t\r\n("), sql.size()))) {
    if (std::isalpha(static_cast<unsigned char>(c)) == 0) break;
    word += static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  }
  return word == "SELECT" || word == "WITH";
}

// Reads the SQL once: what stands in quotes is kept, a name in backticks is quoted as the database wants it,
// and
// `:name` becomes a mark.
class QueryReader {
 public:
  QueryReader(const YamlNode& node, Dialect dialect)
      : m_node(node), m_sql(node.scalar()), m_dialect(dialect) {}

  PageQuery read(std::string name) {
    if (!begins_as_query(m_sql)) m_node.fail("a page's query must be a SELECT");
    m_query.name = std::move(name);
    while (m_at < m_sql.size()) step();
    return std::move(m_query);
  }

 private:
  void step() {
    const char c = m_sql[m_at];
    if (c == '\'' || c == '"') return take_quoted(c);
    if (c == '`') return take_identifier();
    if (c == ';') m_node.fail("a page's query must be one statement, without a semicolon");
    if (c == '?') m_node.fail("'?' cannot stand in a page's query", "write a parameter as :name");
    const bool is_cast = m_sql.substr(m_at, 2) == "::";
    const bool is_parameter =
        c == ':' && !is_cast && m_at + 1 < m_sql.size() && is_name_character(m_sql[m_at + 1]);
    if (is_parameter) return take_parameter();
    m_query.sql += m_sql.substr(m_at, is_cast ? 2 : 1);
    m_at += is_cast ? 2 : 1;
  }

  std::string_view take_until_quote(char quote) {
    const std::size_t end = m_sql.find(quote, m_at + 1);
    if (end == std::string_view::npos) m_node.fail(fmt::format("a {} is not closed", quote));
    const std::string_view taken = m_sql.substr(m_at, end + 1 - m_at);
    m_at = end + 1;
    return taken;
  }

  void take_quoted(char quote) { m_query.sql += take_until_quote(quote); }

  void take_identifier() {
    const std::string_view quoted = take_until_quote('`');
    m_query.sql += quote_identifier(m_dialect, quoted.substr(1, quoted.size() - 2));
  }

  void take_parameter() {
    const std::size_t begin = ++m_at;
    while (m_at < m_sql.size() && is_name_character(m_sql[m_at])) ++m_at;
    m_query.parameters.emplace_back(m_sql.substr(begin, m_at - begin));
    m_query.sql += '?';
  }

  const YamlNode& m_node;
  std::string_view m_sql;
  Dialect m_dialect;
  std::size_t m_at = 0;
  PageQuery m_query;
};

void read_member(PageSource& page, const YamlNode& key, const YamlNode& value, Dialect dialect) {
  if (key.scalar() == "title") {
    page.title = value.scalar();
  } else if (key.scalar() == "login_required") {
    page.login_required = value.boolean();
  } else if (key.scalar() == "queries") {
    for (const auto& [name, query] : value.mapping())
      page.queries.push_back(QueryReader(query, dialect).read(name.scalar()));
  } else {
    key.fail(fmt::format("there is no key '{}' in a page's front matter", key.scalar()),
             "the keys are title, login_required and queries");
  }
}

}  // namespace

PageSource parse_page(std::string_view text, const std::filesystem::path& file, Dialect dialect) {
  PageSource page;
  constexpr std::string_view fence = "---\n";
  const std::size_t end =
      text.starts_with(fence) ? text.find("\n---\n", fence.size() - 1) : std::string_view::npos;
  if (end == std::string_view::npos) {
    page.text = std::string(text);
    return page;
  }
  // A line in place of the fence, so that lines count from the top of the file.
  const YamlNode front =
      YamlNode::parse(fmt::format("\n{}", text.substr(fence.size(), end + 1 - fence.size())), file);
  if (front.type() != YamlNode::Type::null)
    for (const auto& [key, value] : front.mapping()) read_member(page, key, value, dialect);
  const std::string_view rest = text.substr(end + std::string_view("\n---\n").size());
  const auto lines = std::ranges::count(text.substr(0, text.size() - rest.size()), '\n');
  page.text = fmt::format("{{#{}#}}{}", std::string(static_cast<std::size_t>(lines), '\n'), rest);
  return page;
}

std::vector<Value> parameters_of(const PageQuery& query, const HttpParameters& request) {
  std::vector<Value> values;
  for (const std::string& name : query.parameters) {
    const auto given = request.find(name);
    values.emplace_back(given ? Value(std::string(*given)) : Value());
  }
  return values;
}

}  // namespace bench
