#pragma once

#include "web/visit.hpp"

namespace bench {

/// /login and what begins with /app: the tables of a site for people, as pages that need no script.
HttpResponse answer_desk(Visit& visit);

/// A failure for people. What was typed into a form that was refused stands in it, to be sent again.
HttpResponse failure_page(const Visit& visit, int status, const std::string& message);

}  // namespace bench
