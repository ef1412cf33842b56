//! The network between a worker and its gateway: it passes bytes on, and can be cut, go silent or become slow.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{ReadHalf, WriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::sleep;

/// What a network does to its connections.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Condition {
    /// Bytes pass as they come.
    Fine,
    /// All connections are reset, new ones too.
    Cut,
    /// All connections stay, new ones too, and nothing passes, not even their end.
    Silent,
    /// A piece of at most 4 KB in so much time, in each direction of each connection.
    Slow(Duration),
}

/// A line to one address. It ends with the value.
#[derive(Debug)]
pub(crate) struct Line {
    address: SocketAddr,
    condition: watch::Sender<Condition>,
    door: JoinHandle<()>,
}

impl Line {
    /// A line to what listens at this URL.
    pub(crate) async fn to(url: &str) -> io::Result<Self> {
        let far_end = url.trim_start_matches("http://").to_owned();
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        let condition = watch::Sender::new(Condition::Fine);
        let watched = condition.subscribe();
        let door = tokio::spawn(async move {
            while let Ok((near, _)) = listener.accept().await {
                tokio::spawn(connect(near, far_end.clone(), watched.clone()));
            }
        });
        Ok(Self { address, condition, door })
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// From now on.
    pub(crate) fn turn(&self, condition: Condition) {
        self.condition.send_replace(condition);
    }

    /// Resets all connections; new ones find the line as it was.
    pub(crate) async fn cut_once(&self) {
        let before = self.condition.send_replace(Condition::Cut);
        // Every connection has to see it before it is over.
        sleep(Duration::from_millis(50)).await;
        self.condition.send_replace(before);
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        self.door.abort();
        self.condition.send_replace(Condition::Cut);
    }
}

/// One connection, from the near end to the far one.
async fn connect(mut near: TcpStream, far_end: String, condition: watch::Receiver<Condition>) {
    let Ok(mut far) = TcpStream::connect(far_end).await else {
        near.set_zero_linger().ok();
        return;
    };
    // Only speed depends on it.
    near.set_nodelay(true).ok();
    far.set_nodelay(true).ok();
    let was_cut = {
        let (near_reads, near_writes) = near.split();
        let (far_reads, far_writes) = far.split();
        let both_ways = async {
            tokio::join!(
                pass(near_reads, far_writes, condition.clone()),
                pass(far_reads, near_writes, condition.clone())
            )
        };
        let mut watched = condition.clone();
        tokio::select! {
            _ = watched.wait_for(|now| *now == Condition::Cut) => true,
            _ = both_ways => false,
        }
    };
    if was_cut {
        near.set_zero_linger().ok();
        far.set_zero_linger().ok();
    }
}

/// Passes one direction on to its end, which passes too.
async fn pass(
    mut from: ReadHalf<'_>,
    mut to: WriteHalf<'_>,
    mut condition: watch::Receiver<Condition>,
) -> io::Result<()> {
    let mut buffer = [0; 4096];
    loop {
        let count = from.read(&mut buffer).await?;
        let now = *condition.borrow();
        if let Condition::Slow(pause) = now {
            sleep(pause).await;
        }
        condition.wait_for(|now| *now != Condition::Silent).await.map_err(io::Error::other)?;
        if count == 0 {
            return to.shutdown().await;
        }
        to.write_all(&buffer[..count]).await?;
    }
}
