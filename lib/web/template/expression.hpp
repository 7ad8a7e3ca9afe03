#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>
#include <string_view>
#include <utility>
#include <vector>

#include "web/template/builtin.hpp"
#include "web/template/operators.hpp"
#include "web/template/value.hpp"

namespace bench {

class Rendering;

/// A node of the tree that an expression is compiled to. It never changes, and any number of threads may
/// evaluate it.
class Expression {
 public:
  Expression() = default;
  Expression(const Expression&) = delete;
  Expression& operator=(const Expression&) = delete;
  virtual ~Expression() = default;

  /// Answers a value that is there already, or puts a new one into `scratch` and answers that.
  virtual const TemplateValue& evaluate(Rendering& rendering, TemplateValue& scratch) const = 0;

  std::uint32_t at = 0;
  std::string_view source;  ///< as it stands in the template
  int height = 1;           ///< of the tree below

 protected:
  void adopt(const std::unique_ptr<Expression>& child) {
    if (child) height = std::max(height, child->height + 1);
  }
};

using ExpressionPtr = std::unique_ptr<Expression>;

struct LiteralExpression : Expression {
  explicit LiteralExpression(TemplateValue literal) : value(std::move(literal)) {}
  const TemplateValue& evaluate(Rendering& rendering, TemplateValue& scratch) const override;
  TemplateValue value;
};

struct NameExpression : Expression {
  explicit NameExpression(std::string_view which) : name(which) {}
  const TemplateValue& evaluate(Rendering& rendering, TemplateValue& scratch) const override;
  std::string_view name;
};

struct AttributeExpression : Expression {
  AttributeExpression(ExpressionPtr of, std::string_view which) : base(std::move(of)), name(which) {
    adopt(base);
  }
  const TemplateValue& evaluate(Rendering& rendering, TemplateValue& scratch) const override;
  ExpressionPtr base;
  std::string_view name;
};

struct ItemExpression : Expression {
  ItemExpression(ExpressionPtr of, ExpressionPtr which) : base(std::move(of)), key(std::move(which)) {
    adopt(base);
    adopt(key);
  }
  const TemplateValue& evaluate(Rendering& rendering, TemplateValue& scratch) const override;
  ExpressionPtr base, key;
};

/// Each bound may be missing.
struct SliceExpression : Expression {
  SliceExpression(ExpressionPtr of, ExpressionPtr from, ExpressionPtr to, ExpressionPtr by)
      : base(std::move(of)), begin(std::move(from)), end(std::move(to)), step(std::move(by)) {
    for (const ExpressionPtr* child : {&base, &begin, &end, &step}) adopt(*child);
  }
  const TemplateValue& evaluate(Rendering& rendering, TemplateValue& scratch) const override;
  ExpressionPtr base, begin, end, step;
};

struct ArgumentExpressions {
  std::vector<ExpressionPtr> positional;
  std::vector<std::pair<std::string_view, ExpressionPtr>> named;
};

/// With the arguments of a call below it.
struct CallingExpression : Expression {
  explicit CallingExpression(ArgumentExpressions with);
  ArgumentExpressions arguments;
};

struct CallExpression : CallingExpression {
  CallExpression(ExpressionPtr what, ArgumentExpressions with)
      : CallingExpression(std::move(with)), callee(std::move(what)) {
    adopt(callee);
  }
  const TemplateValue& evaluate(Rendering& rendering, TemplateValue& scratch) const override;
  ExpressionPtr callee;
};

/// `base.name(...)`: a method of the value's type, else what lies under that name in it.
struct MethodExpression : CallingExpression {
  MethodExpression(ExpressionPtr of, std::string_view which, ArgumentExpressions with)
      : CallingExpression(std::move(with)), base(std::move(of)), name(which) {
    adopt(base);
  }
  const TemplateValue& evaluate(Rendering& rendering, TemplateValue& scratch) const override;
  ExpressionPtr base;
  std::string_view name;
};

/// `super()` in a block.
struct SuperExpression : Expression {
  const TemplateValue& evaluate(Rendering& rendering, TemplateValue& scratch) const override;
};

enum class Meaning { as_it_is, negated };

/// A filter, or a test.
struct BuiltinExpression : CallingExpression {
  BuiltinExpression(const Builtin& which, ExpressionPtr of, ArgumentExpressions with, Meaning how)
      : CallingExpression(std::move(with)), builtin(which), input(std::move(of)), meaning(how) {
    adopt(input);
  }
  const TemplateValue& evaluate(Rendering& rendering, TemplateValue& scratch) const override;
  const Builtin& builtin;
  ExpressionPtr input;  ///< null in `{% set x | filter %}`, where `apply_to` gives it
  Meaning meaning;
  TemplateValue apply_to(Rendering& rendering, const TemplateValue& value) const;
};

struct NotExpression : Expression {
  explicit NotExpression(ExpressionPtr of) : operand(std::move(of)) { adopt(operand); }
  const TemplateValue& evaluate(Rendering& rendering, TemplateValue& scratch) const override;
  ExpressionPtr operand;
};

struct SignExpression : Expression {
  SignExpression(Sign which, ExpressionPtr of) : sign(which), operand(std::move(of)) { adopt(operand); }
  const TemplateValue& evaluate(Rendering& rendering, TemplateValue& scratch) const override;
  Sign sign;
  ExpressionPtr operand;
};

struct ArithmeticExpression : Expression {
  ArithmeticExpression(Arithmetic which, ExpressionPtr first, ExpressionPtr second)
      : arithmetic(which), left(std::move(first)), right(std::move(second)) {
    adopt(left);
    adopt(right);
  }
  const TemplateValue& evaluate(Rendering& rendering, TemplateValue& scratch) const override;
  Arithmetic arithmetic;
  ExpressionPtr left, right;
};

/// `a ~ b ~ c`
struct JoinExpression : Expression {
  explicit JoinExpression(std::vector<ExpressionPtr> which) : parts(std::move(which)) {
    for (const ExpressionPtr& part : parts) adopt(part);
  }
  const TemplateValue& evaluate(Rendering& rendering, TemplateValue& scratch) const override;
  std::vector<ExpressionPtr> parts;
};

/// `a < b <= c`
struct ComparisonExpression : Expression {
  struct Step {
    Comparison comparison;
    ExpressionPtr operand;
  };
  ComparisonExpression(ExpressionPtr left, std::vector<Step> others);
  const TemplateValue& evaluate(Rendering& rendering, TemplateValue& scratch) const override;
  ExpressionPtr first;
  std::vector<Step> steps;
};

enum class Logic { both, either };

struct LogicExpression : Expression {
  LogicExpression(Logic which, ExpressionPtr first, ExpressionPtr second)
      : logic(which), left(std::move(first)), right(std::move(second)) {
    adopt(left);
    adopt(right);
  }
  const TemplateValue& evaluate(Rendering& rendering, TemplateValue& scratch) const override;
  Logic logic;
  ExpressionPtr left, right;
};

/// `a if c else b`; without `else` it is undefined otherwise.
struct ConditionalExpression : Expression {
  ConditionalExpression(ExpressionPtr when, ExpressionPtr then, ExpressionPtr other)
      : condition(std::move(when)), value(std::move(then)), otherwise(std::move(other)) {
    for (const ExpressionPtr* child : {&condition, &value, &otherwise}) adopt(*child);
  }
  const TemplateValue& evaluate(Rendering& rendering, TemplateValue& scratch) const override;
  ExpressionPtr condition, value, otherwise;
};

struct ListExpression : Expression {
  explicit ListExpression(std::vector<ExpressionPtr> which) : items(std::move(which)) {
    for (const ExpressionPtr& item : items) adopt(item);
  }
  const TemplateValue& evaluate(Rendering& rendering, TemplateValue& scratch) const override;
  std::vector<ExpressionPtr> items;
};

struct DictExpression : Expression {
  using Entry = std::pair<ExpressionPtr, ExpressionPtr>;
  explicit DictExpression(std::vector<Entry> which);
  const TemplateValue& evaluate(Rendering& rendering, TemplateValue& scratch) const override;
  std::vector<Entry> entries;
};

/// What is wrong with calling the builtin so; empty when nothing is.
std::string binding_fault(const Builtin& builtin, const ArgumentExpressions& arguments);

}  // namespace bench
