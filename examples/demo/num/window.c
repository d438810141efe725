#include "num.h"

void num_moving_mean(const double *x, size_t n, size_t width, double *out) {
  double sum = 0;
  for (size_t i = 0; i < n; i++) {
    sum += x[i];
    if (i >= width) sum -= x[i - width];
    out[i] = sum / (double)(i + 1 < width ? i + 1 : width);
  }
}
