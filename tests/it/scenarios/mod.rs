//! What a process does with our worker, told by the engine. The same scenarios run on the embedded gateway
//! (`cargo test`) and on a real Zeebe (`cargo engine`), so the one is held to the other.

mod answers;
mod documents;
mod errors;
mod examples;
mod people;
mod safety;
mod stage;
pub(crate) mod store;
mod task;
mod templates;
mod traces;
mod trouble;
mod ways;

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
    ($list:ident, $tests:ident, $stage:expr, $($module:ident::$name:ident),+ $(,)?) => {
        /// Their names, and what they do.
        #[allow(dead_code, reason = "the tests on a real engine run the scenarios by this list")]
        pub(crate) const $list: &[(&str, Scenario)] =
            &[$((stringify!($name), |stage| Box::pin($module::$name(stage)))),+];

        /// Each as a test of its own.
        #[cfg(test)]
        mod $tests {
            $(#[tokio::test]
            async fn $name() {
                $stage(|stage| Box::pin(super::$module::$name(stage))).await;
            })+
        }
    };
}

/// On the embedded gateway.
#[cfg(test)]
async fn embedded(scenario: Scenario) {
    scenario(&Stage::embedded().await).await;
}

/// On the embedded gateway with a document store beside it.
#[cfg(test)]
async fn with_a_store(scenario: Scenario) {
    let store = store::DocumentStore::start().await;
    scenario(&Stage::embedded_with(&[("CAMUNDA_CLIENT_RESTADDRESS", store.url())]).await).await;
}

scenarios! {
    WITH_A_STORE, on_the_embedded_gateway_with_a_store, super::with_a_store,
    documents::a_document_made_of_an_answer_is_read_by_the_next_task,
    documents::an_image_is_looked_at_by_the_next_task,
}

scenarios! {
    ALL, on_the_embedded_gateway, super::embedded,
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
    ways::of_two_open_ways_the_one_drawn_later_is_taken,
    examples::a_chat_remembers,
    examples::documents_are_summarised,
    examples::a_summary_that_is_cut_short_is_none,
    examples::an_e_mail_becomes_a_typed_variable,
    examples::an_answer_that_does_not_fit_is_mended,
    examples::an_agent_calls_the_tools_of_its_process,
    examples::an_agent_that_goes_on_for_ever_is_stopped,
    examples::a_person_decides_where_the_model_is_not_sure,
    examples::nobody_is_asked_where_the_model_is_sure,
    trouble::a_cancelled_instance_drops_its_call,
    trouble::a_hundred_instances_at_once_are_answered_once_each,
}
