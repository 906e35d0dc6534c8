#include <cassert>

#include "segments.h"

int main() {
  assert(segments({}, 0.5f).empty());
  assert(segments({0.1f, 0.2f}, 0.5f).empty());

  const std::vector<Segment> found = segments({0.9f, 0.1f, 0.8f, 0.7f}, 0.5f);
  assert(found.size() == 2);
  assert(found[0].start == 0.0f && found[0].end == 0.5f);
  assert(found[1].start == 1.0f && found[1].end == 2.0f);
}
