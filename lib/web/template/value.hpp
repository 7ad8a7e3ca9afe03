#pragma once

#include <array>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <iterator>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace bench {

class TemplateDict;
class TemplateObject;
class TemplateValue;
struct TemplateArguments;
using TemplateList = std::vector<TemplateValue>;

/// What a template may call. An Error that it throws gets the template's file, line and column before its
/// message.
using TemplateFunction = std::function<TemplateValue(const TemplateArguments&)>;

/// Values by key, in the order in which the keys came. A key is text, a number, a boolean or none; 1, 1.0 and
/// true are one key. Copies share their values until one of them is changed.
class TemplateDict {
 public:
  struct Entry;
  struct EntryView {
    const TemplateValue& key;
    const TemplateValue& value;
  };
  class Iterator;

  TemplateDict() = default;
  TemplateDict(std::initializer_list<Entry> entries);

  /// A key that is there keeps its place. Error{configuration} for a key of another type.
  void set(TemplateValue key, TemplateValue value);
  const TemplateValue* find(std::string_view key) const;
  const TemplateValue* find_key(const TemplateValue& key) const;

  std::size_t size() const;
  bool empty() const { return size() == 0; }
  Iterator begin() const;
  Iterator end() const;
  /// How many lists and dicts lie in one another here, this one too.
  int depth() const;

 private:
  friend TemplateList template_rows(const std::vector<std::string>& keys, std::vector<TemplateValue> values);
  struct Table;
  TemplateDict(std::shared_ptr<Table> table, std::size_t row) : m_table(std::move(table)), m_row(row) {}
  template <typename Key>
  const TemplateValue* find_value(const Key& key) const;
  const TemplateValue* first_value() const;
  void own_table();

  std::shared_ptr<Table> m_table;  ///< never changed while another dict is a row of it; null in an empty dict
  std::size_t m_row = 0;
};

/// A value of a template: what it is rendered with, and what its expressions come to. Lists, dicts and
/// functions are shared and never change, so that copying one is cheap; text is copied.
class TemplateValue {
 public:
  enum class Type { undefined, none, boolean, integer, number, text, list, dict, function, object };

  TemplateValue() = default;      ///< undefined: printed as nothing, and without attributes
  TemplateValue(std::nullptr_t);  ///< none
  TemplateValue(double number);
  TemplateValue(std::string text);
  TemplateValue(std::string_view text);
  TemplateValue(const char* text);
  TemplateValue(
      TemplateList list);  ///< Error{configuration} when lists and dicts lie too deep in one another
  TemplateValue(TemplateDict dict);  ///< the same
  TemplateValue(TemplateFunction function);
  template <typename Object>
  TemplateValue(std::shared_ptr<Object> object)
      : m_value(std::shared_ptr<const TemplateObject>(std::move(object))) {}
  template <std::integral Integer>
  TemplateValue(Integer value) {
    if constexpr (std::same_as<Integer, bool>)
      m_value.emplace<bool>(value);
    else
      m_value.emplace<std::int64_t>(static_cast<std::int64_t>(value));
  }

  /// Text that is HTML already: it is printed as it stands.
  static TemplateValue safe(std::string html);

  Type type() const {
    constexpr std::array<Type, 11> types{Type::undefined, Type::none,     Type::boolean, Type::integer,
                                         Type::number,    Type::text,     Type::text,    Type::list,
                                         Type::dict,      Type::function, Type::object};
    return types[m_value.index()];
  }
  bool is(Type type) const { return this->type() == type; }
  bool is_safe() const { return std::holds_alternative<SafeText>(m_value); }

  /// Each may be asked only of its own type.
  bool boolean() const { return *std::get_if<bool>(&m_value); }
  std::int64_t integer() const { return *std::get_if<std::int64_t>(&m_value); }
  double number() const { return *std::get_if<double>(&m_value); }
  const std::string& text() const {
    const auto* safe = std::get_if<SafeText>(&m_value);
    return safe != nullptr ? safe->html : *std::get_if<std::string>(&m_value);
  }
  const TemplateList& list() const;
  const TemplateDict& dict() const { return *std::get_if<TemplateDict>(&m_value); }
  const TemplateFunction& function() const;
  const TemplateObject& object() const;

  /// How many lists and dicts lie in one another here; 0 for what is neither.
  int depth() const;

 private:
  struct None {};
  struct SafeText {
    std::string html;
  };
  struct ListData;
  std::variant<std::monostate, None, bool, std::int64_t, double, std::string, SafeText,
               std::shared_ptr<const ListData>, TemplateDict, std::shared_ptr<const TemplateFunction>,
               std::shared_ptr<const TemplateObject>>
      m_value;
};

/// What a value is called in messages: "text", "a list".
std::string_view name(TemplateValue::Type type);

struct TemplateDict::Entry {
  TemplateValue key;
  TemplateValue value;
};

class TemplateDict::Iterator {
 public:
  using iterator_category = std::input_iterator_tag;
  using value_type = EntryView;
  using difference_type = std::ptrdiff_t;
  using pointer = void;
  using reference = EntryView;
  Iterator(const TemplateValue* key, const TemplateValue* value) : m_key(key), m_value(value) {}
  EntryView operator*() const { return {*m_key, *m_value}; }
  Iterator& operator++() {
    ++m_key;
    ++m_value;
    return *this;
  }
  bool operator==(const Iterator& other) const { return m_value == other.m_value; }

 private:
  const TemplateValue* m_key;
  const TemplateValue* m_value;
};

/// The rows of a query: dicts of the same keys, no key twice, and of as many values each, which lie one row
/// after another. They share one piece of memory.
TemplateList template_rows(const std::vector<std::string>& keys, std::vector<TemplateValue> values);

/// What a function is called with.
struct TemplateArguments {
  std::vector<TemplateValue> positional;
  std::vector<std::pair<std::string_view, TemplateValue>> named;

  /// The argument of that name, else the one at that position, else undefined.
  const TemplateValue& get(std::size_t position, std::string_view name) const;
};

/// A value whose attributes are asked for one by one, when a template names them: for what is costly to know.
class TemplateObject {
 public:
  TemplateObject() = default;
  TemplateObject(const TemplateObject&) = delete;
  TemplateObject& operator=(const TemplateObject&) = delete;
  virtual ~TemplateObject() = default;
  /// Undefined when there is none of that name.
  virtual TemplateValue attribute(std::string_view name) const = 0;
};

}  // namespace bench
