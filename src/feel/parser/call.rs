//! Function calls and their arguments.

use super::{Expected, Parsed, Parser, Stop};
use crate::feel::{
    ast::{Arguments, Call, Expr, Kind, Name, QualifiedCall},
    builtins,
    span::Span,
};

/// Built-ins with a reserved word in their name. They are tried as prefixes, so that `order(1)` reads as `or` and fails.
const WITH_RESERVED_WORD: [&str; 5] =
    ["and", "or", "date and time", "years and months duration", "get or else"];

impl Parser<'_> {
    /// `(spaced identifier | name with a reserved word | qualified name) "(" [arguments] ")" | qualified name`
    pub(super) fn invocation_or_variable(&mut self) -> Parsed<Expr> {
        let start = self.position;
        if let Some(name) = self.function_name() {
            if let Some(call) = self.attempt(|parser| parser.invocation(start, vec![name]))? {
                return Ok(call);
            }
            self.position = start;
            return self.variable(start);
        }
        let names = self.qualified_name()?;
        let end = self.position;
        if self.peek()? == Some(b'(')
            && let Some(call) = self.attempt(|parser| parser.invocation(start, names.clone()))?
        {
            return Ok(call);
        }
        self.position = end;
        Ok(Expr { kind: Kind::Variable(names), span: self.span_from(start) })
    }

    fn variable(&mut self, start: usize) -> Parsed<Expr> {
        let names = self.qualified_name()?;
        Ok(Expr { kind: Kind::Variable(names), span: self.span_from(start) })
    }

    /// `"(" [arguments] ")"` behind a name
    fn invocation(&mut self, start: usize, mut names: Vec<Name>) -> Parsed<Expr> {
        if !self.take("(")? {
            return Err(Stop::Mismatch);
        }
        self.in_call += 1;
        let arguments = self.arguments();
        self.in_call -= 1;
        let arguments = arguments?;
        self.need(")", Expected::CloseParenthesis)?;
        let span = self.span_from(start);
        let Some(name) = names.pop() else { return Err(Stop::Mismatch) };
        let kind = if names.is_empty() {
            let builtin = builtins::resolve(name.text(self.source), &arguments, self.source);
            Kind::Call(Box::new(Call { name, arguments, builtin }))
        } else {
            Kind::QualifiedCall(Box::new(QualifiedCall { path: names, name, arguments }))
        };
        Ok(Expr { kind, span })
    }

    fn function_name(&mut self) -> Option<Name> {
        if let Some(name) = self.spaced_identifier() {
            return Some(name);
        }
        if !matches!(self.byte_at(self.position), Some(b'a' | b'o' | b'd' | b'y' | b'g')) {
            return None;
        }
        let name = WITH_RESERVED_WORD.into_iter().find(|name| self.rest().starts_with(name))?;
        let start = self.position;
        self.position += name.len();
        Some(Name(Span::new(start, self.position)))
    }

    /// `[named {"," named} | argument {"," argument}]`
    fn arguments(&mut self) -> Parsed<Arguments> {
        if self.peek()? == Some(b')') {
            return Ok(Arguments::Positional(Vec::new()));
        }
        if let Some(first) = self.attempt(Self::argument_name)? {
            return self.named_arguments(first);
        }
        match self.attempt(|parser| parser.separated(Self::argument))? {
            Some(arguments) => Ok(Arguments::Positional(arguments)),
            None => Ok(Arguments::Positional(Vec::new())),
        }
    }

    fn named_arguments(&mut self, first: Name) -> Parsed<Arguments> {
        let mut first = Some(first);
        let named = self.separated(|parser| {
            let name = match first.take() {
                Some(name) => name,
                None => parser.argument_name()?,
            };
            Ok((name, parser.argument()?))
        })?;
        let mut arguments: Vec<(Name, Expr)> = Vec::with_capacity(named.len());
        for (name, value) in named {
            arguments.retain(|(earlier, _)| earlier.text(self.source) != name.text(self.source));
            arguments.push((name, value));
        }
        Ok(Arguments::Named(arguments))
    }

    /// `parameter name ":"`
    fn argument_name(&mut self) -> Parsed<Name> {
        let name = self.parameter_name()?;
        self.need(":", Expected::Colon)?;
        Ok(name)
    }

    /// `range | expression`
    fn argument(&mut self) -> Parsed<Expr> {
        if let Some(b'(' | b'[' | b']') = self.peek()?
            && let Some((range, span)) = self.attempt(Self::range)?
        {
            return Ok(Expr { kind: Kind::Range(Box::new(range)), span });
        }
        self.expression()
    }

    /// `"{" "java" ":" "{" "class" ":" string "," "method signature" ":" string "}" "}"`
    pub(super) fn external(&mut self) -> Parsed<()> {
        self.need("{", Expected::OpenBrace)?;
        self.need("java", Expected::Key)?;
        self.need(":", Expected::Colon)?;
        self.need("{", Expected::OpenBrace)?;
        self.need("class", Expected::Key)?;
        self.need(":", Expected::Colon)?;
        self.raw_string()?;
        self.need(",", Expected::Comma)?;
        self.need("method signature", Expected::Key)?;
        self.need(":", Expected::Colon)?;
        self.raw_string()?;
        self.need("}", Expected::CloseBrace)?;
        self.need("}", Expected::CloseBrace)
    }
}
