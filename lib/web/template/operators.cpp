#include "web/template/operators.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <compare>
#include <cstdlib>

#include "base/error.hpp"
#include "web/template/text.hpp"

namespace bench {

namespace {

using Type = TemplateValue::Type;

constexpr std::size_t most_text = 64U << 20U;
constexpr std::size_t most_items = 1'000'000;
constexpr double two_to_63 = 9223372036854775808.0;

struct Number {
  bool is_whole;
  std::int64_t integer;
  double number;
};

[[noreturn]] void fail(const std::string& message, std::string hint = {}) {
  throw Error(Kind::configuration, message, std::move(hint));
}

[[noreturn]] void fail_too_large() {
  fail("the number is too large", "stay within 64 bits");
}

std::optional<Number> as_number(const TemplateValue& value) {
  if (value.is(Type::integer)) return Number{true, value.integer(), static_cast<double>(value.integer())};
  if (value.is(Type::number)) return Number{false, 0, value.number()};
  if (value.is(Type::boolean)) return Number{true, value.boolean() ? 1 : 0, value.boolean() ? 1.0 : 0.0};
  return std::nullopt;
}

/// Exactly, where the nearest floating point number to the integer would not do.
std::partial_ordering order_mixed(std::int64_t integer, double number) {
  if (std::isnan(number)) return std::partial_ordering::unordered;
  if (number >= two_to_63) return std::partial_ordering::less;
  if (number < -two_to_63) return std::partial_ordering::greater;
  const double whole = std::trunc(number);
  const auto truncated = static_cast<std::int64_t>(whole);
  return integer != truncated ? std::partial_ordering(integer <=> truncated) : 0.0 <=> number - whole;
}

std::partial_ordering reversed(std::partial_ordering order) {
  if (std::is_lt(order)) return std::partial_ordering::greater;
  return std::is_gt(order) ? std::partial_ordering::less : order;
}

std::partial_ordering order(const Number& left, const Number& right) {
  if (left.is_whole && right.is_whole) return left.integer <=> right.integer;
  if (left.is_whole) return order_mixed(left.integer, right.number);
  if (right.is_whole) return reversed(order_mixed(right.integer, left.number));
  return left.number <=> right.number;
}

std::partial_ordering order(const TemplateValue& left, const TemplateValue& right) {
  const auto left_number = as_number(left);
  const auto right_number = as_number(right);
  if (left_number && right_number) return order(*left_number, *right_number);
  if (left.is(Type::text) && right.is(Type::text)) return left.text().compare(right.text()) <=> 0;
  if (!left.is(Type::list) || !right.is(Type::list))
    fail(fmt::format("{} and {} cannot be compared", name(left.type()), name(right.type())));
  const TemplateList& lefts = left.list();
  const TemplateList& rights = right.list();
  const auto [first, second] =
      std::mismatch(lefts.begin(), lefts.end(), rights.begin(), rights.end(), is_equal);
  if (first == lefts.end() || second == rights.end()) return lefts.size() <=> rights.size();
  return order(*first, *second);
}

bool is_equal_dict(const TemplateDict& left, const TemplateDict& right) {
  return left.size() == right.size() && std::all_of(left.begin(), left.end(), [&](const auto& entry) {
           const TemplateValue* other = right.find_key(entry.key);
           return other != nullptr && is_equal(entry.value, *other);
         });
}

bool contains(const TemplateValue& container, const TemplateValue& value) {
  switch (container.type()) {
    case Type::undefined:
      return false;
    case Type::text:
      if (!value.is(Type::text)) fail(fmt::format("{} cannot be in a text", name(value.type())));
      return container.text().find(value.text()) != std::string::npos;
    case Type::list:
      return std::any_of(container.list().begin(), container.list().end(),
                         [&](const TemplateValue& item) { return is_equal(item, value); });
    case Type::dict:
      if (value.depth() > 0) fail(fmt::format("{} cannot be a key of a dict", name(value.type())));
      return container.dict().find_key(value) != nullptr;
    default:
      fail(fmt::format("nothing can be in {}", name(container.type())));
  }
}

TemplateValue joined(const TemplateValue& left, const TemplateValue& right) {
  check_text_size(left.text().size() + right.text().size());
  if (left.is_safe() || right.is_safe()) {
    std::string html;
    append_escaped(html, left);
    append_escaped(html, right);
    return TemplateValue::safe(std::move(html));
  }
  return left.text() + right.text();
}

TemplateValue joined_lists(const TemplateList& left, const TemplateList& right) {
  if (left.size() + right.size() > most_items) fail("the list is too long");
  TemplateList list = left;
  list.insert(list.end(), right.begin(), right.end());
  return list;
}

TemplateValue repeated_text(const TemplateValue& text, std::size_t times) {
  check_text_size(text.text().empty() ? 0 : times);
  check_text_size(text.text().size() * times);
  std::string result;
  result.reserve(text.text().size() * times);
  if (!text.text().empty())
    while (times-- > 0) result += text.text();
  return text.is_safe() ? TemplateValue::safe(std::move(result)) : TemplateValue(std::move(result));
}

TemplateValue repeated_list(const TemplateList& list, std::size_t times) {
  if (!list.empty() && times > most_items / list.size()) fail("the list is too long");
  TemplateList result;
  if (!list.empty())
    while (times-- > 0) result.insert(result.end(), list.begin(), list.end());
  return result;
}

std::optional<TemplateValue> repeated(const TemplateValue& value, const TemplateValue& count) {
  const auto number = as_number(count);
  if (!number || !number->is_whole) return std::nullopt;
  const auto times = static_cast<std::size_t>(std::max<std::int64_t>(0, number->integer));
  if (value.is(Type::text)) return repeated_text(value, times);
  if (value.is(Type::list)) return repeated_list(value.list(), times);
  return std::nullopt;
}

/// Python rounds the quotient down, and gives the remainder the divisor's sign.
TemplateValue floor_divided(double left, double right) {
  double remainder = std::fmod(left, right);
  double quotient = (left - remainder) / right;
  if (remainder != 0 && (right < 0) != (remainder < 0)) quotient -= 1;
  if (quotient == 0) return std::copysign(0.0, left / right);
  const double down = std::floor(quotient);
  return quotient - down > 0.5 ? down + 1 : down;
}

double remainder_of(double left, double right) {
  const double remainder = std::fmod(left, right);
  if (remainder == 0) return std::copysign(0.0, right);
  return (right < 0) != (remainder < 0) ? remainder + right : remainder;
}

// By squaring, so that no exponent takes long.
std::int64_t whole_power(std::int64_t base, std::int64_t exponent) {
  std::int64_t result = 1;
  bool overflows = false;
  for (bool is_lost = false; exponent > 0; exponent >>= 1) {
    if ((exponent & 1) != 0) overflows |= is_lost || __builtin_mul_overflow(result, base, &result);
    // Only where another factor follows does it matter.
    is_lost = __builtin_mul_overflow(base, base, &base) || is_lost;
  }
  if (overflows) fail_too_large();
  return result;
}

double power(double base, double exponent) {
  if (base == 0 && exponent < 0) fail("zero has no negative power");
  if (base < 0 && std::trunc(exponent) != exponent) fail("a negative number has only whole powers");
  const double result = std::pow(base, exponent);
  if (std::isinf(result) && std::isfinite(base) && std::isfinite(exponent)) fail_too_large();
  return result;
}

TemplateValue calculate_whole(std::int64_t left, Arithmetic arithmetic, std::int64_t right) {
  std::int64_t result = 0;
  bool overflows = false;
  const auto rest = [&] { return right == -1 ? 0 : left % right; };
  const bool signs_differ = (left < 0) != (right < 0);
  switch (arithmetic) {
    case Arithmetic::add:
      overflows = __builtin_add_overflow(left, right, &result);
      break;
    case Arithmetic::subtract:
      overflows = __builtin_sub_overflow(left, right, &result);
      break;
    case Arithmetic::multiply:
      overflows = __builtin_mul_overflow(left, right, &result);
      break;
    case Arithmetic::floor_divide:
      if (right == -1)
        overflows = __builtin_sub_overflow(std::int64_t{0}, left, &result);
      else
        result = left / right - (rest() != 0 && signs_differ ? 1 : 0);
      break;
    case Arithmetic::power:
      result = whole_power(left, right);
      break;
    default:
      result = rest() + (rest() != 0 && signs_differ ? right : 0);
  }
  if (overflows) fail_too_large();
  return result;
}

TemplateValue calculate_number(double left, Arithmetic arithmetic, double right) {
  switch (arithmetic) {
    case Arithmetic::add:
      return left + right;
    case Arithmetic::subtract:
      return left - right;
    case Arithmetic::multiply:
      return left * right;
    case Arithmetic::divide:
      return left / right;
    case Arithmetic::floor_divide:
      return floor_divided(left, right);
    case Arithmetic::power:
      return power(left, right);
    default:
      return remainder_of(left, right);
  }
}

std::string_view verb(Arithmetic arithmetic) {
  switch (arithmetic) {
    case Arithmetic::add:
      return "added";
    case Arithmetic::subtract:
      return "subtracted";
    case Arithmetic::multiply:
      return "multiplied";
    case Arithmetic::power:
      return "raised to a power";
    default:
      return "divided";
  }
}

bool divides(Arithmetic arithmetic) {
  return arithmetic == Arithmetic::divide || arithmetic == Arithmetic::floor_divide ||
         arithmetic == Arithmetic::remainder;
}

/// Without the underscores that Python lets stand between digits; nullopt where they stand elsewhere.
std::optional<std::string> without_underscores(std::string_view text) {
  std::string digits;
  for (std::size_t at = 0; at < text.size(); ++at) {
    const auto is_digit = [&](std::size_t where) {
      return where < text.size() && text[where] >= '0' && text[where] <= '9';
    };
    if (text[at] != '_')
      digits += text[at];
    else if (at == 0 || !is_digit(at - 1) || !is_digit(at + 1))
      return std::nullopt;
  }
  return digits;
}

std::optional<std::string> digits_of(const TemplateValue& value) {
  std::string_view text = without_leading_space(without_trailing_space(value.text()));
  if (text.starts_with('+') && text.size() > 1 && text[1] != '-') text.remove_prefix(1);
  return without_underscores(text);
}

std::optional<double> parse_number(const TemplateValue& value) {
  const auto digits = digits_of(value);
  if (!digits || digits->empty() || digits->find('(') != std::string::npos) return std::nullopt;
  double number = 0;
  const char* end = digits->data() + digits->size();
  const auto [read_to, error] = std::from_chars(digits->data(), end, number);
  if (error == std::errc::invalid_argument || read_to != end) return std::nullopt;
  // Too large is infinite and too small is zero, which only the older function says.
  return error == std::errc::result_out_of_range ? std::strtod(digits->c_str(), nullptr) : number;
}

std::int64_t truncated(double number) {
  if (!(number >= -two_to_63 && number < two_to_63)) fail_too_large();
  return static_cast<std::int64_t>(number);
}

std::optional<std::size_t> position_in(std::size_t size, const TemplateValue& key) {
  const auto number = as_number(key);
  if (!number || !number->is_whole) return std::nullopt;
  const auto length = static_cast<std::int64_t>(size);
  const std::int64_t position = number->integer < 0 ? number->integer + length : number->integer;
  if (position < 0 || position >= length) return std::nullopt;
  return static_cast<std::size_t>(position);
}

TemplateValue like(const TemplateValue& original, std::string_view part) {
  return original.is_safe() ? TemplateValue::safe(std::string(part)) : TemplateValue(part);
}

}  // namespace

bool is_true(const TemplateValue& value) {
  switch (value.type()) {
    case Type::undefined:
    case Type::none:
      return false;
    case Type::boolean:
      return value.boolean();
    case Type::integer:
      return value.integer() != 0;
    case Type::number:
      return value.number() != 0;
    case Type::text:
      return !value.text().empty();
    case Type::list:
      return !value.list().empty();
    case Type::dict:
      return !value.dict().empty();
    default:
      return true;
  }
}

bool is_equal(const TemplateValue& left, const TemplateValue& right) {
  const auto left_number = as_number(left);
  const auto right_number = as_number(right);
  if (left_number && right_number) return std::is_eq(order(*left_number, *right_number));
  if (left.type() != right.type()) return false;
  switch (left.type()) {
    case Type::text:
      return left.text() == right.text();
    case Type::list:
      return std::equal(left.list().begin(), left.list().end(), right.list().begin(), right.list().end(),
                        is_equal);
    case Type::dict:
      return is_equal_dict(left.dict(), right.dict());
    case Type::function:
      return &left.function() == &right.function();
    case Type::object:
      return &left.object() == &right.object();
    default:
      return true;
  }
}

bool is_less(const TemplateValue& left, const TemplateValue& right) {
  return std::is_lt(order(left, right));
}

bool compare(const TemplateValue& left, Comparison comparison, const TemplateValue& right) {
  switch (comparison) {
    case Comparison::equal:
      return is_equal(left, right);
    case Comparison::unequal:
      return !is_equal(left, right);
    case Comparison::less:
      return std::is_lt(order(left, right));
    case Comparison::less_or_equal:
      return std::is_lteq(order(left, right));
    case Comparison::greater:
      return std::is_gt(order(left, right));
    case Comparison::greater_or_equal:
      return std::is_gteq(order(left, right));
    case Comparison::in:
      return contains(right, left);
    case Comparison::not_in:
      return !contains(right, left);
  }
  return false;
}

TemplateValue calculate(const TemplateValue& left, Arithmetic arithmetic, const TemplateValue& right) {
  const auto left_number = as_number(left);
  const auto right_number = as_number(right);
  if (left_number && right_number) {
    if (divides(arithmetic) && right_number->number == 0) fail("a number cannot be divided by zero");
    const bool stays_whole =
        arithmetic != Arithmetic::divide && (arithmetic != Arithmetic::power || right_number->integer >= 0);
    if (left_number->is_whole && right_number->is_whole && stays_whole)
      return calculate_whole(left_number->integer, arithmetic, right_number->integer);
    return calculate_number(left_number->number, arithmetic, right_number->number);
  }
  if (arithmetic == Arithmetic::add && left.is(Type::text) && right.is(Type::text))
    return joined(left, right);
  if (arithmetic == Arithmetic::add && left.is(Type::list) && right.is(Type::list))
    return joined_lists(left.list(), right.list());
  if (arithmetic == Arithmetic::multiply) {
    if (auto result = repeated(left, right)) return *std::move(result);
    if (auto result = repeated(right, left)) return *std::move(result);
  }
  const bool is_text = arithmetic == Arithmetic::add && (left.is(Type::text) || right.is(Type::text));
  fail(fmt::format("{} and {} cannot be {}", name(left.type()), name(right.type()), verb(arithmetic)),
       is_text ? "join them with ~" : "");
}

TemplateValue with_sign(Sign sign, const TemplateValue& value) {
  const auto number = as_number(value);
  if (!number) fail(fmt::format("{} cannot have a sign", name(value.type())));
  if (sign == Sign::minus && !number->is_whole) return -number->number;
  if (sign == Sign::minus) return calculate_whole(0, Arithmetic::subtract, number->integer);
  return number->is_whole ? TemplateValue(number->integer) : TemplateValue(number->number);
}

std::optional<std::int64_t> integer_of(const TemplateValue& value) {
  if (const auto number = as_number(value)) {
    if (number->is_whole) return number->integer;
    if (std::isnan(number->number)) return std::nullopt;
    return truncated(number->number);
  }
  if (!value.is(Type::text)) return std::nullopt;
  if (const auto digits = digits_of(value)) {
    std::int64_t integer = 0;
    const char* end = digits->data() + digits->size();
    const auto [read_to, error] = std::from_chars(digits->data(), end, integer);
    if (error == std::errc() && read_to == end) return integer;
  }
  const auto number = parse_number(value);
  if (!number || std::isnan(*number)) return std::nullopt;
  return truncated(*number);
}

std::optional<double> number_of(const TemplateValue& value) {
  if (const auto number = as_number(value)) return number->number;
  return value.is(Type::text) ? parse_number(value) : std::nullopt;
}

const TemplateValue* find_attribute(const TemplateValue& base, std::string_view name,
                                    TemplateValue& scratch) {
  if (base.is(Type::dict)) return base.dict().find(name);
  if (!base.is(Type::object)) return nullptr;
  scratch = base.object().attribute(name);
  return &scratch;
}

const TemplateValue* find_item(const TemplateValue& base, const TemplateValue& key, TemplateValue& scratch) {
  if (base.is(Type::dict)) return base.dict().find_key(key);
  if (base.is(Type::object) && key.is(Type::text)) return find_attribute(base, key.text(), scratch);
  if (base.is(Type::list)) {
    const auto position = position_in(base.list().size(), key);
    return position ? &base.list()[*position] : nullptr;
  }
  if (!base.is(Type::text)) return nullptr;
  const auto position = position_in(count_characters(base.text()), key);
  if (!position) return nullptr;
  scratch = like(base, characters(base.text(), *position, *position + 1));
  return &scratch;
}

const TemplateList& items_of(const TemplateValue& value, TemplateValue& scratch) {
  if (value.is(Type::list)) return value.list();
  TemplateList items;
  if (value.is(Type::dict)) {
    items.reserve(value.dict().size());
    for (const auto& entry : value.dict()) items.push_back(entry.key);
  } else if (value.is(Type::text)) {
    const std::string_view text = value.text();
    for (std::size_t at = 0, next = 0; at < text.size(); at = next) {
      character_at(text, at, next);
      items.emplace_back(text.substr(at, next - at));
    }
  } else if (!value.is(Type::undefined)) {
    fail(fmt::format("{} has no items to go over", name(value.type())));
  }
  scratch = std::move(items);
  return scratch.list();
}

void check_text_size(std::size_t size) {
  if (size > most_text) fail("the text is too long", "keep it under 64 MB");
}

}  // namespace bench
