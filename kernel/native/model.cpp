#include "model.h"

namespace towerline {

Kernel::Kernel(const Tables& tables, const Settings& given) : settings(given) {
  const Settings& s = settings;
  embeddings = tables.find<float>("embeddings", 2);
  products = embeddings.rows, dim = embeddings.columns;
  if (products < 1 || products > (1 << 28) || dim < 1 || dim > 4096) refuse("embeddings", "has an odd size");
  sketch = Sketch(embeddings);
  statistics = tables.find<float>("statistics", 2, products);
  trending = tables.indices<int64_t>("trending", 1, 0, products);
  popular = tables.indices<int64_t>("popular", 1, 0, products);
  best_seller = tables.find<uint8_t>("best_seller", 1, products);
  groups = tables.indices<int32_t>("groups", 2, 0, 1 << 28, products);
  for (int64_t i = 0; i < groups.size(); ++i) num_keys = std::max<int64_t>(num_keys, groups[i] + 1);
  neighbours = std::make_unique<ItemToItem>(tables, "neighbours", products);
  ease = std::make_unique<ItemToItem>(tables, "ease", products);
  transitions = std::make_unique<ItemToItem>(tables, "transitions", products);
  similar_user = tables.find<int64_t>("similar.user", 1);
  similar_holder = tables.indices<int32_t>("similar.holder", 1, 0, similar_user.rows);
  similar_holder_weight = tables.find<float>("similar.holder_weight", 1, similar_holder.rows);
  similar_start = tables.indices<int32_t>("similar.start", 1, 0, similar_holder.rows + 1, products + 1);
  similar_reachable = tables.indices<int32_t>("similar.reachable", 1, 0, products);
  similar_index = tables.indices<int32_t>("similar.reachable_index", 1, 0, similar_reachable.rows + 1, products);
  similar_bought = tables.indices<int32_t>("similar.bought", 2, 0, similar_reachable.rows + 1, similar_user.rows);
  similar_weight = tables.find<float>("similar.bought_weight", 2, similar_user.rows, similar_bought.columns);
  new_group = tables.indices<int32_t>("new.group", 1, 0, 1 << 28, products);
  for (int64_t i = 0; i < products; ++i) num_new_groups = std::max<int64_t>(num_new_groups, new_group[i] + 1);
  new_products = tables.indices<int64_t>("new.products", 1, 0, products);
  new_groups = tables.indices<int32_t>("new.groups", 1, 0, num_new_groups, new_products.rows);
  new_rates = tables.find<float>("new.rates", 1, new_products.rows);
  categories = tables.find<int32_t>("categories", 3, products);
  pool_features = kSourceFeatures + statistics.columns + 5 + 3 * (groups.columns - 1);
  pool_mean = tables.find<float>("preranker.mean", 1, pool_features);
  pool_deviation = tables.find<float>("preranker.deviation", 1, pool_features);
  pool_scale.assign(pool_deviation.data, pool_deviation.data + pool_features);
  flat_reciprocal(pool_scale.data(), pool_features);
  pool_hidden = Dense(tables, "preranker.hidden", pool_features);
  pool_middle = Dense(tables, "preranker.middle", pool_hidden.kernel.columns);
  pool_score = tables.find<float>("preranker.score_kernel", 2, pool_middle.kernel.columns, 1);
  const int64_t groupings = 1 + s.has_other_types + s.num_categories;
  affinity_groups = tables.indices<int32_t>("ranker.groupings", 2, 0, 1 << 28, products, groupings);
  for (int64_t i = 0; i < affinity_groups.size(); ++i)
    num_affinity_keys = std::max<int64_t>(num_affinity_keys, affinity_groups[i] + 1);
  numbers = tables.find<int32_t>("ranker.numbers", 2, -1, products);
  positive_types = tables.find<uint8_t>("ranker.positive_types", 1);
  weights = 5 + 2 * s.has_other_types;
  while (tables.has("ranker.members" + std::to_string(sets.size())))
    sets.push_back(tables.indices<int32_t>(("ranker.members" + std::to_string(sets.size())).c_str(), 2, -1, 1 << 28, products));
  pair_features = weights + 7 + (s.num_categories + int64_t(sets.size())) * (weights + 3) + numbers.rows;
  figures = kSourceFeatures + statistics.columns + pair_features + kNumClassics + 4;
  mean = tables.find<float>("ranker.mean", 1, figures);
  variance = tables.find<float>("ranker.variance", 1, figures);
  for (int64_t i = 0; i < figures; ++i) scale.push_back(std::max(std::sqrt(variance[i]), 1e-7f));
  flat_reciprocal(scale.data(), figures);
  strength = tables.find<float>("ranker.strength", 1, 2);
  anchor_weight = tables.find<float>("ranker.anchor_weight", 1, 1);
  for (int i = 0; i < s.num_layers; ++i) {
    cross.emplace_back(tables, "ranker.cross" + std::to_string(i), figures);
    if (cross.back().kernel.columns != figures) refuse("ranker.cross", "has another number of columns");
  }
  deep0 = Dense(tables, "ranker.deep0", figures);
  deep1 = Dense(tables, "ranker.deep1", deep0.kernel.columns);
  score = tables.find<float>("ranker.score", 1, (s.num_layers ? figures : 0) + deep1.kernel.columns);
  if (s.num_candidates < 1 || s.num_candidates > s.pool_size || s.pool_size > products ||
      s.pool_size > popular.rows || s.num_new < 0 || s.num_new > new_products.rows || s.head < 1 ||
      s.reserved_share < 1 || s.num_similar < 1 || s.history_length < 1 || s.num_layers < 0 || s.anchor < 0 ||
      s.anchor >= kNumClassics || s.horizon < 0 || s.horizon >= statistics.columns || s.half_life < 0 ||
      s.half_life >= 5 || s.num_categories < 0 || s.has_other_types < 0 || s.has_other_types > 1 ||
      s.popularity_column < 0 || s.popularity_column >= float(kSourceFeatures + statistics.columns) ||
      s.new_step < 0 || s.tower_events < 0 || !(s.window_days > 0.f))
    throw std::runtime_error("a setting is out of its range");
  for (int quota : s.quotas)
    if (quota < 1) throw std::runtime_error("a quota is not positive");
  if (!s.tower_events) return;
  tower.present = true;
  tower.representations = tables.find<float>("tower.representations", 2, products);
  tower.type_weight = tables.find<float>("tower.type_weight", 1, positive_types.rows + 1);
  int64_t inputs = 3 * tower.representations.columns;
  tower.users = tables.find<float>("tower.users", 2, -1, tower.representations.columns);
  inputs += tower.users.columns;
  while (tables.has("tower.column" + std::to_string(tower.columns.size()))) {
    const std::string name = "tower.column" + std::to_string(tower.columns.size());
    tower.columns.push_back(tables.find<float>(name.c_str(), 2, -1, tower.representations.columns));
    inputs += tower.columns.back().columns;
  }
  tower.hidden = Dense(tables, "tower.hidden", inputs);
  tower.output = Dense(tables, "tower.output", tower.hidden.kernel.columns);
  tower.skip = Matrix(tables.find<float>("tower.skip_kernel", 2, 3 * tower.representations.columns, dim));
  if (tower.output.kernel.columns != dim || tower.users.rows < 1) refuse("tower.output_kernel", "has another size");
}

}  // namespace towerline
