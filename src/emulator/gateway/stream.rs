//! The server's end of a stream of pushed jobs.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use futures_util::{Stream, StreamExt, stream};
use tokio::sync::mpsc;
use tonic::Status;

use super::engine::{Ask, Engine, Pushed, StreamId};

/// Jobs on their way to one client.
///
/// The transport asks for the next only while the client's window has room, so a client that stops reading
/// fills the channel and the engine gives its jobs to others. When the client goes away, what the channel
/// still holds goes back to the engine.
#[derive(Debug)]
pub(crate) struct PushStream {
    engine: Arc<Engine>,
    id: StreamId,
    jobs: mpsc::Receiver<Pushed>,
}

/// What the transport reads from.
pub(crate) type JobsPushed = Pin<Box<dyn Stream<Item = Pushed> + Send>>;

impl PushStream {
    pub(crate) fn open(engine: Arc<Engine>, ask: Ask) -> Self {
        let (id, jobs) = engine.open_stream(ask);
        Self { engine, id, jobs }
    }

    /// The stream with its first job in front, once there is one.
    ///
    /// The real gateway sends nothing before that, not even the headers of its answer, so a client that waits
    /// for headers waits for a job.
    pub(crate) async fn begun(mut self) -> Result<JobsPushed, Status> {
        let first = self.jobs.recv().await.transpose()?;
        Ok(Box::pin(stream::iter(first.map(Ok)).chain(self)))
    }
}

impl Stream for PushStream {
    type Item = Pushed;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Pushed>> {
        self.jobs.poll_recv(cx)
    }
}

impl Drop for PushStream {
    fn drop(&mut self) {
        self.jobs.close();
        let mut unsent = Vec::new();
        while let Ok(pushed) = self.jobs.try_recv() {
            unsent.extend(pushed.map(|job| job.key));
        }
        self.engine.with(|state| state.close_stream(self.id, &unsent));
    }
}
