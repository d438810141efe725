#include "num.h"

#include <math.h>

void num_range(const double *x, size_t n, double *low, double *high) {
  *low = n ? x[0] : NAN;
  *high = n ? x[0] : NAN;
  for (size_t i = 1; i < n; i++) {
    *low = fmin(*low, x[i]);
    *high = fmax(*high, x[i]);
  }
}
