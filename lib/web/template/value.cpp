#include "web/template/value.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <functional>

#include "base/error.hpp"

namespace bench {

namespace {

constexpr std::size_t searched_one_by_one = 16;
/// Printing, comparing and destroying go down into a value by recursion.
constexpr int most_depth = 200;
constexpr double two_to_63 = 9223372036854775808.0;

int checked_depth(int depth) {
  if (depth > most_depth)
    throw Error(Kind::configuration, "lists and dicts lie too deep in one another",
                "build the value from fewer levels");
  return depth;
}

/// Equal keys must meet: a number that is whole counts as the integer.
TemplateValue normalized(TemplateValue key) {
  if (key.is(TemplateValue::Type::boolean)) return static_cast<std::int64_t>(key.boolean());
  if (!key.is(TemplateValue::Type::number)) return key;
  const double number = key.number();
  if (number >= -two_to_63 && number < two_to_63 && std::trunc(number) == number)
    return static_cast<std::int64_t>(number);
  return key;
}

bool may_be_key(const TemplateValue& key) {
  return key.type() <= TemplateValue::Type::text && !key.is(TemplateValue::Type::undefined);
}

std::size_t hash_of(std::string_view key) {
  return std::hash<std::string_view>{}(key);
}

std::size_t hash_of(const TemplateValue& key) {
  switch (key.type()) {
    case TemplateValue::Type::text:
      return hash_of(std::string_view(key.text()));
    case TemplateValue::Type::integer:
      return std::hash<std::int64_t>{}(key.integer());
    case TemplateValue::Type::number:
      return std::hash<double>{}(key.number());
    default:
      return 0;
  }
}

bool is_key(const TemplateValue& stored, std::string_view key) {
  return stored.is(TemplateValue::Type::text) && stored.text() == key;
}

bool is_key(const TemplateValue& stored, const TemplateValue& key) {
  if (stored.type() != key.type()) return false;
  switch (key.type()) {
    case TemplateValue::Type::text:
      return stored.text() == key.text();
    case TemplateValue::Type::integer:
      return stored.integer() == key.integer();
    case TemplateValue::Type::number:
      return stored.number() == key.number();
    default:
      return true;
  }
}

}  // namespace

struct TemplateValue::ListData {
  TemplateList items;
  int depth;
};

struct TemplateValue::DictData {
  TemplateDict dict;
  int depth;
};

TemplateValue::TemplateValue(std::nullptr_t) : m_value(None{}) {}
TemplateValue::TemplateValue(double number) : m_value(number) {}
TemplateValue::TemplateValue(std::string text) : m_value(std::move(text)) {}
TemplateValue::TemplateValue(std::string_view text) : m_value(std::in_place_type<std::string>, text) {}
TemplateValue::TemplateValue(const char* text) : m_value(std::in_place_type<std::string>, text) {}

TemplateValue::TemplateValue(TemplateList list) {
  int depth = 0;
  for (const TemplateValue& item : list) depth = std::max(depth, item.depth());
  m_value = std::make_shared<const ListData>(ListData{std::move(list), checked_depth(depth + 1)});
}

TemplateValue::TemplateValue(TemplateDict dict) {
  int depth = 0;
  for (const TemplateDict::Entry& entry : dict) depth = std::max(depth, entry.value.depth());
  m_value = std::make_shared<const DictData>(DictData{std::move(dict), checked_depth(depth + 1)});
}

TemplateValue::TemplateValue(TemplateFunction function)
    : m_value(std::make_shared<const TemplateFunction>(std::move(function))) {}

TemplateValue TemplateValue::safe(std::string html) {
  TemplateValue value;
  value.m_value = SafeText{std::move(html)};
  return value;
}

TemplateValue::Type TemplateValue::type() const {
  static constexpr std::array<Type, 11> types{Type::undefined, Type::none,     Type::boolean, Type::integer,
                                              Type::number,    Type::text,     Type::text,    Type::list,
                                              Type::dict,      Type::function, Type::object};
  return types[m_value.index()];
}

const std::string& TemplateValue::text() const {
  const auto* text = std::get_if<std::string>(&m_value);
  return text != nullptr ? *text : std::get_if<SafeText>(&m_value)->html;
}

const TemplateList& TemplateValue::list() const {
  return (*std::get_if<std::shared_ptr<const ListData>>(&m_value))->items;
}

const TemplateDict& TemplateValue::dict() const {
  return (*std::get_if<std::shared_ptr<const DictData>>(&m_value))->dict;
}

const TemplateFunction& TemplateValue::function() const {
  return **std::get_if<std::shared_ptr<const TemplateFunction>>(&m_value);
}

const TemplateObject& TemplateValue::object() const {
  return **std::get_if<std::shared_ptr<const TemplateObject>>(&m_value);
}

int TemplateValue::depth() const {
  if (const auto* list = std::get_if<std::shared_ptr<const ListData>>(&m_value)) return (*list)->depth;
  if (const auto* dict = std::get_if<std::shared_ptr<const DictData>>(&m_value)) return (*dict)->depth;
  return 0;
}

std::string_view name(TemplateValue::Type type) {
  constexpr std::array<std::string_view, 10> names{
      "an undefined value", "none",     "a boolean", "an integer", "a number", "text", "a list", "a dict",
      "a function",         "an object"};
  return names[static_cast<std::size_t>(type)];
}

TemplateDict::TemplateDict(std::initializer_list<Entry> entries) {
  m_entries.reserve(entries.size());
  for (const Entry& entry : entries) set(entry.key, entry.value);
}

template <typename Key>
const TemplateDict::Entry* TemplateDict::find_entry(const Key& key) const {
  if (m_index.empty()) {
    const auto found = std::find_if(m_entries.begin(), m_entries.end(),
                                    [&](const Entry& entry) { return is_key(entry.key, key); });
    return found == m_entries.end() ? nullptr : &*found;
  }
  const std::size_t mask = m_index.size() - 1;
  for (std::size_t slot = hash_of(key) & mask; m_index[slot] != 0; slot = (slot + 1) & mask) {
    const Entry& entry = m_entries[m_index[slot] - 1];
    if (is_key(entry.key, key)) return &entry;
  }
  return nullptr;
}

const TemplateValue* TemplateDict::find(std::string_view key) const {
  const Entry* entry = find_entry(key);
  return entry == nullptr ? nullptr : &entry->value;
}

const TemplateValue* TemplateDict::find_key(const TemplateValue& key) const {
  if (key.is(TemplateValue::Type::text)) return find(std::string_view(key.text()));
  if (!may_be_key(key)) return nullptr;
  const Entry* entry = find_entry(normalized(key));
  return entry == nullptr ? nullptr : &entry->value;
}

void TemplateDict::set(TemplateValue key, TemplateValue value) {
  if (!may_be_key(key))
    throw Error(Kind::configuration, std::string(name(key.type())) + " cannot be the key of a dict",
                "use text or a number as the key");
  TemplateValue normal = normalized(std::move(key));
  if (const Entry* entry = find_entry(normal)) {
    m_entries[static_cast<std::size_t>(entry - m_entries.data())].value = std::move(value);
    return;
  }
  // Most are a row, with a handful of columns: they are not moved again and again while it grows.
  if (m_entries.empty()) m_entries.reserve(8);
  m_entries.push_back({std::move(normal), std::move(value)});
  if (m_entries.size() <= searched_one_by_one) return;
  if (m_entries.size() * 2 > m_index.size())
    rebuild_index();
  else
    index(static_cast<std::uint32_t>(m_entries.size() - 1));
}

void TemplateDict::index(std::uint32_t entry) {
  const std::size_t mask = m_index.size() - 1;
  std::size_t slot = hash_of(m_entries[entry].key) & mask;
  while (m_index[slot] != 0) slot = (slot + 1) & mask;
  m_index[slot] = entry + 1;
}

void TemplateDict::rebuild_index() {
  m_index.assign(std::max<std::size_t>(4 * searched_one_by_one, m_index.size() * 2), 0);
  for (std::uint32_t entry = 0; entry < m_entries.size(); ++entry) index(entry);
}

const TemplateValue& TemplateArguments::get(std::size_t position, std::string_view name) const {
  static const TemplateValue undefined;
  for (const auto& [given, value] : named)
    if (given == name) return value;
  return position < positional.size() ? positional[position] : undefined;
}

}  // namespace bench
