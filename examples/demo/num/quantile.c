#include "num.h"

#include <math.h>

double num_quantile(const double *x, size_t n, double q) {
  if (n == 0) return NAN;
  double position = q * (double)(n - 1);
  size_t below = (size_t)position;
  if (below + 1 >= n) return x[n - 1];
  return x[below] + (position - (double)below) * (x[below + 1] - x[below]);
}
