#include "num.h"

#include <math.h>

int num_polyfit(const double *x, const double *y, size_t n, size_t degree, double *coefficients) {
  double normal[64];
  size_t unknowns = degree + 1;
  if (n < unknowns || unknowns > 8) return -1;
  for (size_t r = 0; r < unknowns; r++) {
    coefficients[r] = 0;
    for (size_t i = 0; i < n; i++) coefficients[r] += y[i] * pow(x[i], (double)r);
    for (size_t c = 0; c < unknowns; c++) {
      normal[r * unknowns + c] = 0;
      for (size_t i = 0; i < n; i++) normal[r * unknowns + c] += pow(x[i], (double)(r + c));
    }
  }
  return num_solve(normal, coefficients, unknowns);
}
