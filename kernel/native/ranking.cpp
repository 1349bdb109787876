// The ranker: trainer/ranking/affinity.py, classics.py, model.py and rankers/.
#include "run.h"

namespace towerline {

// Features of each candidate `[N, figures]`: of the sources and statistics, of the history, ranks in the lists
// of classical baselines (filled in by `classics`), of the user.
void Run::describe_pairs(const Request& request) {
  const int64_t W = k.weights, C = s.num_categories, D = k.figures, G = k.affinity_groups.columns;
  const int64_t own_from = kSourceFeatures + k.statistics.columns, H = s.has_other_types;
  const auto positive = [&](int32_t i) {
    const int32_t type = request.type[first + i];
    return event_product[size_t(i)] >= 0 && type >= 0 && k.positive_types[type];
  };
  pair_weights.resize(size_t(T * W));
  for (int32_t i = 0; i < T; ++i)
    for (int64_t w = 0; w < W; ++w) {
      const int64_t decay = w < 5 ? w - 1 : w - 5;
      pair_weights[size_t(i * W + w)] = decay < 0 ? 0.f : age[size_t(i)] * s.affinity_rates[decay];
    }
  flat_exp(pair_weights.data(), T * W);
  affinity.clear();
  for (Groups& of : members) of.clear();
  for (int32_t i = 0; i < T; ++i) {
    float* row = &pair_weights[size_t(i * W)];
    const bool known = event_product[size_t(i)] >= 0, counts = positive(i);
    for (int64_t w = 0; w < W; ++w) row[w] *= (w < 5 ? counts : known && !counts) ? 1.f : 0.f;
    if (!known) continue;
    const int32_t* groups = k.affinity_groups.row(event_product[size_t(i)]);
    // The first grouping is the product when bought; the others count every event.
    for (int64_t g = counts ? 0 : 1; g < G; ++g) affinity.add(groups[g], 0, row, int(W), age[size_t(i)]);
    for (size_t t = 0; t < k.sets.size(); ++t)
      for (int64_t m = 0; m < k.sets[t].columns; ++m)
        if (const int32_t member = k.sets[t].row(event_product[size_t(i)])[m]; member >= 0)
          members[t].add(member, 0, row, int(W), age[size_t(i)]);
  }
  const Group none{{}, kNeverDays, 0.f};
  const auto group_of = [&](int32_t product, int64_t g) -> const Group& {
    const int32_t found = affinity.row[size_t(k.affinity_groups.row(product)[g])];
    return found < 0 ? none : affinity.groups[size_t(found)];
  };
  const int64_t n = N;
  figures.assign(size_t(n * D), 0.f), index.resize(size_t(n));
  seen.resize(size_t(n * W)), same.resize(size_t(n * C * W)), newest_logs.resize(size_t(n * C));
  for (auto& repeat : repeats) repeat.resize(size_t(n));
  times.resize(size_t(n)), last_days.resize(size_t(n)), interval.resize(size_t(n));
  for (int64_t i = 0; i < n; ++i) {
    const int32_t product = pool[size_t(chosen[size_t(i)])];
    index[size_t(i)] = product;
    const Group &bought_of = group_of(product, 0), &seen_of = H ? group_of(product, 1) : bought_of;
    std::memcpy(&seen[size_t(i * W)], seen_of.counts, 4 * size_t(W));
    const float count = bought_of.counts[0], span = std::max(bought_of.oldest - bought_of.newest, 0.f);
    const bool regular = count >= 2.f && span > 0.f;
    times[size_t(i)] = count, last_days[size_t(i)] = bought_of.newest;
    interval[size_t(i)] = regular ? span / std::max(count - 1.f, 1.f) : -1.f;
    repeats[0][size_t(i)] = bought_of.newest, repeats[1][size_t(i)] = bought_of.oldest;
    repeats[2][size_t(i)] = regular ? interval[size_t(i)] : 0.f;
    for (int64_t c = 0; c < C; ++c) {
      const Group& of = group_of(product, 1 + H + c);
      std::memcpy(&same[size_t((i * C + c) * W)], of.counts, 4 * size_t(W));
      newest_logs[size_t(i * C + c)] = of.newest;
    }
  }
  flat_log1p(seen.data(), n * W), flat_log1p(same.data(), n * C * W), flat_log1p(newest_logs.data(), n * C);
  for (auto& repeat : repeats) flat_log1p(repeat.data(), n);
  for (int64_t i = 0; i < n; ++i) {
    const int32_t product = index[size_t(i)];
    float* to = &figures[size_t(i * D)];
    std::memcpy(to, &raw[size_t(chosen[size_t(i)] * k.pool_features)], 4 * size_t(own_from));
    to += own_from;
    std::memcpy(to, &seen[size_t(i * W)], 4 * size_t(W));
    to += W;
    const bool regular = interval[size_t(i)] >= 0.f;
    for (auto& repeat : repeats) *to++ = repeat[size_t(i)];
    const float lateness = regular ? repeats[0][size_t(i)] - repeats[2][size_t(i)] : 0.f;
    *to++ = lateness, *to++ = std::fabs(lateness), *to++ = regular, *to++ = times[size_t(i)] > 0.f;
    const Group& seen_of = group_of(product, H);
    for (int64_t c = 0; c < C; ++c) {
      const Group& of = group_of(product, 1 + H + c);
      std::memcpy(to, &same[size_t((i * C + c) * W)], 4 * size_t(W));
      to += W;
      *to++ = divided(seen_of.counts[0], of.counts[0]), *to++ = divided(seen_of.counts[2], of.counts[2]);
      *to++ = newest_logs[size_t(i * C + c)];
    }
  }
  describe_sets();
  // Buckets of numbers less the mean bucket of what the user buys; whole numbers, so that no order matters.
  for (int64_t number = 0; number < k.numbers.rows; ++number) {
    const int32_t* column = k.numbers.row(number);
    float total = 0.f, of_buckets = 0.f;
    for (int32_t i = 0; i < T; ++i) {
      const int32_t bucket = event_product[size_t(i)] < 0 ? 0 : column[event_product[size_t(i)]];
      const float weight = bucket > 0 ? pair_weights[size_t(i * W)] : 0.f;
      total += weight, of_buckets += weight * float(bucket);
    }
    const float usual = divided(of_buckets, total);
    for (int64_t i = 0; i < n; ++i) {
      const int32_t bucket = column[index[size_t(i)]];
      figures[size_t(i * D + own_from + k.pair_features - k.numbers.rows + number)] =
          bucket > 0 && total > 0.f ? float(bucket) - usual : 0.f;
    }
  }
  // `_user_features`.
  scratch.assign(size_t(2 * T), 0.f);
  float count = 0.f, newest = kNeverDays, distinct = 0.f;
  ++stamp;
  for (int32_t i = 0; i < T; ++i) {
    if (!positive(i)) continue;
    scratch[size_t(i)] = pair_weights[size_t(i * W + 4)];
    scratch[size_t(T + i)] = age[size_t(i)] <= s.window_days;
    count += 1.f, newest = std::min(newest, age[size_t(i)]);
    distinct += mark[size_t(event_product[size_t(i)])] != stamp;
    mark[size_t(event_product[size_t(i)])] = stamp;
  }
  const float lasting_sum = sum(scratch.data(), T), recent = sum(scratch.data() + T, T);
  const float windows = std::min(std::max(newest * (1.f / s.window_days), 0.f), 4.f);
  const float user[4] = {log1pf(lasting_sum), divided(recent, recent + lasting_sum), 1.f - divided(distinct, count),
                         log1pf(windows)};
  for (int64_t i = 0; i < n; ++i) std::memcpy(&figures[size_t(i * D + D - 4)], user, sizeof user);
}

// What the history says of the members of each candidate's sets, on average: trainer/ranking/set_totals.py.
void Run::describe_sets() {
  const int64_t n = N, W = k.weights, D = k.figures, width = W + 3;
  of_sets.resize(size_t(n * width));
  float* to = &figures[size_t(D - 4 - kNumClassics - k.numbers.rows - int64_t(k.sets.size()) * width)];
  for (size_t t = 0; t < k.sets.size(); ++t, to += width) {
    float *counts = of_sets.data(), *loyalties = counts + n * W, *newest = loyalties + 2 * n;
    for (int64_t i = 0; i < n; ++i) {
      Group mean{{}, kNeverDays, 0.f};
      float present = 0.f;
      for (int64_t m = 0; m < k.sets[t].columns; ++m) {
        const int32_t member = k.sets[t].row(index[size_t(i)])[m];
        if (member < 0) continue;
        present += 1.f;
        const int32_t found = members[t].row[size_t(member)];
        if (found < 0) continue;
        const Group& of = members[t].groups[size_t(found)];
        for (int64_t w = 0; w < W; ++w) mean.counts[w] += of.counts[w];
        mean.newest = std::min(mean.newest, of.newest);
      }
      for (int64_t w = 0; w < W; ++w) counts[i * W + w] = divided(mean.counts[w], present);
      const int32_t own = affinity.row[size_t(k.affinity_groups.row(index[size_t(i)])[s.has_other_types])];
      for (int loyalty = 0; loyalty < 2; ++loyalty)
        loyalties[2 * i + loyalty] =
            own < 0 ? 0.f : divided(affinity.groups[size_t(own)].counts[2 * loyalty], counts[i * W + 2 * loyalty]);
      newest[i] = mean.newest;
    }
    flat_log1p(counts, n * W), flat_log1p(newest, n);
    for (int64_t i = 0; i < n; ++i) {
      std::copy(counts + i * W, counts + (i + 1) * W, to + i * D);
      std::copy(loyalties + 2 * i, loyalties + 2 * i + 2, to + i * D + W);
      to[i * D + W + 2] = newest[i];
    }
  }
}

// Minus the log of the rank of each candidate in the list of each classical baseline.
void Run::classics() {
  const int64_t n = N, D = k.figures, from = D - 4 - kNumClassics;
  const auto feature = [&](int64_t i, int64_t column) { return figures[size_t(i * D + column)]; };
  keys.clear();
  for (int64_t i = 0; i < n; ++i) keys.push_back((uint64_t(falling(feature(i, kSourceFeatures + s.horizon))) << 32) | uint64_t(i));
  std::sort(keys.begin(), keys.end());
  by_popularity.resize(size_t(n));
  for (size_t i = 0; i < keys.size(); ++i) by_popularity[i] = int32_t(uint32_t(keys[i]));
  steps.resize(size_t(kNumClassics * n)), scratch.resize(size_t(2 * n));
  const auto of_product = [&](int64_t i, int g) -> const Group* {
    const int32_t found = affinity.row[size_t(k.affinity_groups.row(index[size_t(i)])[g])];
    return found < 0 ? nullptr : &affinity.groups[size_t(found)];
  };
  for (int64_t i = 0; i < n; ++i) {
    const Group* bought_of = of_product(i, 0);
    scratch[size_t(i)] = feature(i, kSimilarUsers);
    steps[size_t(kOwnFrequency * n + i)] = bought_of ? bought_of->counts[s.half_life] : 0.f;
    const Group* seen_of = of_product(i, s.has_other_types);
    const float newest = seen_of ? seen_of->newest : kNeverDays;
    steps[size_t(kLastSeen * n + i)] = newest < kNeverDays ? 1.f / (1.f + newest) : 0.f;
    steps[size_t(kItemKnn * n + i)] = std::max(feature(i, kNeighboursShare), 0.f);
    steps[size_t(kEaseList * n + i)] = std::max(feature(i, kEaseShare), 0.f);
    steps[size_t(kFollowers * n + i)] = std::max(feature(i, kTransitionsShare), 0.f);
    steps[size_t(kPopularity * n + i)] = 0.f;
  }
  flat_expm1(scratch.data(), n);
  for (int64_t i = 0; i < n; ++i) {
    const float count = steps[size_t(kOwnFrequency * n + i)];
    scratch[size_t(n + i)] = count * count;
  }
  const float length = std::sqrt(sum(&scratch[size_t(n)], n)), scale = 1.f / s.similar_scale;
  for (int64_t i = 0; i < n; ++i) {
    const float theirs = scratch[size_t(i)] * scale;
    steps[size_t(kUserKnn * n + i)] = theirs;
    steps[size_t(kUserKnnOwn * n + i)] = theirs + divided(steps[size_t(kOwnFrequency * n + i)], length);
  }
  // Steps of a thousandth of the logarithm; what is not positive comes last.
  anchors = steps;
  for (float& value : steps) value = std::max(value, kSmallest);
  flat_log(steps.data(), int64_t(steps.size()));
  const float step = 1.f / 1e-3f;
  for (size_t i = 0; i < steps.size(); ++i)
    steps[i] = anchors[i] > 0.f ? std::nearbyint(steps[i] * step) : -std::numeric_limits<float>::infinity();
  side_by_side(kNumClassics, [&](int64_t c) {
    vector<uint64_t>& order = ranks[c];
    order.resize(size_t(n));
    for (int64_t j = 0; j < n; ++j)
      order[size_t(j)] = (uint64_t(falling(steps[size_t(c * n + by_popularity[size_t(j)])])) << 32) | uint64_t(j);
    std::sort(order.begin(), order.end());
    for (int64_t rank = 0; rank < n; ++rank)
      anchors[size_t(c * n + by_popularity[size_t(uint32_t(order[size_t(rank)]))])] = float(rank) + 2.f;
  });
  flat_log(anchors.data(), int64_t(anchors.size()));
  for (int c = 0; c < kNumClassics; ++c)
    for (int64_t i = 0; i < n; ++i) figures[size_t(i * D + from + c)] = -anchors[size_t(c * n + i)];
}

void Run::rank() {
  const int64_t n = N, D = k.figures, of_list = D - 4;
  ranker.resize(size_t(n)), means.assign(size_t(D), 0.f), totals.resize(size_t(D));
  const float weight = k.anchor_weight[0];
  for (int64_t i = 0; i < n; ++i) ranker[size_t(i)] = weight * figures[size_t(i * D + of_list - kNumClassics + s.anchor)];
  if (k.strength[cold] == 0.f) return;
  column_means(figures.data(), n, of_list, D, totals.data(), means.data());  // none of those of the user
  normal.resize(size_t(n * D));
  deep0.resize(size_t(n * k.deep0.kernel.stride)), deep1.resize(size_t(n * k.deep1.kernel.stride));
  product.resize(size_t(n * (s.num_layers ? k.cross[0].kernel.stride : 0))), joined.resize(size_t(n * k.score.rows));
  by_rows(n, 48, [&](int64_t from, int64_t to) { rank_rows(from, to); });
}

void Run::rank_rows(int64_t from, int64_t to) {
  const int64_t D = k.figures, S0 = k.deep0.kernel.stride, S1 = k.deep1.kernel.stride, units = k.score.rows;
  const int64_t rows = to - from, crossing = s.num_layers ? D : 0;
  const float* mean = means.data();
  float *x = &normal[size_t(from * D)], *of_list = &joined[size_t(from * units)], *of_deep = &deep1[size_t(from * S1)];
  widely(TOWERLINE_LOOP {
    for (int64_t i = 0; i < rows; ++i)
      for (int64_t c = 0; c < D; ++c) {
        const float normalized = (figures[size_t((from + i) * D + c)] - mean[c] - k.mean[c]) * k.scale[size_t(c)];
        x[i * D + c] = (k.variance[c] > 1e-8f ? 1.f : 0.f) * std::max(std::min(normalized, 6.f), -6.f);
      }
  });
  k.deep0(x, D, rows, &deep0[size_t(from * S0)], true);
  k.deep1(&deep0[size_t(from * S0)], S0, rows, of_deep, true);
  for (int64_t i = 0; i < rows; ++i) {
    std::memcpy(of_list + i * units, x + i * D, 4 * size_t(crossing));
    std::memcpy(of_list + i * units + crossing, of_deep + i * S1, 4 * size_t(k.deep1.kernel.columns));
  }
  for (const Dense& layer : k.cross) {  // `x0 * (W x + b) + x`
    const int64_t stride = layer.kernel.stride;
    float* of_layer = &product[size_t(from * stride)];
    layer(of_list, units, rows, of_layer, false);
    widely(TOWERLINE_LOOP {
      for (int64_t i = 0; i < rows; ++i)
        for (int64_t c = 0; c < D; ++c) {
          float& value = of_list[i * units + c];
          value = x[i * D + c] * of_layer[i * stride + c] + value;
        }
    });
  }
  for (int64_t i = 0; i < rows; ++i)
    ranker[size_t(from + i)] += k.strength[cold] * column_product(of_list + i * units, k.score.data, units);
}

}  // namespace towerline
