// The indexes of the best scores, best first.

#ifndef NIGHT_HERON_RANKING_H
#define NIGHT_HERON_RANKING_H

#include <algorithm>
#include <cstddef>
#include <numeric>
#include <vector>

// top_n of 0 or less means all.
inline std::vector<std::size_t> ranking(const std::vector<float> &scores, int top_n) {
  std::vector<std::size_t> order(scores.size());
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return scores[a] > scores[b]; });
  if (top_n > 0 && static_cast<std::size_t>(top_n) < order.size()) {
    order.resize(top_n);
  }
  return order;
}

#endif
