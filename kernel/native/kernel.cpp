// The numeric path of one request for recommendations, a second executor of a pushed version.
//
// It computes what the signature `recommend_diverse` computes for one user, of tables that the assembler wrote
// of the very objects that it put into the graph. Stages stand in the order of the graph, and each names the
// Python module that it follows; `arithmetic.h` says in which order they add up.
#include <cstdio>

#include "run.h"

namespace towerline {

int Run::recommend(const Request& request, Answer& answer) {
  const FlushedToZero flushed;
  const InProgress counted;
  const int64_t P = k.products;
  for (int32_t i = 0; i < request.num_events; ++i)
    if (request.product[i] < -1 || request.product[i] >= P || request.type[i] < -1 ||
        request.type[i] >= k.positive_types.rows) return 2;
  if (request.user < -1 || (!request.query && !k.tower.present)) return 2;
  if (stamp > (1 << 30)) std::fill(mark.begin(), mark.end(), 0), stamp = 0;
  for (size_t c = 0; !request.query && c < k.tower.columns.size(); ++c)
    if (request.columns[c] < 0 || request.columns[c] >= k.tower.columns[c].rows) return 2;
  for (int64_t i = 0; i < request.num_cold; ++i)
    if (request.cold[i] < -1 || request.cold[i] >= P) return 2;
  T = std::min(request.num_events, s.history_length), first = request.num_events - T;
  event_product.assign(request.product + first, request.product + request.num_events);
  age.resize(size_t(T));
  cold = true;
  for (int32_t i = 0; i < T; ++i) {
    age[size_t(i)] = std::max(float(request.query_time - request.time[first + i]) * (1.f / 86400.f), 0.f);
    cold = cold && event_product[size_t(i)] < 0;
  }
  if (request.num_events < 1 || request.top_k < 1 || (cold && request.num_cold < 0)) return 1;
  embed(request), purchase(request);
  score(request);
  if (!unite()) return 1;
  describe_pool(request), cut(request), describe_pairs(request), classics(), rank(), discount();
  if (request.only_ranks) return hand_out(request, answer), 0;
  if (!adjust(request)) return 2;
  first_cold = int32_t(scores.size());
  if (cold) put_cold_first(request);
  const int32_t width = int32_t(scores.size()), count = std::min(request.top_k, width);
  insert_new(width), diversify(request, width, count), explain(request, answer, count);
  return 0;
}

}  // namespace towerline

using namespace towerline;

extern "C" {

// Of which source it was built: looked for in the file.
#ifndef TOWERLINE_SOURCE
#define TOWERLINE_SOURCE ""
#endif
const char* towerline_source() { return TOWERLINE_SOURCE; }

void* towerline_open(const Table* tables, int32_t count, const Settings* settings, char* error, int32_t size) {
  try {
    return new Kernel(Tables(tables, count), *settings);
  } catch (const std::exception& refused) {
    std::snprintf(error, size_t(size), "%s", refused.what());
    return nullptr;
  }
}

void towerline_close(void* kernel) { delete static_cast<Kernel*>(kernel); }

void* towerline_run(const void* kernel) {
  try { return new Run(*static_cast<const Kernel*>(kernel)); } catch (const std::exception&) { return nullptr; }
}

void towerline_end(void* run) { delete static_cast<Run*>(run); }

void towerline_helpers(int32_t count) { set_helpers(count); }

// 0: answered; 1: not covered; 2: the request names something that is not there; 3: no memory.
int32_t towerline_recommend(void* run, const Request* request, Answer* answer) {
  try { return static_cast<Run*>(run)->recommend(*request, *answer); } catch (const std::exception&) { return 3; }
}

}  // extern "C"
