#include "num.h"

#include <stdlib.h>
#include <string.h>

size_t num_dominant_frequency(const double *x, size_t n) {
  size_t size = 1, strongest = 0;
  while (size * 2 <= n) size *= 2;
  double *re = malloc(size * sizeof *re), *im = calloc(size, sizeof *im), best = 0;
  if (re && im && size >= 4) {
    memcpy(re, x, size * sizeof *re);
    num_fft(re, im, size);
    for (size_t k = 1; k <= size / 2; k++) {
      double power = re[k] * re[k] + im[k] * im[k];
      if (power > best) {
        best = power;
        strongest = k;
      }
    }
  }
  free(re);
  free(im);
  return strongest;
}
