// Post-ranking: components/recommender/graph.py, post_ranking/ and explain/.
#include "run.h"

namespace towerline {

void Run::discount() {
  const int64_t n = N;
  scores.resize(size_t(n));
  for (int64_t i = 0; i < n; ++i) {
    scores[size_t(i)] = ranker[size_t(i)];
    if (s.popularity_discount != 0.f)
      scores[size_t(i)] -= s.popularity_discount * raw[size_t(chosen[size_t(i)] * k.pool_features + int64_t(s.popularity_column))];
  }
}

bool Run::adjust(const Request& request) {
  const int64_t n = N, most = std::max(request.top_k, s.head);
  const float limit = request.exclude_purchased ? std::numeric_limits<float>::infinity() : s.exclude_days;
  excluded = ++stamp;
  for (int32_t i = 0; i < request.num_events; ++i) {
    const int32_t product = request.product[i], type = request.type[i];
    if (product < 0 || type < 0 || !k.positive_types[type]) continue;
    const float days = std::max(float(request.query_time - request.time[i]) * (1.f / 86400.f), 0.f);
    if (days < limit) mark[size_t(product)] = excluded;
  }
  int64_t left = 0;
  for (int64_t i = 0; i < n; ++i) {
    float& score = scores[size_t(i)];
    if (request.hidden[index[size_t(i)]] || mark[size_t(index[size_t(i)])] == excluded) score = kFiltered;
    left += score > kFiltered;
  }
  if (left >= 2 * most) return true;
  // Popular products follow where too few are left: below every candidate, each a step lower than the last.
  const int64_t count = std::min(2 * most + n, request.num_fill);
  float least = std::numeric_limits<float>::infinity();
  for (int64_t i = 0; i < n; ++i) least = std::min(least, scores[size_t(i)] > kFiltered ? scores[size_t(i)] : 0.f);
  least -= 1.f;
  keys.clear();
  for (int64_t i = 0; i < n; ++i) keys.push_back(uint64_t(index[size_t(i)]));
  std::sort(keys.begin(), keys.end());
  for (int64_t i = 0; i < count; ++i) {
    const int64_t product = request.fill[i];
    if (product < 0 || product >= k.products) return false;
    const bool there = std::binary_search(keys.begin(), keys.end(), uint64_t(product));
    index.push_back(int32_t(product));
    scores.push_back(there || mark[size_t(product)] == excluded ? kFiltered : least - 1e-3f * float(i));
  }
  return true;
}

// The list of their segment before all others, for users without history: cold_start/lists.py.
void Run::put_cold_first(const Request& request) {
  float high = kFiltered;
  for (float score : scores) high = std::max(high, score);
  const float above = (high > kFiltered ? high : 0.f) + 1.f;
  for (int64_t i = 0; i < request.num_cold; ++i) {
    const int64_t product = request.cold[i];
    index.push_back(int32_t(std::max<int64_t>(product, 0)));
    const bool listed = product >= 0 && mark[size_t(product)] != excluded;
    scores.push_back(listed ? above + 1e-3f * float(request.num_cold - i) : kFiltered);
  }
  ++stamp;
  for (int64_t i = 0; i < request.num_cold; ++i)
    if (request.cold[i] >= 0) mark[size_t(request.cold[i])] = stamp;
  for (int32_t i = 0; i < first_cold; ++i)
    if (mark[size_t(index[size_t(i)])] == stamp) scores[size_t(i)] = kFiltered;
}

void Run::insert_new(int32_t width) {  // `insert_new` of post_ranking/filters.py
  if (!s.new_step || !s.num_new) return;
  const int64_t reached = std::min<int64_t>(width, int64_t(s.new_step - 1) * s.num_new + 1);
  const auto is_new = [&](int64_t i) { return i < N && pool_source[size_t(chosen[size_t(i)])] == kNew; };
  others.clear();
  new_ones.clear();
  for (int32_t i = 0; i < width; ++i) {
    others.push_back(is_new(i) ? kFiltered : scores[size_t(i)]);
    if (!is_new(i)) continue;
    // In this order of the arguments a score that is no number, of a damaged table, becomes the least.
    const float rounded = std::min(1e9f, std::max(-1e9f, std::nearbyint(scores[size_t(i)] * (1.f / 1e-3f))));
    new_ones.push_back({-(int64_t(rounded) * (int64_t(1) << 31) - int64_t(index[size_t(i)])), i});
  }
  std::partial_sort(others.begin(), others.begin() + reached, others.end(), Higher());
  std::sort(new_ones.begin(), new_ones.end());
  const int64_t count = std::min<int64_t>({int64_t(new_ones.size()), s.num_new, width});
  for (int64_t number = 0; number < count; ++number) {
    const int64_t following = int64_t(s.new_step) * (number + 1) - 1 - number;
    const float after = others[size_t(std::min(following, reached - 1))];
    const float before = others[size_t(std::min(std::max<int64_t>(following - 1, 0), reached - 1))];
    float& score = scores[size_t(new_ones[size_t(number)].second)];
    if (following < width && after > kFiltered && score > kFiltered) score = std::max(score, (before + after) / 2.f);
  }
}

// The share of common members in all of two products (Jaccard 1901); what is missing is in common with nothing.
static float shared(const int32_t* one, const int32_t* other, int64_t count) {
  float common = 0.f, all = 0.f;
  for (int64_t i = 0; i < count; ++i) {
    const bool is_common = one[i] >= 0 && std::find(other, other + count, one[i]) != other + count;
    common += is_common, all += float(one[i] >= 0) + float(other[i] >= 0);
  }
  return divided(common, all - common);
}

// Orders the list: by score, its head by maximal marginal relevance (post_ranking/diversity.py).
void Run::diversify(const Request& request, int32_t width, int32_t count) {
  keys.clear();
  for (int32_t i = 0; i < width; ++i) keys.push_back((uint64_t(falling(scores[size_t(i)])) << 32) | uint32_t(i));
  const int32_t size = std::min(s.head, width), sorted = std::max(size, std::min(count + size, width));
  std::partial_sort(keys.begin(), keys.begin() + sorted, keys.end());
  order.clear();
  for (int32_t i = 0; i < sorted; ++i) order.push_back(int32_t(uint32_t(keys[size_t(i)])));
  position.clear();
  const int32_t picked = std::min(count, size);
  if (!(request.diversity > 0.f)) {
    position.assign(order.begin(), order.begin() + count);
    return;
  }
  const float high = scores[size_t(order[0])];
  float least = high;
  for (int32_t i = 0; i < size; ++i) {
    const float value = scores[size_t(order[size_t(i)])];
    least = std::min(least, value > kFiltered ? value : high);
  }
  gain.resize(size_t(size)), closest.assign(size_t(size), 0.f);
  for (int32_t i = 0; i < size; ++i)
    gain[size_t(i)] = (1.f - request.diversity) * std::max(divided(scores[size_t(order[size_t(i)])] - least, high - least), 0.f);
  const int64_t C = k.categories.columns, M = k.categories.planes;
  heads.resize(size_t(size)), scratch.resize(size_t(size + C));
  float* shares = &scratch[size_t(size)];
  for (int32_t i = 0; i < size; ++i) heads[size_t(i)] = index[size_t(order[size_t(i)])];
  for (int32_t step = 0; step < picked; ++step) {
    int32_t next = 0;
    for (int32_t i = 1; i < size; ++i)
      if (gain[size_t(i)] - closest[size_t(i)] > gain[size_t(next)] - closest[size_t(next)]) next = i;
    position.push_back(order[size_t(next)]);
    const int32_t product = index[size_t(position.back())];
    const int32_t* categories = k.categories.row(product);
    dot_rows(k.embeddings.row(product), k.dim, k.embeddings.data, heads.data(), size, scratch.data());
    for (int32_t i = 0; i < size; ++i) {
      const int32_t* theirs = k.categories.row(heads[size_t(i)]);
      float alike = (1.f + scratch[size_t(i)]) / 2.f;
      for (int64_t c = 0; c < C; ++c) shares[c] = shared(categories + c * M, theirs + c * M, M);
      if (C) alike = (alike + sum(shares, C) / float(C)) / 2.f;
      closest[size_t(i)] = std::max(closest[size_t(i)], request.diversity * alike);
    }
    closest[size_t(next)] = 1e9f;
    taken.resize(size_t(size)), taken[size_t(next)] = 1;
  }
  for (int32_t i = 0; i < sorted; ++i)
    if (i >= size || !taken[size_t(i)]) position.push_back(order[size_t(i)]);
  std::fill(taken.begin(), taken.end(), uint8_t(0));
  // `by_tier`: what is filtered comes last, also where it was unlike all others.
  std::stable_partition(position.begin(), position.end(), [&](int32_t at) { return scores[size_t(at)] > kFiltered; });
  position.resize(size_t(count));
}

// What is told of what stands at `at`, in an entry of the answer (components/recommender/explain/).
void Run::describe(const Request& request, Answer& answer, int32_t entry, int32_t at) {
  const float missing = std::numeric_limits<float>::quiet_NaN();
  const bool candidate = at < N;
  answer.product[entry] = index[size_t(at)];
  answer.source[entry] = candidate ? pool_source[size_t(chosen[size_t(at)])]
                         : at >= first_cold && request.in_segment ? int32_t(kSegment) : int32_t(kPopular);
  answer.times_bought[entry] = candidate ? int64_t(times[size_t(at)]) : 0;
  answer.last[entry] = candidate && times[size_t(at)] > 0.f ? last_days[size_t(at)] : missing;
  answer.interval[entry] = candidate && interval[size_t(at)] >= 0.f ? interval[size_t(at)] : missing;
  answer.two_tower[entry] = candidate ? figures[size_t(at * k.figures)] : missing;
  answer.preranker[entry] = candidate ? prerank[size_t(chosen[size_t(at)])] : missing;
  answer.ranker[entry] = candidate ? ranker[size_t(at)] : missing;
  answer.neighbour_of[entry] = -1;
}

// The ranked candidates, for the signature `finish` (components/recommender/finish.py).
void Run::hand_out(const Request& request, Answer& answer) {
  for (answer.count = 0; answer.count < N; ++answer.count) {
    describe(request, answer, answer.count, answer.count);
    answer.score[answer.count] = scores[size_t(answer.count)];
  }
}

void Run::explain(const Request& request, Answer& answer, int32_t count) {
  int32_t recent[10], num_recent = 0;
  for (int32_t i = T - 1; i >= 0 && num_recent < 10; --i)
    if (event_product[size_t(i)] >= 0) recent[num_recent++] = event_product[size_t(i)];
  answer.count = 0;
  for (int32_t j = 0; j < count; ++j) answer.score[j] = scores[size_t(position[size_t(j)])];
  for (int32_t j = 0; j < count; ++j) {
    const int32_t at = position[size_t(j)];
    if (!(scores[size_t(at)] > kFiltered)) break;  // `exists`: what is filtered stands last
    describe(request, answer, j, at);
    answer.count = j + 1;
    if (answer.source[j] != kNeighbours || request.top_k > 200) continue;
    float highest = 0.f;
    const ItemToItem& table = *k.neighbours;
    for (int32_t e = 0; e < num_recent; ++e) {
      const int32_t row = table.row[recent[e]];
      for (int64_t o = 0; o < table.others.columns; ++o) {
        const int32_t other = table.others.row(row)[o];
        if (other == table.size() || table.reachable[other] != answer.product[j]) continue;
        if (table.given.row(row)[o] > highest) highest = table.given.row(row)[o], answer.neighbour_of[j] = recent[e];
      }
    }
  }
  std::sort(answer.score, answer.score + answer.count, Higher());
}

}  // namespace towerline
