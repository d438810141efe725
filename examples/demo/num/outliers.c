#include "num.h"

/* Tukey's fences: one and a half interquartile ranges beyond the quartiles. */
num_fences num_outliers(const double *sorted, size_t n) {
  double first = num_quantile(sorted, n, 0.25), third = num_quantile(sorted, n, 0.75);
  num_fences fences = {first - 1.5 * (third - first), third + 1.5 * (third - first), 0, 0};
  for (size_t i = 0; i < n; i++) {
    fences.below += sorted[i] < fences.low;
    fences.above += sorted[i] > fences.high;
  }
  return fences;
}
