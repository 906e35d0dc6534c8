//! The bearer token that LocalAI gives its backends.

use tonic::service::Interceptor;
use tonic::{Request, Status};

const TOKEN: &str = "LOCALAI_GRPC_AUTH_TOKEN";

/// Lets every request pass, or only those with the token when there is one.
#[derive(Clone)]
pub struct BearerAuth {
    expected: Option<String>,
}

impl BearerAuth {
    pub fn from_env() -> Self {
        let token = std::env::var(TOKEN).ok().filter(|token| !token.is_empty());
        Self {
            expected: token.map(|token| format!("Bearer {token}")),
        }
    }
}

impl Interceptor for BearerAuth {
    fn call(&mut self, request: Request<()>) -> Result<Request<()>, Status> {
        let Some(expected) = &self.expected else {
            return Ok(request);
        };
        match request.metadata().get("authorization") {
            Some(given) if equal(given.as_bytes(), expected.as_bytes()) => Ok(request),
            _ => Err(Status::unauthenticated("missing or wrong bearer token")),
        }
    }
}

/// Takes the same time wherever the two differ.
fn equal(left: &[u8], right: &[u8]) -> bool {
    let pairs = left.iter().zip(right);
    left.len() == right.len() && pairs.fold(0, |difference, (a, b)| difference | (a ^ b)) == 0
}
