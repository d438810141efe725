#include "num.h"

/* Horner's scheme; coefficients[0] is the constant term. */
double num_polynomial(const double *coefficients, size_t count, double x) {
  double value = 0;
  while (count-- > 0) value = value * x + coefficients[count];
  return value;
}
