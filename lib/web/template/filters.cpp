#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <vector>

#include "base/error.hpp"
#include "web/template/builtin.hpp"
#include "web/template/operators.hpp"
#include "web/template/text.hpp"
#include "web/template/text_filters.hpp"

namespace bench {

namespace {

using Type = TemplateValue::Type;

[[noreturn]] void fail(const std::string& message, std::string hint = {}) {
  throw Error(Kind::configuration, message, std::move(hint));
}

/// `a.b.0` of the value.
TemplateValue attribute_of(const TemplateValue& value, std::string_view path) {
  TemplateValue current = value;
  while (!path.empty()) {
    const std::string_view part = path.substr(0, path.find('.'));
    path.remove_prefix(std::min(path.size(), part.size() + 1));
    if (current.is(Type::undefined)) fail(fmt::format("an undefined value has no '{}'", part));
    std::int64_t position = 0;
    const auto [end, error] = std::from_chars(part.data(), part.data() + part.size(), position);
    const bool is_position = error == std::errc() && end == part.data() + part.size();
    const TemplateValue key = is_position ? TemplateValue(position) : TemplateValue(part);
    TemplateValue scratch;
    const TemplateValue* found = find_item(current, key, scratch);
    // What was found may lie in the value that it replaces.
    TemplateValue next = found != nullptr ? *found : TemplateValue();
    current = std::move(next);
  }
  return current;
}

TemplateList copied_items(const TemplateValue& input) {
  TemplateValue scratch;
  return items_of(input, scratch);
}

/// The items, or that attribute of each when the parameter is given.
TemplateList items_or_attributes(const TemplateValue& input, const BuiltinArguments& arguments,
                                 std::size_t parameter) {
  TemplateList items = copied_items(input);
  if (!arguments.has(parameter) || arguments.value(parameter).is(Type::none)) return items;
  const std::string path = arguments.text(parameter, "");
  for (TemplateValue& item : items) item = attribute_of(item, path);
  return items;
}

TemplateValue absolute(const TemplateValue& input, const BuiltinArguments&) {
  const bool is_negative = is_less(input, 0);
  return with_sign(is_negative ? Sign::minus : Sign::plus, input);
}

TemplateValue or_default(const TemplateValue& input, const BuiltinArguments& arguments) {
  const bool is_missing = input.is(Type::undefined) || (arguments.is_true(1, false) && !is_true(input));
  if (!is_missing) return input;
  return arguments.has(0) ? arguments.value(0) : TemplateValue("");
}

TemplateValue first(const TemplateValue& input, const BuiltinArguments&) {
  TemplateValue scratch;
  const TemplateList& items = items_of(input, scratch);
  return items.empty() ? TemplateValue() : items.front();
}

TemplateValue last(const TemplateValue& input, const BuiltinArguments&) {
  TemplateValue scratch;
  const TemplateList& items = items_of(input, scratch);
  if (items.empty()) return {};
  // A text has its last character by position, which leaves HTML safe, and its first one by going over it.
  return input.is(Type::text) ? text_like(input, items.back().text()) : items.back();
}

void require_defined(const TemplateValue& input) {
  if (input.is(Type::undefined)) fail("an undefined value is no number", "give it a default first");
}

TemplateValue to_float(const TemplateValue& input, const BuiltinArguments& arguments) {
  require_defined(input);
  if (const auto number = number_of(input)) return *number;
  return arguments.has(0) ? arguments.value(0) : TemplateValue(0.0);
}

TemplateValue to_int(const TemplateValue& input, const BuiltinArguments& arguments) {
  require_defined(input);
  if (const auto integer = integer_of(input)) return *integer;
  return arguments.has(0) ? arguments.value(0) : TemplateValue(0);
}

TemplateValue length(const TemplateValue& input, const BuiltinArguments&) {
  switch (input.type()) {
    case Type::undefined:
      return 0;
    case Type::text:
      return count_characters(input.text());
    case Type::list:
      return input.list().size();
    case Type::dict:
      return input.dict().size();
    default:
      fail(fmt::format("{} has no length", name(input.type())));
  }
}

TemplateValue to_list(const TemplateValue& input, const BuiltinArguments&) {
  return copied_items(input);
}

TemplateValue items(const TemplateValue& input, const BuiltinArguments&) {
  if (input.is(Type::undefined)) return TemplateList();
  if (!input.is(Type::dict)) fail(fmt::format("{} has no keys", name(input.type())));
  return key_value_pairs(input.dict());
}

TemplateValue join(const TemplateValue& input, const BuiltinArguments& arguments) {
  const TemplateValue separator = arguments.has(0) ? arguments.value(0) : TemplateValue("");
  return joined_text(items_or_attributes(input, arguments, 1), separator);
}

TemplateValue reverse(const TemplateValue& input, const BuiltinArguments&) {
  TemplateList reversed = copied_items(input);
  std::reverse(reversed.begin(), reversed.end());
  return input.is(Type::text) ? text_like(input,
                                          [&](std::string& text) {
                                            for (const TemplateValue& character : reversed)
                                              text += character.text();
                                          })
                              : TemplateValue(std::move(reversed));
}

/// To so many digits behind the point, halves of the number as it is stored to the even neighbour.
double rounded(double number, std::int64_t digits) {
  // Nothing lies further behind the point of a double, and nothing that far before it.
  if (digits > 340 || !std::isfinite(number)) return number;
  if (digits < -310) return std::copysign(0.0, number);
  if (digits < 0) {
    const double unit = std::pow(10.0, static_cast<double>(-digits));
    return std::nearbyint(number / unit) * unit;
  }
  std::vector<char> text(static_cast<std::size_t>(digits) + 330);
  std::snprintf(text.data(), text.size(), "%.*f", static_cast<int>(digits), number);
  return std::strtod(text.data(), nullptr);
}

TemplateValue round(const TemplateValue& input, const BuiltinArguments& arguments) {
  const std::int64_t digits = arguments.integer(0, 0);
  const std::string method = arguments.text(1, "common");
  const bool is_number = input.is(Type::integer) || input.is(Type::number) || input.is(Type::boolean);
  if (!is_number) fail(fmt::format("{} cannot be rounded", name(input.type())));
  const double number = number_of(input).value_or(0);
  if (method == "common") {
    if (input.is(Type::number)) return rounded(number, digits);
    const std::int64_t whole = integer_of(input).value_or(0);
    return digits >= 0 ? TemplateValue(whole)
                       : TemplateValue(static_cast<std::int64_t>(rounded(number, digits)));
  }
  if (method != "ceil" && method != "floor")
    fail(fmt::format("there is no way '{}' to round", method), "use common, ceil or floor");
  const double scale = std::pow(10.0, static_cast<double>(std::clamp<std::int64_t>(digits, -300, 300)));
  return (method == "ceil" ? std::ceil(number * scale) : std::floor(number * scale)) / scale;
}

TemplateValue sort(const TemplateValue& input, const BuiltinArguments& arguments) {
  struct Item {
    TemplateValue key, value;
  };
  TemplateList values = copied_items(input);
  TemplateList keys = items_or_attributes(input, arguments, 2);
  std::vector<Item> sorted;
  sorted.reserve(values.size());
  for (std::size_t at = 0; at < values.size(); ++at) {
    const bool folds = keys[at].is(Type::text) && !arguments.is_true(1, false);
    sorted.push_back(
        {folds ? TemplateValue(in_case(keys[at].text(), LetterCase::lower)) : keys[at], values[at]});
  }
  const bool is_descending = arguments.is_true(0, false);
  std::stable_sort(sorted.begin(), sorted.end(), [&](const Item& left, const Item& right) {
    return is_descending ? is_less(right.key, left.key) : is_less(left.key, right.key);
  });
  for (std::size_t at = 0; at < values.size(); ++at) values[at] = std::move(sorted[at].value);
  return values;
}

TemplateValue sum(const TemplateValue& input, const BuiltinArguments& arguments) {
  TemplateValue total = arguments.has(1) ? arguments.value(1) : TemplateValue(0);
  for (const TemplateValue& item : items_or_attributes(input, arguments, 0))
    total = calculate(total, Arithmetic::add, item);
  return total;
}

TemplateValue to_json(const TemplateValue& input, const BuiltinArguments& arguments) {
  if (arguments.has(0) && !arguments.value(0).is(Type::none))
    return TemplateValue::safe(script_json(input, std::max<std::int64_t>(0, arguments.integer(0, 0))));
  return TemplateValue::safe(script_json(input, -1));
}

const std::array<Builtin, 31> filters{{
    {"abs", absolute},
    {"capitalize", capitalize_text},
    {"count", length},
    {"d", or_default, {"default_value", "boolean"}},
    {"default", or_default, {"default_value", "boolean"}},
    {"e", escape_text},
    {"escape", escape_text},
    {"first", first},
    {"float", to_float, {"default"}},
    {"int", to_int, {"default"}},
    {"items", items},
    {"join", join, {"d", "attribute"}},
    {"last", last},
    {"length", length},
    {"list", to_list},
    {"lower", lower_text},
    {"nl2br", break_lines},
    {"replace", replace_text, {"old", "new", "count"}, 2},
    {"reverse", reverse},
    {"round", round, {"precision", "method"}},
    {"safe", mark_safe},
    {"sort", sort, {"reverse", "case_sensitive", "attribute"}},
    {"string", as_text},
    {"striptags", strip_tags},
    {"sum", sum, {"attribute", "start"}},
    {"title", title_text},
    {"tojson", to_json, {"indent"}},
    {"trim", trim_text, {"chars"}},
    {"truncate", truncate_text, {"length", "killwords", "end", "leeway"}},
    {"upper", upper_text},
    {"urlencode", encode_url},
}};

}  // namespace

const Builtin* find_filter(std::string_view name) {
  const auto found =
      std::find_if(filters.begin(), filters.end(), [&](const Builtin& row) { return row.name == name; });
  return found == filters.end() ? nullptr : &*found;
}

std::vector<std::string> filter_names() {
  std::vector<std::string> names;
  for (const Builtin& filter : filters) names.emplace_back(filter.name);
  return names;
}

}  // namespace bench
