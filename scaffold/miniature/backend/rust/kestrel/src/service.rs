use std::sync::Mutex;

use tonic::{Request, Response, Status};

use crate::pb::backend_server::Backend;
use crate::pb::{HealthMessage, ModelOptions, Reply, Result as PbResult, TtsRequest};
use crate::voice::Voice;

struct Loaded {
    identity: String,
    voice: Voice,
}

#[derive(Default)]
pub struct Kestrel {
    loaded: Mutex<Option<Loaded>>,
}

impl Kestrel {
    fn speak(&self, request: &TtsRequest) -> Result<Vec<u8>, Status> {
        let guard = self.loaded.lock().unwrap();
        let loaded = guard
            .as_ref()
            .ok_or_else(|| Status::failed_precondition("kestrel: model not loaded"))?;
        let requested = &request.model_identity;
        if !requested.is_empty() && !loaded.identity.is_empty() && *requested != loaded.identity {
            return Err(Status::not_found(format!(
                "kestrel: model identity mismatch: loaded {:?}, requested {requested:?}",
                loaded.identity
            )));
        }
        Ok(loaded.voice.wav(&request.text))
    }
}

#[tonic::async_trait]
impl Backend for Kestrel {
    async fn health(&self, _: Request<HealthMessage>) -> Result<Response<Reply>, Status> {
        Ok(Response::new(Reply {
            message: b"OK".to_vec(),
            ..Default::default()
        }))
    }

    async fn load_model(
        &self,
        request: Request<ModelOptions>,
    ) -> Result<Response<PbResult>, Status> {
        let options = request.into_inner();
        let result = match Voice::load(&options.model_file) {
            Ok(voice) => {
                *self.loaded.lock().unwrap() = Some(Loaded {
                    identity: options.model,
                    voice,
                });
                PbResult {
                    success: true,
                    message: "Model loaded".into(),
                }
            }
            Err(reason) => PbResult {
                success: false,
                message: reason,
            },
        };
        Ok(Response::new(result))
    }

    async fn tts(&self, request: Request<TtsRequest>) -> Result<Response<PbResult>, Status> {
        let request = request.into_inner();
        std::fs::write(&request.dst, self.speak(&request)?)?;
        Ok(Response::new(PbResult {
            success: true,
            ..Default::default()
        }))
    }
}
