#include "num.h"

#include <math.h>

num_line num_regression(const double *x, const double *y, size_t n) {
  double r = num_correlation(x, y, n);
  num_line line;
  line.slope = r * sqrt(num_variance(y, n) / num_variance(x, n));
  line.intercept = num_mean(y, n) - line.slope * num_mean(x, n);
  line.r_squared = r * r;
  return line;
}
