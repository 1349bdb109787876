// Threads that help with a list while it is the only one that this process makes.
#pragma once
#include <algorithm>
#include <cstdint>
#if defined(__SSE__)
#include <xmmintrin.h>
#endif

namespace towerline {

struct FlushedToZero {  // numbers next to zero are zero, as in the threads of TensorFlow
#if defined(__SSE__)
  unsigned before = _mm_getcsr();
  FlushedToZero() { _mm_setcsr(before | 0x8040u); }
  ~FlushedToZero() { _mm_setcsr(before); }
#endif
};

struct InProgress {  // counts the lists that are being made
  InProgress();
  ~InProgress();
  InProgress(const InProgress&) = delete;
};

// Threads that help, from now on and in this process; less than none: one for each further core, at most three.
void set_helpers(int32_t count);

// Does every piece from 0 to `pieces` once, here or in a helper; they may neither throw nor share what they write.
void share(int64_t pieces, void (*work)(const void*, int64_t), const void* of);

template <typename Work> inline void side_by_side(int64_t pieces, const Work& work) {
  share(pieces, [](const void* of, int64_t piece) { (*static_cast<const Work*>(of))(piece); }, &work);
}

// The same for `work(from, to)` over rows, so many at a time.
template <typename Work> inline void by_rows(int64_t rows, int64_t at_a_time, const Work& work) {
  side_by_side((rows + at_a_time - 1) / at_a_time, [&](int64_t piece) {
    work(piece * at_a_time, std::min(rows, (piece + 1) * at_a_time));
  });
}

}  // namespace towerline
