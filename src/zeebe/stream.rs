//! A stream of jobs that the gateway pushes.

use std::fmt;

use futures_util::future::BoxFuture;
use tonic::{Response, Status, Streaming};

use super::client::{Attempt, Client};
use super::error::Error;
use super::job::ActivatedJob;
use crate::proto;

type Opening = BoxFuture<'static, Result<Response<Streaming<proto::ActivatedJob>>, Status>>;

/// Jobs as the gateway pushes them. Nothing is read ahead: what [`next`](Self::next) has not been asked for
/// stays with the gateway, but for what fits into the HTTP/2 window. Dropping the stream closes it.
pub struct JobStream {
    client: Client,
    attempt: Attempt,
    state: State,
}

enum State {
    /// The gateway answers only with the first job, so the opening may take for ever.
    Opening(Opening),
    Open(Box<Streaming<proto::ActivatedJob>>),
    /// The error has not been handed out yet.
    Failed(Error),
    Ended,
}

impl JobStream {
    pub(super) fn new(client: Client, attempt: Attempt, opening: Opening) -> Self {
        Self { client, attempt, state: State::Opening(opening) }
    }

    /// Waits for the next job; `None` when the gateway has closed the stream. After an error it is closed.
    ///
    /// Cancel-safe: a job is either returned or still in the stream. The first call sends the request.
    pub async fn next(&mut self) -> Result<Option<ActivatedJob>, Error> {
        loop {
            self.state = match &mut self.state {
                State::Opening(opening) => match opening.await {
                    Ok(response) => State::Open(Box::new(response.into_inner())),
                    Err(status) => self.failed(&status),
                },
                State::Open(streaming) => match streaming.message().await {
                    Ok(Some(job)) => return Ok(Some(ActivatedJob::from(job))),
                    Ok(None) => State::Ended,
                    Err(status) => self.failed(&status),
                },
                State::Failed(error) => {
                    self.client.learn(&self.attempt, error).await;
                    let error = error.clone();
                    self.state = State::Ended;
                    return Err(error);
                }
                State::Ended => return Ok(None),
            };
        }
    }

    fn failed(&self, status: &Status) -> State {
        State::Failed(Error::from_status(self.attempt.call, status))
    }
}

impl fmt::Debug for JobStream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = match &self.state {
            State::Opening(_) => "opening",
            State::Open(_) => "open",
            State::Failed(_) => "failed",
            State::Ended => "ended",
        };
        f.debug_struct("JobStream").field("state", &state).finish_non_exhaustive()
    }
}
