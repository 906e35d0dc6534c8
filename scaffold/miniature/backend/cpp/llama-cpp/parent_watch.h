// Ends the process when the one that started it is gone. Standard library only, so
// that the other C++ backends can include it too.

#ifndef LLAMA_GRPC_PARENT_WATCH_H
#define LLAMA_GRPC_PARENT_WATCH_H

#include <algorithm>
#include <cctype>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <thread>

#include <unistd.h>

namespace llama_grpc {

inline bool parent_watch_enabled() {
  const char *value = std::getenv("LOCALAI_BACKEND_PARENT_WATCH");
  std::string text = value ? value : "";
  std::transform(text.begin(), text.end(), text.begin(), [](unsigned char c) { return std::tolower(c); });
  return text != "false" && text != "0" && text != "no" && text != "off";
}

// "500ms", "2s", "1m" or a number of seconds.
inline long parent_watch_interval_ms() {
  const long standard = 2000;
  const char *value = std::getenv("LOCALAI_BACKEND_PARENT_WATCH_INTERVAL");
  if (!value) {
    return standard;
  }
  char *end = nullptr;
  const double number = std::strtod(value, &end);
  const std::string unit = end;
  const double factor = unit == "ms" ? 1 : unit == "s" || unit.empty() ? 1000 : unit == "m" ? 60000 : 0;
  const long interval = static_cast<long>(number * factor);
  return interval > 0 ? interval : standard;
}

inline void start_parent_death_watcher() {
  const pid_t parent = getppid();
  if (parent <= 1 || !parent_watch_enabled()) {
    return;
  }
  std::thread([parent, pause = std::chrono::milliseconds(parent_watch_interval_ms())] {
    while (getppid() == parent) {
      std::this_thread::sleep_for(pause);
    }
    std::fprintf(stderr, "parent process %d is gone, stopping\n", static_cast<int>(parent));
    _exit(1);
  }).detach();
}

} // namespace llama_grpc

#endif
