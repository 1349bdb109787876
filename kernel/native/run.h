// One request: the memory of a thread, which is kept between requests, and the stages.
#pragma once
#include "helpers.h"
#include "model.h"

namespace towerline {

inline uint32_t falling(float value) {  // rises as the value falls, so that whole numbers can be sorted
  const uint32_t bits = to_bits(value == 0.f ? 0.f : value);
  return ~((bits & 0x80000000u) ? ~bits : (bits | 0x80000000u));
}

inline float risen(uint32_t key) {  // of which `falling` made the key
  const uint32_t bits = ~key;
  return from_bits((bits & 0x80000000u) ? bits & 0x7fffffffu : ~bits);
}

struct Higher {  // an order of all numbers, whatever a damaged table makes of them
  bool operator()(float one, float other) const { return falling(one) < falling(other); }
};

// The best `count` of scored places, best first, of equal ones the first: `tf.math.top_k`.
inline void best_of(vector<uint64_t>& keys, int64_t count) {
  if (count < int64_t(keys.size())) {
    std::nth_element(keys.begin(), keys.begin() + count, keys.end());
    keys.resize(size_t(count));
  }
  std::sort(keys.begin(), keys.end());
}

struct List {  // of a source, and memory of its own to make it in
  vector<int32_t> product;
  vector<float> priority, scratch;
  vector<uint32_t> order;
  vector<uint64_t> keys;
};

struct Group {  // what the history says of one product or category: schema/tensors/grouping.py
  float counts[7], newest, oldest;
};

struct Groups {  // key -> row; rows keep the number of their last event, which says where the graph has them
  vector<int32_t> row, keys, last;
  vector<Group> groups;
  void clear() {
    for (int32_t key : keys) row[size_t(key)] = -1;
    keys.clear(), last.clear(), groups.clear();
  }
  void add(int32_t key, int32_t number, const float* weights, int count, float age) {
    int32_t& found = row[size_t(key)];
    if (found < 0) {
      found = int32_t(keys.size());
      keys.push_back(key), last.push_back(0), groups.push_back({{}, kNeverDays, 0.f});
    }
    Group& group = groups[size_t(found)];
    for (int i = 0; i < count; ++i) group.counts[i] += weights[i];
    group.newest = std::min(group.newest, age), group.oldest = std::max(group.oldest, age);
    last[size_t(found)] = number;
  }
};

struct Run {  // memory of one thread, and the stages
  const Kernel& k;
  const Settings& s;
  vector<uint64_t> keys;
  vector<int32_t> mark, event_product, event_index;
  int32_t stamp = 0;
  vector<float> age, sums[3], shares[3], similar, towers, ages, lasting, weights, latest, counts, own_weights;
  vector<int32_t> purchases, newest_index, later;
  vector<float> query, cosines, bought;
  vector<double> totals;
  List lists[kNumSources];
  vector<int32_t> pool, pool_source, chosen, index, order;
  Groups own, affinity;
  vector<Groups> members;  // of each set
  vector<float> own_logs, raw, scratch, standard, hidden, middle, prerank, means;
  vector<float> pair_weights, figures, normal, product, joined, deep0, deep1, anchors, steps, ranker, scores;
  vector<float> of_sets, same, seen, repeats[3], newest_logs, times, last_days, interval, similarity, gain, closest, others;
  vector<uint64_t> ranks[kNumClassics];
  vector<int32_t> by_popularity, position, heads;
  vector<std::pair<int64_t, int32_t>> new_ones;
  vector<uint8_t> taken;
  int32_t T = 0, first = 0, N = 0, excluded = 0, first_cold = 0;
  bool cold = false;  // whether no product of the history is known

  explicit Run(const Kernel& kernel) : k(kernel), s(kernel.settings) {
    mark.assign(size_t(k.products), 0);
    own.row.assign(size_t(k.num_keys), -1), affinity.row.assign(size_t(k.num_affinity_keys), -1);
    for (const Span<int32_t>& set : k.sets) {
      const int32_t* last = std::max_element(set.data, set.data + set.size());
      members.emplace_back().row.assign(set.size() ? size_t(*last + 1) : 0, -1);
    }
    towers.resize(size_t(32 * k.sketch.panels())), query.resize(size_t(k.dim));
    cosines.resize(size_t(k.similar_user.rows)), similar.resize(size_t(k.similar_reachable.rows + 1));
    bought.resize(size_t(k.num_new_groups));
    const ItemToItem* tables[3] = {k.neighbours.get(), k.ease.get(), k.transitions.get()};
    for (int i = 0; i < 3; ++i) {
      sums[i].resize(size_t(2 * (tables[i]->size() + 1))), shares[i].resize(size_t(tables[i]->size() + 1));
    }
  }

  int recommend(const Request& request, Answer& answer);

 private:
  void embed(const Request& request);
  void purchase(const Request& request);
  void score(const Request& request);
  void best_towers(const Request& request);
  void neighbours_of(const Request& request, int which);
  void similar_users(const Request& request);
  void other_lists(const Request& request);
  bool unite();
  void describe_pool(const Request& request);
  void describe_rows(int64_t from, int64_t to);
  void describe_history();
  void prerank_rows(int64_t from, int64_t to);
  void cut(const Request& request);
  void describe_pairs(const Request& request);
  void describe_sets();
  void classics();
  void rank();
  void rank_rows(int64_t from, int64_t to);
  void discount();
  bool adjust(const Request& request);
  void put_cold_first(const Request& request);
  void insert_new(int32_t width);
  void diversify(const Request& request, int32_t width, int32_t count);
  void explain(const Request& request, Answer& answer, int32_t count);
  void describe(const Request& request, Answer& answer, int32_t entry, int32_t at);
  void hand_out(const Request& request, Answer& answer);
  void best(const Request& request, int source, const float* scores, const Span<int32_t>& named);
  void take(int source, const int32_t* named);
  bool visible(const Request& request, int64_t product) const { return !(s.hides && request.hidden[product]); }
};

}  // namespace towerline
