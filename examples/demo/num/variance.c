#include "num.h"

#include <math.h>

/* Welford's update: one pass, no cancellation. */
double num_variance(const double *x, size_t n) {
  double mean = 0, squares = 0;
  for (size_t i = 0; i < n; i++) {
    double delta = x[i] - mean;
    mean += delta / (double)(i + 1);
    squares += delta * (x[i] - mean);
  }
  return n > 1 ? squares / (double)(n - 1) : NAN;
}
