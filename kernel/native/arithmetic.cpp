#include "arithmetic.h"

namespace towerline {

typedef float Lanes __attribute__((vector_size(64)));  // 16 at a time, whatever the machine has

float sum(const float* x, int64_t count) {  // of a vector: InnerMostDimReducer of Eigen
  if (count > kPacket * 1024) {
    const int64_t left = (((count + 1) / 2) + kPacket - 1) / kPacket * kPacket;
    return sum(x, left) + sum(x + left, count - left);
  }
  float one[kPacket] = {}, other[kPacket] = {}, rest = 0.f;
  const int64_t pairs = count / 16 * 16, whole = count / 8 * 8;
  for (int64_t i = 0; i < pairs; i += 16)
    for (int k = 0; k < kPacket; ++k) one[k] += x[i + k], other[k] += x[i + 8 + k];
  for (int64_t i = pairs; i < whole; i += 8)
    for (int k = 0; k < kPacket; ++k) one[k] += x[i + k];
  for (int k = 0; k < kPacket; ++k) one[k] += other[k];
  for (int64_t i = whole; i < count; ++i) rest += x[i];
  for (int k = 0; k < 4; ++k) one[k] += one[k + 4];
  return rest + ((one[0] + one[2]) + (one[1] + one[3]));
}

void column_means(const float* x, int64_t rows, int64_t columns, int64_t stride, float* means) {
  for (int64_t c = 0; c < columns; ++c) {
    double total = 0;  // of which no order matters after the cast (schema/centring.py)
    for (int64_t r = 0; r < rows; ++r) total += double(x[r * stride + c]);
    means[c] = float(total / double(rows));
  }
}

inline Lanes load(const float* from) { Lanes value; std::memcpy(&value, from, sizeof value); return value; }
inline void store(float* to, Lanes value) { std::memcpy(to, &value, sizeof value); }

// `a [rows, inner] * b`: each sum runs along the inner axis from its start. Where the processor has fused
// products the compiler takes them, as TensorFlow does; the bias is added at the end.
template <int kRows>
__attribute__((always_inline)) inline void product_of(const float* a, int64_t a_stride, const float* b,
                                                      int64_t b_stride, int64_t inner, float* c, int64_t c_stride) {
  Lanes sums[kRows][2] = {};
  for (int64_t k = 0; k < inner; ++k) {
    const Lanes first = load(b + k * b_stride), second = load(b + k * b_stride + 16);
    for (int r = 0; r < kRows; ++r) {
      const float scale = a[r * a_stride + k];
      sums[r][0] = first * scale + sums[r][0];
      sums[r][1] = second * scale + sums[r][1];
    }
  }
  for (int r = 0; r < kRows; ++r) store(c + r * c_stride, sums[r][0]), store(c + r * c_stride + 16, sums[r][1]);
}

template <int kRows>
__attribute__((always_inline)) inline void narrow_product_of(const float* a, int64_t a_stride, const float* b,
                                                             int64_t b_stride, int64_t inner, float* c,
                                                             int64_t c_stride) {
  Lanes sums[kRows] = {};
  for (int64_t k = 0; k < inner; ++k) {
    const Lanes first = load(b + k * b_stride);
    for (int r = 0; r < kRows; ++r) sums[r] = first * a[r * a_stride + k] + sums[r];
  }
  for (int r = 0; r < kRows; ++r) store(c + r * c_stride, sums[r]);
}

__attribute__((always_inline)) inline void multiply_with(const float* a, int64_t a_stride, int64_t rows,
                                                         const Matrix& b, float* c, int64_t c_stride) {
  for (int64_t column = 0; column < b.stride; column += 32) {
    const float* from = b.values.data() + column;
    const bool wide = column + 32 <= b.stride;
    int64_t r = 0;
    for (; r + 6 <= rows; r += 6) {
      const float* left = a + r * a_stride;
      float* to = c + r * c_stride + column;
      if (wide) product_of<6>(left, a_stride, from, b.stride, b.rows, to, c_stride);
      else narrow_product_of<6>(left, a_stride, from, b.stride, b.rows, to, c_stride);
    }
    for (; r < rows; ++r) {
      const float* left = a + r * a_stride;
      float* to = c + r * c_stride + column;
      if (wide) product_of<1>(left, a_stride, from, b.stride, b.rows, to, c_stride);
      else narrow_product_of<1>(left, a_stride, from, b.stride, b.rows, to, c_stride);
    }
  }
}

// Eight sums side by side over whole pairs of eight, fused.
__attribute__((always_inline)) inline void lanes_of(const float* a, const float* b, int64_t count, float* sums) {
  typedef float Eight __attribute__((vector_size(32)));
  Eight total = {}, left, right;
  for (int64_t k = 0; k < count; k += kPacket) {
    std::memcpy(&left, a + k, sizeof left), std::memcpy(&right, b + k, sizeof right);
    total = left * right + total;
  }
  std::memcpy(sums, &total, sizeof total);
}

using Multiply = void (*)(const float*, int64_t, int64_t, const Matrix&, float*, int64_t);
using LanesOf = void (*)(const float*, const float*, int64_t, float*);
#define TOWERLINE_ARITHMETIC(name, attribute)                                                              \
  attribute void multiply_##name(const float* a, int64_t a_stride, int64_t rows, const Matrix& b, float* c, \
                                 int64_t c_stride) { multiply_with(a, a_stride, rows, b, c, c_stride); }    \
  attribute void lanes_##name(const float* a, const float* b, int64_t count, float* sums) {                 \
    lanes_of(a, b, count, sums); }
TOWERLINE_ARITHMETIC(plain, )
#if defined(__x86_64__)
TOWERLINE_ARITHMETIC(avx2, __attribute__((target("avx2,fma"))))
TOWERLINE_ARITHMETIC(avx512, __attribute__((target("avx512f,avx512vl,fma"))))
const bool has_fused = __builtin_cpu_supports("fma") && __builtin_cpu_supports("avx2");
const bool has_wide = has_fused && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl");
const Multiply chosen_multiply = has_wide ? multiply_avx512 : has_fused ? multiply_avx2 : multiply_plain;
const LanesOf chosen_lanes = has_wide ? lanes_avx512 : has_fused ? lanes_avx2 : lanes_plain;
#else
const Multiply chosen_multiply = multiply_plain;
const LanesOf chosen_lanes = lanes_plain;
#endif

void multiply(const float* a, int64_t a_stride, int64_t rows, const Matrix& b, float* c, int64_t c_stride) {
  chosen_multiply(a, a_stride, rows, b, c, c_stride);
}

// Of one column: neighbouring lanes are added; what is left of pairs of eight follows by halves, not fused.
float column_product(const float* a, const float* b, int64_t inner) {
  float s[kPacket];
  const auto all = [&] { return ((s[0] + s[1]) + (s[4] + s[5])) + ((s[2] + s[3]) + (s[6] + s[7])); };
  int64_t k = inner / 16 * 16;
  chosen_lanes(a, b, k, s);
  float total = all();
  if (inner & 8) {
    for (int i = 0; i < 8; ++i, ++k) s[i] = a[k] * b[k];
    total += all();
  }
  if (inner & 4) {
    for (int i = 0; i < 4; ++i, ++k) s[i] = a[k] * b[k];
    total += (s[0] + s[1]) + (s[2] + s[3]);
  }
  if (inner & 2) total += a[k] * b[k] + a[k + 1] * b[k + 1], k += 2;
  return inner & 1 ? total + a[k] * b[k] : total;
}

}  // namespace towerline
