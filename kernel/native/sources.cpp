// The query, the scores of the sources, and the union of their lists: components/recommender/candidates/.
#include "run.h"

namespace towerline {

// The newest events, their ages, and the vector of the query (schema/fields.py, towers.py, mean.py).
void Run::embed(const Request& request) {
  if (request.query) {
    std::memcpy(query.data(), request.query, 4 * size_t(k.dim));
    return;
  }
  const Tower& tower = k.tower;
  const int64_t dim = tower.representations.columns, width = 4 * dim + dim * int64_t(tower.columns.size());
  const int32_t count = std::min(T, s.tower_events), from = T - count;
  scratch.assign(size_t(3 * count + 3 * dim + width), 0.f);
  float* weights = scratch.data();
  float* joined = weights + 3 * count;
  for (int32_t i = 0; i < count; ++i) weights[i] = k.tower.type_weight[request.type[first + from + i] + 1];
  flat_exp(weights, count);
  for (int32_t i = 0; i < count; ++i) {
    const int32_t product = event_product[size_t(from + i)];
    const float weight = product >= 0 ? weights[i] : 0.f;
    weights[i] = weight;
    for (int h = 0; h < 2; ++h)
      weights[(1 + h) * count + i] = age[size_t(from + i)] * (1.f / s.tower_half_lives[h]);
  }
  for (int h = 1; h < 3; ++h) {
    flat_halved(weights + h * count, count);
    for (int32_t i = 0; i < count; ++i) weights[h * count + i] *= weights[i];
  }
  for (int h = 0; h < 3; ++h) {
    const float total = sum(weights + h * count, count);
    float* mean = joined + h * dim;
    for (int32_t i = 0; i < count; ++i) {
      const int32_t product = std::max(event_product[size_t(from + i)], 0);
      const float* row = tower.representations.row(product);
      add_scaled(weights[h * count + i], row, dim, mean);
    }
    for (int64_t d = 0; d < dim; ++d) mean[d] = divided(mean[d], total);
  }
  const int64_t user = request.user + 1 < tower.users.rows ? request.user + 1 : 0;
  std::memcpy(joined + 3 * dim, tower.users.row(user), 4 * size_t(dim));
  for (size_t c = 0; c < tower.columns.size(); ++c)
    std::memcpy(joined + (4 + int64_t(c)) * dim, tower.columns[c].row(request.columns[c]), 4 * size_t(dim));
  hidden.resize(size_t(tower.hidden.kernel.stride)), middle.resize(size_t(tower.output.kernel.stride));
  product.resize(size_t(tower.skip.stride));
  tower.hidden(joined, width, 1, hidden.data(), true);
  tower.output(hidden.data(), 0, 1, middle.data(), false);
  multiply(joined, width, 1, tower.skip, product.data(), tower.skip.stride);
  for (int64_t d = 0; d < k.dim; ++d) query[size_t(d)] = product[size_t(d)] + middle[size_t(d)];
  means.resize(size_t(k.dim));
  for (int64_t d = 0; d < k.dim; ++d) means[size_t(d)] = query[size_t(d)] * query[size_t(d)];
  const float inverse = 1.f / std::sqrt(std::max(sum(means.data(), k.dim), 1e-12f));
  for (float& value : query) value *= inverse;
}

// The distinct products of the history with their weights (`SourceScorer._distinct_purchases`).
void Run::purchase(const Request&) {
  keys.clear();
  int32_t known = 0;
  later.assign(size_t(T), 0);
  for (int32_t i = 0; i < T; ++i)
    if (event_product[size_t(i)] >= 0) {
      keys.push_back((uint64_t(event_product[size_t(i)]) << 32) | uint32_t(i));
      later[size_t(i)] = known++;
    }
  std::sort(keys.begin(), keys.end());
  purchases.clear(), newest_index.clear(), lasting.resize(keys.size()), counts.clear();
  for (size_t j = 0; j < keys.size(); ++j) lasting[j] = -age[size_t(uint32_t(keys[j]))] * s.own_rates[2];
  flat_exp(lasting.data(), int64_t(keys.size()));
  for (size_t j = 0; j < keys.size(); ++j) {
    const int32_t product = int32_t(keys[j] >> 32);
    if (!j || product != purchases.back()) purchases.push_back(product), newest_index.push_back(0), counts.push_back(0.f);
    newest_index.back() = int32_t(uint32_t(keys[j]));
    counts.back() += lasting[j];
  }
  weights.resize(2 * purchases.size()), latest.resize(2 * purchases.size());
  for (size_t j = 0; j < purchases.size(); ++j)
    for (size_t h = 0; h < 2; ++h) {
      weights[2 * j + h] = -age[size_t(newest_index[j])] * s.own_rates[1 + h];
      latest[2 * j + h] = -float(known - 1 - later[size_t(newest_index[j])]) * s.latest_rates[h];
    }
  flat_exp(weights.data(), int64_t(weights.size())), flat_exp(latest.data(), int64_t(latest.size()));
}

// The scores of the sources and their lists: each has memory of its own, so that they are made side by side.
void Run::score(const Request& request) {
  const int64_t panels = k.sketch.panels(), at_a_time = 256;
  const uint8_t* hidden = request.hidden;
  side_by_side(5 + (panels + at_a_time - 1) / at_a_time, [&](int64_t piece) {
    if (piece < 3) return neighbours_of(request, int(piece));
    if (piece == 3) return similar_users(request);
    if (piece == 4) return other_lists(request);
    const int64_t from = (piece - 5) * at_a_time, to = std::min(from + at_a_time, panels);
    float* scores = towers.data();
    k.sketch.products(query.data(), from, to, scores);
    if (!s.hides) return;
    widely(TOWERLINE_LOOP {
      for (int64_t p = 32 * from; p < std::min(32 * to, k.products); ++p) scores[p] = hidden[p] ? -2.f : scores[p];
    });
  });
  best_towers(request);
}

void Run::neighbours_of(const Request& request, int which) {
  const ItemToItem& table = *(which == 0 ? k.neighbours : which == 1 ? k.ease : k.transitions);
  const vector<float>& by = which == 2 ? latest : weights;
  vector<float>&sum = sums[which], &share = shares[which];
  std::fill(sum.begin(), sum.end(), 0.f);
  const int64_t width = table.others.columns;
  for (size_t j = 0; j < purchases.size(); ++j) {
    const int32_t row = table.row[purchases[j]], later = table.row[purchases[std::min(j + 2, purchases.size() - 1)]];
    for (int64_t o = 0; o < width; o += 16)  // they are all over the memory
      __builtin_prefetch(table.others.row(later) + o), __builtin_prefetch(table.given.row(later) + o);
    if (!row) continue;
    const int32_t* others = table.others.row(row);
    const float *given = table.given.row(row), one = by[2 * j], two = by[2 * j + 1];
    for (int64_t o = 0; o < width; ++o) {
      float* of = &sum[2 * size_t(others[o])];
      of[0] += given[o] * one, of[1] += given[o] * two;
    }
  }
  float high[16] = {};  // of both, in turn; the place of all unreachable products has 0
  const int64_t size = int64_t(share.size()), whole = 2 * size / 16 * 16;
  widely(TOWERLINE_LOOP {
    for (int64_t i = 0; i < whole; i += 16)
      for (int64_t l = 0; l < 16; ++l) high[l] = std::max(high[l], sum[size_t(i + l)]);
  });
  for (int64_t i = whole; i < 2 * size; ++i) high[i % 2] = std::max(high[i % 2], sum[size_t(i)]);
  for (int l = 2; l < 16; ++l) high[l % 2] = std::max(high[l % 2], high[l]);
  const float first_scale = divided(0.5f, high[0]), second_scale = divided(0.5f, high[1]);
  const float* from = sum.data();
  float* to = share.data();
  widely(TOWERLINE_LOOP {
    for (int64_t i = 0; i < size; ++i)
      to[i] = std::max(from[2 * i] * first_scale, -0.5f) + std::max(from[2 * i + 1] * second_scale, -0.5f);
  });
  best(request, kNeighbours + which, to, table.reachable);
}

void Run::similar_users(const Request& request) {  // components/recommender/candidates/similar_users.py
  List& list = lists[kSimilar];
  std::fill(cosines.begin(), cosines.end(), 0.f), std::fill(similar.begin(), similar.end(), 0.f);
  for (size_t j = 0; j < purchases.size(); ++j)
    for (int32_t e = k.similar_start[purchases[j]]; e < k.similar_start[purchases[j] + 1]; ++e)
      cosines[size_t(k.similar_holder[e])] += counts[j] * k.similar_holder_weight[e];
  for (size_t u = 0; u < cosines.size(); ++u)
    if (k.similar_user[int64_t(u)] == request.user) cosines[u] = 0.f;
  list.keys.clear();
  for (size_t u = 0; u < cosines.size(); ++u) list.keys.push_back((uint64_t(falling(cosines[u])) << 32) | u);
  best_of(list.keys, s.num_similar);
  list.scratch.resize(list.keys.size());
  for (size_t j = 0; j < list.keys.size(); ++j) list.scratch[j] = cosines[size_t(uint32_t(list.keys[j]))];
  const float total = sum(list.scratch.data(), int64_t(list.keys.size()));
  for (size_t j = 0; j < list.keys.size(); ++j) {
    const float share = divided(list.scratch[j], total);
    const int64_t u = int64_t(uint32_t(list.keys[j]));
    const int32_t* bought_by = k.similar_bought.row(u);
    for (int64_t i = 0; i < k.similar_bought.columns; ++i)
      similar[size_t(bought_by[i])] += k.similar_weight.row(u)[i] * share;
  }
  best(request, kSimilar, similar.data(), k.similar_reachable);
}

// ---- lists of the sources and their union: components/recommender/candidates/lists.py ------------------------

void Run::take(int source, const int32_t* named) {  // `best_scored`, of the keys
  List& list = lists[source];
  best_of(list.keys, s.quotas[source]);
  list.product.clear(), list.priority.clear();
  for (size_t i = 0; i < list.keys.size(); ++i) {
    const int32_t slot = int32_t(uint32_t(list.keys[i]));
    list.product.push_back(named ? named[slot] : slot), list.priority.push_back(float(i) / float(s.quotas[source]));
  }
}

// The highest of sixteen scores each, of which the first stand at the start, the second behind those and so on;
// and a bound that at least `count` scores reach: minus infinity where there are fewer.
static float highest_of_sixteen(const float* scores, int64_t size, int64_t count, List& list) {
  const int64_t groups = size / 16;
  list.scratch.assign(scores, scores + groups);
  float* highest = list.scratch.data();
  widely(TOWERLINE_LOOP {
    for (int64_t row = 1; row < 16; ++row)
      for (int64_t g = 0; g < groups; ++g) highest[g] = std::max(highest[g], scores[row * groups + g]);
  });
  if (groups <= count) return -std::numeric_limits<float>::infinity();
  list.order.resize(size_t(groups));
  for (int64_t g = 0; g < groups; ++g) list.order[size_t(g)] = falling(highest[g]);
  std::nth_element(list.order.begin(), list.order.begin() + count - 1, list.order.end());
  return risen(list.order[size_t(count - 1)]);
}

// Calls `found(i)` for the scores that reach `least`; `highest_of_sixteen` has gone before.
template <typename Found>
static void each_from(const float* scores, int64_t size, float least, const List& list, const Found& found) {
  const int64_t groups = size / 16;
  for (int64_t g = 0; g < groups; ++g)
    if (list.scratch[size_t(g)] >= least)
      for (int64_t i = g; i < 16 * groups; i += groups)
        if (scores[i] >= least) found(i);
  for (int64_t i = 16 * groups; i < size; ++i)
    if (scores[i] >= least) found(i);
}

void Run::best(const Request& request, int source, const float* scores, const Span<int32_t>& named) {
  List& list = lists[source];
  const float least = std::nextafter(s.smallest_score, std::numeric_limits<float>::infinity());
  float bound = highest_of_sixteen(scores, named.rows, s.quotas[source], list);
  for (bool is_last = false; !is_last; bound = least) {  // again where too many of those above are hidden
    is_last = !(bound > least), bound = is_last ? least : bound;
    list.keys.clear();
    each_from(scores, named.rows, bound, list, [&](int64_t i) {
      if (visible(request, named[i])) list.keys.push_back((uint64_t(falling(scores[i])) << 32) | uint64_t(i));
    });
    is_last = is_last || int64_t(list.keys.size()) >= s.quotas[source];
  }
  take(source, named.data);
}

// The sketch says which products may be among the best; only theirs are multiplied out.
void Run::best_towers(const Request& request) {
  List& list = lists[kTowers];
  const float* scores = towers.data();
  const float error = k.sketch.error(query.data());
  const float bound = highest_of_sixteen(scores, k.products, s.quotas[kTowers], list) - 2.f * error;
  list.product.clear();
  each_from(scores, k.products, std::max(bound, -1.f - error), list, [&](int64_t p) {
    if (visible(request, p)) list.product.push_back(int32_t(p));
  });
  list.scratch.resize(list.product.size());
  dot_rows(query.data(), k.dim, k.embeddings.data, list.product.data(), int64_t(list.product.size()), list.scratch.data());
  list.keys.clear();
  for (size_t i = 0; i < list.product.size(); ++i)
    if (list.scratch[i] > -1.f)
      list.keys.push_back((uint64_t(falling(list.scratch[i])) << 32) | uint64_t(list.product[i]));
  take(kTowers, nullptr);
}

void Run::other_lists(const Request& request) {
  for (int source : {kOwn, kTrending, kPopular, kNew}) lists[source].product.clear(), lists[source].priority.clear();
  int32_t newest = 0;
  for (int32_t i = 0; i < T; ++i) newest = event_product[size_t(i)] >= 0 ? i : newest;
  const float step = 1.f / float(s.quotas[kOwn]);
  for (int32_t i = newest; i >= 0; --i) {
    const int32_t product = event_product[size_t(i)];
    if (product < 0 || request.hidden[product]) continue;
    lists[kOwn].product.push_back(product), lists[kOwn].priority.push_back(float(newest - i) * step);
  }
  const std::pair<int, const Span<int64_t>*> same[] = {{kTrending, &k.trending}, {kPopular, &k.popular}};
  for (auto [source, products] : same)
    for (int64_t i = 0; i < std::min<int64_t>(s.quotas[source], products->rows); ++i) {
      lists[source].product.push_back(int32_t((*products)[i]));
      lists[source].priority.push_back(float(i) / float(s.quotas[source]));
    }
  if (!s.num_new) return;
  vector<uint64_t>& keys = lists[kNew].keys;
  vector<float>& scratch = lists[kNew].scratch;
  std::fill(bought.begin(), bought.end(), 0.f);  // components/recommender/candidates/new_products.py
  scratch.resize(size_t(T));
  for (int32_t i = 0; i < T; ++i) scratch[size_t(i)] = -age[size_t(i)] * s.interest_rate;
  flat_exp(scratch.data(), T);
  for (int32_t i = 0; i < T; ++i)
    if (event_product[size_t(i)] >= 0) bought[size_t(k.new_group[event_product[size_t(i)]])] += scratch[size_t(i)];
  flat_log1p(bought.data(), int64_t(bought.size()));
  keys.clear();
  for (int64_t i = 0; i < k.new_products.rows; ++i)
    keys.push_back((uint64_t(falling(bought[size_t(k.new_groups[i])] + k.new_rates[i])) << 32) | uint64_t(i));
  best_of(keys, s.num_new);
  for (uint64_t key : keys) {
    const int32_t product = int32_t(k.new_products[int64_t(uint32_t(key))]);
    if (!request.hidden[product])
      lists[kNew].product.push_back(product), lists[kNew].priority.push_back(s.new_priority);
  }
}

bool Run::unite() {  // `union`: of equal priorities the first list, each product once
  size_t at[kNumSources] = {};
  ++stamp;
  pool.clear(), pool_source.clear();
  const auto add = [&](int32_t product, int source) {
    if (mark[size_t(product)] == stamp) return;
    mark[size_t(product)] = stamp, pool.push_back(product), pool_source.push_back(source);
  };
  const size_t wanted = size_t(s.pool_size);
  while (pool.size() < wanted) {
    int next = -1;
    for (int i = 0; i < kNumSources; ++i)
      if (at[i] < lists[i].product.size() &&
          (next < 0 || lists[i].priority[at[i]] < lists[next].priority[at[next]])) next = i;
    if (next < 0) break;
    add(lists[next].product[at[next]++], next);
  }
  for (int64_t i = 0; i < s.pool_size && pool.size() < wanted; ++i) add(int32_t(k.popular[i]), kPopular);
  return pool.size() == wanted;
}

}  // namespace towerline
