#include "num.h"

#include <string.h>

void num_histogram(const double *x, size_t n, double low, double high, size_t *counts, size_t bins) {
  memset(counts, 0, bins * sizeof *counts);
  if (!(high > low)) high = low + 1;
  for (size_t i = 0; i < n; i++) {
    if (x[i] < low || x[i] > high) continue;
    size_t bin = (size_t)((x[i] - low) / (high - low) * (double)bins);
    counts[bin < bins ? bin : bins - 1]++;
  }
}
