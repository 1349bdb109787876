// What crosses the border to Python: `kernel/library.py` has the same fields in the same order.
#pragma once
#include <cstdint>

extern "C" {

struct Table {  // one array of the description; `shape` has `rank` entries
  const char* name;
  const void* data;
  int32_t type, rank;
  int64_t shape[3];
};

struct Settings {  // `kernel/library.py` has the same fields in the same order
  int32_t num_candidates, pool_size, num_new, hides, history_length, reserved_share, num_similar, head;
  int32_t quotas[8];
  float own_rates[3], latest_rates[2], interest_rate;
  float new_priority, smallest_score, similar_scale;
  float window_days, affinity_rates[4];
  int32_t has_other_types, num_categories, anchor, horizon, half_life, num_layers;
  float exclude_days, popularity_discount, popularity_column;
  int32_t new_step, tower_events;
  float tower_half_lives[2];
};

struct Request {
  int32_t num_events, top_k, exclude_purchased;
  float diversity;
  const int32_t* product;  // -1 for unknown ones, oldest first [num_events]
  const int64_t* time;     // epoch seconds [num_events]
  const int32_t* type;     // -1 for unknown ones [num_events]
  int64_t user, query_time;
  const float* query;      // unit vector [dim]; null: made of the tower's tables
  const int32_t* columns;  // of the user, for the tower [tower columns]
  const uint8_t* hidden;   // [products]
  const int64_t* fill;     // products by popularity [num_fill]
  int64_t num_fill;
  const int64_t* cold;     // the list of a user without history, best first, -1 for nothing [num_cold]
  int64_t num_cold;        // 0: the ranker orders for such users; -1: they are not covered
  int32_t in_segment;      // whether that list is of a segment, and not everybody's
  int32_t only_ranks;      // whether the answer is the ranked candidates, and not a list
};

struct Answer {  // [top_k] each, of ranked candidates [num_candidates]
  int32_t count;
  int32_t *product, *source, *neighbour_of;
  float *score, *last, *interval, *two_tower, *preranker, *ranker;
  int64_t* times_bought;
};

}  // extern "C"

