#include <cassert>

#include "parent_watch.h"

int main() {
  using namespace llama_grpc;
  assert(parent_watch_enabled());
  assert(parent_watch_interval_ms() == 2000);

  setenv("LOCALAI_BACKEND_PARENT_WATCH", "Off", 1);
  assert(!parent_watch_enabled());

  for (const auto &[text, want] : {std::pair<const char *, long>{"500ms", 500}, {"3", 3000}, {"1m", 60000}, {"x", 2000}}) {
    setenv("LOCALAI_BACKEND_PARENT_WATCH_INTERVAL", text, 1);
    assert(parent_watch_interval_ms() == want);
  }
}
