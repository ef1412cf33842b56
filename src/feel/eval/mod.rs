//! The evaluator.
//!
//! It follows the reference step by step, because what fails when, and how often that is recorded, can be observed. A
//! part either has a value, or it stops: with an error that most operations hand on and some make null, with a fatal
//! error (`?` without an input), or by ending the evaluation.

mod budget;
mod call;
mod filter;
mod items;
mod logic;
mod loops;
mod operators;
mod path;
mod scope;
mod temporal;
mod tests;

use std::sync::Arc;

use self::{budget::Budget, items::Items, path::Place, scope::Frame};
pub(super) use self::{filter::position, scope::Scope};
use super::{
    ast::{Entry, Expr, If, InstanceOf, Kind, Range as RangeExpr},
    context::Context,
    failure::{EvaluationError, EvaluationErrorKind, Failure, FailureKind, Outcome, Stop},
    options::{Evaluation, EvaluationResult, MAX_FAILURES, Options},
    span::Span,
    value::{Bound, Closure, Entries, Function, Kind as ValueKind, Range, Value},
};

/// One evaluation under way.
pub(super) struct Evaluator<'e> {
    source: &'e Arc<str>,
    context: &'e Context<'e>,
    pub(super) options: &'e Options<'e>,
    budget: Budget,
    failures: Vec<Failure>,
    defines_functions: bool,
    /// The call that is being made, for errors of built-ins.
    call: Span,
}

/// Evaluates a parsed expression.
pub(super) fn evaluate(
    root: &Expr,
    source: &Arc<str>,
    defines_functions: bool,
    context: &Context<'_>,
    options: &Options<'_>,
) -> EvaluationResult {
    let mut evaluator = Evaluator {
        source,
        context,
        options,
        budget: Budget::new(options.limits.steps),
        failures: Vec::new(),
        defines_functions,
        call: root.span,
    };
    let outcome = evaluator.eval(root, &Scope::EMPTY);
    let failures = std::mem::take(&mut evaluator.failures);
    let fail = |kind, message: &str| EvaluationError {
        kind,
        span: root.span,
        message: message.to_owned(),
        failures: Vec::new(),
    };
    let error = match outcome {
        Ok(value) if value.holds_range() => {
            fail(EvaluationErrorKind::Result, "the result holds a range, which has no JSON form")
        }
        Ok(value) => return Ok(Evaluation { value, failures }),
        Err(Stop::Error(message)) => fail(EvaluationErrorKind::Failed, &message),
        Err(Stop::Fatal(message)) => fail(EvaluationErrorKind::NoInput, &message),
        Err(Stop::Abort(error)) => *error,
    };
    Err(EvaluationError { failures, ..error })
}

impl Evaluator<'_> {
    /// The value of a part.
    pub(super) fn eval(&mut self, expr: &Expr, scope: &Scope<'_>) -> Outcome {
        if let (Kind::Literal(value), None) = (&expr.kind, self.options.observer) {
            return Ok(value.clone());
        }
        self.enter(expr.span)?;
        let outcome = self.eval_kind(expr, scope);
        self.leave();
        let outcome = outcome.and_then(|value| self.checked(value, expr.span));
        self.observe(expr.span, &outcome);
        outcome
    }

    fn eval_kind(&mut self, expr: &Expr, scope: &Scope<'_>) -> Outcome {
        match &expr.kind {
            Kind::Literal(value) => Ok(value.clone()),
            Kind::Input => self.input(scope),
            Kind::List(items) => self.list(items, scope),
            Kind::Context(entries) => self.context_literal(entries, scope),
            Kind::Variable(names) => self.variable(names, scope),
            Kind::Chain(chain) => self.chain(chain, scope),
            Kind::Arithmetic(arithmetic) => self.arithmetic(arithmetic, scope),
            Kind::Negate(operand) => self.negate(operand, expr.span, scope),
            Kind::Compare(compare) => self.compare(compare, expr.span, scope),
            Kind::Between(between) => self.between(between, expr.span, scope),
            Kind::In(membership) => self.membership(membership, scope),
            Kind::InstanceOf(test) => self.instance_of(test, scope),
            Kind::And(operands) => self.and(operands, scope),
            Kind::Or(operands) => self.or(operands, scope),
            Kind::If(branches) => self.if_(branches, scope),
            Kind::For(iteration) => self.for_(iteration, scope),
            Kind::Some(iteration) => self.some(iteration, scope),
            Kind::Every(iteration) => self.every(iteration, scope),
            Kind::Steps(bounds) => self.steps(bounds, expr.span, scope),
            Kind::Range(range) => self.range(range, expr.span, scope),
            Kind::InputCompare(operator, operand) => self.input_compare(*operator, operand, expr.span, scope),
            Kind::InputInRange(range) => self.input_in_range(range, expr.span, scope),
            Kind::InputEquals(value) => self.input_equals(*value, expr.span, scope),
            Kind::Test(test) => self.test(test, scope),
            Kind::AnyTest(tests) => self.any_test(tests, scope),
            Kind::Call(call) => self.call(call, expr.span, scope),
            Kind::QualifiedCall(call) => self.qualified_call(call, expr.span, scope),
            Kind::Function(definition) => {
                let definition = Arc::clone(definition);
                let closure =
                    Closure { definition, source: Arc::clone(self.source), captured: scope.capture() };
                Ok(Value::Function(Arc::new(Function(closure))))
            }
        }
    }

    fn list(&mut self, items: &[Expr], scope: &Scope<'_>) -> Outcome {
        let mut values = Vec::with_capacity(items.len());
        for item in items {
            values.push(self.eval(item, scope).map_err(settle)?);
        }
        Ok(Value::list(values))
    }

    fn context_literal(&mut self, entries: &[Entry], scope: &Scope<'_>) -> Outcome {
        let mut built = Entries::written(entries.len());
        for entry in entries {
            let value = self.eval(&entry.value, &scope.with(Frame::Building(&built))).map_err(settle)?;
            built.define(Arc::clone(&entry.key), value);
        }
        Ok(built.into())
    }

    /// A branch that is an error makes the reference take the other one, as if the condition did not hold.
    fn if_(&mut self, branches: &If, scope: &Scope<'_>) -> Outcome {
        let condition = self.eval(&branches.condition, scope);
        let branch = match self.boolean(condition, branches.condition.span)? {
            Some(true) => &branches.then,
            Some(false) => &branches.otherwise,
            None => return self.eval(&branches.otherwise, scope),
        };
        match self.eval(branch, scope) {
            Err(Stop::Error(_)) => self.eval(&branches.otherwise, scope),
            outcome => outcome,
        }
    }

    fn instance_of(&mut self, test: &InstanceOf, scope: &Scope<'_>) -> Outcome {
        let kind = self.eval(&test.value, scope)?.kind();
        let is = match test.type_name.as_str() {
            "Any" => kind != ValueKind::Null,
            "date time" => kind.name() == "date and time",
            "year-month-duration" => kind == ValueKind::YearMonthDuration,
            "day-time-duration" => kind == ValueKind::DayTimeDuration,
            name => kind.name() == name,
        };
        Ok(is.into())
    }

    fn range(&mut self, range: &RangeExpr, span: Span, scope: &Scope<'_>) -> Outcome {
        let (start, end) = self.both(&range.start, &range.end, scope)?;
        if start.kind() != end.kind() || !start.kind().is_point() {
            let message = format!("a range from {} to {} has no meaning", start.shown(), end.shown());
            return Err(self.fail(FailureKind::InvalidType, span, message));
        }
        let start = Bound { value: start, closed: range.start_closed };
        let end = Bound { value: end, closed: range.end_closed };
        Ok(Value::Range(Arc::new(Range { start, end })))
    }

    /// Two operands. Both are evaluated, whatever the first gives.
    fn both(&mut self, left: &Expr, right: &Expr, scope: &Scope<'_>) -> Outcome<(Value, Value)> {
        let left = self.eval(left, scope);
        if let Err(Stop::Abort(_)) = left {
            return Err(left.err().unwrap_or_else(|| Stop::error("")));
        }
        let right = self.eval(right, scope);
        match (left, right) {
            (Ok(left), Ok(right)) => Ok((left, right)),
            (_, Err(stop @ Stop::Abort(_))) | (Err(stop), _) | (Ok(_), Err(stop)) => Err(stop),
        }
    }

    // === failures ===

    /// Records a failure.
    pub(super) fn note(&mut self, kind: FailureKind, span: Span, message: impl Into<String>) {
        self.note_with_hint(kind, span, message, None);
    }

    fn note_with_hint(
        &mut self,
        kind: FailureKind,
        span: Span,
        message: impl Into<String>,
        hint: Option<String>,
    ) {
        if self.failures.len() < MAX_FAILURES {
            self.failures.push(Failure { kind, span, message: message.into(), hint });
        }
    }

    /// Records a failure that makes the part an error.
    fn fail(&mut self, kind: FailureKind, span: Span, message: String) -> Stop {
        self.note(kind, span, message.as_str());
        Stop::error(message)
    }

    pub(super) fn failure_count(&self) -> usize {
        self.failures.len()
    }

    fn wrong_type(&mut self, span: Span, expected: ValueKind, found: &Value) -> Stop {
        let message = format!("expected a {}, found {}", expected.name(), described(found));
        self.fail(FailureKind::InvalidType, span, message)
    }

    fn observe(&self, span: Span, outcome: &Outcome) {
        let Some(observer) = self.options.observer else { return };
        let text = span.text(self.source);
        match outcome {
            Ok(value) => observer.value(span, text, value),
            Err(Stop::Error(reason) | Stop::Fatal(reason)) => observer.failed(span, text, reason),
            Err(Stop::Abort(error)) => observer.failed(span, text, &error.message),
        }
    }
}

/// A value with its kind, for messages.
pub(super) fn described(value: &Value) -> String {
    if value.kind() == ValueKind::Null {
        "null".to_owned()
    } else {
        format!("the {} {}", value.kind().name(), value.shown())
    }
}

/// Inside a list or context a fatal error is an error like others.
fn settle(stop: Stop) -> Stop {
    if let Stop::Fatal(message) = stop { Stop::Error(message) } else { stop }
}

/// An error becomes null.
fn or_null(outcome: Outcome) -> Outcome {
    match outcome {
        Err(Stop::Error(_)) => Ok(Value::Null),
        other => other,
    }
}

impl Value {
    fn holds_range(&self) -> bool {
        match self {
            Value::Range(_) => true,
            Value::List(list) => list.iter().any(Value::holds_range),
            Value::Context(entries) => entries.values().any(|(_, value)| value.holds_range()),
            Value::Null
            | Value::Boolean(_)
            | Value::Number(_)
            | Value::String(_)
            | Value::Date(_)
            | Value::LocalTime(_)
            | Value::Time(_)
            | Value::LocalDateTime(_)
            | Value::DateTime(_)
            | Value::YearMonthDuration(_)
            | Value::DayTimeDuration(_)
            | Value::Function(_)
            | Value::Error(_) => false,
        }
    }
}
