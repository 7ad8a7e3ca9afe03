#include "database/mariadb/session_settings.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <array>
#include <span>
#include <string_view>

namespace bench {

namespace {

constexpr std::array<std::string_view, 5> settings{"sql_mode", "time_zone", "character_set_client",
                                                   "collation_connection", "foreign_key_checks"};

}  // namespace

MariadbSessionSettings::MariadbSessionSettings(MariadbDatabase& database)
    : m_values(database.query(fmt::format("SELECT @@{}", fmt::join(settings, ", @@"))).at(0)) {}

void MariadbSessionSettings::apply(MariadbDatabase& database) const {
  for (std::size_t at = 0; at < settings.size(); ++at)
    database.execute(fmt::format("SET SESSION {} = ?", settings[at]), std::span(m_values).subspan(at, 1));
}

}  // namespace bench
