// Arithmetic in the order of TensorFlow on x86, on which ranks of the anchor depend where scores all but tie:
//   - products of matrices add up along the inner axis, fused (`multiply`); of one column, eight sums side by
//     side (`column_product`);
//   - sums of a vector: two sums of eight lanes (`sum`); sums down the columns in double (`column_means`);
//   - exp, log, log1p and expm1 are Eigen's for whole groups of eight, and the C library's for what is left of
//     an array (`flat_exp` and its like), so that it matters in which array a number stands;
//   - a division by a constant is a product with its reciprocal, of an array of constants with the processor's
//     approximation of it (`flat_reciprocal`), and numbers next to zero are zero.
// `tests/kernel/test_arithmetic.py` holds all of them to TensorFlow, bit by bit.
#pragma once
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <limits>
#include <vector>
#if defined(__SSE__)
#include <xmmintrin.h>
#endif

#include "tables.h"

namespace towerline {

using std::vector;

constexpr int kPacket = 8;  // floats of one Eigen packet on x86

inline float from_bits(uint32_t bits) { float value; std::memcpy(&value, &bits, 4); return value; }
inline uint32_t to_bits(float value) { uint32_t bits; std::memcpy(&bits, &value, 4); return bits; }

inline float packet_log(float value) {  // plog_impl_float of Eigen; of positive numbers that are not denormal
  const uint32_t bits = to_bits(value);
  float exponent = float(int32_t((bits >> 23) & 255u)) - 126.f;
  float x = from_bits((bits & 0x807fffffu) | 0x3f000000u);
  const bool small = x < 0.707106781186547524f;
  const float again = small ? x : 0.f;
  x = x - 1.f;
  exponent = exponent - (small ? 1.f : 0.f);
  x = x + again;
  float p = 0.18256296349849254f * x + 1.0000000190281063f;
  p = x * (p * x + 1.0000000190281136f);
  float q = 0.049616247954120038f * x + 0.59923249590823520f;
  q = (q * x + 1.4999999999999927f) * x + 1.f;
  const float result = exponent * 0.693147180559945309417f + p / q;
  return value == 0.f ? -std::numeric_limits<float>::infinity() : result;
}

inline float packet_log1p(float x) {  // generic_log1p
  const float plus = x + 1.f, log = packet_log(plus);
  const float large = x * (log / (plus - 1.f));
  return plus == 1.f || plus == log ? x : large;
}

inline float packet_exp(float value) {  // pexp_float
  const float x = value < 88.723f ? value : 88.723f;
  const float shifted = x * 1.44269504088896341f + 0.5f;
  float m = float(int32_t(shifted < -1e9f ? -1e9f : shifted));
  m = m > shifted ? m - 1.f : m;
  float r = m * -0.693359375f + x;
  r = m * 2.12194440e-4f + r;
  const float r2 = r * r;
  float even = r2 * 1.37449637986719608306884765625e-3f + 4.166965186595916748046875e-2f;
  const float odd = r2 * 8.36894474923610687255859375e-3f + 0.16666518151760101318359375f;
  even = r2 * even + 0.49999988079071044921875f;
  const float low = r + 1.f;
  float y = r * odd + even;
  y = r2 * y + low;
  const int32_t exponent = int32_t(m < -150.f ? -150.f : m), half = exponent / 2;
  y = y * from_bits(uint32_t(half + 127) << 23) * from_bits(uint32_t(exponent - half + 127) << 23);
  y = y > value ? y : value;
  return value < -104.f ? 0.f : y;
}

inline float packet_expm1(float x) {  // generic_expm1, of numbers below 88
  const float u = packet_exp(x), less = u - 1.f, log = packet_log(u);
  const float result = less * (x / log);
  return u == 1.f ? x : less == -1.f ? -1.f : result;
}

inline float packet_halved(float y) {  // generic_pow of 0.5: the whole part of the exponent apart, twice
  const float f = -y;
  float n = std::round(f), r = f - n;
  const float again = std::round(r);
  r = r - again, n = n + again;
  const double exact = double(0.693147180559945309417f) * double(r);
  const float high = float(exact), low = float(exact - double(high));
  const float part = packet_exp(high) * (1.f + low);
  return n < -149.f ? 0.f : std::ldexp(part, int(n));
}

inline float packet_reciprocal(float x) {  // the processor's approximation and one step of Newton's
#if defined(__SSE__)
  const float near = _mm_cvtss_f32(_mm_rcp_ss(_mm_set_ss(x)));
  return near * (-x * near + 2.f);
#else
  return 1.f / x;
#endif
}
inline float scalar_reciprocal(float x) { return 1.f / x; }

inline float scalar_halved(float y) { return powf(0.5f, y); }

extern const bool has_eights;  // whether the processor has AVX2
#if defined(__x86_64__)
template <typename Work> __attribute__((target("avx2"))) inline void in_eights(const Work& work) { work(); }
#endif
#define TOWERLINE_LOOP [&]() __attribute__((always_inline))

// Does a loop (`TOWERLINE_LOOP { … }`) in vectors of eight where the processor has them: not fused, and every
// number by itself, so that no bit depends on it.
template <typename Work> inline void widely(const Work& work) {
#if defined(__x86_64__)
  if (has_eights) return in_eights(work);
#endif
  work();
}

// Each over a whole array: what is left of it after groups of eight goes through the C library.
template <float (*packet)(float), float (*scalar)(float)> inline void flat(float* values, int64_t count) {
  const int64_t whole = count / kPacket * kPacket;
  widely(TOWERLINE_LOOP { for (int64_t i = 0; i < whole; ++i) values[i] = packet(values[i]); });
  for (int64_t i = whole; i < count; ++i) values[i] = scalar(values[i]);
}
inline void flat_exp(float* values, int64_t count) { flat<packet_exp, expf>(values, count); }
inline void flat_log(float* values, int64_t count) { flat<packet_log, logf>(values, count); }
inline void flat_log1p(float* values, int64_t count) { flat<packet_log1p, log1pf>(values, count); }
inline void flat_expm1(float* values, int64_t count) { flat<packet_expm1, expm1f>(values, count); }
inline void flat_reciprocal(float* values, int64_t count) {
  flat<packet_reciprocal, scalar_reciprocal>(values, count);
}
inline void flat_halved(float* values, int64_t count) { flat<packet_halved, scalar_halved>(values, count); }

inline float divided(float a, float b) { return b == 0.f ? 0.f : a / b; }  // tf.math.divide_no_nan

// Of a vector: InnerMostDimReducer of Eigen.
float sum(const float* x, int64_t count);

// Means of the columns of `x [rows, columns]`; `totals [columns]` is memory for it.
void column_means(const float* x, int64_t rows, int64_t columns, int64_t stride, double* totals, float* means);

// A matrix in panels of 32 columns, each of which lies together, so that a product reads it from end to end;
// columns are padded to 16, so that none is left over.
struct Matrix {
  int64_t rows = 0, columns = 0, stride = 0;
  vector<float> values;
  Matrix() = default;
  explicit Matrix(Span<float> from) {
    resize(from.rows, from.columns);
    for (int64_t r = 0; r < rows; ++r)
      for (int64_t c = 0; c < columns; ++c) at(r, c) = from.row(r)[c];
  }
  void resize(int64_t height, int64_t width) {
    rows = height, columns = width, stride = (width + 15) / 16 * 16;
    values.assign(size_t(rows * stride), 0.f);
  }
  int64_t panel_width(int64_t column) const { return std::min<int64_t>(32, stride - column / 32 * 32); }
  float& at(int64_t r, int64_t c) { return values[size_t(c / 32 * 32 * rows + r * panel_width(c) + c % 32)]; }
};

// `a [rows, b.rows] * b` to `c [rows, b.stride]`.
void multiply(const float* a, int64_t a_stride, int64_t rows, const Matrix& b, float* c, int64_t c_stride);

// `scale * x` is added to `to`, fused.
void add_scaled(float scale, const float* x, int64_t count, float* to);

// Products of `a [inner]` with rows of a table `[rows, inner]`, each as `multiply` adds it up.
void dot_rows(const float* a, int64_t inner, const float* table, const int32_t* rows, int64_t count, float* to);

// Vectors in bytes, a quarter of their size: products with them are near, and quicker.
struct Sketch {
  int64_t count = 0, dim = 0, words = 0;
  float step = 0.f;        // of one of a byte
  vector<int32_t> values;  // in panels `[words, 32 vectors]`; four numbers of a vector are a word
  Sketch() = default;
  explicit Sketch(Span<float> vectors);
  int64_t panels() const { return (count + 31) / 32; }
  float error(const float* a) const;  // by which a product with `a [dim]` may be off
  void products(const float* a, int64_t from, int64_t to, float* c) const;  // of the panels from `from` to `to`
};

// Of a vector and a matrix of one column.
float column_product(const float* a, const float* b, int64_t inner);

}  // namespace towerline
