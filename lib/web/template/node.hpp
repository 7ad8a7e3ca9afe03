#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "web/template/expression.hpp"

namespace bench {

/// Text, output or tag of a compiled template. It never changes, and any number of threads may render it.
class TemplateNode {
 public:
  TemplateNode() = default;
  TemplateNode(const TemplateNode&) = delete;
  TemplateNode& operator=(const TemplateNode&) = delete;
  virtual ~TemplateNode() = default;
  virtual void render(Rendering& rendering, std::string& out) const = 0;

  std::uint32_t at = 0;
};

using NodeList = std::vector<std::unique_ptr<TemplateNode>>;

struct TextNode : TemplateNode {
  explicit TextNode(std::string_view what) : text(what) {}
  void render(Rendering& rendering, std::string& out) const override;
  std::string_view text;
};

struct OutputNode : TemplateNode {
  explicit OutputNode(ExpressionPtr what) : expression(std::move(what)) {}
  void render(Rendering& rendering, std::string& out) const override;
  ExpressionPtr expression;
};

struct IfNode : TemplateNode {
  struct Branch {
    ExpressionPtr condition;  ///< null: else
    NodeList body;
  };
  void render(Rendering& rendering, std::string& out) const override;
  std::vector<Branch> branches;
};

/// One name, or several that the items of a list are given to.
struct Targets {
  std::vector<std::string_view> names;
  bool unpacks = false;
};

struct ForNode : TemplateNode {
  void render(Rendering& rendering, std::string& out) const override;
  Targets targets;
  ExpressionPtr items;
  ExpressionPtr condition;  ///< null: every item
  NodeList body;
  NodeList otherwise;

 private:
  std::vector<const TemplateValue*> chosen(Rendering& rendering, const TemplateList& list) const;
};

struct SetNode : TemplateNode {
  void render(Rendering& rendering, std::string& out) const override;
  Targets targets;
  ExpressionPtr value;
};

/// `{% set name | filter %}...{% endset %}`
struct SetTextNode : TemplateNode {
  void render(Rendering& rendering, std::string& out) const override;
  std::string_view name;
  std::vector<std::unique_ptr<BuiltinExpression>> filters;
  NodeList body;
};

/// A block as one template defines it.
struct BlockNode {
  std::uint32_t at = 0;
  std::string_view name;
  bool is_scoped = false;  ///< it sees the variables of the loops that it stands in
  NodeList body;
};

/// Where the block is rendered, as the first template that extends this one defines it.
struct BlockPlace : TemplateNode {
  explicit BlockPlace(const BlockNode& which) : block(which) {}
  void render(Rendering& rendering, std::string& out) const override;
  const BlockNode& block;
};

struct IncludeNode : TemplateNode {
  void render(Rendering& rendering, std::string& out) const override;
  ExpressionPtr name;
  bool may_be_missing = false;
  bool sees_context = true;
};

struct ExtendsNode : TemplateNode {
  explicit ExtendsNode(ExpressionPtr what) : name(std::move(what)) {}
  void render(Rendering& rendering, std::string& out) const override;
  ExpressionPtr name;
};

}  // namespace bench
