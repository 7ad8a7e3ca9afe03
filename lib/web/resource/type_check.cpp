#include "web/resource/type_check.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>
#include <optional>
#include <regex>

#include "web/http/failure.hpp"

namespace bench {

namespace {

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

template <typename Number>
std::optional<Number> whole_text_as(std::string_view text) {
  Number number{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

int number_of(std::string_view digits) {
  return whole_text_as<int>(digits).value_or(0);
}

bool matches(std::string_view text, const std::regex& pattern) {
  return std::regex_match(text.begin(), text.end(), pattern);
}

// Frappe's clients put a T between the two, or leave the time out.
bool is_date_and_time(std::string_view text) {
  constexpr std::size_t date_length = 10;
  if (!is_date(text.substr(0, date_length))) return false;
  if (text.size() == date_length) return true;
  return (text[date_length] == ' ' || text[date_length] == 'T') && is_time(text.substr(date_length + 1));
}

bool is_integer(const Value& value) {
  constexpr double too_large = 9'223'372'036'854'775'808.0;
  if (const auto* number = std::get_if<double>(&value))
    return std::trunc(*number) == *number && *number >= -too_large && *number < too_large;
  return whole_text_as<std::int64_t>(to_text(value)).has_value();
}

bool is_truth(const std::string& text) {
  constexpr std::array words{"0", "1", "f", "t", "false", "true"};
  return std::ranges::find(words, text) != words.end();
}

struct Expected {
  bool is_met;
  std::string_view words;
};

Expected expected(const Column& column, const Value& value) {
  const std::string text = to_text(value);
  switch (column.type) {
    case ColumnType::integer:
      return {is_integer(value), "a whole number"};
    case ColumnType::boolean:
      return {is_truth(text), "1 or 0"};
    case ColumnType::decimal:
    case ColumnType::real:
      return {is_finite_number(text), "a number"};
    case ColumnType::date:
      return {is_date(text), "a date such as 2026-11-30"};
    case ColumnType::time:
      return {is_time(text), "a time such as 12:00:00"};
    case ColumnType::datetime:
      return {is_date_and_time(text), "a date and time such as 2026-11-30 12:00:00"};
    case ColumnType::json:
      return {nlohmann::json::accept(text), "JSON"};
    default:
      return {true, ""};
  }
}

std::ptrdiff_t characters(std::string_view text) {
  return std::ranges::count_if(text, [](unsigned char byte) { return (byte & 0xc0U) != 0x80U; });
}

}  // namespace

bool is_whole_number(std::string_view text) {
  if (text.starts_with('-')) text.remove_prefix(1);
  return !text.empty() && std::ranges::all_of(text, is_digit);
}

bool is_finite_number(std::string_view text) {
  const auto number = whole_text_as<double>(text);
  return number && std::isfinite(*number);
}

std::optional<double> exact_double(std::string_view decimal) {
  if (decimal.find_first_not_of("-0123456789.") != std::string_view::npos) return std::nullopt;
  std::string digits(decimal.substr(0, decimal.find('.')));
  if (digits.size() < decimal.size()) {
    digits += decimal.substr(digits.size() + 1);
    digits.erase(digits.find_last_not_of('0') + 1);
  }
  const std::size_t first = digits.find_first_not_of("-0");
  const std::size_t significant = first == std::string::npos ? 0 : digits.size() - first;
  if (significant > std::numeric_limits<double>::digits10) return std::nullopt;
  return whole_text_as<double>(decimal);
}

bool is_date(std::string_view text) {
  static const std::regex pattern("[0-9]{4}-[0-9]{2}-[0-9]{2}");
  if (!matches(text, pattern)) return false;
  const std::chrono::year_month_day day{
      std::chrono::year(number_of(text.substr(0, 4))),
      std::chrono::month(static_cast<unsigned>(number_of(text.substr(5, 2)))),
      std::chrono::day(static_cast<unsigned>(number_of(text.substr(8, 2))))};
  return day.ok();
}

bool is_time(std::string_view text) {
  static const std::regex pattern(R"(([01]?[0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9](\.[0-9]{1,6})?)?)");
  return matches(text, pattern);
}

bool holds_text(const Column& column) {
  return column.type == ColumnType::text || column.type == ColumnType::long_text;
}

void check_type(const Column& column, const Value& value) {
  if (is_null(value)) return;
  if (const auto [is_met, words] = expected(column, value); !is_met)
    throw not_valid(fmt::format("'{}' takes {}", column.name, words), column.name);
  if (column.max_length && characters(to_text(value)) > *column.max_length)
    throw not_valid(fmt::format("'{}' takes at most {} characters", column.name, *column.max_length),
                    column.name);
}

}  // namespace bench
