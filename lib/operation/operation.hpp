#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

#include "site/site.hpp"

namespace bench {

enum class OperationState {
  running,          ///< under way, or interrupted when the site's lock is free
  open,             ///< an operator's own window
  done,             ///< did what was asked
  undone,           ///< failed, and the site is as it was
  needs_attention,  ///< failed, and a person must act
};
std::string_view name(OperationState state);

/// One operation's durable record, `operations/<id>.json`, written atomically at each change; what belongs to
/// it lies in `operations/<id>/`, and what is a part of the record but too long to be written at each step in
/// `operations/<id>.<part>.json`. The site must be locked.
///
/// JSON: {"id", "kind", "state", "host", "pid", "version", "started", "finished", "steps": [{"name", "begun",
/// "finished"}], "saved": {...}, "backups": {...}, "result": {...}}. Secrets never enter it.
class Operation {
 public:
  /// Begins a new one in state running. `kind` is the command's name.
  static Operation begin(const Site& site, std::string_view kind);
  static Operation load(const std::filesystem::path& record);
  /// nullopt when there is none of that id; ids come from outside, so they are checked.
  static std::optional<Operation> find(const Site& site, const std::string& id);
  /// All of the site, oldest first. Records that cannot be read are left out; `unreadable` gets their paths.
  static std::vector<Operation> list(const Site& site,
                                     std::vector<std::filesystem::path>* unreadable = nullptr);

  /// Those in one state, without reading through the others.
  static std::vector<Operation> list_in_state(const Site& site, OperationState state);

  const std::string& id() const { return m_id; }
  std::string kind() const { return m_record.at("kind").get<std::string>(); }
  OperationState state() const;
  const nlohmann::json& record() const { return m_record; }
  /// operations/<id>/, created (0700) when first asked for.
  std::filesystem::path folder() const;
  std::filesystem::path folder_path() const { return m_file.parent_path() / m_id; }
  /// operations/<id>.<part>.json: beside the folder, which whoever needs room may remove.
  std::filesystem::path part_of_record(std::string_view part) const;

  /// Whether the process that runs it, or ran it last, lives; true where nobody can tell (another host's).
  bool process_lives() const;

  /// Notes that a step began; the step before it is finished thereby.
  void step(std::string_view name);
  bool has_begun(std::string_view step) const;
  /// Changes members of the record and makes them durable.
  void update(const std::function<void(nlohmann::json&)>& change);
  /// Changes members of the record, which become durable with the next step or update.
  void note(const std::function<void(nlohmann::json&)>& change) { change(m_record); }
  /// Under way again, by this process.
  void resume();
  /// The end. Removes the folder when nothing is in it.
  void finish(OperationState state, nlohmann::json result = nullptr);
  /// Removes the record and its parts.
  void forget();

 private:
  static Operation parse(const std::filesystem::path& file, const std::string& text);
  static std::vector<Operation> read(const Site& site, std::string_view mark,
                                     std::vector<std::filesystem::path>* unreadable);
  Operation(std::filesystem::path file, nlohmann::json record);
  void write();
  std::filesystem::path m_file;
  std::string m_id;
  nlohmann::json m_record;
};

/// Operations whose record says running although nobody holds the site's lock: they were interrupted. Call it
/// without holding the lock to look, or with the lock held (`Lock::held`) to recover them.
enum class Lock { held, not_held };
std::vector<Operation> interrupted_operations(const Site& site, Lock lock);

}  // namespace bench
