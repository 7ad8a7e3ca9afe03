#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "web/template/value.hpp"

namespace bench {

/// The arguments of a builtin, each at the place of its parameter; null where none was given.
class BuiltinArguments {
 public:
  static constexpr std::size_t most = 4;

  /// `name` is for messages.
  explicit BuiltinArguments(std::string_view name) : m_name(name) {}
  void set(std::size_t parameter, const TemplateValue* value) { m_values[parameter] = value; }

  bool has(std::size_t parameter) const { return m_values[parameter] != nullptr; }
  const TemplateValue& value(std::size_t parameter) const { return *m_values[parameter]; }
  /// Error{configuration} when it is of another type.
  std::string text(std::size_t parameter, std::string_view otherwise) const;
  std::int64_t integer(std::size_t parameter, std::int64_t otherwise) const;
  bool is_true(std::size_t parameter, bool otherwise) const;

 private:
  std::string_view m_name;
  std::array<const TemplateValue*, most> m_values{};
};

/// A filter, a test (`x is name`) or a method: what it is called, what it takes, and what it makes of its
/// input.
struct Builtin {
  using Parameters = std::array<std::string_view, BuiltinArguments::most>;

  std::string_view name;
  TemplateValue (*apply)(const TemplateValue& input, const BuiltinArguments& arguments);
  Parameters parameters{};
  std::size_t required = 0;  ///< so many of the parameters must be given

  std::size_t parameter_count() const;
  std::optional<std::size_t> parameter(std::string_view parameter_name) const;
};

/// Null when there is none of that name.
const Builtin* find_filter(std::string_view name);
const Builtin* find_test(std::string_view name);
/// A method of values of that type.
const Builtin* find_method(TemplateValue::Type type, std::string_view name);
/// For suggestions.
std::vector<std::string> filter_names();
std::vector<std::string> test_names();

/// What a template can call without being given it; null when it is none.
const TemplateValue* find_global(std::string_view name);

/// The value as JSON, so that it may stand in an element <script> or in an attribute: < > & ' are written as
/// \u.... Keys are sorted. An indent of less than 0 keeps all on one line.
std::string script_json(const TemplateValue& value, std::int64_t indent);

}  // namespace bench
