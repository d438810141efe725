#include "num.h"

#include <math.h>

static void swap(double *a, double *b) {
  double kept = *a;
  *a = *b;
  *b = kept;
}

static void reverse_bits(double *re, double *im, size_t n) {
  for (size_t i = 1, j = 0; i < n; i++) {
    size_t bit = n >> 1;
    for (; j & bit; bit >>= 1) j ^= bit;
    j ^= bit;
    if (i < j) {
      swap(&re[i], &re[j]);
      swap(&im[i], &im[j]);
    }
  }
}

void num_fft(double *re, double *im, size_t n) {
  reverse_bits(re, im, n);
  for (size_t size = 2; size <= n; size *= 2) {
    double angle = -2 * 3.14159265358979323846 / (double)size;
    for (size_t start = 0; start < n; start += size)
      for (size_t k = 0; k < size / 2; k++) {
        double c = cos(angle * (double)k), s = sin(angle * (double)k);
        size_t top = start + k, bottom = top + size / 2;
        double r = re[bottom] * c - im[bottom] * s, i = re[bottom] * s + im[bottom] * c;
        re[bottom] = re[top] - r;
        im[bottom] = im[top] - i;
        re[top] += r;
        im[top] += i;
      }
  }
}
