#include "evaluate.hpp"

#include "error.hpp"
#include "functions.hpp"
#include "print.hpp"
#include "suggest.hpp"

#include <cmath>

namespace calc {
namespace {
class Evaluator {
 public:
  explicit Evaluator(const Registry &registry) : registry_(registry) {}

  Quantity value(const Node &node) const {
    return std::visit([this](const auto &is) { return (*this)(is); }, node.is);
  }

  Quantity operator()(const Number &number) const { return {number.value, {}}; }

  Quantity operator()(const Name &name) const {
    if (const auto unit = registry_.unit(name.text)) return *unit;
    throw Error("there is no unit '" + name.text + "'" + suggestion(name.text, registry_.unit_names()));
  }

  Quantity operator()(const Negate &negate) const {
    const Quantity operand = value(*negate.operand);
    return {-operand.value, operand.dimension};
  }

  Quantity operator()(const Convert &) const { throw Error("'in' may stand only at the end"); }

  Quantity operator()(const Call &call) const {
    const auto found = functions().find(call.function);
    if (found == functions().end()) {
      std::vector<std::string> names;
      for (const auto &[name, function] : functions()) names.push_back(name);
      throw Error("there is no function '" + call.function + "'" + suggestion(call.function, names));
    }
    std::vector<Quantity> arguments;
    for (const NodePtr &argument : call.arguments) arguments.push_back(value(*argument));
    return found->second(arguments);
  }

  Quantity operator()(const Binary &binary) const {
    const Quantity a = value(*binary.left), b = value(*binary.right);
    switch (binary.op) {
      case '*': return {a.value * b.value, a.dimension + b.dimension};
      case '/': return {a.value / b.value, a.dimension - b.dimension};
      case '^': return power(a, b);
      default: break;
    }
    if (a.dimension != b.dimension)
      throw Error("'" + to_string(a.dimension) + "' and '" + to_string(b.dimension) + "' cannot be added or subtracted");
    return {binary.op == '+' ? a.value + b.value : a.value - b.value, a.dimension};
  }

 private:
  static Quantity power(const Quantity &base, const Quantity &exponent) {
    const int whole = static_cast<int>(exponent.value);
    if (!exponent.dimension.none()) throw Error("an exponent is a plain number");
    if (!base.dimension.none() && whole != exponent.value) throw Error("a quantity can only be raised to a whole power");
    return {std::pow(base.value, exponent.value), base.dimension * whole};
  }

  const Registry &registry_;
};
}  // namespace

Result evaluate(const Node &node, const Registry &registry) {
  const Evaluator evaluator(registry);
  const auto *convert = std::get_if<Convert>(&node.is);
  if (!convert) return {evaluator.value(node), std::nullopt, ""};
  const Quantity value = evaluator.value(*convert->value), unit = evaluator.value(*convert->unit);
  if (value.dimension != unit.dimension)
    throw Error("'" + to_string(value.dimension) + "' is not measured in '" + to_string(unit.dimension) + "'");
  return {value, unit, print(*convert->unit)};
}
}  // namespace calc
