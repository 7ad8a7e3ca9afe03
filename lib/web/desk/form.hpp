#pragma once

#include <string>

#include "web/http/message.hpp"
#include "web/resource/document.hpp"
#include "web/template/value.hpp"

namespace bench {

/// The fields of a form for a person: one for each column that can be entered, with what stands in it, and
/// one that is only shown for a column that is called as what the form itself sends. `document`: nullptr for
/// a new one; `typed`: what was entered before, in place of what the document holds.
TemplateList form_fields(const Doctype& doctype, const Document* document, const HttpParameters* typed);

/// What a person entered, by column: an empty field is NULL where the column takes it, and a box that is not
/// ticked is 0. Of a document, only what differs from what its form shows. HttpFailure{417} names the field
/// that is missing or is no number.
Entries entries_of_form(const Doctype& doctype, const HttpParameters& form, const Document* document);

}  // namespace bench
