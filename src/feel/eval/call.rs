//! Function calls.

use std::sync::Arc;

use super::{Evaluator, Frame, Scope};
use crate::feel::{
    ast::{Arguments, Call, Expr, Name, QualifiedCall},
    builtins::{self, Signature},
    context::Borrowed,
    failure::{EvaluationError, EvaluationErrorKind, FailureKind, Outcome, Stop},
    options::{HostFunction, Options},
    span::Span,
    suggest,
    value::{Function, Kind, Value},
};

/// The one function whose failure ends the evaluation.
const ASSERT: &str = "assert";

impl<'e> Evaluator<'e> {
    pub(super) fn call(&mut self, call: &Call, span: Span, scope: &Scope<'_>) -> Outcome {
        let name = call.name.text(self.source);
        match self.select_and_invoke(call, name, span, scope) {
            Some(Err(Stop::Error(reason))) if name == ASSERT => {
                let message = format!("the assertion does not hold: {reason}");
                Err(Stop::abort(EvaluationErrorKind::Assertion, span, message))
            }
            Some(Err(Stop::Error(reason))) => {
                let message = format!("`{name}` has no result: {reason}");
                self.note(FailureKind::FunctionInvocationFailure, span, message);
                Ok(Value::Null)
            }
            Some(Err(Stop::Abort(error))) if error.span == Span::default() => {
                // A built-in does not know where its call stands.
                Err(Stop::Abort(Box::new(EvaluationError { span, ..*error })))
            }
            Some(outcome) => outcome,
            None => {
                self.no_function(name, &call.arguments, span);
                Ok(Value::Null)
            }
        }
    }

    /// Functions of the expression come first, then built-ins, then those from outside, then the connector's.
    fn select_and_invoke(
        &mut self,
        call: &Call,
        name: &str,
        span: Span,
        scope: &Scope<'_>,
    ) -> Option<Outcome> {
        if self.defines_functions
            && let Some(function) = scope.function(name, &|function| self.selects(function, &call.arguments))
        {
            return Some(self.invoke_defined(&function, &call.arguments, span, scope));
        }
        if call.builtin.is_none_or(Signature::is_replaceable)
            && let Some(function) = self.host_function(name, &call.arguments)
        {
            return Some(self.invoke_host(function, &call.arguments, scope));
        }
        let signature = call.builtin?;
        Some(self.invoke_builtin(signature, &call.arguments, span, scope))
    }

    /// `a.b.f(x)`: what fails here stays an error.
    pub(super) fn qualified_call(&mut self, call: &QualifiedCall, span: Span, scope: &Scope<'_>) -> Outcome {
        let value = self.variable(&call.path, scope)?;
        let Value::Context(entries) = value else { return Err(self.wrong_type(span, Kind::Context, &value)) };
        let name = call.name.text(self.source);
        let function =
            entries.functions(name).find(|function| self.selects(function, &call.arguments)).cloned();
        match function {
            Some(function) => self.invoke_defined(&function, &call.arguments, span, scope),
            None => {
                let message = format!(
                    "the context has no function `{name}` with {}",
                    shape(&call.arguments, self.source)
                );
                Err(self.fail(FailureKind::NoFunctionFound, span, message))
            }
        }
    }

    /// Whether the arguments fit the parameters: as many, or only names that there are. A function of another expression
    /// is never called.
    fn selects(&self, function: &Function, arguments: &Arguments) -> bool {
        if !Arc::ptr_eq(&function.0.source, self.source) {
            return false;
        }
        match arguments {
            Arguments::Positional(values) => function.parameters().len() == values.len(),
            Arguments::Named(values) => values.iter().all(|(name, _)| {
                let name = name.text(self.source);
                function.parameters().any(|parameter| parameter == name)
            }),
        }
    }

    fn invoke_defined(
        &mut self,
        function: &Function,
        arguments: &Arguments,
        span: Span,
        scope: &Scope<'_>,
    ) -> Outcome {
        let parameters: Vec<&str> = function.parameters().collect();
        let values = self.arguments(arguments, &parameters, scope)?;
        self.apply(function, &values, span)
    }

    /// Runs the body of a function with its arguments.
    pub(in crate::feel) fn apply(&mut self, function: &Function, arguments: &[Value], span: Span) -> Outcome {
        let Some(body) = &function.0.definition.body else {
            let message = "external functions are switched off: Java code is not run here".to_owned();
            return Err(self.fail(FailureKind::FunctionInvocationFailure, span, message));
        };
        // Of two parameters with one name the last counts, and the first binding found is taken.
        let mut bindings: Vec<_> = function.parameters().zip(arguments.iter().map(Borrowed::Value)).collect();
        bindings.reverse();
        let captured = Scope::alone(Frame::Captured(&function.0.captured));
        self.eval(body, &captured.with(Frame::Many(&bindings)))
    }

    fn host_function(&self, name: &str, arguments: &Arguments) -> Option<&'e HostFunction<'e>> {
        let options: &'e Options<'e> = self.options;
        options.functions.iter().find(|function| {
            function.name == name
                && match arguments {
                    Arguments::Positional(values) => values.len() == function.parameters.len(),
                    Arguments::Named(values) => {
                        values.iter().all(|(name, _)| function.parameters.contains(&name.text(self.source)))
                    }
                }
        })
    }

    fn invoke_host(
        &mut self,
        function: &HostFunction<'_>,
        arguments: &Arguments,
        scope: &Scope<'_>,
    ) -> Outcome {
        let values = self.arguments(arguments, function.parameters, scope)?;
        (function.call)(&values).map_err(Stop::error)
    }

    fn invoke_builtin(
        &mut self,
        signature: &Signature,
        arguments: &Arguments,
        span: Span,
        scope: &Scope<'_>,
    ) -> Outcome {
        let run = signature.run;
        if let (Arguments::Positional(values), false) = (arguments, signature.variadic) {
            // The usual numbers of arguments need no list.
            match &**values {
                [one] => {
                    let one = self.eval(one, scope)?;
                    self.call = span;
                    return run(self, &[one]);
                }
                [one, two] => {
                    let (one, two) = self.both(one, two, scope)?;
                    self.call = span;
                    return run(self, &[one, two]);
                }
                _ => {}
            }
        }
        let values = match arguments {
            Arguments::Positional(values) if signature.variadic => {
                self.variadic_arguments(values, signature.parameters.len() - 1, scope)?
            }
            Arguments::Positional(_) | Arguments::Named(_) => {
                self.arguments(arguments, signature.parameters, scope)?
            }
        };
        self.call = span;
        run(self, &values)
    }

    /// The arguments in the order of the parameters. All are evaluated; then the first fatal error counts, or else the
    /// first error.
    fn arguments(
        &mut self,
        arguments: &Arguments,
        parameters: &[&str],
        scope: &Scope<'_>,
    ) -> Outcome<Vec<Value>> {
        let mut collected = Collected { values: Vec::with_capacity(parameters.len()), stop: None };
        match arguments {
            Arguments::Positional(values) => {
                for value in values {
                    collected.add(self.eval(value, scope))?;
                }
            }
            Arguments::Named(values) => {
                for parameter in parameters {
                    let given = values.iter().find(|(name, _)| name.text(self.source) == *parameter);
                    collected.add(given.map_or(Ok(Value::Null), |(_, value)| self.eval(value, scope)))?;
                }
            }
        }
        collected.stop.map_or(Ok(collected.values), Err)
    }

    /// The first arguments as they are, the others in a list, in which an error is an item. A list that is the only
    /// argument is taken as it is.
    fn variadic_arguments(
        &mut self,
        arguments: &[Expr],
        from: usize,
        scope: &Scope<'_>,
    ) -> Outcome<Vec<Value>> {
        let mut collected = Collected { values: Vec::with_capacity(from + 1), stop: None };
        let mut rest = Vec::with_capacity(arguments.len());
        for (place, argument) in arguments.iter().enumerate() {
            match self.eval(argument, scope) {
                Err(Stop::Error(message) | Stop::Fatal(message)) if place >= from => {
                    rest.push(Value::Error(message))
                }
                Ok(value) if place >= from => rest.push(value),
                outcome => collected.add(outcome)?,
            }
        }
        let list = match rest.as_slice() {
            [list @ Value::List(_)] if from == 0 => list.clone(),
            _ => Value::list(rest),
        };
        collected.add(Ok(list))?;
        collected.stop.map_or(Ok(collected.values), Err)
    }

    fn no_function(&mut self, name: &str, arguments: &Arguments, span: Span) {
        let message = format!("no function `{name}` with {}", shape(arguments, self.source));
        let hint = match builtins::find(name) {
            Some(builtin) => Some(format!("there is {}", builtin.usage())),
            None => {
                let mut names: Vec<&str> =
                    self.options.functions.iter().map(|function| function.name).collect();
                names.extend(builtins::names());
                suggest::name(name, names.into_iter())
            }
        };
        self.note_with_hint(FailureKind::NoFunctionFound, span, message, hint);
    }
}

/// Values so far, and the stop that will be answered in their place.
struct Collected {
    values: Vec<Value>,
    stop: Option<Stop>,
}

impl Collected {
    fn add(&mut self, outcome: Outcome) -> Outcome<()> {
        match (outcome, &self.stop) {
            (Ok(value), _) => self.values.push(value),
            (Err(stop @ Stop::Abort(_)), _) => return Err(stop),
            (Err(stop), None) | (Err(stop @ Stop::Fatal(_)), Some(Stop::Error(_))) => self.stop = Some(stop),
            (Err(_), Some(_)) => {}
        }
        Ok(())
    }
}

fn shape(arguments: &Arguments, source: &str) -> String {
    let names = |values: &[(Name, Expr)]| {
        values.iter().map(|(name, _)| format!("`{}`", name.text(source))).collect::<Vec<_>>().join(", ")
    };
    match arguments {
        Arguments::Positional(values) => match values.len() {
            0 => "no arguments".to_owned(),
            1 => "1 argument".to_owned(),
            count => format!("{count} arguments"),
        },
        Arguments::Named(values) => format!("the parameters {}", names(values)),
    }
}
