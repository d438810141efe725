#include "num.h"

#include <math.h>

double num_mean(const double *x, size_t n) { return n ? num_sum(x, n) / (double)n : NAN; }
