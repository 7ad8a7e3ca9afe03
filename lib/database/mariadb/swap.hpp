#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "database/mariadb/connection.hpp"
#include "database/mariadb/content.hpp"
#include "database/mariadb/session_settings.hpp"

namespace bench {

/// The databases of one swap: the tables of `scratch` go to `live`, those that were there to `replaced`.
struct MariadbSwapNames {
  std::string live, scratch, replaced;
};

/// What a swap does. Every statement may run again after it was cut off.
struct MariadbSwapPlan {
  std::vector<std::string> new_tables, old_tables;  ///< sequences too
  std::vector<std::string> before, after;           ///< the tables change places
  std::vector<std::string> undo_before, undo_after;
};

/// Puts one database's content, and its collation, in the place of another's. The tables change places in one
/// RENAME TABLE; the triggers that stand against it are dropped before, and made anew after it, as views,
/// routines and events are where they differ. The plan is durable in the database `replaced` before anything
/// changes, so that whoever comes after a crash can finish it or undo it: after the RENAME it is finished,
/// before it undone.
class MariadbSwap {
 public:
  /// The connection is to `live`; while this lives its MariadbSessionSettings are not its own.
  MariadbSwap(MariadbDatabase& server, MariadbSwapNames names);
  ~MariadbSwap();
  MariadbSwap(const MariadbSwap&) = delete;
  MariadbSwap& operator=(const MariadbSwap&) = delete;

  enum class Way { forwards, backwards };

  /// Creates the database `replaced` with the plan in it.
  void save(const MariadbSwapPlan& plan) const;
  /// The statements of the way that are left to run.
  std::vector<std::string> statements(Way way) const;
  /// Runs them, waiting for locks as Database::execute_patiently does.
  void run(Way way, Progress* progress = nullptr);
  /// After a crash, or after `run` has failed: goes forwards when the tables have changed places already and
  /// it can, else backwards. Answers which it was. Does nothing when there is no plan.
  Way bring_to_end();
  /// Drops the database `replaced`: from here on there is no way back. What cannot be dropped now is left to
  /// a later call.
  void finish();

 private:
  std::optional<MariadbSwapPlan> read_plan() const;
  std::string rename(const MariadbSwapPlan& plan, Way way) const;

  MariadbDatabase& m_server;
  MariadbSwapNames m_names;
  MariadbSessionSettings m_settings;
};

/// Programs are views, triggers, routines and events: those of `live` as they are, those of the scratch with
/// the definers and states that they are to have.
MariadbSwapPlan plan_mariadb_swap(MariadbDatabase& server, const MariadbSwapNames& names,
                                  const std::vector<MariadbObject>& old_programs,
                                  const std::vector<MariadbObject>& new_programs);

/// Names of the base tables and sequences of a database, sorted.
std::vector<std::string> mariadb_tables_in(MariadbDatabase& server, const std::string& database);

bool mariadb_database_exists(MariadbDatabase& server, const std::string& database);

}  // namespace bench
