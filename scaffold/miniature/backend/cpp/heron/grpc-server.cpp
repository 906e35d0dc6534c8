// gRPC server of the heron backend: one model per process.

#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include <grpcpp/grpcpp.h>

#include "../llama-cpp/parent_watch.h"
#include "backend.grpc.pb.h"
#include "segments.h"
#include "heron.h"

namespace {

constexpr int kMaxMessageSize = 50 * 1024 * 1024;

// The only thing that a signal handler may safely do to the server.
std::atomic<bool> stopping{false};

class Service final : public backend::Backend::Service {
public:
  grpc::Status Health(grpc::ServerContext *, const backend::HealthMessage *, backend::Reply *reply) override {
    reply->set_message("OK");
    return grpc::Status::OK;
  }

  grpc::Status LoadModel(grpc::ServerContext *, const backend::ModelOptions *request,
                         backend::Result *result) override {
    std::lock_guard<std::mutex> lock(mutex_);
    std::string error;
    model_ = heron::Model::load(request->modelfile(), error); // reads the magic and the family
    if (!error.empty()) {
      result->set_message(error);
      return grpc::Status::OK;
    }
    identity_ = request->model();
    result->set_success(true);
    return grpc::Status::OK;
  }

  grpc::Status VAD(grpc::ServerContext *, const backend::VADRequest *request, backend::VADResponse *response) override {
    std::lock_guard<std::mutex> lock(mutex_);
    if (grpc::Status status = check(*request); !status.ok()) {
      return status;
    }
    const std::vector<float> speech = model_->probabilities(request->audio().data(), request->audio_size());
    for (const Segment &segment : segments(speech, model_->frame_seconds())) {
      backend::VADSegment *out = response->add_segments();
      out->set_start(segment.start);
      out->set_end(segment.end);
    }
    return grpc::Status::OK;
  }

private:
  template <typename Request> grpc::Status check(const Request &request) const {
    if (!model_) {
      return {grpc::StatusCode::FAILED_PRECONDITION, "heron: model not loaded"};
    }
    const std::string &requested = request.modelidentity();
    if (!requested.empty() && !identity_.empty() && requested != identity_) {
      return {grpc::StatusCode::NOT_FOUND, "heron: model identity mismatch: loaded " + identity_ + ", requested " + requested};
    }
    return grpc::Status::OK;
  }

  std::mutex mutex_;
  std::unique_ptr<heron::Model> model_;
  std::string identity_;
};

std::string address(int argc, char **argv) {
  const std::string flag = "--addr";
  for (int i = 1; i < argc; i++) {
    const std::string arg = argv[i];
    if (arg == flag && i + 1 < argc) {
      return argv[i + 1];
    }
    if (arg.rfind(flag + "=", 0) == 0) {
      return arg.substr(flag.size() + 1);
    }
  }
  return "127.0.0.1:50051";
}

} // namespace

int main(int argc, char **argv) {
  for (int number : {SIGINT, SIGTERM}) {
    std::signal(number, [](int) { stopping = true; });
  }

  const std::string addr = address(argc, argv);
  Service service;
  int port = 0;
  grpc::ServerBuilder builder;
  builder.AddListeningPort(addr, grpc::InsecureServerCredentials(), &port);
  builder.SetMaxReceiveMessageSize(kMaxMessageSize);
  builder.SetMaxSendMessageSize(kMaxMessageSize);
  builder.RegisterService(&service);
  std::unique_ptr<grpc::Server> server = builder.BuildAndStart();
  if (!server || port == 0) {
    std::fprintf(stderr, "heron: cannot listen on %s\n", addr.c_str());
    return 1;
  }
  std::fprintf(stderr, "heron: listening on %s\n", addr.c_str());
  llama_grpc::start_parent_death_watcher();

  while (!stopping) {
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
  }
  server->Shutdown(std::chrono::system_clock::now() + std::chrono::seconds(5));
  return 0;
}
