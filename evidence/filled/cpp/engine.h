// The engine behind the gRPC server: the model, in the terms of C++ and without protobuf.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace speaker_backend {

// One voice of espeak-ng. The server makes one call at a time. What a method throws becomes the
// answer: std::invalid_argument is the caller's mistake, any other exception the engine's.
class Engine {
public:
    // Throws, with the reason in one line, unless `file` is a voice of espeak-ng.
    static void check(const std::string& file);

    Engine(const std::string& file, int threads, const std::map<std::string, std::string>& options);

    static constexpr std::uint32_t sample_rate = 22050;

    // Mono samples. `voice` is the name of another voice than the model's, or empty.
    std::vector<std::int16_t> synthesize(const std::string& text, const std::string& voice);

private:
    std::string voice_;
};

}  // namespace speaker_backend
