// Tables of a version, looked up by name; whatever could be read out of bounds is refused.
#pragma once
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <stdexcept>
#include <string>
#include <type_traits>

#include "interface.h"

namespace towerline {

enum Type { kFloat, kInt32, kInt64, kBool };

template <typename T> struct Span {
  const T* data = nullptr;
  int64_t rows = 0, columns = 1, planes = 1;
  const T& operator[](int64_t i) const { return data[i]; }
  const T* row(int64_t i) const { return data + i * columns * planes; }
  int64_t size() const { return rows * columns * planes; }
};

template <typename T> constexpr Type type_of();
template <> constexpr Type type_of<float>() { return kFloat; }
template <> constexpr Type type_of<int32_t>() { return kInt32; }
template <> constexpr Type type_of<int64_t>() { return kInt64; }
template <> constexpr Type type_of<uint8_t>() { return kBool; }

[[noreturn]] inline void refuse(const char* name, const char* why) {
  throw std::runtime_error(std::string("table `") + name + "` " + why);
}

class Tables {  // looks arrays up, and refuses whatever could be read out of bounds
 public:
  Tables(const Table* tables, int count) : tables_(tables), count_(count) {}

  bool has(const std::string& name) const {
    return std::any_of(tables_, tables_ + count_, [&](const Table& table) { return name == table.name; });
  }

  template <typename T> Span<T> find(const char* name, int rank, int64_t rows = -1, int64_t columns = -1) const {
    for (int i = 0; i < count_; ++i) {
      const Table& table = tables_[i];
      if (std::strcmp(table.name, name)) continue;
      if (table.type != type_of<T>() || table.rank != rank) refuse(name, "has another type or rank");
      Span<T> span{static_cast<const T*>(table.data), table.shape[0], rank > 1 ? table.shape[1] : 1,
                   rank > 2 ? table.shape[2] : 1};
      if (span.rows < 0 || span.columns < 0 || span.planes < 0) refuse(name, "has a negative size");
      if (rows >= 0 && span.rows != rows) refuse(name, "has another number of rows");
      if (columns >= 0 && span.columns != columns) refuse(name, "has another number of columns");
      if (span.size() && !span.data) refuse(name, "is missing");
      if constexpr (std::is_same_v<T, float>)
        for (int64_t i = 0; i < span.size(); ++i)
          if (!std::isfinite(span[i])) refuse(name, "has a number that is not finite");
      return span;
    }
    refuse(name, "is missing");
  }

  template <typename T>
  Span<T> indices(const char* name, int rank, int64_t low, int64_t high, int64_t rows = -1,
                  int64_t columns = -1) const {
    Span<T> span = find<T>(name, rank, rows, columns);
    for (int64_t i = 0; i < span.size(); ++i)
      if (span[i] < low || span[i] >= high) refuse(name, "names something that is not there");
    return span;
  }

 private:
  const Table* tables_;
  int count_;
};

}  // namespace towerline
