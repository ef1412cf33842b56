//! What a process does with our worker, told by the engine. The same scenarios run on the embedded gateway
//! (`cargo test`) and on a real Zeebe (`cargo engine`), so the one is held to the other.

mod answers;
mod errors;
mod safety;
mod stage;
mod task;
mod templates;
mod traces;
mod trouble;

use std::pin::Pin;

pub(crate) use self::stage::Stage;
#[allow(unused_imports, reason = "the tests on a real engine have no others")]
pub(crate) use self::{
    safety::attack,
    stage::{NESTED, SECRET, deploy},
    task::Task,
};

/// A scenario on a stage of its own; it panics where the engine says something else.
#[allow(dead_code, reason = "the tests on a real engine run the scenarios by this list")]
pub(crate) type Scenario = for<'a> fn(&'a Stage) -> Pin<Box<dyn Future<Output = ()> + Send + 'a>>;

macro_rules! scenarios {
    ($($module:ident::$name:ident),+ $(,)?) => {
        /// All of them, by name.
        #[allow(dead_code, reason = "the tests on a real engine run the scenarios by this list")]
        pub(crate) const ALL: &[(&str, Scenario)] =
            &[$((stringify!($name), |stage| Box::pin($module::$name(stage)))),+];

        /// Each as a test of its own on the embedded gateway.
        #[cfg(test)]
        mod on_the_embedded_gateway {
            $(#[tokio::test]
            async fn $name() {
                super::$module::$name(&super::Stage::embedded().await).await;
            })+
        }
    };
}

scenarios! {
    answers::converse_remembers_the_first_turn_in_the_second,
    answers::invoke_model_sends_the_body_of_the_models_own_form,
    answers::an_inline_document_reaches_the_model,
    safety::no_input_of_a_user_shows_a_secret,
    safety::a_call_that_fails_shows_no_secret,
    safety::a_secret_in_the_models_id_is_told_nowhere,
    errors::a_boundary_event_catches_a_bpmn_error,
    errors::a_job_error_spends_a_retry_and_then_succeeds,
    errors::a_missing_secret_raises_an_incident_without_a_call,
    templates::the_first_version_is_understood,
    templates::numbers_come_as_numbers_and_empty_fields_as_null,
    templates::helper_fields_stand_in_for_documents_that_were_lost,
    templates::a_credential_brings_keys_and_region,
    templates::the_region_of_the_task_wins_over_that_of_its_credential,
    templates::a_task_may_limit_its_own_time,
    templates::the_templates_headers_are_labels_of_the_metric,
    templates::the_native_type_takes_the_same_inputs,
    trouble::a_cancelled_instance_drops_its_call,
    trouble::a_hundred_instances_at_once_are_answered_once_each,
}
