#include "base/yaml.hpp"

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

#include <algorithm>
#include <array>
#include <optional>
#include <sstream>

#include "base/error.hpp"

namespace bench {

namespace {

constexpr std::array<std::string_view, 4> type_names{"nothing", "a single value", "a list", "a mapping"};

std::string_view type_name(YamlNode::Type type) {
  return type_names[static_cast<std::size_t>(type)];
}

std::string quoted(const std::string& text) {
  return "'" + text + "'";
}

/// The text with an explicit end: without it yaml-cpp accepts a quote that is never closed before a last line
/// break.
std::string with_end(std::string_view text) {
  return std::string(text) + (text.empty() || text.ends_with('\n') ? "...\n" : "\n...\n");
}

}  // namespace

/// Builds the nodes from the parser's events. yaml-cpp's own nodes resolve aliases, with which a small file
/// grows without end, and let a repeated key pass.
struct YamlReader : YAML::EventHandler {
  explicit YamlReader(const std::filesystem::path& file) : m_file(file) {}

  void OnDocumentStart(const YAML::Mark& /*mark*/) override {}
  void OnDocumentEnd() override {}

  void OnNull(const YAML::Mark& mark, YAML::anchor_t /*anchor*/) override {
    add(node(YamlNode::Type::null, mark));
  }

  void OnAlias(const YAML::Mark& mark, YAML::anchor_t /*anchor*/) override {
    node(YamlNode::Type::null, mark).fail("aliases are not supported", "write the value out");
  }

  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t /*anchor*/,
                const std::string& value) override {
    YamlNode scalar = node(YamlNode::Type::scalar, mark);
    scalar.m_scalar = value;
    scalar.m_plain = tag == "?";
    add(std::move(scalar));
  }

  void OnSequenceStart(const YAML::Mark& mark, const std::string& /*tag*/, YAML::anchor_t /*anchor*/,
                       YAML::EmitterStyle::value /*style*/) override {
    m_open.push_back({node(YamlNode::Type::sequence, mark), {}});
  }

  void OnSequenceEnd() override { close(); }

  void OnMapStart(const YAML::Mark& mark, const std::string& /*tag*/, YAML::anchor_t /*anchor*/,
                  YAML::EmitterStyle::value /*style*/) override {
    m_open.push_back({node(YamlNode::Type::mapping, mark), {}});
  }

  void OnMapEnd() override { close(); }

  YamlNode node(YamlNode::Type type, const YAML::Mark& mark) const {
    YamlNode made;
    made.m_type = type;
    made.m_line = std::max(mark.line, 0) + 1;
    made.m_column = std::max(mark.column, 0) + 1;
    made.m_file = m_file;
    return made;
  }

  YamlNode& root() { return m_root; }

 private:
  /// A sequence or mapping that is not read to its end, and the mapping's key that waits for its value.
  struct Open {
    YamlNode node;
    std::optional<YamlNode> key;
  };

  void close() {
    YamlNode finished = std::move(m_open.back().node);
    m_open.pop_back();
    add(std::move(finished));
  }

  void add(YamlNode child) {
    if (m_open.empty()) {
      m_root = std::move(child);
    } else if (m_open.back().node.type() == YamlNode::Type::sequence) {
      m_open.back().node.m_sequence.push_back(std::move(child));
    } else {
      add_to_mapping(m_open.back(), std::move(child));
    }
  }

  static void add_to_mapping(Open& open, YamlNode child) {
    auto& entries = open.node.m_mapping;
    if (open.key) {
      entries.emplace_back(std::move(*open.key), std::move(child));
      open.key.reset();
      return;
    }
    if (child.type() != YamlNode::Type::scalar) child.fail("a key must be a single value");
    for (const auto& [key, value] : entries) {
      if (key.scalar() == child.scalar()) {
        child.fail("key " + quoted(child.scalar()) + " is here a second time, after line " +
                   std::to_string(key.line()));
      }
    }
    open.key = std::move(child);
  }

  std::filesystem::path m_file;
  YamlNode m_root;
  std::vector<Open> m_open;
};

YamlNode YamlNode::parse(std::string_view text, const std::filesystem::path& file) {
  YamlReader reader(file);
  reader.root().m_file = file;
  std::istringstream stream(with_end(text));
  try {
    YAML::Parser parser(stream);
    parser.HandleNextDocument(reader);
    YamlNode first = std::move(reader.root());
    if (parser.HandleNextDocument(reader)) reader.root().fail("a second document is not supported");
    return first;
  } catch (const YAML::Exception& error) {
    reader.node(Type::null, error.mark).fail("not valid YAML: " + error.msg);
  }
}

const std::string& YamlNode::scalar() const {
  if (m_type != Type::scalar) fail("expected a single value, found " + std::string(type_name(m_type)));
  return m_scalar;
}

bool YamlNode::boolean() const {
  const std::string& text = scalar();
  if (m_plain && (text == "true" || text == "True" || text == "TRUE")) return true;
  if (m_plain && (text == "false" || text == "False" || text == "FALSE")) return false;
  fail("expected true or false, found " + quoted(text));
}

const std::vector<YamlNode>& YamlNode::sequence() const {
  if (m_type != Type::sequence) fail("expected a list, found " + std::string(type_name(m_type)));
  return m_sequence;
}

const std::vector<std::pair<YamlNode, YamlNode>>& YamlNode::mapping() const {
  if (m_type != Type::mapping) fail("expected a mapping, found " + std::string(type_name(m_type)));
  return m_mapping;
}

void YamlNode::fail(std::string_view message, std::string hint) const {
  throw Error(Kind::configuration,
              m_file.string() + ":" + std::to_string(m_line) + ":" + std::to_string(m_column) + ": " +
                  std::string(message),
              hint.empty() ? "correct it there" : std::move(hint));
}

}  // namespace bench
