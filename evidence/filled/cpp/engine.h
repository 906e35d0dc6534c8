// The engine behind the gRPC server: the model.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "backend.pb.h"

namespace speaker_backend {

// One voice of espeak-ng. The server makes one call at a time. What a method throws becomes the
// answer: std::invalid_argument is the caller's mistake, any other exception the engine's.
class Engine {
public:
    // Throws, with the reason in one line, unless `file` is a voice of espeak-ng.
    static void check(const std::string& file);

    Engine(const backend::ModelOptions& request, const std::map<std::string, std::string>& options);

    static constexpr std::uint32_t sample_rate = 22050;

    // Hands out mono samples piece by piece, until there are no more or `emit` returns false. A
    // request may name another voice than the model's.
    void synthesize(const backend::TTSRequest& request,
                    const std::function<bool(const std::vector<std::int16_t>& samples)>& emit);

private:
    std::string voice_;
};

}  // namespace speaker_backend
