#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace bench {

/// A read-only YAML 1.2 document in which every node knows its line and column, so that whoever reads it can
/// point at what is wrong. Order of mapping keys is kept. Errors: a repeated key, an alias, a second
/// document. Empty text is a null node.
class YamlNode {
 public:
  enum class Type { null, scalar, sequence, mapping };

  /// Error{configuration} with file, line and column when the text is not YAML.
  static YamlNode parse(std::string_view text, const std::filesystem::path& file);

  Type type() const { return m_type; }
  int line() const { return m_line; }      ///< from 1
  int column() const { return m_column; }  ///< from 1

  /// Each answers Error{configuration} with file, line and column when the node is of another type.
  const std::string& scalar() const;
  bool boolean() const;
  const std::vector<YamlNode>& sequence() const;
  const std::vector<std::pair<YamlNode, YamlNode>>& mapping() const;

  /// Error{configuration}: "<file>:<line>:<column>: <message>".
  [[noreturn]] void fail(std::string_view message, std::string hint = {}) const;

 private:
  friend struct YamlReader;
  Type m_type = Type::null;
  int m_line = 1;
  int m_column = 1;
  std::filesystem::path m_file;
  std::string m_scalar;
  bool m_plain = true;
  std::vector<YamlNode> m_sequence;
  std::vector<std::pair<YamlNode, YamlNode>> m_mapping;
};

}  // namespace bench
