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
  column_means(x, rows, columns, columns, means);
}

void driver_multiply(const float* a, int64_t rows, const float* b, int64_t inner, int64_t columns, float* c) {
  const Matrix matrix(Span<float>{b, inner, columns, 1});
  multiply(a, inner, rows, matrix, c, matrix.stride);
}

float driver_column(const float* a, const float* b, int64_t inner) { return column_product(a, b, inner); }
}
