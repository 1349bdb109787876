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
      for (int64_t d = 0; d < dim; ++d) mean[d] = std::fma(weights[h * count + i], row[d], mean[d]);
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

void Run::sum_of_neighbours(const ItemToItem& table, const vector<float>& by, int which) {
  vector<float>& sum = sums[which];
  std::fill(sum.begin(), sum.end(), 0.f);
  const int64_t width = table.others.columns;
  for (size_t j = 0; j < purchases.size(); ++j) {
    const int32_t row = table.row[purchases[j]];
    if (!row) continue;
    const int32_t* others = table.others.row(row);
    const float *given = table.given.row(row), one = by[2 * j], two = by[2 * j + 1];
    for (int64_t o = 0; o < width; ++o) {
      float* of = &sum[2 * size_t(others[o])];
      of[0] += given[o] * one, of[1] += given[o] * two;
    }
  }
  float high[2] = {0.f, 0.f};  // the place of all unreachable products has 0
  for (size_t i = 0; i < sum.size(); i += 2) high[0] = std::max(high[0], sum[i]), high[1] = std::max(high[1], sum[i + 1]);
  best[which][0] = divided(0.5f, high[0]), best[which][1] = divided(0.5f, high[1]);
  vector<float>& share = shares[which];
  for (size_t i = 0; i < share.size(); ++i)
    share[i] = std::max(sum[2 * i] * best[which][0], -0.5f) + std::max(sum[2 * i + 1] * best[which][1], -0.5f);
}

void Run::similar_users(int64_t user) {  // components/recommender/candidates/similar_users.py
  std::fill(cosines.begin(), cosines.end(), 0.f), std::fill(similar.begin(), similar.end(), 0.f);
  for (size_t j = 0; j < purchases.size(); ++j)
    for (int32_t e = k.similar_start[purchases[j]]; e < k.similar_start[purchases[j] + 1]; ++e)
      cosines[size_t(k.similar_holder[e])] += counts[j] * k.similar_holder_weight[e];
  keys.clear();
  for (size_t u = 0; u < cosines.size(); ++u)
    keys.push_back((uint64_t(falling(k.similar_user[int64_t(u)] == user ? 0.f : cosines[u])) << 32) | u);
  best_of(keys, s.num_similar);
  scratch.resize(keys.size());
  for (size_t j = 0; j < keys.size(); ++j) {
    const size_t u = size_t(uint32_t(keys[j]));
    scratch[j] = k.similar_user[int64_t(u)] == user ? 0.f : cosines[u];
  }
  const float total = sum(scratch.data(), int64_t(keys.size()));
  for (size_t j = 0; j < keys.size(); ++j) {
    const float share = divided(scratch[j], total);
    const int64_t u = int64_t(uint32_t(keys[j]));
    const int32_t* bought_by = k.similar_bought.row(u);
    for (int64_t i = 0; i < k.similar_bought.columns; ++i)
      similar[size_t(bought_by[i])] += k.similar_weight.row(u)[i] * share;
  }
}

// ---- lists of the sources and their union: components/recommender/candidates/lists.py ------------------------

void Run::take(List& list, int quota, const int32_t* named) {  // `best_scored`, of the keys
  best_of(keys, quota);
  list.product.clear(), list.priority.clear();
  for (size_t i = 0; i < keys.size(); ++i) {
    const int32_t slot = int32_t(uint32_t(keys[i]));
    list.product.push_back(named ? named[slot] : slot), list.priority.push_back(float(i) / float(quota));
  }
}

void Run::best_towers(const Request& request) {
  multiply(query.data(), 0, 1, k.by_dimension, towers.data(), 0);
  const auto shown = [&](int64_t p) { return visible(request, p) ? towers[size_t(p)] : -2.f; };
  // The best of a list stand in as many blocks of 16 as the list is long: those of the highest maxima.
  const int64_t count = s.quotas[kTowers], blocks = k.products / 16;
  float least = -1.f;
  if (blocks > count) {
    scratch.resize(size_t(blocks));
    for (int64_t b = 0; b < blocks; ++b) {
      float high = shown(16 * b);
      for (int64_t i = 1; i < 16; ++i) high = std::max(high, shown(16 * b + i));
      scratch[size_t(b)] = high;
    }
    std::nth_element(scratch.begin(), scratch.begin() + count - 1, scratch.end(), Higher());
    least = std::max(least, std::nextafter(scratch[size_t(count - 1)], -2.f));
  }
  keys.clear();
  for (int64_t p = 0; p < k.products; ++p)
    if (shown(p) > least)
      keys.push_back((uint64_t(falling(towers[size_t(p)])) << 32) | uint64_t(p));
  take(lists[kTowers], int(count), nullptr);
}

void Run::best_neighbours(const Request& request, const ItemToItem& table, int which, int source) {
  keys.clear();
  const vector<float>& share = shares[which];
  for (int64_t i = 0; i < table.size(); ++i)
    if (share[size_t(i)] > s.smallest_score && visible(request, table.reachable[i]))
      keys.push_back((uint64_t(falling(share[size_t(i)])) << 32) | uint64_t(i));
  take(lists[source], s.quotas[source], table.reachable.data);
}

void Run::best_similar(const Request& request) {
  keys.clear();
  for (int64_t i = 0; i < k.similar_reachable.rows; ++i)
    if (similar[size_t(i)] > s.smallest_score && visible(request, k.similar_reachable[i]))
      keys.push_back((uint64_t(falling(similar[size_t(i)])) << 32) | uint64_t(i));
  take(lists[kSimilar], s.quotas[kSimilar], k.similar_reachable.data);
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
