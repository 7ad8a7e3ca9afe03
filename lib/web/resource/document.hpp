#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "web/resource/doctype.hpp"

namespace bench {

/// One row, with what tells whether somebody changed it meanwhile.
struct Document {
  std::string name;  ///< the key's value
  Row values;        ///< in the order of the doctype's columns
  std::string version;
};

/// Values as they are entered: by column, NULL where nothing was.
using Entries = std::map<std::string, Value>;

/// Entries of a JSON object. HttpFailure{417} for what is no field, cannot be written, or is of another kind
/// than its column.
Entries entries_of(const Doctype& doctype, const nlohmann::json& object);

/// Whether a text is what a database writes for true.
bool is_true_text(std::string_view text);

/// A row's value as JSON: numbers as numbers, exactly as the database tells them; bytes in base64.
nlohmann::json to_json(const Column& column, const ValueView& value);

/// The same at the end of a text; bytes that are no UTF-8 become U+FFFD.
void append_json(std::string& out, const Column& column, const ValueView& value);

/// Texts, numbers, true and false (1 and 0), null; nothing for lists and objects.
std::optional<Value> scalar_of(const nlohmann::json& json);

/// HttpFailure{404} when there is none of exactly that name, whatever the database takes for equal.
Document get_document(Database& database, const Doctype& doctype, const std::string& name);
/// In a transaction of its own. Fills in what Frappe's tables have: name, creation, modified, owner. Answers
/// the new one's name. HttpFailure{409} when that name is taken, {417} with the database's words for what it
/// does not accept.
std::string insert_document(Database& database, const Doctype& doctype, Entries entries,
                            const std::string& user);
/// `version` is the one the person saw; empty: whatever it is. An entry `modified` is the time of the last
/// change that they saw. HttpFailure{409} when somebody changed it.
void update_document(Database& database, const Doctype& doctype, const std::string& name, Entries entries,
                     const std::string& version, const std::string& user);
void delete_document(Database& database, const Doctype& doctype, const std::string& name,
                     const std::string& version);

}  // namespace bench
