#include "web/http/failure.hpp"

namespace bench {

HttpFailure not_found() {
  return not_found("there is nothing at this address");
}

HttpFailure not_found(const std::string& message) {
  return {404, "DoesNotExistError", message};
}

HttpFailure method_not_allowed() {
  return {405, "ValidationError", "this address does not take that method"};
}

HttpFailure not_valid(const std::string& message, const std::string& field) {
  return {417, "ValidationError", message, field};
}

HttpFailure read_only() {
  return {503, "InReadOnlyMode",
          "Site is running in read only mode for maintenance or site update, this action can not be "
          "performed right "
          "now. Please try again later."};
}

}  // namespace bench
