#include "stats.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static void line(FILE *out, const char *name, double value) {
  char text[32];
  fprintf(out, "%-16s %s\n", name, num_engineering(value, text, sizeof text));
}

static void trend(FILE *out, const num_buffer *data) {
  double *index = malloc(data->length * sizeof *index), curve[3];
  if (!index) return;
  for (size_t i = 0; i < data->length; i++) index[i] = (double)i;
  num_line fit = num_regression(index, data->values, data->length);
  line(out, "slope", fit.slope);
  line(out, "r squared", fit.r_squared);
  if (num_polyfit(index, data->values, data->length, 2, curve) == 0)
    line(out, "parabola at end", num_polynomial(curve, 3, index[data->length - 1]));
  free(index);
}

int stats_report(FILE *out, const num_buffer *data, size_t bins) {
  size_t n = data->length, bytes = n * sizeof *data->values, counts[200];
  double *sorted = malloc(bytes), low, high;
  char bars[1024];
  if (!sorted) return -1;
  memcpy(sorted, data->values, bytes);
  num_sort(sorted, n);
  num_range(sorted, n, &low, &high);
  fprintf(out, "%-16s %zu\n", "count", n);
  line(out, "mean", num_mean(sorted, n));
  line(out, "deviation", sqrt(num_variance(sorted, n)));
  line(out, "skewness", num_skewness(sorted, n));
  line(out, "kurtosis", num_kurtosis(sorted, n));
  line(out, "minimum", low);
  line(out, "median", num_quantile(sorted, n, 0.5));
  line(out, "99th percentile", num_quantile(sorted, n, 0.99));
  line(out, "maximum", high);
  num_fences fences = num_outliers(sorted, n);
  fprintf(out, "%-16s %zu\n", "outliers", fences.below + fences.above);
  line(out, "lag-1 echo", num_autocorrelation(data->values, n, 1));
  fprintf(out, "%-16s %zu\n", "strongest cycle", num_dominant_frequency(data->values, n));
  trend(out, data);
  fprintf(out, "%-16s %08x\n", "checksum", (unsigned)num_crc32(sorted, bytes));
  num_histogram(sorted, n, low, high, counts, bins);
  fprintf(out, "%-16s %s\n", "histogram", num_sparkline(counts, bins, bars, sizeof bars));
  free(sorted);
  return 0;
}
