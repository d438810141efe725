#include "print.hpp"

#include <sstream>

namespace calc {
std::string print(const Node &node) {
  std::ostringstream out;
  std::visit(overloaded{
                 [&](const Number &number) { out << number.value; },
                 [&](const Name &name) { out << name.text; },
                 [&](const Negate &negate) { out << "-" << print(*negate.operand); },
                 [&](const Binary &binary) { out << "(" << print(*binary.left) << " " << binary.op << " " << print(*binary.right) << ")"; },
                 [&](const Convert &convert) { out << print(*convert.value) << " in " << print(*convert.unit); },
                 [&](const Call &call) {
                   out << call.function << "(";
                   for (std::size_t i = 0; i < call.arguments.size(); ++i) out << (i ? ", " : "") << print(*call.arguments[i]);
                   out << ")";
                 },
             },
             node.is);
  return out.str();
}
}  // namespace calc
