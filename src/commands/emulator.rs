//! `emulator`: the emulated Bedrock or Hugging Face alone, for other clients.

use std::io::{self, Write as _};
use std::net::{Ipv4Addr, SocketAddr};

use bedrock_connector::emulator::bedrock::{Bedrock, Options};
use bedrock_connector::emulator::huggingface::HuggingFace;
use bedrock_connector::emulator::issuer::{self, Issuer, Role};
use tokio::runtime::Runtime;

use super::Exit;
use crate::cli::EmulatorArgs;

/// Serves until the process is ended. The addresses are the first lines of the output, for scripts to read.
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
            let _issuer = match arguments.roles.as_slice() {
                [] => None,
                roles => Some(issuer(roles).await?),
            };
            tokio::signal::ctrl_c().await?;
        }
        Ok(Exit::Done)
    })
}

async fn issuer(roles: &[String]) -> io::Result<Issuer> {
    let issuer = Issuer::start(issuer::Options::default()).await?;
    for role in roles {
        issuer.trust(match role.split_once('=') {
            Some((arn, token)) => Role::new(arn).web_token(token),
            None => Role::new(role),
        });
    }
    writeln!(anstream::stdout().lock(), "{}", issuer.url())?;
    Ok(issuer)
}
