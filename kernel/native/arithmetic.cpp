#include "arithmetic.h"

namespace towerline {

#define TOWERLINE_INLINE __attribute__((always_inline)) inline
template <int kLanes> struct Lanes {  // of one register: wider vectors would go through the memory
  typedef float Floats __attribute__((vector_size(4 * kLanes)));
  typedef int32_t Words __attribute__((vector_size(4 * kLanes)));
};
constexpr int kAhead = 64;  // rows of a sketch, 8 KB

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

void column_means(const float* x, int64_t rows, int64_t columns, int64_t stride, double* totals, float* means) {
  std::fill(totals, totals + columns, 0.);  // of which no order matters after the cast (schema/tensors/centring.py)
  widely(TOWERLINE_LOOP {
    for (int64_t r = 0; r < rows; ++r)
      for (int64_t c = 0; c < columns; ++c) totals[c] += double(x[r * stride + c]);
  });
  for (int64_t c = 0; c < columns; ++c) means[c] = float(totals[c] / double(rows));
}

template <typename Vector> TOWERLINE_INLINE Vector load(const void* from) {
  Vector value;
  std::memcpy(&value, from, sizeof value);
  return value;
}

// `a [rows, inner]` times as many columns of a panel as `kVectors` hold: each sum runs along the inner axis from its
// start. Where the processor has fused products the compiler takes them, as TensorFlow does; the bias is added at the end.
template <int kLanes, int kVectors, int kRows>
TOWERLINE_INLINE void product_of(const float* a, int64_t a_stride, const float* panel, int64_t width, int64_t inner,
                                 float* c, int64_t c_stride) {
  typedef typename Lanes<kLanes>::Floats Floats;
  Floats sums[kRows][kVectors] = {};
  for (int64_t k = 0; k < inner; ++k)
    for (int v = 0; v < kVectors; ++v) {
      const Floats values = load<Floats>(panel + k * width + kLanes * v);
      for (int r = 0; r < kRows; ++r) sums[r][v] = values * a[r * a_stride + k] + sums[r][v];
    }
  for (int r = 0; r < kRows; ++r) std::memcpy(c + r * c_stride, sums[r], sizeof sums[r]);
}

template <int kLanes, int kVectors>
TOWERLINE_INLINE void columns_of(const float* a, int64_t a_stride, int64_t rows, const float* panel, int64_t width,
                                 int64_t inner, float* c, int64_t c_stride) {
  constexpr int kRows = 12 / kVectors;  // twelve sums at once keep the units busy and fit the registers
  int64_t r = 0;
  for (; r + kRows <= rows; r += kRows)
    product_of<kLanes, kVectors, kRows>(a + r * a_stride, a_stride, panel, width, inner, c + r * c_stride, c_stride);
  for (; r < rows; ++r)
    product_of<kLanes, kVectors, 1>(a + r * a_stride, a_stride, panel, width, inner, c + r * c_stride, c_stride);
}

template <int kLanes>
TOWERLINE_INLINE void multiply_with(const float* a, int64_t a_stride, int64_t rows, const Matrix& b, float* c,
                                    int64_t c_stride) {
  for (int64_t column = 0; column < b.stride; column += 32) {
    const float* panel = b.values.data() + column * b.rows;
    const int64_t width = b.panel_width(column);
    int64_t at = 0;
    for (; at + 2 * kLanes <= width; at += 2 * kLanes)
      columns_of<kLanes, 2>(a, a_stride, rows, panel + at, width, b.rows, c + column + at, c_stride);
    for (; at < width; at += kLanes)
      columns_of<kLanes, 1>(a, a_stride, rows, panel + at, width, b.rows, c + column + at, c_stride);
  }
}

template <bool kFused>
TOWERLINE_INLINE void dot_eight(const float* a, int64_t inner, const float* table, const int32_t* rows, float* to) {
  float sums[8] = {};  // eight at once, since each waits for its last step
  for (int64_t k = 0; k < inner; ++k)
    for (int r = 0; r < 8; ++r) {
      const float value = table[rows[r] * inner + k];
      sums[r] = kFused ? __builtin_fmaf(value, a[k], sums[r]) : value * a[k] + sums[r];
    }
  std::memcpy(to, sums, sizeof sums);
}

template <int kLanes>
TOWERLINE_INLINE void sketched(const float* a, int64_t words, const int32_t* panel, float* c) {
  typedef typename Lanes<kLanes>::Floats Floats;
  typedef typename Lanes<kLanes>::Words Words;
  Floats sums[32 / kLanes] = {};
  for (int64_t k = 0; k < words; ++k, a += 4)
    for (int v = 0; v < 32 / kLanes; ++v) {
      // Further on than the processor looks by itself, once a line of the cache.
      if (kLanes * v % 16 == 0) __builtin_prefetch(panel + 32 * (k + kAhead) + kLanes * v);
      const Words four = load<Words>(panel + 32 * k + kLanes * v);
      for (int byte = 0; byte < 4; ++byte)  // to the top, and down again with its sign
        sums[v] = __builtin_convertvector((four << (24 - 8 * byte)) >> 24, Floats) * a[byte] + sums[v];
    }
  std::memcpy(c, sums, sizeof sums);
}

// Eight sums side by side over whole pairs of eight, fused.
TOWERLINE_INLINE void lanes_of(const float* a, const float* b, int64_t count, float* sums) {
  typedef float Eight __attribute__((vector_size(32)));
  Eight total = {}, left, right;
  for (int64_t k = 0; k < count; k += kPacket) {
    std::memcpy(&left, a + k, sizeof left), std::memcpy(&right, b + k, sizeof right);
    total = left * right + total;
  }
  std::memcpy(sums, &total, sizeof total);
}

#if defined(__x86_64__)
const bool has_eights = __builtin_cpu_supports("avx2");
const bool has_fused = has_eights && __builtin_cpu_supports("fma");
const bool has_sixteens = has_fused && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl");
template <typename Work> __attribute__((target("avx2,fma"))) void fused_eights(const Work& work) {
  work(std::integral_constant<int, 8>());
}
template <typename Work> __attribute__((target("avx512f,avx512vl,fma"))) void fused_sixteens(const Work& work) {
  work(std::integral_constant<int, 16>());
}
#else
const bool has_eights = false, has_fused = false;
#endif

#define TOWERLINE_FUSED [&]([[maybe_unused]] auto lanes) __attribute__((always_inline))

// Does `TOWERLINE_FUSED { … }` with the widest vectors that the processor has, which are told how wide they are.
template <typename Work> inline void fused(const Work& work) {
#if defined(__x86_64__)
  if (has_sixteens) return fused_sixteens(work);
  if (has_fused) return fused_eights(work);
#endif
  work(std::integral_constant<int, 4>());
}

void multiply(const float* a, int64_t a_stride, int64_t rows, const Matrix& b, float* c, int64_t c_stride) {
  fused(TOWERLINE_FUSED { multiply_with<lanes()>(a, a_stride, rows, b, c, c_stride); });
}

void add_scaled(float scale, const float* x, int64_t count, float* to) {
  fused(TOWERLINE_FUSED { for (int64_t i = 0; i < count; ++i) to[i] = scale * x[i] + to[i]; });
}

void dot_rows(const float* a, int64_t inner, const float* table, const int32_t* rows, int64_t count, float* to) {
  const auto eight = [&](const int32_t* of, float* sums) {
    if (has_fused) fused(TOWERLINE_FUSED { dot_eight<true>(a, inner, table, of, sums); });
    else dot_eight<false>(a, inner, table, of, sums);
  };
  int64_t i = 0;
  for (; i + 8 <= count; i += 8) {
    for (int64_t j = i + 8; j < std::min(i + 16, count); ++j)  // they are all over the memory
      for (int64_t c = 0; c < inner; c += 16) __builtin_prefetch(table + rows[j] * inner + c);
    eight(rows + i, to + i);
  }
  if (i == count) return;
  int32_t last[8] = {};
  float sums[8];
  std::copy(rows + i, rows + count, last);
  eight(last, sums);
  std::copy(sums, sums + (count - i), to + i);
}

Sketch::Sketch(Span<float> vectors) : count(vectors.rows), dim(vectors.columns), words((dim + 3) / 4) {
  float largest = 1e-30f;
  for (int64_t i = 0; i < vectors.size(); ++i) largest = std::max(largest, std::fabs(vectors[i]));
  step = largest / 127.f;
  values.assign(size_t(panels() * 32 * words), 0);
  for (int64_t p = 0; p < count; ++p)
    for (int64_t k = 0; k < dim; ++k) {
      const auto byte = uint32_t(std::lrint(vectors.row(p)[k] / step)) & 255u;
      values[size_t((p / 32 * words + k / 4) * 32 + p % 32)] |= int32_t(byte << (8 * (k % 4)));
    }
}

float Sketch::error(const float* a) const {
  float total = 0.f;
  for (int64_t k = 0; k < dim; ++k) total += std::fabs(a[k]);
  // Half a step of each number, and what sums in single precision lose, twice as much as they can.
  return 1.001f * total * step * (0.5f + 127.f * float(dim + 2) * 2.4e-7f);
}

void Sketch::products(const float* a, int64_t from, int64_t to, float* c) const {
  float scaled[4096] = {};
  for (int64_t k = 0; k < dim; ++k) scaled[k] = a[k] * step;
  fused(TOWERLINE_FUSED {
    for (int64_t panel = from; panel < to; ++panel)
      sketched<lanes()>(scaled, words, values.data() + panel * 32 * words, c + 32 * panel);
  });
}

// Of one column: neighbouring lanes are added; what is left of pairs of eight follows by halves, not fused.
float column_product(const float* a, const float* b, int64_t inner) {
  float s[kPacket];
  const auto all = [&] { return ((s[0] + s[1]) + (s[4] + s[5])) + ((s[2] + s[3]) + (s[6] + s[7])); };
  int64_t k = inner / 16 * 16;
  fused(TOWERLINE_FUSED { lanes_of(a, b, k, s); });
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
