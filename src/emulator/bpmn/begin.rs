//! What each kind of element does when a token reaches it.

use serde_json::{Map, Value};

use super::duration;
use super::evaluate::Evaluate;
use super::mapping::value_of;
use super::model::{Element, ElementIndex, Kind, Text};
use super::walk::{Effect, Instance, Message, Surroundings, Waits};

/// How an element began.
pub(super) enum Begun {
    /// It is over, with these variables.
    Done(Map<String, Value>),
    Waits(Waits),
    /// The token is gone.
    Gone,
}

impl Instance {
    /// Does what the element is for, or says what it waits for. The error is the reason why it cannot.
    pub(super) fn begin(
        &mut self,
        key: i64,
        index: ElementIndex,
        element: &Element,
        around: &Surroundings<'_>,
        effects: &mut Vec<Effect>,
    ) -> Result<Begun, String> {
        if let Some(result) = around.results.get(&*element.id) {
            let result = in_turn(result, index, effects);
            effects.push(Effect::ResultTaken { element: index, result: result.clone() });
            return given(result);
        }
        let scope = self.visible(key).unwrap_or_default();
        let evaluate = around.evaluate;
        match &element.kind {
            Kind::Pass | Kind::Exclusive { .. } | Kind::Parallel | Kind::ErrorBoundary { .. } => {
                Ok(Begun::Done(Map::new()))
            }
            Kind::Terminate => {
                effects.extend(self.end_all_but(key));
                Ok(Begun::Gone)
            }
            Kind::ErrorEnd { code } => {
                let code = text(code, &scope, evaluate)?;
                Err(format!("nothing catches the error `{code}`"))
            }
            Kind::Timer { duration } => {
                let text = text(duration, &scope, evaluate)?;
                let unreadable = || format!("the duration is `{text}`, expected one like PT5S");
                effects.push(Effect::StartTimer {
                    key,
                    duration: duration::parse(&text).ok_or_else(unreadable)?,
                });
                Ok(Begun::Waits(Waits::Timer))
            }
            Kind::MessageCatch { name, correlation_key } => {
                let name = text(name, &scope, evaluate)?;
                let message = Message { name, correlation_key: text(correlation_key, &scope, evaluate)? };
                effects.push(Effect::Await { key, message: message.clone() });
                Ok(Begun::Waits(Waits::Message(message)))
            }
            Kind::Script { expression, result_variable } => {
                let evaluated = evaluate.evaluate(expression, &scope).map_err(|failure| failure.reason)?;
                Ok(Begun::Done(Map::from_iter([(result_variable.clone(), evaluated.value)])))
            }
            Kind::Service { job_type, retries, headers } => {
                let job_type = text(job_type, &scope, evaluate)?;
                if around.served.is_some_and(|served| !served.contains(&job_type)) {
                    return Err(no_result(
                        element,
                        &format!("nobody works on jobs of type `{job_type}` here"),
                    ));
                }
                let retries = retries_of(retries, &scope, evaluate)?;
                effects.push(Effect::CreateJob {
                    key,
                    element: index,
                    job_type,
                    retries,
                    headers: headers.clone(),
                });
                Ok(Begun::Waits(Waits::Job))
            }
            Kind::StandIn => Err(no_result(element, "the walk does not carry it out")),
        }
    }
}

/// A list is taken in turn, and its last item stays. Whoever carries out an effect takes its item away; until then
/// the effects tell how many are gone.
fn in_turn<'a>(result: &'a Value, element: ElementIndex, effects: &[Effect]) -> &'a Value {
    let Value::Array(results) = result else { return result };
    let is_taken =
        |effect: &&Effect| matches!(effect, Effect::ResultTaken { element: taken, .. } if *taken == element);
    let taken = effects.iter().filter(is_taken).count();
    results.get(taken).or(results.last()).unwrap_or(result)
}

fn given(result: &Value) -> Result<Begun, String> {
    match result {
        Value::Object(variables) => Ok(Begun::Done(variables.clone())),
        other => Err(format!("its given result is {other}, expected a JSON object of variables")),
    }
}

fn no_result(element: &Element, why: &str) -> String {
    let Element { id, bpmn_type, line, .. } = element;
    format!(
        "{why}, so {bpmn_type} `{id}` (line {line}) needs a given result: --set {id}='{{\"variable\": \"value\"}}'"
    )
}

/// The text that an attribute stands for.
pub(super) fn text(
    wanted: &Text,
    scope: &Map<String, Value>,
    evaluate: &dyn Evaluate,
) -> Result<String, String> {
    match value_of(wanted, scope, evaluate) {
        Ok(Value::String(text)) => Ok(text),
        Ok(Value::Number(number)) => Ok(number.to_string()),
        Ok(other) => Err(format!("{} is {other}, expected a text", quoted(wanted))),
        Err(failure) => Err(format!("{} cannot be evaluated: {failure}", quoted(wanted))),
    }
}

fn retries_of(wanted: &Text, scope: &Map<String, Value>, evaluate: &dyn Evaluate) -> Result<i32, String> {
    let text = text(wanted, scope, evaluate)?;
    text.trim().parse().map_err(|_| format!("the retries of the task are `{text}`, expected a whole number"))
}

fn quoted(text: &Text) -> String {
    match text {
        Text::Static(text) => format!("`{text}`"),
        Text::Expression(expression) => format!("`={expression}`"),
    }
}
