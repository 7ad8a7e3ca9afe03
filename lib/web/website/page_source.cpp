#include "web/website/page_source.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>

#include "base/error.hpp"
#include "base/text.hpp"
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
    if (begins_line_comment()) return take_line_comment();
    // MariaDB runs what stands in /*! */.
    const bool is_run = m_dialect == Dialect::mariadb && m_sql.substr(m_at, 3) == "/*!";
    if (m_sql.substr(m_at, 2) == "/*" && !is_run) return take_comment();
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

  // What stands in one is no parameter and no statement's end.
  void take_line_comment() {
    const std::size_t after = std::min(m_sql.find('\n', m_at), m_sql.size());
    m_query.sql += m_sql.substr(m_at, after - m_at);
    m_at = after;
  }

  // PostgreSQL's lie in one another.
  void take_comment() {
    int depth = 0;
    std::size_t at = m_at;
    do {
      const bool begins = m_sql.substr(at, 2) == "/*" && (depth == 0 || m_dialect == Dialect::postgres);
      const bool ends = m_sql.substr(at, 2) == "*/";
      depth += begins ? 1 : ends ? -1 : 0;
      at += begins || ends ? 2 : 1;
      if (depth > 0 && at >= m_sql.size()) m_node.fail("a comment is not closed");
    } while (depth > 0);
    m_query.sql += m_sql.substr(m_at, at - m_at);
    m_at = at;
  }

  // To MariaDB 5--3 is 8.
  bool begins_line_comment() const {
    const std::string_view rest = m_sql.substr(m_at);
    if (m_dialect != Dialect::mariadb) return rest.starts_with("--");
    return rest.starts_with('#') ||
           (rest.starts_with("--") &&
            (rest.size() == 2 || std::isspace(static_cast<unsigned char>(rest[2])) != 0));
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

// What a template could not name, or would not find the rows under.
void check_query_name(const YamlNode& name) {
  constexpr std::array taken{"read_only_mode",
                             "reason",
                             "expected_end",
                             "announcement",
                             "site_name",
                             "release",
                             "csrf_token",
                             "user",
                             "form_dict",
                             "title",
                             "loop",
                             "true",
                             "false",
                             "none",
                             "not",
                             "and",
                             "or",
                             "in",
                             "is",
                             "if",
                             "else"};
  const std::string& text = name.scalar();
  if (text.empty() || std::isdigit(static_cast<unsigned char>(text.front())) != 0 ||
      !std::ranges::all_of(text, is_name_character))
    name.fail(fmt::format("'{}' cannot be the name of a query", text), "use letters, digits and _");
  if (std::ranges::find(taken, text) != taken.end())
    name.fail(fmt::format("'{}' means something else in a page's template", text),
              "call the query something else");
}

void read_member(PageSource& page, const YamlNode& key, const YamlNode& value, Dialect dialect) {
  if (key.scalar() == "title") {
    page.title = value.scalar();
  } else if (key.scalar() == "login_required") {
    page.login_required = value.boolean();
  } else if (key.scalar() == "queries") {
    for (const auto& [name, query] : value.mapping()) {
      check_query_name(name);
      page.queries.push_back(QueryReader(query, dialect).read(name.scalar()));
    }
  } else {
    key.fail(fmt::format("there is no key '{}' in a page's front matter", key.scalar()),
             "the keys are title, login_required and queries");
  }
}

// Editors of other systems write a mark before the text, and two characters at a line's end.
std::string with_plain_line_ends(std::string_view text) {
  constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";
  if (text.starts_with(byte_order_mark)) text.remove_prefix(byte_order_mark.size());
  std::string plain;
  for (std::size_t i = 0; i < text.size(); ++i)
    if (text[i] != '\r' || i + 1 == text.size() || text[i + 1] != '\n') plain += text[i];
  return plain;
}

// What somebody left at a line's end is not seen.
std::string_view without_end(std::string_view line) {
  return line.substr(0, line.find_last_not_of(" \t") + 1);
}

[[noreturn]] void refuse(const std::filesystem::path& file, std::size_t line, std::string_view message) {
  throw Error(Kind::configuration, fmt::format("{}:{}:1: {}", file.string(), line, message));
}

}  // namespace

PageSource parse_page(std::string_view file_text, const std::filesystem::path& file, Dialect dialect) {
  const std::string plain = with_plain_line_ends(file_text);
  std::string_view rest = plain;
  PageSource page;
  std::size_t line = 1;
  while (!rest.empty() && without_end(rest.substr(0, rest.find('\n'))).empty()) {
    take_until(rest, '\n');
    ++line;
  }
  // What only looks like front matter may say who must not see the page: it is never shown for text.
  if (!rest.starts_with("---")) {
    page.text = plain;
    return page;
  }
  if (without_end(take_until(rest, '\n')) != "---")
    refuse(file, line, "front matter begins with a line of three dashes");
  std::string front(line, '\n');
  for (bool closed = false; !closed;) {
    if (rest.empty())
      refuse(file, line, "the front matter that begins here is not closed by a line of three dashes");
    const std::string_view one = take_until(rest, '\n');
    closed = without_end(one) == "---";
    front += closed ? "\n" : std::string(one) + "\n";
  }
  const YamlNode node = YamlNode::parse(front, file);
  if (node.type() != YamlNode::Type::null)
    for (const auto& [key, value] : node.mapping()) read_member(page, key, value, dialect);
  const auto lines = static_cast<std::size_t>(std::ranges::count(front, '\n'));
  page.text = fmt::format("{{#{}#}}{}", std::string(lines, '\n'), rest);
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
