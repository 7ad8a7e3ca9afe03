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
  for (const auto& entry : dict) depth = std::max(depth, entry.value.depth());
  m_value = std::make_shared<const DictData>(DictData{std::move(dict), checked_depth(depth + 1)});
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

/// Keys in the order in which they came, and where each is.
class TemplateDict::Keys {
 public:
  const TemplateValue* data() const { return m_keys.data(); }

  template <typename Key>
  std::optional<std::size_t> place(const Key& key) const;
  /// One that is not there yet.
  void add(TemplateValue key);

 private:
  void index(std::uint32_t place);

  std::vector<TemplateValue> m_keys;
  /// Where keys are, by their hash: open addressing, 0 is free. Empty while a few are searched as fast one by
  /// one.
  std::vector<std::uint32_t> m_index;
};

template <typename Key>
std::optional<std::size_t> TemplateDict::Keys::place(const Key& key) const {
  if (m_index.empty()) {
    for (std::size_t place = 0; place < m_keys.size(); ++place)
      if (is_key(m_keys[place], key)) return place;
    return std::nullopt;
  }
  const std::size_t mask = m_index.size() - 1;
  for (std::size_t slot = hash_of(key) & mask; m_index[slot] != 0; slot = (slot + 1) & mask)
    if (is_key(m_keys[m_index[slot] - 1], key)) return m_index[slot] - 1;
  return std::nullopt;
}

void TemplateDict::Keys::add(TemplateValue key) {
  m_keys.push_back(std::move(key));
  if (m_keys.size() <= searched_one_by_one) return;
  if (m_keys.size() * 2 <= m_index.size()) return index(static_cast<std::uint32_t>(m_keys.size() - 1));
  m_index.assign(std::max<std::size_t>(4 * searched_one_by_one, m_index.size() * 2), 0);
  for (std::uint32_t place = 0; place < m_keys.size(); ++place) index(place);
}

void TemplateDict::Keys::index(std::uint32_t place) {
  const std::size_t mask = m_index.size() - 1;
  std::size_t slot = hash_of(m_keys[place]) & mask;
  while (m_index[slot] != 0) slot = (slot + 1) & mask;
  m_index[slot] = place + 1;
}

TemplateDict::TemplateDict(std::initializer_list<Entry> entries) {
  m_values.reserve(entries.size());
  for (const Entry& entry : entries) set(entry.key, entry.value);
}

TemplateDict TemplateDict::with_values(std::vector<TemplateValue> values) const {
  if (values.size() != size()) throw Error(Kind::unexpected, "a dict needs one value for each of its keys");
  TemplateDict dict;
  dict.m_keys = m_keys;
  dict.m_values = std::move(values);
  return dict;
}

const TemplateValue* TemplateDict::first_key() const {
  return m_keys ? m_keys->data() : nullptr;
}

template <typename Key>
const TemplateValue* TemplateDict::find_value(const Key& key) const {
  const auto place = m_keys ? m_keys->place(key) : std::nullopt;
  return place ? &m_values[*place] : nullptr;
}

const TemplateValue* TemplateDict::find(std::string_view key) const {
  return find_value(key);
}

const TemplateValue* TemplateDict::find_key(const TemplateValue& key) const {
  if (key.is(TemplateValue::Type::text)) return find(std::string_view(key.text()));
  return may_be_key(key) ? find_value(normalized(key)) : nullptr;
}

void TemplateDict::set(TemplateValue key, TemplateValue value) {
  if (!may_be_key(key))
    throw Error(Kind::configuration, std::string(name(key.type())) + " cannot be the key of a dict",
                "use text or a number as the key");
  TemplateValue normal = normalized(std::move(key));
  if (const auto place = m_keys ? m_keys->place(normal) : std::nullopt) {
    m_values[*place] = std::move(value);
    return;
  }
  if (!m_keys || m_keys.use_count() > 1)
    m_keys = m_keys ? std::make_shared<Keys>(*m_keys) : std::make_shared<Keys>();
  m_keys->add(std::move(normal));
  m_values.push_back(std::move(value));
}

const TemplateValue& TemplateArguments::get(std::size_t position, std::string_view name) const {
  static const TemplateValue undefined;
  for (const auto& [given, value] : named)
    if (given == name) return value;
  return position < positional.size() ? positional[position] : undefined;
}

}  // namespace bench
