//! Answers that are no gRPC.
//!
//! A load balancer that has lost its gateway answers 502 with a page of HTML. tonic would read the page as a
//! message and report a broken protocol as INTERNAL, which reads as the engine's own fault. This layer turns
//! such an answer into what it is before anything reads its body.

use std::task::{Context, Poll};

use futures_util::future::BoxFuture;
use http::{Request, Response, StatusCode};
use tonic::Code;
use tonic::body::Body;
use tonic::codegen::Service;
use tonic::transport::Channel;
use tower::BoxError;

/// Lets only gRPC through.
#[derive(Debug, Clone)]
pub(super) struct GrpcOnly(pub(super) Channel);

/// Somebody on the way answered in the gateway's place.
#[derive(Debug, thiserror::Error)]
#[error("something on the way answered with HTTP status {0}")]
pub(super) struct HttpStatus(pub(super) StatusCode);

impl HttpStatus {
    /// The code that gRPC prescribes for this status.
    pub(super) fn code(&self) -> Code {
        match self.0 {
            StatusCode::UNAUTHORIZED => Code::Unauthenticated,
            StatusCode::FORBIDDEN => Code::PermissionDenied,
            StatusCode::NOT_FOUND => Code::Unimplemented,
            StatusCode::TOO_MANY_REQUESTS
            | StatusCode::BAD_GATEWAY
            | StatusCode::SERVICE_UNAVAILABLE
            | StatusCode::GATEWAY_TIMEOUT => Code::Unavailable,
            StatusCode::BAD_REQUEST => Code::Internal,
            _ => Code::Unknown,
        }
    }
}

impl Service<Request<Body>> for GrpcOnly {
    type Response = Response<Body>;
    type Error = BoxError;
    type Future = BoxFuture<'static, Result<Self::Response, Self::Error>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.0.poll_ready(context).map_err(BoxError::from)
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        let answer = self.0.call(request);
        Box::pin(async move {
            let response = answer.await?;
            let is_grpc =
                response.status() == StatusCode::OK || response.headers().contains_key("grpc-status");
            if is_grpc { Ok(response) } else { Err(HttpStatus(response.status()).into()) }
        })
    }
}
