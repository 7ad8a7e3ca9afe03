#include "database/value.hpp"

#include <fmt/format.h>

#include <charconv>

namespace bench {

namespace {

template <class... Cases>
struct Overloaded : Cases... {
  using Cases::operator()...;
};
template <class... Cases>
Overloaded(Cases...) -> Overloaded<Cases...>;

}  // namespace

ValueView view_of(const Value& value) {
  return std::visit([](const auto& known) { return ValueView(known); }, value);
}

Value copy_of(const ValueView& value) {
  return std::visit(Overloaded{[](std::string_view text) { return Value(std::string(text)); },
                               [](auto known) { return Value(known); }},
                    value);
}

std::string to_text(const Value& value) {
  return to_text(view_of(value));
}

std::string to_text(const ValueView& value) {
  return std::visit(Overloaded{[](std::monostate) { return std::string(); },
                               [](std::string_view text) { return std::string(text); },
                               [](auto number) { return fmt::to_string(number); }},
                    value);
}

std::int64_t to_integer(const Value& value) {
  return to_integer(view_of(value));
}

std::int64_t to_integer(const ValueView& value) {
  return std::visit(
      Overloaded{[](std::monostate) { return std::int64_t{0}; }, [](std::int64_t number) { return number; },
                 [](double number) { return static_cast<std::int64_t>(number); },
                 [](std::string_view text) {
                   std::int64_t number = 0;
                   std::from_chars(text.data(), text.data() + text.size(), number);
                   return number;
                 }},
      value);
}

}  // namespace bench
