//! The largest answer that is read. The SDK collects answers in memory, so without a limit one of them could take it
//! all.

use aws_sdk_bedrockruntime::config::interceptors::BeforeDeserializationInterceptorContextMut;
use aws_sdk_bedrockruntime::config::{ConfigBag, Intercept, RuntimeComponents};
use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_types::body::SdkBody;
use http_body_util::{LengthLimitError, Limited};

/// Ends an answer that goes beyond the limit, whatever length it claims.
#[derive(Debug)]
pub(super) struct AnswerLimit {
    pub(super) max_bytes: usize,
}

impl Intercept for AnswerLimit {
    fn name(&self) -> &'static str {
        "AnswerLimit"
    }

    fn modify_before_deserialization(
        &self,
        context: &mut BeforeDeserializationInterceptorContextMut<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let response = context.response_mut();
        let body = response.take_body();
        *response.body_mut() = SdkBody::from_body_1_x(Limited::new(body, self.max_bytes));
        Ok(())
    }
}

/// Whether this is the limit's doing.
pub(super) fn is_exceeded(cause: &(dyn std::error::Error + 'static)) -> bool {
    cause.is::<LengthLimitError>()
}
