#include "engine.h"

#include <espeak-ng/speak_lib.h>

#include <algorithm>
#include <filesystem>
#include <sstream>
#include <stdexcept>

#include "serving.h"

namespace speaker_backend {
namespace {

namespace fs = std::filesystem;

struct Voice {
    std::string name;
    fs::path data;  // the folder that holds espeak-ng-data
};

// A voice is a text of lines with a key and a value, and lies in the data of espeak-ng.
Voice read_voice(const std::string& file) {
    std::istringstream lines(read_start(file, 4096));
    std::map<std::string, std::string> values;
    for (std::string line; std::getline(lines, line);) {
        const std::size_t space = std::min(line.find(' '), line.size());
        values.emplace(line.substr(0, space), line.substr(std::min(space + 1, line.size())));
    }
    if (values["name"].empty() || values["language"].empty()) {
        throw std::invalid_argument("`" + file + "` is no voice of espeak-ng: it has no name and language");
    }
    for (fs::path folder = fs::path(file).parent_path(); folder.has_relative_path(); folder = folder.parent_path()) {
        if (fs::exists(folder / "phontab")) {
            return {values["name"], folder.parent_path()};
        }
    }
    throw std::invalid_argument("`" + file + "` does not lie in the data of espeak-ng");
}

using Emit = std::function<bool(const std::vector<std::int16_t>& samples)>;

const Emit* listener = nullptr;  // of the text that is spoken

int hear(short* samples, int count, espeak_EVENT*) {
    return count == 0 || (*listener)({samples, samples + count}) ? 0 : 1;  // 1 stops the library
}

void use(const std::string& voice) {
    if (espeak_SetVoiceByName(voice.c_str()) != EE_OK) {
        throw std::invalid_argument("espeak-ng has no voice `" + voice + "`");
    }
}

}  // namespace

void Engine::check(const std::string& file) {
    read_voice(file);
}

Engine::Engine(const backend::ModelOptions& request, const std::map<std::string, std::string>& /*options*/) {
    const Voice voice = read_voice(request.modelfile());
    // The library keeps one state for the process.
    static const int rate =
        espeak_Initialize(AUDIO_OUTPUT_SYNCHRONOUS, 0, voice.data.c_str(), espeakINITIALIZE_DONT_EXIT);
    if (rate != static_cast<int>(sample_rate)) {
        throw std::runtime_error("espeak-ng cannot be used: " + std::to_string(rate));
    }
    espeak_SetSynthCallback(hear);
    use(voice.name);
    voice_ = voice.name;
}

void Engine::synthesize(const backend::TTSRequest& request, const Emit& emit) {
    listener = &emit;
    use(request.voice().empty() ? voice_ : request.voice());
    const std::string& text = request.text();
    if (espeak_Synth(text.c_str(), text.size() + 1, 0, POS_CHARACTER, 0, espeakCHARS_UTF8, nullptr, nullptr) != EE_OK) {
        throw std::runtime_error("espeak-ng cannot speak");
    }
}

}  // namespace speaker_backend
