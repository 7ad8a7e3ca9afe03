#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <span>

#include "base/error.hpp"
#include "web/template/builtin.hpp"
#include "web/template/operators.hpp"
#include "web/template/text.hpp"
#include "web/template/text_filters.hpp"

namespace bench {

namespace {

using Type = TemplateValue::Type;

TemplateValue get(const TemplateValue& input, const BuiltinArguments& arguments) {
  if (const TemplateValue* found = input.dict().find_key(arguments.value(0))) return *found;
  return arguments.has(1) ? arguments.value(1) : TemplateValue(nullptr);
}

TemplateValue items(const TemplateValue& input, const BuiltinArguments&) {
  return key_value_pairs(input.dict());
}

TemplateValue keys(const TemplateValue& input, const BuiltinArguments&) {
  TemplateValue scratch;
  return items_of(input, scratch);
}

TemplateValue values(const TemplateValue& input, const BuiltinArguments&) {
  TemplateList list;
  list.reserve(input.dict().size());
  for (const auto& entry : input.dict()) list.push_back(entry.value);
  return list;
}

const std::string& required_text(const BuiltinArguments& arguments, std::size_t parameter,
                                 std::string_view method) {
  const TemplateValue& value = arguments.value(parameter);
  if (!value.is(Type::text))
    throw Error(Kind::configuration,
                fmt::format("'{}' must be given text, not {}", method, name(value.type())));
  return value.text();
}

TemplateValue starts_with(const TemplateValue& input, const BuiltinArguments& arguments) {
  return input.text().starts_with(required_text(arguments, 0, "startswith"));
}

TemplateValue ends_with(const TemplateValue& input, const BuiltinArguments& arguments) {
  return input.text().ends_with(required_text(arguments, 0, "endswith"));
}

template <Strip where>
TemplateValue strip(const TemplateValue& input, const BuiltinArguments& arguments) {
  const bool has_set = arguments.has(0) && !arguments.value(0).is(Type::none);
  const std::string* set = has_set ? &required_text(arguments, 0, "strip") : nullptr;
  return text_like(input, std::string(stripped(input.text(), where, set)));
}

TemplateValue split_at_space(const TemplateValue& input) {
  TemplateList parts;
  std::string_view rest = without_leading_space(input.text());
  while (!rest.empty()) {
    std::size_t end = 0;
    for (std::size_t next = 0; end < rest.size() && !is_space(character_at(rest, end, next)); end = next) {
    }
    parts.push_back(text_like(input, std::string(rest.substr(0, end))));
    rest = without_leading_space(rest.substr(end));
  }
  return parts;
}

TemplateValue split(const TemplateValue& input, const BuiltinArguments& arguments) {
  if (!arguments.has(0) || arguments.value(0).is(Type::none)) return split_at_space(input);
  const std::string& separator = required_text(arguments, 0, "split");
  if (separator.empty()) throw Error(Kind::configuration, "text cannot be split at nothing");
  TemplateList parts;
  std::string_view rest = input.text();
  for (std::size_t end = rest.find(separator); end != std::string_view::npos; end = rest.find(separator)) {
    parts.push_back(text_like(input, std::string(rest.substr(0, end))));
    rest.remove_prefix(end + separator.size());
  }
  parts.push_back(text_like(input, std::string(rest)));
  return parts;
}

TemplateValue join(const TemplateValue& input, const BuiltinArguments& arguments) {
  TemplateValue scratch;
  return joined_text(items_of(arguments.value(0), scratch), input);
}

const std::array<Builtin, 4> dict_methods{{
    {"get", get, {"key", "default"}, 1},
    {"items", items},
    {"keys", keys},
    {"values", values},
}};

const std::array<Builtin, 11> text_methods{{
    {"capitalize", capitalize_text},
    {"endswith", ends_with, {"suffix"}, 1},
    {"join", join, {"iterable"}, 1},
    {"lower", lower_text},
    {"lstrip", strip<Strip::leading>, {"chars"}},
    {"replace", replace_text, {"old", "new", "count"}, 2},
    {"rstrip", strip<Strip::trailing>, {"chars"}},
    {"split", split, {"sep"}},
    {"startswith", starts_with, {"prefix"}, 1},
    {"strip", strip<Strip::both>, {"chars"}},
    {"upper", upper_text},
}};

const Builtin* find_in(std::span<const Builtin> table, std::string_view name) {
  const auto found =
      std::find_if(table.begin(), table.end(), [&](const Builtin& row) { return row.name == name; });
  return found == table.end() ? nullptr : &*found;
}

}  // namespace

const Builtin* find_method(TemplateValue::Type type, std::string_view name) {
  if (type == Type::dict) return find_in(dict_methods, name);
  return type == Type::text ? find_in(text_methods, name) : nullptr;
}

}  // namespace bench
