// The known quantities and units.
#pragma once

#include "dimension.hpp"

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace calc {
struct Unit {
  std::string quantity;
  double factor;
};

class Registry {
 public:
  // Holds every unit of units.txt.
  static const Registry &standard();

  void add_quantity(const std::string &name, const Dimension &dimension);
  void add_unit(const std::string &quantity, const std::string &name, double factor);

  std::optional<Quantity> unit(const std::string &name) const;
  // The name of a quantity with this dimension.
  std::optional<std::string> quantity(const Dimension &dimension) const;
  std::vector<std::string> unit_names() const;
  const std::map<std::string, Dimension> &quantities() const { return quantities_; }

 private:
  std::map<std::string, Dimension> quantities_;
  std::map<std::string, Unit, std::less<>> units_;
};
}  // namespace calc
