#include "database/left_out.hpp"

#include <algorithm>
#include <array>
#include <string_view>

#include "base/text.hpp"
#include "database/tokens.hpp"

namespace bench {

namespace {

constexpr std::size_t shown = 100;
constexpr std::array<std::string_view, 5> before_a_name{"UNLOGGED", "TABLE", "IF", "NOT", "EXISTS"};

std::string table_made_by(const std::string& statement, Dialect dialect) {
  SqlTokens tokens(statement, dialect);
  if (tokens.next().word != "CREATE") return {};
  SqlToken token = tokens.next();
  if (token.word != "TABLE" && token.word != "UNLOGGED") return {};
  while (!token.is_quoted && std::ranges::find(before_a_name, token.word) != before_a_name.end())
    token = tokens.next();
  const std::string name = token.name();
  if (tokens.next().text != ".") return name;
  return (name == "public" ? "" : name + ".") + tokens.next().name();
}

std::string in_one_line(std::string_view text) {
  std::string line;
  for (const char character : text) {
    const bool is_blank = character == ' ' || character == '\n';
    if (!is_blank || !line.ends_with(' ')) line += is_blank ? ' ' : character;
  }
  return line;
}

}  // namespace

LeftOut left_out(const std::string& statement, Dialect dialect) {
  std::string beginning = in_one_line(statement);
  if (beginning.size() > shown) beginning = beginning.substr(0, character_begin(beginning, shown)) + " ...";
  return {table_made_by(statement, dialect), beginning};
}

}  // namespace bench
