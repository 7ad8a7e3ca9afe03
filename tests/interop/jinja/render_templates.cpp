// Renders what stands on stdin, a JSON list of {"templates": {name: text}, "context": {}}, and prints a list
// of what the template "page" of each came to: {"html"} or {"error"}.

#include <iostream>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>

#include "base/error.hpp"
#include "web/template/template.hpp"

using namespace bench;
using Json = nlohmann::ordered_json;

namespace {

class MapLoader : public TemplateLoader {
 public:
  explicit MapLoader(const Json& texts) : m_texts(texts) {}
  std::shared_ptr<const Template> load(std::string_view name) override {
    const auto found = m_texts.find(name);
    return found == m_texts.end() ? nullptr : Template::compile(found->get<std::string>(), std::string(name));
  }

 private:
  const Json& m_texts;
};

TemplateDict dict_of(const Json& object);

TemplateValue value_of(const Json& json) {
  if (json.is_null()) return nullptr;
  if (json.is_boolean()) return json.get<bool>();
  if (json.is_number_integer()) return json.get<std::int64_t>();
  if (json.is_number()) return json.get<double>();
  if (json.is_string()) return json.get<std::string>();
  if (json.is_object()) return dict_of(json);
  TemplateList list;
  for (const Json& item : json) list.push_back(value_of(item));
  return list;
}

TemplateDict dict_of(const Json& object) {
  TemplateDict dict;
  for (const auto& [key, value] : object.items()) dict.set(key, value_of(value));
  return dict;
}

Json outcome_of(const Json& example) {
  try {
    MapLoader loader(example.at("templates"));
    return {{"html", render(loader.load("page"), dict_of(example.at("context")), loader)}};
  } catch (const Error& error) {
    return {{"error", error.what()}};
  }
}

}  // namespace

int main() {
  Json outcomes = Json::array();
  for (const Json& example : Json::parse(std::cin)) outcomes.push_back(outcome_of(example));
  std::cout << outcomes.dump(-1, ' ', false, Json::error_handler_t::replace) << '\n';
}
