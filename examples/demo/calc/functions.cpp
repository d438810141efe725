#include "functions.hpp"

#include "error.hpp"
#include "num.h"

#include <algorithm>
#include <cmath>

namespace calc {
namespace {
void same_dimension(const std::vector<Quantity> &values) {
  for (const Quantity &value : values)
    if (value.dimension != values.front().dimension) throw Error("the arguments have different dimensions");
}

Function plain(double (*function)(double)) {
  return [function](const std::vector<Quantity> &values) {
    if (values.size() != 1 || !values[0].dimension.none()) throw Error("one plain number is expected");
    return Quantity{function(values[0].value), {}};
  };
}

template <class Reduce> Function reduction(Reduce reduce) {
  return [reduce](const std::vector<Quantity> &values) {
    same_dimension(values);
    std::vector<double> numbers;
    std::transform(values.begin(), values.end(), std::back_inserter(numbers), [](const Quantity &value) { return value.value; });
    std::sort(numbers.begin(), numbers.end());
    return Quantity{reduce(numbers), values.front().dimension};
  };
}

Quantity square_root(const std::vector<Quantity> &values) {
  if (values.size() != 1) throw Error("sqrt takes one value");
  Quantity out{std::sqrt(values[0].value), values[0].dimension};
  for (int &exponent : out.dimension.exponents) {
    if (exponent % 2 != 0) throw Error("sqrt of " + to_string(values[0].dimension) + " has no dimension");
    exponent /= 2;
  }
  return out;
}
}  // namespace

const std::map<std::string, Function> &functions() {
  using Numbers = std::vector<double>;
  static const std::map<std::string, Function> table = {
      {"sin", plain(std::sin)},
      {"cos", plain(std::cos)},
      {"exp", plain(std::exp)},
      {"log", plain(std::log)},
      {"sqrt", square_root},
      {"min", reduction([](const Numbers &x) { return x.front(); })},
      {"max", reduction([](const Numbers &x) { return x.back(); })},
      {"sum", reduction([](const Numbers &x) { return num_sum(x.data(), x.size()); })},
      {"mean", reduction([](const Numbers &x) { return num_mean(x.data(), x.size()); })},
      {"median", reduction([](const Numbers &x) { return num_quantile(x.data(), x.size(), 0.5); })},
  };
  return table;
}
}  // namespace calc
