#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/error.hpp"
#include "web/template/node.hpp"
#include "web/template/template.hpp"
#include "web/template/value.hpp"

namespace bench {

/// The variables of a template, a loop or a block; what is not among them is looked for further out.
class VariableScope {
 public:
  explicit VariableScope(const VariableScope* outer) : m_outer(outer) {}
  VariableScope(const VariableScope&) = delete;
  VariableScope& operator=(const VariableScope&) = delete;

  const TemplateValue* find(std::string_view name) const;
  void set(std::string_view name, TemplateValue value);
  /// The variable stands for a value that lives as long as it does.
  void refer(std::string_view name, const TemplateValue& value);
  /// Forgets all but the first `count`.
  void keep(std::size_t count) {
    m_variables.erase(m_variables.begin() + static_cast<std::ptrdiff_t>(count), m_variables.end());
  }

 private:
  struct Variable {
    std::string_view name;
    const TemplateValue* referred;  ///< null: its own
    TemplateValue own;
  };
  Variable& variable(std::string_view name);

  const VariableScope* m_outer;
  std::vector<Variable> m_variables;
};

/// One page in the making: what its templates can see, which of the blocks count, and how deep it has come.
class Rendering {
 public:
  Rendering(TemplateLoader& loader, const TemplateDict& context, const RenderLimits& limits)
      : m_loader(loader), m_context(&context), m_limits(limits) {}
  Rendering(const Rendering&) = delete;
  Rendering& operator=(const Rendering&) = delete;

  /// The template, and those that it extends.
  void render(std::shared_ptr<const Template> page, std::string& out);
  void render(const NodeList& body, std::string& out);

  const TemplateValue& find(std::string_view name) const;
  VariableScope& scope() { return *m_scope; }
  /// Answers the one that was in use. After an Error it stays: the rendering is at its end then.
  VariableScope* use_scope(VariableScope* scope) { return std::exchange(m_scope, scope); }

  void render_block(const BlockNode& block, std::string& out);
  std::string super(std::uint32_t at);
  void include(const IncludeNode& node, const TemplateValue& name, std::string& out);
  void extend(std::uint32_t at, const TemplateValue& name);

  /// Error{configuration} at a place of the template that is being rendered.
  [[noreturn]] void fail(std::uint32_t at, std::string_view message, std::string hint = {}) const;
  /// What `action` answers; an Error that it throws gets that place before its message.
  template <typename Action>
  auto at_place(std::uint32_t at, Action&& action) const -> decltype(action()) {
    try {
      return action();
    } catch (const Error& error) {
      throw error.with_context(place(at));
    }
  }

 private:
  /// The definitions of a block, that of the template which extends first.
  struct BlockLevels {
    struct Level {
      const BlockNode* block;
      const Template* owner;
    };
    std::string_view name;
    std::vector<Level> levels;
  };
  /// A template with all that it extends.
  struct Page {
    std::vector<std::shared_ptr<const Template>> templates;
    std::vector<BlockLevels> blocks;
    VariableScope* variables = nullptr;
    bool is_extended = false;
  };

  std::string place(std::uint32_t at) const { return m_template->source().place(at); }
  void descend(int levels);
  void keep_size(const std::string& out) const {
    if (out.size() > m_limits.bytes) fail_for_size();
  }
  [[noreturn]] void fail_for_size() const;
  void keep_time();
  void add_blocks(const Template& page);
  enum class SeesVariables { of_page, of_loops };
  void render_level(const BlockLevels& block, std::size_t level, SeesVariables sees, std::string& out);
  std::shared_ptr<const Template> find_template(std::uint32_t at, const TemplateValue& name);

  TemplateLoader& m_loader;
  const TemplateDict* m_context;
  RenderLimits m_limits;
  std::uint32_t m_bodies = 0;  ///< that were begun
  VariableScope* m_scope = nullptr;
  Page* m_page = nullptr;
  const Template* m_template = nullptr;  ///< that is being rendered
  const BlockLevels* m_block = nullptr;  ///< that is being rendered; null outside of blocks
  std::size_t m_level = 0;               ///< of that block
  std::uint32_t m_at = 0;                ///< of the node that is being rendered
  int m_depth = 0;
};

}  // namespace bench
