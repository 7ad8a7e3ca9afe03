#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/error.hpp"
#include "config/json_text.hpp"
#include "fuzz/property.hpp"

using namespace bench;
using bench::test::require;

namespace {

void check_members(const JsonText& original) {
  for (const std::string& name : original.names()) {
    JsonText same = original;
    const std::string value(original.value(name).value());
    same.set(name, value);
    require(same.text() == original.text(), "setting a member to what it says changes nothing");

    JsonText changed = original;
    changed.set(name, "\"other\"");
    require(changed.value(name) == "\"other\"", "a member that is set has the value");
    JsonText removed = original;
    removed.remove(name);
    require(!removed.value(name), "a member that is removed is gone");
    for (const std::string& other : original.names()) {
      if (other == name) continue;
      require(changed.value(other) == original.value(other), "setting a member leaves the others alone");
      require(removed.value(other) == original.value(other), "removing a member leaves the others alone");
    }
    JsonText::parse(changed.text(), "changed");
    JsonText::parse(removed.text(), "removed");
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  try {
    const JsonText original = JsonText::parse(text, "fuzz.json");
    require(original.text() == text, "reading changes nothing");
    if (original.names().size() < 20) check_members(original);
    JsonText appended = original;
    const std::string name = "\xC3\xA4 \"\\\n new name of the fuzzer";
    if (original.value(name)) return 0;
    appended.set(name, "[1]");
    require(JsonText::parse(appended.text(), "appended").value(name) == "[1]",
            "an appended member can be read");
    appended.remove(name);
    require(appended.text() == text, "appending and removing a member gives the old text back");
  } catch (const Error& error) {
    require(error.kind() == Kind::configuration, "text that is no JSON object is a configuration error");
  }
  return 0;
}
