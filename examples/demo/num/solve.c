#include "num.h"

#include <math.h>

static void swap_rows(double *a, double *b, size_t n, size_t first, size_t second) {
  for (size_t c = 0; c < n; c++) {
    double kept = a[first * n + c];
    a[first * n + c] = a[second * n + c];
    a[second * n + c] = kept;
  }
  double kept = b[first];
  b[first] = b[second];
  b[second] = kept;
}

/* Gaussian elimination with partial pivoting. */
int num_solve(double *a, double *b, size_t n) {
  for (size_t step = 0; step < n; step++) {
    size_t pivot = step;
    for (size_t r = step + 1; r < n; r++)
      if (fabs(a[r * n + step]) > fabs(a[pivot * n + step])) pivot = r;
    if (fabs(a[pivot * n + step]) < 1e-12) return -1;
    if (pivot != step) swap_rows(a, b, n, step, pivot);
    for (size_t r = step + 1; r < n; r++) {
      double factor = a[r * n + step] / a[step * n + step];
      for (size_t c = step; c < n; c++) a[r * n + c] -= factor * a[step * n + c];
      b[r] -= factor * b[step];
    }
  }
  for (size_t r = n; r-- > 0;) {
    for (size_t c = r + 1; c < n; c++) b[r] -= a[r * n + c] * b[c];
    b[r] /= a[r * n + r];
  }
  return 0;
}
