use std::path::{Path, PathBuf};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let proto = std::env::var_os("BACKEND_PROTO_PATH")
        .map(PathBuf::from)
        .unwrap_or_else(|| PathBuf::from("proto/backend.proto"));
    println!("cargo:rerun-if-env-changed=BACKEND_PROTO_PATH");

    // With default stubs a new RPC in backend.proto does not break the build.
    tonic_build::configure()
        .build_client(false)
        .generate_default_stubs(true)
        .compile_protos(&[&proto], &[proto.parent().unwrap_or(Path::new("."))])?;

    Ok(())
}
