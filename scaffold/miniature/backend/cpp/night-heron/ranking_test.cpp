#include <cassert>

#include "ranking.h"

int main() {
  using Order = std::vector<std::size_t>;
  assert(ranking({}, 3).empty());
  assert((ranking({0.1f, 0.9f, 0.5f}, 0) == Order{1, 2, 0}));
  assert((ranking({0.1f, 0.9f, 0.5f}, 2) == Order{1, 2}));
}
