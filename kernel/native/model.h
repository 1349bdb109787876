// A version: its tables, and the layers of its networks.
#pragma once
#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "arithmetic.h"
#include "tables.h"

namespace towerline {

constexpr float kNever = 1e9f, kNeverDays = 3650.f, kFiltered = -1e30f, kSmallest = 1e-30f;
constexpr int kNumSources = 9, kNumClassics = 8, kSourceFeatures = 11;
enum Source { kOwn, kTowers, kNeighbours, kEase, kTransitions, kSimilar, kTrending, kPopular, kNew, kSegment };
enum Feature { kTwoTower, kNeighboursRecent, kNeighboursLasting, kEaseRecent, kEaseLasting, kTransitionsLast,
               kTransitionsRecent, kNeighboursShare, kEaseShare, kTransitionsShare, kSimilarUsers };
enum Classic { kPopularity, kOwnFrequency, kUserKnnOwn, kLastSeen, kUserKnn, kItemKnn, kEaseList, kFollowers };

struct ItemToItem {  // components/recommender/candidates/item_to_item.py
  Span<int32_t> reachable, reachable_index, row, others;
  Span<float> given;
  int64_t size() const { return reachable.rows; }

  ItemToItem(const Tables& tables, const std::string& name, int64_t products) {
    reachable = tables.indices<int32_t>((name + ".reachable").c_str(), 1, 0, products);
    reachable_index = tables.indices<int32_t>((name + ".reachable_index").c_str(), 1, 0, size() + 1, products);
    others = tables.indices<int32_t>((name + ".others").c_str(), 2, 0, size() + 1);
    given = tables.find<float>((name + ".given").c_str(), 2, others.rows, others.columns);
    row = tables.indices<int32_t>((name + ".row").c_str(), 1, 0, others.rows, products);
  }
};

struct Dense {  // a layer: a product and a bias
  Matrix kernel;
  Span<float> bias;
  Dense() = default;
  Dense(const Tables& tables, const std::string& name, int64_t inputs)
      : kernel(tables.find<float>((name + "_kernel").c_str(), 2, inputs)),
        bias(tables.find<float>((name + "_bias").c_str(), 1, kernel.columns)) {}

  void operator()(const float* x, int64_t stride, int64_t rows, float* y, bool relu) const {
    multiply(x, stride, rows, kernel, y, kernel.stride);
    const float least = relu ? 0.f : -std::numeric_limits<float>::infinity();
    widely(TOWERLINE_LOOP {
      for (int64_t r = 0; r < rows; ++r)
        for (int64_t c = 0; c < kernel.columns; ++c) {
          const float value = y[r * kernel.stride + c] + bias[c];
          y[r * kernel.stride + c] = value > least ? value : least;
        }
    });
  }
};

struct Tower {  // trainer/retrieval/towers.py, with the means of trainer/retrieval/encoders/mean.py
  bool present = false;
  Span<float> representations, type_weight, users;
  vector<Span<float>> columns;
  Dense hidden, output;
  Matrix skip;
};

struct Kernel {
  Settings settings;
  int64_t products = 0, dim = 0, num_keys = 0, num_affinity_keys = 0, num_new_groups = 0;
  Span<float> embeddings, statistics;
  Sketch sketch;
  Span<int64_t> trending, popular, similar_user;
  Span<uint8_t> best_seller;
  Span<int32_t> groups, similar_start, similar_holder, similar_reachable, similar_index, similar_bought;
  Span<float> similar_holder_weight, similar_weight;
  std::unique_ptr<ItemToItem> neighbours, ease, transitions;
  Span<int32_t> new_group, new_groups;
  Span<int64_t> new_products;
  Span<float> new_rates;
  Span<float> pool_mean, pool_deviation;
  vector<float> pool_scale, scale;  // reciprocals of deviations
  Dense pool_hidden, pool_middle;
  Span<float> pool_score;
  Span<int32_t> affinity_groups, numbers, categories;
  vector<Span<int32_t>> sets;  // members of each product, -1 pads
  Span<uint8_t> positive_types;
  Span<float> mean, variance, strength, anchor_weight, score;
  vector<Dense> cross;
  Dense deep0, deep1;
  Tower tower;
  int64_t pool_features = 0, pair_features = 0, figures = 0, weights = 0;

  Kernel(const Tables& tables, const Settings& given);
};

}  // namespace towerline
