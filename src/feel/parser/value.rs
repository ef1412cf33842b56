//! Values: literals, lists, contexts, variables, functions, and the path steps and filters behind them.

use std::sync::Arc;

use super::{Expected, Fatal, Parsed, Parser, Stop, names, text::unescape};
use crate::feel::{
    ast::{Chain, Definition, Entry, Expr, Kind, Name, Step},
    builtins::literal,
    number::Number,
    span::Span,
    value::Value,
};

impl<'t> Parser<'t> {
    /// `terminal {path step | filter}`
    pub(super) fn value(&mut self) -> Parsed<Expr> {
        self.skip_space()?;
        let start = self.position;
        let base = self.terminal()?;
        let mut steps = Vec::new();
        loop {
            let end = self.position;
            let step = match self.peek()? {
                Some(b'.') => self.attempt(Self::path_step)?,
                Some(b'[') => self.attempt(|parser| parser.filter_step(start))?,
                Some(_) | None => None,
            };
            match step {
                Some(step) => steps.push(step),
                None => {
                    self.position = end;
                    break;
                }
            }
        }
        self.last_value = (start, self.position);
        if steps.is_empty() {
            return Ok(base);
        }
        Ok(Expr { kind: Kind::Chain(Box::new(Chain { base, steps })), span: self.span_from(start) })
    }

    /// `"." name`
    fn path_step(&mut self) -> Parsed<Step> {
        self.position += 1;
        Ok(Step::Path(self.property()?))
    }

    /// `"[" expression "]"`
    fn filter_step(&mut self, start: usize) -> Parsed<Step> {
        self.position += 1;
        let filter = self.expression()?;
        self.need("]", Expected::CloseBracket)?;
        Ok(Step::Filter(filter, self.span_from(start)))
    }

    /// What a value begins with decides what it can be; only names have several alternatives.
    fn terminal(&mut self) -> Parsed<Expr> {
        let start = self.position;
        match self.byte_at(start) {
            Some(b'"') => self.string(),
            Some(b'0'..=b'9' | b'.' | b'-') => self.number(),
            Some(b'@') => self.at_literal(),
            Some(b'[') => self.list(),
            Some(b'{') => self.context(),
            Some(b'(') => self.parenthesis(),
            Some(b'?') => {
                self.position += 1;
                Ok(Expr { kind: Kind::Input, span: self.span_from(start) })
            }
            Some(_) => self.named(),
            None => self.mismatch(Expected::Expression),
        }
    }

    /// `temporal | function invocation | variable | null | boolean | function definition`; a call and a variable begin
    /// with the same name, which is read once.
    fn named(&mut self) -> Parsed<Expr> {
        let start = self.position;
        if let Some(b'd' | b't') = self.byte_at(start)
            && let Some(temporal) = self.attempt(Self::temporal)?
        {
            return Ok(temporal);
        }
        if let Some(reference) = self.attempt(Self::invocation_or_variable)? {
            return Ok(reference);
        }
        for (word, value) in [("null", Value::Null), ("true", true.into()), ("false", false.into())] {
            if self.rest().starts_with(word) {
                self.position += word.len();
                return Ok(self.literal(value, start));
            }
        }
        if self.rest().starts_with("function") {
            return self.function();
        }
        self.mismatch(Expected::Expression)
    }

    fn string(&mut self) -> Parsed<Expr> {
        let start = self.position;
        let raw = self.raw_string()?;
        let text: Arc<str> = if raw.contains('\\') { unescape(raw).into() } else { raw.into() };
        Ok(self.literal(Value::String(text), start))
    }

    /// `["-"] (digits ["." digits] | "." digits)`, without an exponent
    fn number(&mut self) -> Parsed<Expr> {
        let start = self.position;
        if self.byte_at(start) == Some(b'-') {
            self.position += 1;
        }
        let whole = self.digits();
        let point = self.position;
        if self.byte_at(point) == Some(b'.') {
            self.position += 1;
            if self.digits() == 0 {
                self.position = point;
                self.note(point + 1, Expected::Digits);
            }
        }
        if whole == 0 && self.position == point {
            self.position = start;
            return self.mismatch(Expected::Expression);
        }
        let span = self.span_from(start);
        let text = span.text(self.source);
        // Small whole numbers, as most are, need none of the rules for digits and scale.
        if whole == text.len()
            && whole <= 9
            && let Ok(value) = text.parse::<i64>()
        {
            return Ok(self.literal(value.into(), start));
        }
        match Number::parse_literal(text) {
            Some(number) => Ok(self.literal(Value::Number(number), start)),
            None => Err(Stop::Fatal(Fatal::NumberTooLong { span })),
        }
    }

    fn digits(&mut self) -> usize {
        let count = self.rest().bytes().take_while(u8::is_ascii_digit).count();
        self.position += count;
        count
    }

    /// `"@" string`
    fn at_literal(&mut self) -> Parsed<Expr> {
        let start = self.position;
        self.position += 1;
        let text = self.raw_string()?;
        Ok(self.literal(literal::at(text), start))
    }

    /// `("duration" | "date and time" | "date" | "time") "(" string ")"`, whose value is known at once
    fn temporal(&mut self) -> Parsed<Expr> {
        type Read = fn(&str) -> Value;
        const KINDS: [(&str, Read); 4] = [
            ("duration", literal::duration),
            ("date and time", literal::date_and_time),
            ("date", literal::date),
            ("time", literal::time),
        ];
        let start = self.position;
        let Some((word, value)) = KINDS.into_iter().find(|(word, _)| self.rest().starts_with(word)) else {
            return Err(Stop::Mismatch);
        };
        self.position += word.len();
        if !self.take("(")? || self.peek()? != Some(b'"') {
            return Err(Stop::Mismatch);
        }
        let text = self.raw_string()?;
        if !self.take(")")? {
            return Err(Stop::Mismatch);
        }
        Ok(self.literal(value(text), start))
    }

    /// `"[" [expression {"," expression}] "]"`
    fn list(&mut self) -> Parsed<Expr> {
        let start = self.position;
        self.position += 1;
        let mut items = Vec::new();
        if self.peek()? != Some(b']') {
            let mut first = true;
            items = self.separated(|parser| {
                if std::mem::replace(&mut first, false) {
                    parser.first_in_bracket()
                } else {
                    parser.expression()
                }
            })?;
        }
        self.need("]", Expected::CloseBracket)?;
        Ok(Expr { kind: Kind::List(items), span: self.span_from(start) })
    }

    /// `"(" expression ")"`
    fn parenthesis(&mut self) -> Parsed<Expr> {
        self.position += 1;
        let inner = self.first_in_bracket()?;
        self.need(")", Expected::CloseParenthesis)?;
        Ok(inner)
    }

    /// `"{" [entry {"," entry}] "}"`
    fn context(&mut self) -> Parsed<Expr> {
        let start = self.position;
        self.position += 1;
        let mut entries = Vec::new();
        if self.peek()? != Some(b'}') {
            entries = self.separated(Self::entry)?;
        }
        self.need("}", Expected::CloseBrace)?;
        Ok(Expr { kind: Kind::Context(entries), span: self.span_from(start) })
    }

    /// `key ":" expression`
    fn entry(&mut self) -> Parsed<Entry> {
        let key = self.key()?;
        self.need(":", Expected::Colon)?;
        Ok(Entry { key: key.into(), value: self.expression()? })
    }

    /// `text without special characters | name in backticks | string, its escapes as written`
    fn key(&mut self) -> Parsed<&'t str> {
        self.skip_space()?;
        let start = self.position;
        let plain = start + names::identifier_length(self.rest());
        if self.byte_at(plain) == Some(b':') && plain > start {
            self.position = plain;
            return Ok(Span::new(start, plain).text(self.source));
        }
        let mut end = start;
        while let Some(char) = self.rest().chars().next()
            && !matches!(char, '"' | '{' | '}' | ':' | ',' | '[' | ']' | '`')
        {
            self.position += char.len_utf8();
            end = self.position;
            self.skip_space()?;
        }
        if end > start {
            self.position = end;
            return Ok(Span::new(start, end).text(self.source));
        }
        match self.byte_at(start) {
            Some(b'`') => Ok(self.name()?.text(self.source)),
            Some(b'"') => Ok(self.raw_string()?),
            Some(_) | None => self.mismatch(Expected::Key),
        }
    }

    /// `name {"." name}`
    pub(super) fn qualified_name(&mut self) -> Parsed<Vec<Name>> {
        let mut names = Vec::with_capacity(4);
        names.push(self.property()?);
        loop {
            let end = self.position;
            if self.take(".")?
                && let Some(name) = self.attempt(Self::property)?
            {
                names.push(name);
                continue;
            }
            self.position = end;
            return Ok(names);
        }
    }

    /// `"function" "(" [parameter {"," parameter}] ")" (external | expression)`
    fn function(&mut self) -> Parsed<Expr> {
        let start = self.position;
        self.position += "function".len();
        self.need("(", Expected::OpenParenthesis)?;
        let mut parameters = Vec::new();
        if self.peek()? != Some(b')') {
            parameters = self.separated(Self::parameter_name)?;
        }
        self.need(")", Expected::CloseParenthesis)?;
        let external = self.take("external")? && self.attempt(Self::external)?.is_some();
        if external && self.in_call == 0 {
            return Err(Stop::Fatal(Fatal::External { span: self.span_from(start) }));
        }
        let body = if external { None } else { Some(self.expression()?) };
        self.defines_functions = true;
        let definition = Definition { parameters, body };
        Ok(Expr { kind: Kind::Function(Arc::new(definition)), span: self.span_from(start) })
    }
}
