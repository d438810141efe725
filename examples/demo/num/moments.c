#include "num.h"

#include <math.h>

static double central_moment(const double *x, size_t n, int order) {
  double mean = num_mean(x, n), sum = 0;
  for (size_t i = 0; i < n; i++) sum += pow(x[i] - mean, order);
  return sum / (double)n;
}

double num_skewness(const double *x, size_t n) {
  double second = central_moment(x, n, 2);
  return second > 0 ? central_moment(x, n, 3) / pow(second, 1.5) : NAN;
}

double num_kurtosis(const double *x, size_t n) {
  double second = central_moment(x, n, 2);
  return second > 0 ? central_moment(x, n, 4) / (second * second) - 3 : NAN;
}
