#include "web/template/value.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <functional>
#include <optional>

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

TemplateValue::TemplateValue(TemplateDict dict) : m_value(std::move(dict)) {
  checked_depth(depth());
}

TemplateValue::TemplateValue(TemplateFunction function)
    : m_value(std::make_shared<const TemplateFunction>(std::move(function))) {}

TemplateValue TemplateValue::safe(std::string html) {
  TemplateValue value;
  value.m_value = SafeText{std::move(html)};
  return value;
}

const TemplateList& TemplateValue::list() const {
  return (*std::get_if<std::shared_ptr<const ListData>>(&m_value))->items;
}

const TemplateFunction& TemplateValue::function() const {
  return **std::get_if<std::shared_ptr<const TemplateFunction>>(&m_value);
}

const TemplateObject& TemplateValue::object() const {
  return **std::get_if<std::shared_ptr<const TemplateObject>>(&m_value);
}

int TemplateValue::depth() const {
  if (const auto* list = std::get_if<std::shared_ptr<const ListData>>(&m_value)) return (*list)->depth;
  if (const auto* dict = std::get_if<TemplateDict>(&m_value)) return dict->depth();
  return 0;
}

std::string_view name(TemplateValue::Type type) {
  constexpr std::array<std::string_view, 10> names{
      "an undefined value", "none",     "a boolean", "an integer", "a number", "text", "a list", "a dict",
      "a function",         "an object"};
  return names[static_cast<std::size_t>(type)];
}

/// Keys in the order in which they came, where each is, and rows of one value for each. Most dicts are a
/// table of one row.
struct TemplateDict::Table {
  template <typename Key>
  std::optional<std::size_t> place(const Key& key) const;
  /// One that is not there yet.
  void add_key(TemplateValue key);
  void add_value(TemplateValue value) {
    deepest_value = std::max(deepest_value, value.depth());
    values.push_back(std::move(value));
  }
  void index_key(std::uint32_t place);

  std::vector<TemplateValue> keys;
  std::vector<TemplateValue> values;  ///< row by row
  /// Where keys are, by their hash: open addressing, 0 is free. Empty while a few are searched as fast one by
  /// one.
  std::vector<std::uint32_t> index;
  int deepest_value = 0;  ///< of those that are here or were
};

template <typename Key>
std::optional<std::size_t> TemplateDict::Table::place(const Key& key) const {
  if (index.empty()) {
    for (std::size_t place = 0; place < keys.size(); ++place)
      if (is_key(keys[place], key)) return place;
    return std::nullopt;
  }
  const std::size_t mask = index.size() - 1;
  for (std::size_t slot = hash_of(key) & mask; index[slot] != 0; slot = (slot + 1) & mask)
    if (is_key(keys[index[slot] - 1], key)) return index[slot] - 1;
  return std::nullopt;
}

void TemplateDict::Table::add_key(TemplateValue key) {
  keys.push_back(std::move(key));
  if (keys.size() <= searched_one_by_one) return;
  if (keys.size() * 2 <= index.size()) return index_key(static_cast<std::uint32_t>(keys.size() - 1));
  index.assign(std::max<std::size_t>(4 * searched_one_by_one, index.size() * 2), 0);
  for (std::uint32_t place = 0; place < keys.size(); ++place) index_key(place);
}

void TemplateDict::Table::index_key(std::uint32_t place) {
  const std::size_t mask = index.size() - 1;
  std::size_t slot = hash_of(keys[place]) & mask;
  while (index[slot] != 0) slot = (slot + 1) & mask;
  index[slot] = place + 1;
}

TemplateDict::TemplateDict(std::initializer_list<Entry> entries) {
  for (const Entry& entry : entries) set(entry.key, entry.value);
}

std::size_t TemplateDict::size() const {
  return m_table ? m_table->keys.size() : 0;
}

int TemplateDict::depth() const {
  return m_table ? m_table->deepest_value + 1 : 1;
}

const TemplateValue* TemplateDict::first_value() const {
  return m_table ? m_table->values.data() + m_row * m_table->keys.size() : nullptr;
}

TemplateDict::Iterator TemplateDict::begin() const {
  return {m_table ? m_table->keys.data() : nullptr, first_value()};
}

TemplateDict::Iterator TemplateDict::end() const {
  return {nullptr, first_value() + size()};
}

template <typename Key>
const TemplateValue* TemplateDict::find_value(const Key& key) const {
  const auto place = m_table ? m_table->place(key) : std::nullopt;
  return place ? first_value() + *place : nullptr;
}

const TemplateValue* TemplateDict::find(std::string_view key) const {
  return find_value(key);
}

const TemplateValue* TemplateDict::find_key(const TemplateValue& key) const {
  if (key.is(TemplateValue::Type::text)) return find(std::string_view(key.text()));
  return may_be_key(key) ? find_value(normalized(key)) : nullptr;
}

void TemplateDict::own_table() {
  if (m_table && m_table.use_count() == 1 && m_table->values.size() == m_table->keys.size()) return;
  auto own = std::make_shared<Table>();
  if (m_table) {
    own->keys = m_table->keys;
    own->index = m_table->index;
    own->values.assign(first_value(), first_value() + size());
    own->deepest_value = m_table->deepest_value;
  }
  m_table = std::move(own);
  m_row = 0;
}

void TemplateDict::set(TemplateValue key, TemplateValue value) {
  if (!may_be_key(key))
    throw Error(Kind::configuration, std::string(name(key.type())) + " cannot be the key of a dict",
                "use text or a number as the key");
  TemplateValue normal = normalized(std::move(key));
  own_table();
  if (const auto place = m_table->place(normal)) {
    m_table->deepest_value = std::max(m_table->deepest_value, value.depth());
    m_table->values[*place] = std::move(value);
    return;
  }
  m_table->add_key(std::move(normal));
  m_table->add_value(std::move(value));
}

TemplateList template_rows(const std::vector<std::string>& keys, std::vector<TemplateValue> values) {
  TemplateList rows;
  if (keys.empty()) return rows;
  if (values.size() % keys.size() != 0)
    throw Error(Kind::unexpected, "a dict needs one value for each of its keys");
  const auto table = std::make_shared<TemplateDict::Table>();
  for (const std::string& key : keys) {
    if (table->place(std::string_view(key))) throw Error(Kind::unexpected, "a dict has no key twice: " + key);
    table->add_key(key);
  }
  for (const TemplateValue& value : values)
    table->deepest_value = std::max(table->deepest_value, value.depth());
  table->values = std::move(values);
  const std::size_t count = table->values.size() / keys.size();
  rows.reserve(count);
  for (std::size_t row = 0; row < count; ++row) rows.emplace_back(TemplateDict(table, row));
  return rows;
}

const TemplateValue& TemplateArguments::get(std::size_t position, std::string_view name) const {
  static const TemplateValue undefined;
  for (const auto& [given, value] : named)
    if (given == name) return value;
  return position < positional.size() ? positional[position] : undefined;
}

}  // namespace bench
