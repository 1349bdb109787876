// The arithmetic of the kernel, open to the tests that hold it to TensorFlow.
#include "../../kernel/native/arithmetic.h"

using namespace towerline;

extern "C" {

void driver_flat(int32_t operation, float* values, int64_t count) {
  const auto calls = {flat_exp, flat_log, flat_log1p, flat_expm1, flat_halved};
  calls.begin()[operation](values, count);
}

float driver_sum(const float* x, int64_t count) { return sum(x, count); }

void driver_means(const float* x, int64_t rows, int64_t columns, float* means) {
  vector<double> totals(columns);
  column_means(x, rows, columns, columns, totals.data(), means);
}

void driver_multiply(const float* a, int64_t rows, const float* b, int64_t inner, int64_t columns, float* c) {
  const Matrix matrix(Span<float>{b, inner, columns, 1});
  multiply(a, inner, rows, matrix, c, matrix.stride);
}

void driver_dot_rows(const float* a, int64_t inner, const float* table, const int32_t* rows, int64_t count, float* to) {
  dot_rows(a, inner, table, rows, count, to);
}

float driver_sketch(const float* a, const float* vectors, int64_t count, int64_t dim, float* to) {
  const Sketch sketch(Span<float>{vectors, count, dim, 1});
  vector<float> products(size_t(32 * sketch.panels()));
  sketch.products(a, 0, sketch.panels(), products.data());
  std::copy(products.begin(), products.begin() + count, to);
  return sketch.error(a);
}

float driver_column(const float* a, const float* b, int64_t inner) { return column_product(a, b, inner); }
}
