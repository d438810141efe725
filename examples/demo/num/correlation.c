#include "num.h"

#include <math.h>

double num_correlation(const double *x, const double *y, size_t n) {
  double mean_x = num_mean(x, n), mean_y = num_mean(y, n), xy = 0, xx = 0, yy = 0;
  for (size_t i = 0; i < n; i++) {
    xy += (x[i] - mean_x) * (y[i] - mean_y);
    xx += (x[i] - mean_x) * (x[i] - mean_x);
    yy += (y[i] - mean_y) * (y[i] - mean_y);
  }
  return xy / sqrt(xx * yy);
}
