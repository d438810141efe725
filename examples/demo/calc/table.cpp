#include "output.hpp"

#include <iomanip>
#include <map>
#include <ostream>
#include <set>

namespace calc {
void table(std::ostream &out, const Registry &registry) {
  std::map<std::string, std::set<std::pair<double, std::string>>> rows;
  for (const std::string &name : registry.unit_names()) {
    const Quantity unit = *registry.unit(name);
    rows[registry.quantity(unit.dimension).value_or("")].emplace(unit.value, name);
  }
  for (const auto &[quantity, units] : rows) {
    out << std::left << std::setw(14) << quantity;
    for (const auto &[factor, name] : units) out << " " << name;
    out << "\n";
  }
}
}  // namespace calc
