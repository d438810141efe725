#include "simplify.hpp"

#include <cmath>
#include <map>

namespace calc {
namespace {
const double *constant(const NodePtr &node) {
  const auto *number = std::get_if<Number>(&node->is);
  return number ? &number->value : nullptr;
}

NodePtr fold(Binary binary) {
  static const std::map<char, double (*)(double, double)> operations = {
      {'+', [](double a, double b) { return a + b; }}, {'-', [](double a, double b) { return a - b; }},
      {'*', [](double a, double b) { return a * b; }}, {'/', [](double a, double b) { return a / b; }},
      {'^', [](double a, double b) { return std::pow(a, b); }},
  };
  binary.left = simplify(std::move(binary.left));
  binary.right = simplify(std::move(binary.right));
  const double *left = constant(binary.left), *right = constant(binary.right);
  if (left && right) return node(Number{operations.at(binary.op)(*left, *right)});
  if (binary.op == '*' && left && *left == 1) return std::move(binary.right);
  if ((binary.op == '*' || binary.op == '/' || binary.op == '^') && right && *right == 1) return std::move(binary.left);
  return node(std::move(binary));
}
}  // namespace

NodePtr simplify(NodePtr tree) {
  return std::visit(overloaded{
                        [](Number number) { return node(number); },
                        [](Name name) { return node(std::move(name)); },
                        [](Binary binary) { return fold(std::move(binary)); },
                        [](Convert convert) { return node(Convert{simplify(std::move(convert.value)), std::move(convert.unit)}); },
                        [](Negate negate) {
                          NodePtr operand = simplify(std::move(negate.operand));
                          const double *value = constant(operand);
                          return value ? node(Number{-*value}) : node(Negate{std::move(operand)});
                        },
                        [](Call call) {
                          for (NodePtr &argument : call.arguments) argument = simplify(std::move(argument));
                          return node(std::move(call));
                        },
                    },
                    std::move(tree->is));
}
}  // namespace calc
