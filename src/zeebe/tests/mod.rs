//! The client against small servers over real sockets.

mod authentication;
mod calls;
mod connection;
mod feed;
mod servers;
mod stub;
mod trust;

use std::time::Duration;

/// Longer than anything here takes; a test that waits this long has failed.
const PATIENCE: Duration = Duration::from_secs(20);

/// Waits for something that has to happen.
async fn soon<T>(event: impl Future<Output = T>) -> T {
    tokio::time::timeout(PATIENCE, event).await.expect("this should have happened by now")
}

/// Waits until a condition holds.
async fn until(condition: impl Fn() -> bool) {
    soon(async {
        while !condition() {
            tokio::task::yield_now().await;
        }
    })
    .await;
}
