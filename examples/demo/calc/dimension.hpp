// A physical dimension: exponents of the eight base units.
#pragma once

#include <array>
#include <string>

namespace calc {
struct Dimension {
  std::array<int, 8> exponents{};

  bool none() const;
};

Dimension operator+(const Dimension &, const Dimension &);
Dimension operator-(const Dimension &, const Dimension &);
Dimension operator*(const Dimension &, int);
bool operator==(const Dimension &, const Dimension &);
bool operator!=(const Dimension &, const Dimension &);

// "kg m^2 s^-2", "" for a plain number.
std::string to_string(const Dimension &);

// A value in coherent units.
struct Quantity {
  double value = 0;
  Dimension dimension{};
};
}  // namespace calc
