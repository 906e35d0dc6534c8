// gRPC server of the llama-cpp backend: one model per process.

#include <algorithm>
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

#include "parent_watch.h"
#include "backend.grpc.pb.h"
#include "llama.h"

namespace {

constexpr int kMaxMessageSize = 50 * 1024 * 1024;

struct FreeModel {
  void operator()(llama_model *model) const { llama_model_free(model); }
};

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
    model_.reset(llama_model_load_from_file(request->modelfile().c_str(), llama_model_default_params()));
    if (!model_) {
      error = "llama-cpp: cannot load " + request->modelfile();
    }
    if (!error.empty()) {
      result->set_message(error);
      return grpc::Status::OK;
    }
    identity_ = request->model();
    result->set_success(true);
    return grpc::Status::OK;
  }

  grpc::Status Predict(grpc::ServerContext *, const backend::PredictOptions *request, backend::Reply *reply) override {
    std::lock_guard<std::mutex> lock(mutex_);
    if (grpc::Status status = check(*request); !status.ok()) {
      return status;
    }
    reply->set_message(generate(request->prompt(), request->tokens()));
    return grpc::Status::OK;
  }

  grpc::Status PredictStream(grpc::ServerContext *context, const backend::PredictOptions *request,
                             grpc::ServerWriter<backend::Reply> *writer) override {
    backend::Reply reply;
    grpc::Status status = Predict(context, request, &reply);
    if (status.ok()) {
      writer->Write(reply);
    }
    return status;
  }

  grpc::Status Embedding(grpc::ServerContext *, const backend::PredictOptions *request,
                         backend::EmbeddingResult *result) override {
    std::lock_guard<std::mutex> lock(mutex_);
    if (grpc::Status status = check(*request); !status.ok()) {
      return status;
    }
    std::vector<llama_token> input = tokens(request->prompt());
    llama_context_params params = llama_context_default_params();
    params.embeddings = true;
    params.pooling_type = LLAMA_POOLING_TYPE_MEAN;
    llama_context *context = llama_init_from_model(model_.get(), params);
    if (llama_decode(context, llama_batch_get_one(input.data(), input.size())) == 0) {
      const float *values = llama_get_embeddings_seq(context, 0);
      result->mutable_embeddings()->Add(values, values + llama_model_n_embd(model_.get()));
    }
    llama_free(context);
    return grpc::Status::OK;
  }

  grpc::Status TokenizeString(grpc::ServerContext *, const backend::PredictOptions *request,
                              backend::TokenizationResponse *response) override {
    std::lock_guard<std::mutex> lock(mutex_);
    if (grpc::Status status = check(*request); !status.ok()) {
      return status;
    }
    for (const llama_token token : tokens(request->prompt())) {
      response->add_tokens(token);
    }
    response->set_length(response->tokens_size());
    return grpc::Status::OK;
  }

private:
  template <typename Request> grpc::Status check(const Request &request) const {
    if (!model_) {
      return {grpc::StatusCode::FAILED_PRECONDITION, "llama-cpp: model not loaded"};
    }
    const std::string &requested = request.modelidentity();
    if (!requested.empty() && !identity_.empty() && requested != identity_) {
      return {grpc::StatusCode::NOT_FOUND, "llama-cpp: model identity mismatch: loaded " + identity_ + ", requested " + requested};
    }
    return grpc::Status::OK;
  }

  std::vector<llama_token> tokens(const std::string &prompt) const {
    const llama_vocab *vocab = llama_model_get_vocab(model_.get());
    std::vector<llama_token> found(prompt.size() + 8);
    found.resize(llama_tokenize(vocab, prompt.data(), prompt.size(), found.data(), found.size(), true, true));
    return found;
  }

  // Greedy decoding, `most` tokens.
  std::string generate(const std::string &prompt, int most) const {
    const llama_vocab *vocab = llama_model_get_vocab(model_.get());
    std::vector<llama_token> input = tokens(prompt);
    llama_context *context = llama_init_from_model(model_.get(), llama_context_default_params());
    llama_sampler *sampler = llama_sampler_init_greedy();
    std::string text;
    for (int i = 0; i < most && llama_decode(context, llama_batch_get_one(input.data(), input.size())) == 0; i++) {
      const llama_token token = llama_sampler_sample(sampler, context, -1);
      if (llama_vocab_is_eog(vocab, token)) {
        break;
      }
      char piece[64];
      text.append(piece, std::max(0, llama_token_to_piece(vocab, token, piece, sizeof piece, 0, false)));
      input = {token};
    }
    llama_sampler_free(sampler);
    llama_free(context);
    return text;
  }

  std::mutex mutex_;
  std::unique_ptr<llama_model, FreeModel> model_;
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
    std::fprintf(stderr, "llama-cpp: cannot listen on %s\n", addr.c_str());
    return 1;
  }
  std::fprintf(stderr, "llama-cpp: listening on %s\n", addr.c_str());
  llama_grpc::start_parent_death_watcher();

  while (!stopping) {
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
  }
  server->Shutdown(std::chrono::system_clock::now() + std::chrono::seconds(5));
  return 0;
}
