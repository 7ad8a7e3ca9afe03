#include "operation/operation.hpp"

#include <fmt/format.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "base/atomic_file.hpp"
#include "base/digest.hpp"
#include "base/error.hpp"
#include "base/file.hpp"
#include "base/file_lock.hpp"
#include "base/host.hpp"
#include "base/json.hpp"
#include "base/time.hpp"
#include "base/version.hpp"

namespace bench {

namespace {

constexpr std::array states{OperationState::running, OperationState::open, OperationState::done,
                            OperationState::undone, OperationState::needs_attention};

// 20261121-034100-migrate-1f2e: sorts by time.
std::string new_id(std::string_view kind) {
  std::string stamp = to_backup_stamp(Clock::now());
  std::replace(stamp.begin(), stamp.end(), '_', '-');
  return fmt::format("{}-{}-{}", stamp, kind, random_hex(2));
}

bool is_id(const std::string& text) {
  return !text.empty() && text.front() != '.' && text.size() < 200 &&
         text.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-") == std::string::npos;
}

}  // namespace

std::string_view name(OperationState state) {
  switch (state) {
    case OperationState::running:
      return "running";
    case OperationState::open:
      return "open";
    case OperationState::done:
      return "done";
    case OperationState::undone:
      return "undone";
    case OperationState::needs_attention:
      return "needs-attention";
  }
  return "";
}

Operation::Operation(std::filesystem::path file, nlohmann::json record)
    : m_file(std::move(file)), m_id(m_file.stem().string()), m_record(std::move(record)) {}

Operation Operation::begin(const Site& site, std::string_view kind) {
  make_folders(site.operations_folder(), 0700);
  const std::string id = new_id(kind);
  Operation operation(site.operations_folder() / (id + ".json"), {{"id", id},
                                                                  {"kind", kind},
                                                                  {"state", name(OperationState::running)},
                                                                  {"host", host_name()},
                                                                  {"pid", getpid()},
                                                                  {"version", version()},
                                                                  {"started", to_iso8601(Clock::now())},
                                                                  {"finished", nullptr},
                                                                  {"steps", nlohmann::json::array()},
                                                                  {"saved", nlohmann::json::object()},
                                                                  {"backups", nlohmann::json::object()},
                                                                  {"result", nullptr}});
  operation.write();
  return operation;
}

Operation Operation::load(const std::filesystem::path& file) {
  return parse(file, read_file(file));
}

Operation Operation::parse(const std::filesystem::path& file, const std::string& text) {
  const auto broken = [&file](const std::string& why) {
    return Error(Kind::configuration,
                 fmt::format("{}: not the record of an operation: {}", file.string(), why),
                 "move it out of that folder");
  };
  try {
    nlohmann::json record = nlohmann::json::parse(text);
    record.at("kind").get<std::string>();
    const auto state = record.at("state").get<std::string>();
    if (std::none_of(states.begin(), states.end(),
                     [&](OperationState known) { return name(known) == state; }))
      throw broken("its state is " + state);
    return Operation(file, std::move(record));
  } catch (const nlohmann::json::exception& error) {
    throw broken(error.what());
  }
}

std::optional<Operation> Operation::find(const Site& site, const std::string& id) {
  const std::filesystem::path file = site.operations_folder() / (id + ".json");
  if (!is_id(id) || !std::filesystem::exists(file)) return std::nullopt;
  return load(file);
}

std::vector<Operation> Operation::read(const Site& site, std::string_view mark,
                                       std::vector<std::filesystem::path>* unreadable) {
  std::vector<Operation> operations;
  std::error_code none;
  for (const auto& entry : std::filesystem::directory_iterator(site.operations_folder(), none)) {
    if (entry.path().extension() != ".json" || !is_id(entry.path().stem().string())) continue;
    if (!entry.is_regular_file(none)) continue;
    try {
      const std::string text = read_file(entry.path());
      if (text.find(mark) != std::string::npos) operations.push_back(parse(entry.path(), text));
    } catch (const Error&) {
      if (unreadable != nullptr) unreadable->push_back(entry.path());
    }
  }
  // Ids of the same second do not sort by time.
  const auto age = [](const Operation& operation) {
    return std::pair(operation.m_record.value("started", ""), operation.m_id);
  };
  std::sort(operations.begin(), operations.end(),
            [&age](const Operation& a, const Operation& b) { return age(a) < age(b); });
  return operations;
}

std::vector<Operation> Operation::list(const Site& site, std::vector<std::filesystem::path>* unreadable) {
  return read(site, "", unreadable);
}

// Every command looks for what was interrupted: that must not parse all that was ever done.
std::vector<Operation> Operation::list_in_state(const Site& site, OperationState state) {
  std::vector<Operation> operations = read(site, name(state), nullptr);
  std::erase_if(operations, [state](const Operation& operation) { return operation.state() != state; });
  return operations;
}

OperationState Operation::state() const {
  const std::string_view text = m_record.at("state").get_ref<const std::string&>();
  return *std::find_if(states.begin(), states.end(),
                       [text](OperationState known) { return name(known) == text; });
}

std::filesystem::path Operation::folder() const {
  make_folders(folder_path(), 0700);
  return folder_path();
}

void Operation::step(std::string_view step_name) {
  update([step_name](nlohmann::json& record) {
    const std::string now = to_iso8601(Clock::now());
    nlohmann::json& steps = record["steps"];
    if (!steps.empty() && steps.back()["finished"].is_null()) steps.back()["finished"] = now;
    steps.push_back({{"name", step_name}, {"begun", now}, {"finished", nullptr}});
  });
}

bool Operation::has_begun(std::string_view step) const {
  return std::ranges::any_of(m_record.at("steps"),
                             [step](const nlohmann::json& known) { return known.at("name") == step; });
}

void Operation::update(const std::function<void(nlohmann::json&)>& change) {
  change(m_record);
  write();
}

void Operation::resume() {
  update([](nlohmann::json& record) {
    record["state"] = name(OperationState::running);
    record["host"] = host_name();
    record["pid"] = getpid();
    record["finished"] = nullptr;
  });
}

void Operation::finish(OperationState state, nlohmann::json result) {
  std::error_code not_empty;
  std::filesystem::remove(folder_path(), not_empty);
  update([&](nlohmann::json& record) {
    const std::string now = to_iso8601(Clock::now());
    nlohmann::json& steps = record["steps"];
    if (!steps.empty() && steps.back()["finished"].is_null()) steps.back()["finished"] = now;
    record["state"] = name(state);
    record["finished"] = now;
    record["result"] = std::move(result);
  });
}

bool Operation::process_lives() const {
  if (m_record.value("host", "") != host_name()) return true;
  const pid_t pid = m_record.value("pid", 0);
  return pid > 0 && (kill(pid, 0) == 0 || errno != ESRCH);
}

std::filesystem::path Operation::part_of_record(std::string_view part) const {
  return m_file.parent_path() / fmt::format("{}.{}.json", m_id, part);
}

void Operation::forget() {
  std::filesystem::remove(m_file);
  std::error_code none;
  for (const auto& entry : std::filesystem::directory_iterator(m_file.parent_path(), none))
    if (entry.path().filename().string().starts_with(m_id + ".")) std::filesystem::remove(entry.path(), none);
}

void Operation::write() {
  write_file_atomically(m_file, json_text(m_record, 1) + "\n", 0600);
}

std::vector<Operation> interrupted_operations(const Site& site, Lock lock) {
  if (lock == Lock::not_held && FileLock::is_held(site.operation_lock())) return {};
  return Operation::list_in_state(site, OperationState::running);
}

}  // namespace bench
