#include "num.h"

static void sift_down(double *x, size_t root, size_t n) {
  double value = x[root];
  for (size_t child; (child = 2 * root + 1) < n; root = child) {
    if (child + 1 < n && x[child + 1] > x[child]) child++;
    if (value >= x[child]) break;
    x[root] = x[child];
  }
  x[root] = value;
}

/* Heapsort: no recursion and no bad case. */
void num_sort(double *x, size_t n) {
  for (size_t root = n / 2; root-- > 0;) sift_down(x, root, n);
  for (size_t end = n; end-- > 1;) {
    double largest = x[0];
    x[0] = x[end];
    x[end] = largest;
    sift_down(x, 0, end);
  }
}
