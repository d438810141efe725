#include "num.h"

void num_matrix_multiply(const double *a, const double *b, double *out, size_t rows, size_t inner, size_t columns) {
  for (size_t r = 0; r < rows; r++)
    for (size_t c = 0; c < columns; c++) {
      double sum = 0;
      for (size_t k = 0; k < inner; k++) sum += a[r * inner + k] * b[k * columns + c];
      out[r * columns + c] = sum;
    }
}
