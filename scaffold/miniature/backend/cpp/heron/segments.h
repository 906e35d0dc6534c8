// Turns the speech probability of each frame into segments.

#ifndef HERON_SEGMENTS_H
#define HERON_SEGMENTS_H

#include <cstddef>
#include <vector>

struct Segment {
  float start;
  float end;
};

inline std::vector<Segment> segments(const std::vector<float> &speech, float frame_seconds, float threshold = 0.5f) {
  std::vector<Segment> found;
  for (std::size_t i = 0; i < speech.size(); i++) {
    if (speech[i] < threshold) {
      continue;
    }
    const float start = i * frame_seconds;
    if (i > 0 && speech[i - 1] >= threshold) {
      found.back().end = start + frame_seconds;
    } else {
      found.push_back({start, start + frame_seconds});
    }
  }
  return found;
}

#endif
