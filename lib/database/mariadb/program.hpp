#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace bench {

/// Where the parts of a CREATE statement of a view, trigger, routine or event are that depend on who creates
/// it and not on what it does.
struct ProgramHeader {
  struct Range {
    std::size_t begin = 0, end = 0;
  };
  std::string type;               ///< VIEW, TRIGGER, PROCEDURE, FUNCTION, EVENT, PACKAGE
  std::string name;               ///< of an event; not quoted
  Range name_place{};             ///< where an event's name stands
  std::optional<Range> definer;   ///< "DEFINER=`root`@`localhost`"
  std::size_t definer_place = 0;  ///< where such a clause may stand
  std::optional<Range> status;    ///< of an event: ENABLE, DISABLE or DISABLE ON SLAVE
  std::size_t status_place = 0;   ///< where one may stand
};

/// nullopt when the statement creates something else, or nothing. Conditional comments count as code.
std::optional<ProgramHeader> parse_program(std::string_view statement);

/// The statement with its definer replaced by, or given, this account; an empty one strips the clause.
std::string with_definer(const std::string& statement, const std::string& account);

/// The statement with the database taken off the names of what it creates and of the table it belongs to;
/// those in its body stay.
std::string without_own_database(const std::string& statement);

/// The statement with the database taken off the names of the sequences that it takes numbers from, and of
/// the functions that it calls: these are what the server names with their database in a definition. An empty
/// `database` stands for any.
enum class Called { sequences, sequences_and_functions };
std::string without_database_of(Called called, const std::string& statement, std::string_view database = {});

/// The statement with an event's name replaced by this one, quoted already.
std::string with_event_name(const std::string& statement, std::string_view name);

/// The statement with an event's status replaced: "ENABLE" or "DISABLE".
std::string with_event_status(const std::string& statement, std::string_view status);

}  // namespace bench
