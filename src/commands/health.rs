//! `health`: asks the worker beside it how it is. The image has no shell and no curl to do so.

use std::io::{self, Read as _, Write as _};
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpStream};
use std::time::Duration;

use bedrock_connector::config::{Config, ProcessEnvironment};

use super::Exit;
use crate::cli::{HealthArgs, HealthGroup};

/// The worker answers probes within 5 s, and orchestrators want an answer within 30 s.
const PATIENCE: Duration = Duration::from_secs(10);
/// The answer is short; what is longer is not from us.
const LONGEST_ANSWER: u64 = 64 * 1024;

/// Asks, prints the answer, and fails unless it is good.
pub(crate) fn run(arguments: &HealthArgs) -> anyhow::Result<Exit> {
    let config = Config::load_without_secrets(&ProcessEnvironment, &arguments.settings.0)?;
    let address = match config.admin.address {
        IpAddr::V4(address) if address.is_unspecified() => IpAddr::V4(Ipv4Addr::LOCALHOST),
        IpAddr::V6(address) if address.is_unspecified() => IpAddr::V4(Ipv4Addr::LOCALHOST),
        address => address,
    };
    let address = SocketAddr::new(address, config.admin.port);
    let mut output = anstream::stdout().lock();
    match ask(address, arguments.group) {
        Ok((up, body)) => {
            writeln!(output, "{body}")?;
            Ok(if up { Exit::Done } else { Exit::Failed })
        }
        Err(error) => {
            writeln!(output, "no worker answers on {address}: {error}")?;
            Ok(Exit::Failed)
        }
    }
}

fn ask(address: SocketAddr, group: HealthGroup) -> io::Result<(bool, String)> {
    let mut stream = TcpStream::connect_timeout(&address, PATIENCE)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    let path = group.path();
    write!(stream, "GET {path} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\r\n")?;
    let mut answer = String::new();
    stream.take(LONGEST_ANSWER).read_to_string(&mut answer)?;
    let (head, body) = answer.split_once("\r\n\r\n").unwrap_or((answer.as_str(), ""));
    let up = head.split(' ').nth(1) == Some("200");
    Ok((up, body.to_owned()))
}
