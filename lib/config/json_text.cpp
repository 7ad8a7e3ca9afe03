#include "config/json_text.hpp"

#include <algorithm>
#include <set>
#include <utility>

#include <fmt/format.h>

#include "base/error.hpp"
#include "config/json_scan.hpp"

namespace bench {

namespace {

constexpr auto nowhere = std::string_view::npos;

Error invalid(const std::filesystem::path& file, std::string_view text, std::size_t offset,
              std::string_view what) {
  return Error(Kind::configuration, fmt::format("{}: {}", place_in(file, text, offset), what),
               "correct the file at that place");
}

std::string_view line_end_of(std::string_view text) {
  return text.find("\r\n") == nowhere ? std::string_view("\n") : std::string_view("\r\n");
}

bool has_line_end(std::string_view text) {
  return text.find('\n') != nowhere;
}

}  // namespace

JsonText JsonText::parse(std::string text, const std::filesystem::path& file) {
  if (const auto fault = find_json_fault(text)) {
    throw invalid(file, text, fault->offset, "not valid JSON: " + fault->reason);
  }
  JsonText result;
  result.m_text = std::move(text);
  result.index(file);
  return result;
}

JsonText JsonText::empty() {
  JsonText result;
  result.m_text = "{}";
  return result;
}

void JsonText::index(const std::filesystem::path& file) {
  m_members.clear();
  const std::string_view text = m_text;
  std::size_t at = skip_json_space(text, 0);
  if (text[at] != '{') throw invalid(file, text, at, "not a JSON object");
  std::set<std::string> seen;
  for (at = skip_json_space(text, at + 1); text[at] != '}';) {
    Member member;
    member.name_begin = at;
    const std::size_t name_end = json_token_end(text, at);
    member.name = text_of_json_string(text.substr(at, name_end - at));
    const std::size_t colon = skip_json_space(text, name_end);
    member.value_begin = skip_json_space(text, colon + 1);
    member.value_end = json_value_end(text, member.value_begin);
    if (!seen.insert(member.name).second) {
      throw invalid(file, text, at, fmt::format("the key '{}' appears twice", member.name))
          .with_hint("remove one of the two");
    }
    at = skip_json_space(text, member.value_end);
    if (text[at] == ',') at = skip_json_space(text, at + 1);
    m_members.push_back(std::move(member));
  }
}

std::vector<std::string> JsonText::names() const {
  std::vector<std::string> result;
  result.reserve(m_members.size());
  for (const Member& member : m_members) result.push_back(member.name);
  return result;
}

std::vector<JsonText::Member>::const_iterator JsonText::find(std::string_view name) const {
  return std::find_if(m_members.begin(), m_members.end(),
                      [name](const Member& member) { return member.name == name; });
}

std::optional<std::string_view> JsonText::value(std::string_view name) const {
  const auto member = find(name);
  if (member == m_members.end()) return std::nullopt;
  return std::string_view(m_text).substr(member->value_begin, member->value_end - member->value_begin);
}

void JsonText::set(std::string_view name, std::string_view raw_value) {
  if (find_json_fault(raw_value)) {
    throw Error(Kind::unexpected, fmt::format("the new value of '{}' is not JSON", name));
  }
  const std::size_t begin = skip_json_space(raw_value, 0);
  const std::string_view value = raw_value.substr(begin, json_value_end(raw_value, begin) - begin);
  const auto member = find(name);
  if (member == m_members.end()) {
    append(name, value);
  } else if (!same_json(*this->value(name), value)) {
    m_text.replace(member->value_begin, member->value_end - member->value_begin, value);
  }
  index({});
}

void JsonText::append(std::string_view name, std::string_view value) {
  const std::string quoted = json_string_of(name);
  if (m_members.empty()) {
    // What stood between the braces is kept behind the new line end, so that removing the member brings it
    // back.
    const std::string_view line_end = line_end_of(m_text);
    m_text.insert(m_text.find('{') + 1, fmt::format("{} {}: {}{}", line_end, quoted, value, line_end));
    return;
  }
  const Member& last = m_members.back();
  const std::string_view text = m_text;
  const std::size_t name_end = json_token_end(text, last.name_begin);
  const std::string_view old_colon = text.substr(name_end, last.value_begin - name_end);
  const std::string_view colon = has_line_end(old_colon) ? ": " : old_colon;
  const std::size_t space_begin = text.find_last_not_of(" \t\r\n", last.name_begin - 1) + 1;
  std::string_view space = text.substr(space_begin, last.name_begin - space_begin);
  const bool only_neighbour_in_one_line = m_members.size() == 1 && !has_line_end(space);
  if (only_neighbour_in_one_line) space = colon.back() == ':' ? "" : " ";
  m_text.insert(last.value_end, fmt::format(",{}{}{}{}", space, quoted, colon, value));
}

void JsonText::remove(std::string_view name) {
  const auto member = find(name);
  if (member == m_members.end()) return;
  const bool first = member == m_members.begin();
  const bool last = std::next(member) == m_members.end();
  if (!last) {
    m_text.erase(member->name_begin, std::next(member)->name_begin - member->name_begin);
  } else if (!first) {
    const std::size_t begin = std::prev(member)->value_end;
    m_text.erase(begin, member->value_end - begin);
  } else {
    const std::size_t begin = m_text.find('{') + 1;
    m_text.erase(begin, member->value_end - begin);
    const std::string_view line_end = line_end_of(m_text);
    if (m_text.compare(begin, line_end.size(), line_end) == 0) m_text.erase(begin, line_end.size());
  }
  index({});
}

}  // namespace bench
