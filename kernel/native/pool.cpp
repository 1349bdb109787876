// The pool: features, preranker and cut, as components/recommender/candidates/sources.py has them.
#include "run.h"

namespace towerline {

void Run::describe_pool(const Request&) {
  const int64_t P = int64_t(pool.size()), width = k.pool_features;
  raw.resize(size_t(P * width)), scratch.resize(size_t(4 * P));
  describe_history();
  by_rows(P, 128, [&](int64_t from, int64_t to) { describe_rows(from, to); });
  flat_log1p(scratch.data(), 2 * P), flat_log1p(&scratch[size_t(2 * P)], P);
  for (int64_t i = 0; i < P; ++i) {
    float* row = &raw[size_t(i * width)];
    row[kNeighboursRecent] = scratch[size_t(i)], row[kNeighboursLasting] = scratch[size_t(P + i)];
    row[kSimilarUsers] = scratch[size_t(2 * P + i)];
  }
}

void Run::describe_rows(int64_t from, int64_t to) {
  const int64_t P = int64_t(pool.size()), width = k.pool_features, G = k.groups.columns;
  const ItemToItem* tables[3] = {k.neighbours.get(), k.ease.get(), k.transitions.get()};
  float* two_tower = &scratch[size_t(3 * P)];
  dot_rows(query.data(), k.dim, k.embeddings.data, &pool[size_t(from)], to - from, two_tower + from);
  for (int64_t i = from; i < to; ++i) {
    const int32_t product = pool[size_t(i)], later = pool[size_t(std::min(i + 8, to - 1))];
    // They are all over the memory: fetched while the rows before them are made.
    __builtin_prefetch(k.statistics.row(later)), __builtin_prefetch(k.statistics.row(later) + 15);
    __builtin_prefetch(k.groups.row(later)), __builtin_prefetch(&k.similar_index[later]);
    for (const ItemToItem* table : tables) __builtin_prefetch(&table->reachable_index[later]);
    float* row = &raw[size_t(i * width)];
    row[kTwoTower] = two_tower[i];
    for (int t = 0; t < 3; ++t) {
      const int64_t at = tables[t]->reachable_index[product];
      row[1 + 2 * t] = sums[t][size_t(2 * at)], row[2 + 2 * t] = sums[t][size_t(2 * at + 1)];
      row[kNeighboursShare + t] = shares[t][size_t(at)];
    }
    scratch[size_t(i)] = row[kNeighboursRecent], scratch[size_t(P + i)] = row[kNeighboursLasting];
    scratch[size_t(2 * P + i)] = s.similar_scale * similar[size_t(k.similar_index[product])];
    row[kTransitionsLast] = std::sqrt(row[kTransitionsLast]);
    row[kTransitionsRecent] = std::sqrt(row[kTransitionsRecent]);
    std::memcpy(row + kSourceFeatures, k.statistics.row(product), 4 * size_t(k.statistics.columns));
    float* own_features = row + kSourceFeatures + k.statistics.columns;
    for (int64_t g = 0; g < G; ++g) {
      const int32_t found = own.row[size_t(k.groups.row(product)[g])];
      const float* logs = &own_logs[5 * (found < 0 ? own.groups.size() : size_t(found))];
      for (int c = g ? 2 : 0; c < 5; ++c) *own_features++ = logs[c];
    }
  }
}

// `_own_features`: counts of the history's products and groups, plain and decayed, and the newest age.
void Run::describe_history() {
  const int64_t G = k.groups.columns;
  own_weights.resize(size_t(3 * T));
  for (int32_t i = 0; i < T; ++i)
    for (int h = 0; h < 3; ++h) own_weights[size_t(3 * i + h)] = -age[size_t(i)] * s.own_rates[h];
  flat_exp(own_weights.data(), 3 * T);
  own.clear();
  for (int32_t i = 0; i < T; ++i) {
    if (event_product[size_t(i)] < 0) continue;
    const float counted[4] = {1.f, own_weights[size_t(3 * i)], own_weights[size_t(3 * i + 1)], own_weights[size_t(3 * i + 2)]};
    for (int64_t g = 0; g < G; ++g)
      own.add(k.groups.row(event_product[size_t(i)])[g], int32_t(1 + i * G + g), counted, 4, age[size_t(i)]);
  }
  // The graph takes the logarithms of a table with a row for each event and grouping, the first for none.
  const int64_t last_whole = (1 + T * G) * 5 / kPacket * kPacket;
  const auto logarithm = [&](float value, int64_t place) { return place < last_whole ? packet_log1p(value) : log1pf(value); };
  own_logs.resize(5 * (own.groups.size() + 1));
  for (size_t g = 0; g <= own.groups.size(); ++g) {
    const bool none = g == own.groups.size();
    for (int c = 0; c < 5; ++c) {
      const float value = none ? (c == 4 ? kNeverDays : 0.f) : c == 4 ? own.groups[g].newest : own.groups[g].counts[c];
      own_logs[5 * g + size_t(c)] = logarithm(value, (none ? 0 : own.last[g]) * int64_t(5) + c);
    }
  }
}

void Run::prerank_rows(int64_t from, int64_t to) {
  const int64_t width = k.pool_features, S0 = k.pool_hidden.kernel.stride, S1 = k.pool_middle.kernel.stride;
  const float *mean = means.data(), *scale = k.pool_scale.data();
  widely(TOWERLINE_LOOP {
    for (int64_t i = from; i < to; ++i)
      for (int64_t c = 0; c < width; ++c) {
        const float value = (raw[size_t(i * width + c)] - (mean[c] + k.pool_mean[c])) * scale[c];
        standard[size_t(i * width + c)] = std::max(std::min(value, 6.f), -6.f);
      }
  });
  k.pool_hidden(&standard[size_t(from * width)], width, to - from, &hidden[size_t(from * S0)], true);
  k.pool_middle(&hidden[size_t(from * S0)], S0, to - from, &middle[size_t(from * S1)], true);
  for (int64_t i = from; i < to; ++i)
    prerank[size_t(i)] = column_product(&middle[size_t(i * S1)], k.pool_score.data, k.pool_score.rows);
}

void Run::cut(const Request& request) {
  const int64_t P = int64_t(pool.size()), width = k.pool_features, own_from = kSourceFeatures + k.statistics.columns;
  means.resize(size_t(width)), totals.resize(size_t(width)), standard.resize(size_t(P * width)), prerank.resize(size_t(P));
  hidden.resize(size_t(P * k.pool_hidden.kernel.stride)), middle.resize(size_t(P * k.pool_middle.kernel.stride));
  column_means(raw.data(), P, width, width, totals.data(), means.data());
  by_rows(P, 96, [&](int64_t from, int64_t to) { prerank_rows(from, to); });
  // `_worth`: new products, then best sellers and favourites of the user, stay whatever the preranker says.
  const auto own_count = [&](int64_t i) { return raw[size_t(i * width + own_from + 3)]; };
  keys.clear();
  for (int64_t i = 0; i < P; ++i) keys.push_back((uint64_t(falling(own_count(i))) << 32) | uint64_t(i));
  best_of(keys, std::max(1, s.num_candidates / s.reserved_share));
  const float favourites = own_count(int64_t(uint32_t(keys.back())));
  keys.clear();
  const auto shown = [&](int64_t i) { return request.hidden[pool[size_t(i)]] ? -kNever : prerank[size_t(i)]; };
  for (int64_t i = 0; i < P; ++i) {
    const int32_t product = pool[size_t(i)];
    float kept = shown(i);
    const bool reserved = (own_count(i) > 0.f && own_count(i) >= favourites) || k.best_seller[product];
    if (reserved && !request.hidden[product]) kept = kNever;
    if (s.num_new && pool_source[size_t(i)] == kNew) kept = 2.f * kNever;
    keys.push_back((uint64_t(falling(kept)) << 32) | uint64_t(i));
  }
  best_of(keys, s.num_candidates);
  for (size_t j = 0; j < keys.size(); ++j) {  // equal ones keep the order that they have now
    chosen.resize(keys.size());
    chosen[j] = int32_t(uint32_t(keys[j]));
    keys[j] = (uint64_t(falling(shown(chosen[j]))) << 32) | uint64_t(j);
  }
  std::sort(keys.begin(), keys.end());
  order.resize(keys.size());
  for (size_t j = 0; j < keys.size(); ++j) order[j] = chosen[size_t(uint32_t(keys[j]))];
  chosen.swap(order);
  N = int32_t(chosen.size());
}

}  // namespace towerline
