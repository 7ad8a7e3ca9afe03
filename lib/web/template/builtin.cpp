#include "web/template/builtin.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/error.hpp"
#include "web/template/operators.hpp"
#include "web/template/text.hpp"

namespace bench {

namespace {

constexpr std::int64_t longest_range = 100'000;

[[noreturn]] void fail_type(std::string_view builtin, std::string_view parameter, std::string_view wanted,
                            const TemplateValue& value) {
  throw Error(Kind::configuration,
              fmt::format("'{}' of '{}' must be {}, not {}", parameter, builtin, wanted, name(value.type())));
}

std::int64_t range_bound(const TemplateValue& value) {
  if (value.is(TemplateValue::Type::boolean)) return value.boolean() ? 1 : 0;
  if (!value.is(TemplateValue::Type::integer)) fail_type("range", "bound", "an integer", value);
  return value.integer();
}

TemplateValue range(const TemplateArguments& arguments) {
  const std::size_t count = arguments.positional.size();
  if (count < 1 || count > 3 || !arguments.named.empty())
    throw Error(Kind::configuration, "'range' takes one to three integers",
                "call it as range(first, end, step)");
  const std::int64_t first = count == 1 ? 0 : range_bound(arguments.positional[0]);
  const std::int64_t end = range_bound(arguments.positional[count == 1 ? 0 : 1]);
  const std::int64_t step = count == 3 ? range_bound(arguments.positional[2]) : 1;
  if (step == 0) throw Error(Kind::configuration, "'range' cannot go in steps of 0");
  TemplateList numbers;
  for (std::int64_t number = first; step > 0 ? number < end : number > end;) {
    if (numbers.size() == longest_range)
      throw Error(Kind::configuration, fmt::format("'range' answers at most {} numbers", longest_range));
    numbers.emplace_back(number);
    if (__builtin_add_overflow(number, step, &number)) break;
  }
  return numbers;
}

}  // namespace

std::string BuiltinArguments::text(std::size_t parameter, std::string_view otherwise) const {
  return std::string(has(parameter) ? printed(value(parameter)) : otherwise);
}

std::int64_t BuiltinArguments::integer(std::size_t parameter, std::int64_t otherwise) const {
  if (!has(parameter) || value(parameter).is(TemplateValue::Type::none)) return otherwise;
  if (value(parameter).is(TemplateValue::Type::boolean)) return value(parameter).boolean() ? 1 : 0;
  if (!value(parameter).is(TemplateValue::Type::integer))
    throw Error(Kind::configuration, fmt::format("'{}' must be given an integer, not {}", m_name,
                                                 bench::name(value(parameter).type())));
  return value(parameter).integer();
}

bool BuiltinArguments::is_true(std::size_t parameter, bool otherwise) const {
  return has(parameter) ? bench::is_true(value(parameter)) : otherwise;
}

std::size_t Builtin::parameter_count() const {
  return static_cast<std::size_t>(std::find(parameters.begin(), parameters.end(), "") - parameters.begin());
}

std::optional<std::size_t> Builtin::parameter(std::string_view parameter_name) const {
  const auto found = std::find(parameters.begin(), parameters.end(), parameter_name);
  if (found == parameters.end() || parameter_name.empty()) return std::nullopt;
  return static_cast<std::size_t>(found - parameters.begin());
}

const TemplateValue* find_global(std::string_view name) {
  static const TemplateValue range_function{TemplateFunction(range)};
  return name == "range" ? &range_function : nullptr;
}

}  // namespace bench
