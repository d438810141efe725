#include "num.h"

#include <math.h>

/* SplitMix64. */
static uint64_t next(num_random *random) {
  uint64_t z = random->state += 0x9e3779b97f4a7c15u;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
  return z ^ (z >> 31);
}

double num_uniform(num_random *random) { return (double)(next(random) >> 11) * 0x1.0p-53; }

double num_normal(num_random *random) {
  double radius = sqrt(-2 * log(1 - num_uniform(random)));
  return radius * cos(2 * 3.14159265358979323846 * num_uniform(random));
}
