//! Compiles our subset of the gateway protocol. protox reads the .proto in Rust, so no protoc is needed.

fn main() -> Result<(), Box<dyn std::error::Error>> {
    println!("cargo:rerun-if-changed=proto");
    let descriptors = protox::compile(["proto/gateway.proto"], ["proto"])?;
    tonic_prost_build::configure().codec_path("crate::proto::Codec").compile_fds(descriptors)?;
    Ok(())
}
