#include "dimension.hpp"

#include <algorithm>
#include <functional>

namespace calc {
namespace {
template <class Operation> Dimension combine(const Dimension &a, const Dimension &b, Operation operation) {
  Dimension out;
  std::transform(a.exponents.begin(), a.exponents.end(), b.exponents.begin(), out.exponents.begin(), operation);
  return out;
}
}  // namespace

bool Dimension::none() const {
  return std::all_of(exponents.begin(), exponents.end(), [](int exponent) { return exponent == 0; });
}

Dimension operator+(const Dimension &a, const Dimension &b) { return combine(a, b, std::plus<int>{}); }
Dimension operator-(const Dimension &a, const Dimension &b) { return combine(a, b, std::minus<int>{}); }
bool operator==(const Dimension &a, const Dimension &b) { return a.exponents == b.exponents; }
bool operator!=(const Dimension &a, const Dimension &b) { return !(a == b); }

Dimension operator*(const Dimension &a, int power) {
  Dimension out = a;
  for (int &exponent : out.exponents) exponent *= power;
  return out;
}

std::string to_string(const Dimension &dimension) {
  static constexpr const char *base[] = {"m", "kg", "s", "A", "K", "mol", "cd", "bit"};
  std::string out;
  for (std::size_t i = 0; i < dimension.exponents.size(); ++i) {
    const int exponent = dimension.exponents[i];
    if (exponent == 0) continue;
    if (!out.empty()) out += ' ';
    out += base[i];
    if (exponent != 1) out += '^' + std::to_string(exponent);
  }
  return out;
}
}  // namespace calc
