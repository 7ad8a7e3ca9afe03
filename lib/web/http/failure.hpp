#pragma once

#include <string>

#include "base/error.hpp"

namespace bench {

/// A request that cannot be answered as asked: the status, and what Frappe's clients know it by.
class HttpFailure : public Error {
 public:
  HttpFailure(int status, std::string exc_type, const std::string& message, std::string field = {})
      : Error(Kind::usage, message),
        m_status(status),
        m_exc_type(std::move(exc_type)),
        m_field(std::move(field)) {}
  int status() const { return m_status; }
  const std::string& exc_type() const { return m_exc_type; }
  /// The column whose value is wrong; empty when it is not one alone, or not known.
  const std::string& field() const { return m_field; }

 private:
  int m_status;
  std::string m_exc_type;
  std::string m_field;
};

/// {404}: there is nothing at the address.
HttpFailure not_found();
HttpFailure not_found(const std::string& message);
/// {405}: the address does not take the method.
HttpFailure method_not_allowed();
/// {417}, as Frappe answers: what was sent cannot be taken; `field` as in HttpFailure.
HttpFailure not_valid(const std::string& message, const std::string& field = {});
/// {503}: the site is in maintenance; in Frappe's words.
HttpFailure read_only();

}  // namespace bench
