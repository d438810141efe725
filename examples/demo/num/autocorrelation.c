#include "num.h"

#include <math.h>

double num_autocorrelation(const double *x, size_t n, size_t lag) {
  if (lag + 2 > n) return NAN;
  return num_correlation(x, x + lag, n - lag);
}
