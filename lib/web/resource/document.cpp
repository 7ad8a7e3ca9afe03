#include "web/resource/document.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <nlohmann/json.hpp>

#include "base/base64.hpp"
#include "base/digest.hpp"
#include "base/json.hpp"
#include "base/time.hpp"
#include "web/http/failure.hpp"
#include "web/resource/type_check.hpp"

namespace bench {

namespace {

std::string names_of(const Doctype& doctype, Dialect dialect) {
  std::string names;
  for (const Column& column : doctype.columns)
    names += fmt::format("{}{}", names.empty() ? "" : ", ", quote_identifier(dialect, column.name));
  return names;
}

// Without what is NULL: a column that a migrate adds is no change that somebody made.
std::string version_of(const Doctype& doctype, const Row& values) {
  Sha256 digest;
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (is_null(values[i])) continue;
    const std::string& name = doctype.columns[i].name;
    const std::string text = to_text(values[i]);
    digest.update(fmt::format("{}:{}:{}:", name.size(), name, text.size()));
    digest.update(text);
  }
  return digest.finish().substr(0, 16);
}

// SQLite's writers are alone anyway.
std::string_view lock_clause(Dialect dialect) {
  return dialect == Dialect::sqlite ? "" : " FOR UPDATE";
}

const Value& value_in(const Document& document, const Doctype& doctype, const Column& column) {
  return document.values.at(static_cast<std::size_t>(&column - doctype.columns.data()));
}

const Value& key_of(const Document& document, const Doctype& doctype) {
  return value_in(document, doctype, doctype.key_column());
}

Document read_document(Database& database, const Doctype& doctype, const std::string& name,
                       std::string_view lock) {
  if (doctype.key.empty()) throw not_found(fmt::format("rows of {} have no single name", doctype.name));
  const Dialect dialect = database.dialect();
  const std::vector<Value> parameters{name};
  // Servers refuse to compare what is no text.
  if (to_utf8(name) != name) throw not_found(fmt::format("there is no {} of that name", doctype.name));
  // The name comes as text: a key of numbers must be compared as text as well, or PostgreSQL refuses.
  const std::string key = quote_identifier(dialect, doctype.key);
  const bool is_text = doctype.key_column().type == ColumnType::text;
  auto rows = database.query(
      fmt::format("SELECT {}, {} FROM {} WHERE {} = ?{}", names_of(doctype, dialect), as_text(dialect, key),
                  quote_identifier(dialect, doctype.table), is_text ? key : as_text(dialect, key), lock),
      parameters);
  for (Row& row : rows) {
    const std::string told = to_text(row.back());
    row.pop_back();
    Document document{.name = name, .values = std::move(row), .version = {}};
    // MariaDB finds 0 by 'abc', 1 by '01' and 'a' by 'A ': a name is what stands there, letter by letter.
    if (name != told && name != to_text(key_of(document, doctype))) continue;
    document.version = version_of(doctype, document.values);
    return document;
  }
  throw not_found(fmt::format("there is no {} called '{}'", doctype.name, name));
}

[[noreturn]] void refuse_stale(const Document& document, const Doctype& doctype) {
  throw HttpFailure(
      409, "TimestampMismatchError",
      fmt::format("somebody changed {} {} after you opened it: reload it, and make your change again",
                  doctype.name, document.name));
}

void check_version(const Document& document, const Doctype& doctype, const std::string& version) {
  if (!version.empty() && version != document.version) refuse_stale(document, doctype);
}

// Databases and clients write the same moment with a T or a blank, and with more zeros or fewer.
std::string moment(const Value& time) {
  std::string text = to_text(time);
  std::ranges::replace(text, 'T', ' ');
  if (text.find('.') == std::string::npos) return text;
  text.erase(text.find_last_not_of('0') + 1);
  if (text.ends_with('.')) text.pop_back();
  return text;
}

// Frappe's clients send back when the document was last changed, as they read it.
void check_modified(const Document& document, const Doctype& doctype, const Entries& entries) {
  const auto sent = entries.find("modified");
  if (sent == entries.end() || is_null(sent->second)) return;
  if (moment(sent->second) != moment(value_in(document, doctype, doctype.get("modified"))))
    refuse_stale(document, doctype);
}

// What is sent back as it is stored is no change, whatever it is. Bytes are told and not written: sent back
// as they were told, they are none either. An empty text is what a form of Frappe's sends of a date or number
// that nobody entered.
void settle(const Database& database, const Doctype& doctype, Entries& entries, const Document* stored) {
  for (auto entry = entries.begin(); entry != entries.end();) {
    const Column& column = doctype.get(entry->first);
    Value& sent = entry->second;
    const Value* const known = stored == nullptr ? nullptr : &value_in(*stored, doctype, column);
    const bool is_as_stored = known != nullptr && *known == sent;
    const bool is_bytes = column.type == ColumnType::binary;
    if (is_bytes &&
        (is_as_stored || (known != nullptr && to_json(column, view_of(*known)) == to_text(sent)))) {
      entry = entries.erase(entry);
      continue;
    }
    if (is_bytes && !is_null(sent))
      throw not_valid(fmt::format("'{}' holds bytes, which cannot be written here", column.name));
    if (!is_as_stored && sent == Value("") && !holds_text(column) && column.nullable) sent = std::monostate{};
    if (!is_as_stored && !database.features().checks_types) check_type(column, sent);
    ++entry;
  }
}

void set_if_there(const Doctype& doctype, Entries& entries, const std::string& column,
                  const std::string& text) {
  if (doctype.find(column) != nullptr) entries[column] = text;
}

// What the database says of somebody's input is theirs to read; everything else goes to the log.
[[noreturn]] void translate(const Error& error, const Doctype& doctype) {
  const std::string& state = error.sqlstate();
  // SQLite's extended codes for a primary key and for another unique one; MariaDB's state is that of any
  // constraint.
  constexpr int duplicate_entry = 1062;
  const bool is_taken = state == "23505" || state == "SQLITE_CONSTRAINT (1555)" ||
                        state == "SQLITE_CONSTRAINT (2067)" || error.database_error() == duplicate_entry;
  if (is_taken)
    throw HttpFailure(409, "DuplicateEntryError",
                      fmt::format("there is such a {} already: {}", doctype.name, error.what()));
  // MariaDB's, whose state is that of everything: an enumeration or a number that takes no such text
  // (WARN_DATA_TRUNCATED), a column that needs a value (ER_NO_DEFAULT_FOR_FIELD), and bytes that are no text
  // (ER_TRUNCATED_WRONG_VALUE_FOR_FIELD).
  constexpr std::array wrong_value_errors{1265, 1364, 1366};
  const bool is_input =
      std::ranges::find(wrong_value_errors, error.database_error()) != wrong_value_errors.end() ||
      state.starts_with("22") || state.starts_with("23") || state.starts_with("SQLITE_CONSTRAINT") ||
      state == "45000" || state == "P0001" || state.starts_with("SQLITE_MISMATCH");
  if (is_input) throw not_valid(fmt::format("the database does not accept it: {}", error.what()));
  throw error;
}

// A connection that is lost before has left nothing; one that is lost here may have.
void commit(Transaction& transaction) {
  try {
    transaction.commit();
  } catch (const Error& error) {
    if (error.kind() != Kind::database) throw;
    throw HttpFailure(
        503, "OutcomeUnknown",
        "the connection to the database was lost while this was saved: look whether it is there "
        "before you save it again");
  }
}

template <typename Change>
void change(Database& database, const Doctype& doctype, Change make) {
  try {
    Transaction transaction(database);
    make();
    commit(transaction);
  } catch (const HttpFailure&) {
    throw;
  } catch (const Error& error) {
    if (error.kind() != Kind::statement) throw;
    translate(error, doctype);
  }
}

// It becomes a part of an address, in which these mean something else.
void check_name(const std::string& name) {
  const bool has_control = std::ranges::any_of(name, [](unsigned char c) { return c < 0x20 || c == 0x7f; });
  if (name == "." || name == ".." || has_control) throw not_valid(fmt::format("'{}' cannot be a name", name));
}

std::string condition(const Doctype& doctype, Dialect dialect) {
  return fmt::format("{} = ?", quote_identifier(dialect, doctype.key));
}

}  // namespace

bool is_true_text(std::string_view text) {
  return text == "1" || text == "t" || text == "true";
}

nlohmann::json to_json(const Column& column, const ValueView& value) {
  if (std::holds_alternative<std::monostate>(value)) return nullptr;
  if (const auto* number = std::get_if<std::int64_t>(&value)) {
    if (column.type == ColumnType::boolean) return *number != 0;
    return *number;
  }
  if (const auto* number = std::get_if<double>(&value)) {
    if (std::isfinite(*number)) return *number;
    // JSON has no such numbers, and null sent back would overwrite them.
    return std::isnan(*number) ? "NaN" : *number < 0 ? "-Infinity" : "Infinity";
  }
  const std::string_view text = std::get<std::string_view>(value);
  // Servers tell exact numbers as text. What a double cannot hold stays it, and so does a name, which must be
  // found by what it is told as.
  if (column.type == ColumnType::decimal && !column.in_primary_key) {
    const auto number = exact_double(text);
    if (!number) return text;
    const bool is_whole = text.find('.') == std::string_view::npos;
    return is_whole ? nlohmann::json(static_cast<std::int64_t>(*number)) : nlohmann::json(*number);
  }
  if (column.type == ColumnType::binary) return to_base64(text);
  if (column.type == ColumnType::boolean) return is_true_text(text);
  return text;
}

std::optional<Value> scalar_of(const nlohmann::json& json) {
  if (json.is_null()) return std::monostate{};
  if (json.is_boolean()) return std::int64_t{json.get<bool>() ? 1 : 0};
  const bool is_too_large = json.is_number_unsigned() && json.get<std::uint64_t>() > INT64_MAX;
  if (is_too_large) return std::to_string(json.get<std::uint64_t>());
  if (json.is_number_integer()) return json.get<std::int64_t>();
  if (json.is_number()) return json.get<double>();
  if (json.is_string()) return json.get<std::string>();
  return std::nullopt;
}

void append_json(std::string& out, const Column& column, const ValueView& value) {
  const bool is_as_it_stands = column.type != ColumnType::boolean && column.type != ColumnType::binary &&
                               column.type != ColumnType::decimal;
  const auto* text = std::get_if<std::string_view>(&value);
  const auto* number = std::get_if<std::int64_t>(&value);
  if (is_as_it_stands && text != nullptr)
    append_json_text(out, *text);
  else if (is_as_it_stands && number != nullptr)
    out += std::string_view(fmt::format_int(*number).c_str());
  else
    out += json_text(to_json(column, value));
}

Entries entries_of(const Doctype& doctype, const nlohmann::json& object) {
  if (!object.is_object()) throw not_valid("a document must be a JSON object");
  Entries entries;
  for (const auto& [field, value] : object.items()) {
    const bool is_ours = (field == "doctype" || field == "version") && doctype.find(field) == nullptr;
    if (is_ours) continue;
    const Column& column = doctype.get(field);
    // A document that was read is sent back as a whole.
    if (column.is_generated) continue;
    if (auto scalar = scalar_of(value))
      entries[field] = std::move(*scalar);
    else if (column.type == ColumnType::json)
      entries[field] = value.dump();
    else
      throw not_valid(fmt::format("'{}' takes one value, not a list or an object", field));
  }
  return entries;
}

Document get_document(Database& database, const Doctype& doctype, const std::string& name) {
  return read_document(database, doctype, name, "");
}

std::string insert_document(Database& database, const Doctype& doctype, Entries entries,
                            const std::string& user) {
  if (doctype.key.empty())
    throw not_valid(fmt::format("rows of {} have no single name, so they cannot be made here", doctype.name));
  if (const auto given = entries.find(doctype.key); given != entries.end())
    check_name(to_text(given->second));
  settle(database, doctype, entries, nullptr);
  const std::string now = to_database_time(Clock::now());
  for (const char* column : {"creation", "modified"}) set_if_there(doctype, entries, column, now);
  for (const char* column : {"owner", "modified_by"}) set_if_there(doctype, entries, column, user);
  const bool needs_name = !doctype.key_column().has_default && doctype.key_column().type == ColumnType::text;
  if (needs_name && (!entries.contains(doctype.key) || is_null(entries.at(doctype.key)) ||
                     to_text(entries.at(doctype.key)).empty()))
    entries[doctype.key] = random_hex(5);

  const Dialect dialect = database.dialect();
  std::string columns;
  std::string marks;
  std::vector<Value> values;
  for (auto& [column, value] : entries) {
    columns += fmt::format("{}{}", columns.empty() ? "" : ", ", quote_identifier(dialect, column));
    marks += marks.empty() ? "?" : ", ?";
    values.push_back(std::move(value));
  }
  if (columns.empty()) throw not_valid("a document needs a value");
  std::string name;
  change(database, doctype, [&] {
    const auto rows = database.query(
        fmt::format("INSERT INTO {} ({}) VALUES ({}) RETURNING {}", quote_identifier(dialect, doctype.table),
                    columns, marks, quote_identifier(dialect, doctype.key)),
        values);
    name = to_text(rows.at(0).at(0));
  });
  return name;
}

void update_document(Database& database, const Doctype& doctype, const std::string& name, Entries entries,
                     const std::string& version, const std::string& user) {
  if (const auto renamed = entries.find(doctype.key); renamed != entries.end()) {
    if (to_text(renamed->second) != name)
      throw not_valid("a document keeps its name: what names it would lose it");
    entries.erase(renamed);
  }
  change(database, doctype, [&] {
    const Dialect dialect = database.dialect();
    const Document document = read_document(database, doctype, name, lock_clause(dialect));
    check_version(document, doctype, version);
    check_modified(document, doctype, entries);
    settle(database, doctype, entries, &document);
    set_if_there(doctype, entries, "modified", to_database_time(Clock::now()));
    set_if_there(doctype, entries, "modified_by", user);
    std::string sets;
    std::vector<Value> values;
    for (auto& [column, value] : entries) {
      sets += fmt::format("{}{} = ?", sets.empty() ? "" : ", ", quote_identifier(dialect, column));
      values.push_back(std::move(value));
    }
    if (sets.empty()) return;
    values.push_back(key_of(document, doctype));
    database.execute(fmt::format("UPDATE {} SET {} WHERE {}", quote_identifier(dialect, doctype.table), sets,
                                 condition(doctype, dialect)),
                     values);
  });
}

void delete_document(Database& database, const Doctype& doctype, const std::string& name,
                     const std::string& version) {
  change(database, doctype, [&] {
    const Dialect dialect = database.dialect();
    const Document document = read_document(database, doctype, name, lock_clause(dialect));
    check_version(document, doctype, version);
    const std::vector<Value> key{key_of(document, doctype)};
    database.execute(fmt::format("DELETE FROM {} WHERE {}", quote_identifier(dialect, doctype.table),
                                 condition(doctype, dialect)),
                     key);
  });
}

}  // namespace bench
