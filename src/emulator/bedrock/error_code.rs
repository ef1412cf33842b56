//! The errors that Bedrock answers with.

use http::StatusCode;

macro_rules! error_codes {
    ($($(#[$doc:meta])* $name:ident = $status:literal, $in_stream:literal, $text:literal;)*) => {
        /// An error of Bedrock, by its code.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum ErrorCode {
            $($(#[$doc])* $name,)*
        }

        impl ErrorCode {
            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$name,)*];

            /// The name in the header `x-amzn-ErrorType`.
            pub fn name(self) -> &'static str {
                match self { $(Self::$name => concat!(stringify!($name), "Exception"),)* }
            }

            /// The name of the event that carries it inside a stream.
            pub fn event_name(self) -> &'static str {
                match self { $(Self::$name => $in_stream,)* }
            }

            pub fn status(self) -> StatusCode {
                match self { $(Self::$name => StatusCode::from_u16($status).unwrap_or_default(),)* }
            }

            /// A message for those who have no better one.
            pub fn message(self) -> &'static str {
                match self { $(Self::$name => $text,)* }
            }
        }
    };
}

error_codes! {
    Validation = 400, "validationException", "the request is not valid";
    ServiceQuotaExceeded = 400, "serviceQuotaExceededException", "the quota of this account is used up";
    Conflict = 409, "conflictException", "another operation is under way";
    AccessDenied = 403, "accessDeniedException", "this identity may not call this model";
    ExpiredToken = 403, "expiredTokenException", "the security token has expired";
    UnrecognizedClient = 403, "unrecognizedClientException", "the security token is not known";
    InvalidSignature = 403, "invalidSignatureException", "the signature does not match the request";
    MissingAuthenticationToken = 403, "missingAuthenticationTokenException", "the request carries no identity";
    ResourceNotFound = 404, "resourceNotFoundException", "there is no such model";
    ModelTimeout = 408, "modelTimeoutException", "the model took too long";
    ModelError = 424, "modelErrorException", "the model failed to answer";
    ModelStreamError = 424, "modelStreamErrorException", "the model failed while it answered";
    Throttling = 429, "throttlingException", "too many requests, please wait before trying again";
    ModelNotReady = 429, "modelNotReadyException", "the model is not ready for inference";
    InternalServer = 500, "internalServerException", "something went wrong inside";
    ServiceUnavailable = 503, "serviceUnavailableException", "the service is not available";
}
