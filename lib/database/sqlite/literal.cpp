#include "database/sqlite/literal.hpp"

#include <fmt/format.h>

#include <array>
#include <bit>
#include <charconv>
#include <cmath>
#include <cstring>

namespace bench {

namespace {

void append_integer(std::string& out, std::int64_t value) {
  std::array<char, 24> digits;
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), value).ptr;
  out.append(digits.data(), end);
}

void append_blob(std::string& out, std::string_view bytes) {
  static constexpr std::string_view hex = "0123456789ABCDEF";
  out += "X'";
  const std::size_t begin = out.size();
  out.resize(begin + 2 * bytes.size());
  char* target = out.data() + begin;
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    *target++ = hex[byte >> 4];
    *target++ = hex[byte & 15];
  }
  out += '\'';
}

// A zero byte would end the statement's text, so it is written as char(0) whatever the database's encoding
// is.
void append_text(std::string& out, std::string_view text) {
  const bool has_zero = std::memchr(text.data(), 0, text.size()) != nullptr;
  out += '\'';
  while (!text.empty()) {
    const std::size_t run = has_zero ? text.find_first_of(std::string_view("'\0", 2)) : text.find('\'');
    out.append(text.substr(0, run));
    if (run == std::string_view::npos) break;
    out += text[run] == '\'' ? "''" : "'||char(0)||'";
    text.remove_prefix(run + 1);
  }
  out += '\'';
}

// A mantissa times a power of two is exact at each step, and no decimal conversion is involved.
std::string exact_expression(double value) {
  int exponent = 0;
  auto mantissa = static_cast<std::int64_t>(std::ldexp(std::frexp(value, &exponent), 53));
  exponent -= 53;
  while (mantissa % 2 == 0) {
    mantissa /= 2;
    ++exponent;
  }
  std::string expression = fmt::format("(CAST({} AS REAL)", mantissa);
  for (int left = std::abs(exponent); left > 0; left -= 62)
    expression += fmt::format("{}{}", exponent < 0 ? '/' : '*', std::int64_t{1} << std::min(left, 62));
  return expression + ")";
}

}  // namespace

SqliteLiterals::SqliteLiterals(sqlite3* connection) : m_parse(connection, "SELECT CAST(?1 AS REAL)") {}

void SqliteLiterals::append(std::string& out, const SqliteStatement& row, int column) {
  switch (sqlite3_column_type(row.handle(), column)) {
    case SQLITE_INTEGER:
      return append_integer(out, row.integer(column));
    case SQLITE_FLOAT:
      return append_real(out, sqlite3_column_double(row.handle(), column));
    case SQLITE_TEXT:
      return append_text(out, row.bytes(column));
    case SQLITE_BLOB:
      return append_blob(out, row.bytes(column));
    default:
      out += "NULL";
  }
}

bool SqliteLiterals::reads_back(std::string_view literal, double value) {
  m_parse.bind(1, Value(std::string(literal)));
  m_parse.step();
  const double read = sqlite3_column_double(m_parse.handle(), 0);
  m_parse.reset();
  return std::bit_cast<std::uint64_t>(read) == std::bit_cast<std::uint64_t>(value);
}

void SqliteLiterals::append_real(std::string& out, double value) {
  if (std::isinf(value)) {
    out += value > 0 ? "9e999" : "-9e999";
    return;
  }
  std::array<char, 32> digits;
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), value).ptr;
  std::string literal(digits.data(), end);
  if (literal.find_first_of(".e") == std::string::npos) literal += ".0";
  // SQLite's reader rounds some literals of 16 and more digits, or with large exponents, one bit off, and
  // reads -0.0 as 0.0.
  const bool is_plain = literal.size() <= 15 && literal.find('e') == std::string::npos && value != 0;
  if (is_plain || (value == 0 && !std::signbit(value)) || reads_back(literal, value))
    out += literal;
  else
    out += value == 0 ? "(0.0*-1)" : exact_expression(value);
}

}  // namespace bench
