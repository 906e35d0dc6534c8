mod service;
mod voice;

use clap::Parser;
use tokio::net::lookup_host;
use tokio::signal::unix::{signal, SignalKind};
use tonic::transport::Server;

pub mod pb {
    tonic::include_proto!("backend");
}

const MAX_MESSAGE_SIZE: usize = 50 * 1024 * 1024;

#[derive(Parser)]
struct Args {
    /// Address to listen on.
    #[arg(long, default_value = "localhost:50051")]
    addr: String,
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let addr = lookup_host(Args::parse().addr)
        .await?
        .next()
        .ok_or("the address has no host")?;
    let backend = pb::backend_server::BackendServer::new(service::Kestrel::default())
        .max_decoding_message_size(MAX_MESSAGE_SIZE)
        .max_encoding_message_size(MAX_MESSAGE_SIZE);

    let mut terminate = signal(SignalKind::terminate())?;
    eprintln!("kestrel: listening on {addr}");
    Server::builder()
        .add_service(backend)
        .serve_with_shutdown(addr, async move {
            terminate.recv().await;
        })
        .await?;
    Ok(())
}
