//! `emulator`: the emulated Bedrock or Hugging Face alone, for other clients.

use std::io::Write as _;
use std::net::{Ipv4Addr, SocketAddr};

use bedrock_connector::emulator::bedrock::{Bedrock, Options};
use bedrock_connector::emulator::huggingface::HuggingFace;
use tokio::runtime::Runtime;

use super::Exit;
use crate::cli::EmulatorArgs;

/// Serves until the process is ended. The address is the first line of the output, for scripts to read.
pub(crate) fn run(arguments: &EmulatorArgs) -> anyhow::Result<Exit> {
    Runtime::new()?.block_on(async {
        let listen = SocketAddr::from((Ipv4Addr::LOCALHOST, arguments.port));
        let print = |url: String| writeln!(anstream::stdout().lock(), "{url}");
        if arguments.huggingface {
            let huggingface = HuggingFace::start(listen).await?;
            print(huggingface.url())?;
            tokio::signal::ctrl_c().await?;
        } else {
            let bedrock = Bedrock::start(Options { listen, ..Options::default() }).await?;
            print(bedrock.url())?;
            tokio::signal::ctrl_c().await?;
        }
        Ok(Exit::Done)
    })
}
