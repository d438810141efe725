/* libnum: small numerical routines over arrays of doubles. Arrays are never NULL; n is their length. */
#ifndef NUM_H
#define NUM_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct {
  double *values;
  size_t length, capacity;
} num_buffer;

typedef struct {
  double slope, intercept, r_squared;
} num_line;

typedef struct {
  double low, high;
  size_t below, above;
} num_fences;

typedef struct {
  uint64_t state;
} num_random;

/* Growing array; both return 0, or -1 when memory is short. */
int num_buffer_push(num_buffer *buffer, double value);
void num_buffer_free(num_buffer *buffer);
/* Reads white-space separated numbers; returns 0, or the 1-based index of the first word that is none. */
size_t num_read(FILE *in, num_buffer *out);

double num_sum(const double *x, size_t n);
double num_mean(const double *x, size_t n);
double num_variance(const double *x, size_t n);
double num_skewness(const double *x, size_t n);
double num_kurtosis(const double *x, size_t n);
void num_range(const double *x, size_t n, double *low, double *high);
void num_sort(double *x, size_t n);
/* x is sorted; q lies in [0, 1]. */
double num_quantile(const double *x, size_t n, double q);
num_fences num_outliers(const double *sorted, size_t n);
void num_histogram(const double *x, size_t n, double low, double high, size_t *counts, size_t bins);
void num_moving_mean(const double *x, size_t n, size_t width, double *out);

double num_correlation(const double *x, const double *y, size_t n);
double num_autocorrelation(const double *x, size_t n, size_t lag);
num_line num_regression(const double *x, const double *y, size_t n);

/* Row-major matrices. */
void num_matrix_multiply(const double *a, const double *b, double *out, size_t rows, size_t inner, size_t columns);
/* Solves a·x = b in place; a is overwritten, b becomes x. Returns -1 when a is singular. */
int num_solve(double *a, double *b, size_t n);
double num_polynomial(const double *coefficients, size_t count, double x);
/* Least squares; degree < 8. Returns -1 when there are too few points. */
int num_polyfit(const double *x, const double *y, size_t n, size_t degree, double *coefficients);

/* n is a power of two. */
void num_fft(double *re, double *im, size_t n);
/* Index of the strongest frequency above zero of the first power-of-two many values, 0 when there is none. */
size_t num_dominant_frequency(const double *x, size_t n);

double num_uniform(num_random *random);
double num_normal(num_random *random);
uint32_t num_crc32(const void *data, size_t size);

/* 1234567 becomes "1.235 M"; returns out. */
char *num_engineering(double value, char *out, size_t size);
/* One line of block characters; returns out. */
char *num_sparkline(const size_t *counts, size_t bins, char *out, size_t size);

#ifdef __cplusplus
}
#endif
#endif
