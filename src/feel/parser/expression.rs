//! `if`, loops, logic, comparisons and tests.

use super::{Expected, Parsed, Parser};
use crate::feel::{
    ast::{Between, Compare, Comparison, Expr, If, In, InstanceOf, Kind, Loop, Name, Range},
    span::Span,
    value::Value,
};

impl Parser<'_> {
    /// `expression = if | for | quantified | disjunction`
    pub(super) fn expression(&mut self) -> Parsed<Expr> {
        self.skip_space()?;
        let start = self.position;
        if self.failed.contains(&start) {
            return Err(super::Stop::Mismatch);
        }
        let result = self.nested(Self::expression_here);
        if matches!(result, Err(super::Stop::Mismatch)) {
            self.failed.push(start);
        }
        result
    }

    fn expression_here(&mut self) -> Parsed<Expr> {
        let control = match self.byte_at(self.position) {
            Some(b'i') if self.rest().starts_with("if") => self.attempt(Self::if_)?,
            Some(b'f') if self.rest().starts_with("for") => self.attempt(Self::for_)?,
            Some(b's') if self.rest().starts_with("some") => self.attempt(Self::some)?,
            Some(b'e') if self.rest().starts_with("every") => self.attempt(Self::every)?,
            Some(_) | None => None,
        };
        match control {
            Some(expression) => Ok(expression),
            None => self.disjunction(),
        }
    }

    /// `"if" expression "then" expression "else" expression`
    fn if_(&mut self) -> Parsed<Expr> {
        let start = self.position;
        self.position += "if".len();
        let condition = self.expression()?;
        self.need("then", Expected::Then)?;
        let then = self.expression()?;
        self.need("else", Expected::Else)?;
        let otherwise = self.expression()?;
        let kind = Kind::If(Box::new(If { condition, then, otherwise }));
        Ok(Expr { kind, span: self.span_from(start) })
    }

    /// `"for" iterator {"," iterator} "return" expression`
    fn for_(&mut self) -> Parsed<Expr> {
        self.loop_("for", "return", Expected::Return, Kind::For)
    }

    /// `"some" iterator {"," iterator} "satisfies" expression`
    fn some(&mut self) -> Parsed<Expr> {
        self.loop_("some", "satisfies", Expected::Satisfies, Kind::Some)
    }

    /// `"every" iterator {"," iterator} "satisfies" expression`
    fn every(&mut self) -> Parsed<Expr> {
        self.loop_("every", "satisfies", Expected::Satisfies, Kind::Every)
    }

    fn loop_(
        &mut self,
        keyword: &str,
        before_body: &str,
        expected: Expected,
        kind: fn(Box<Loop>) -> Kind,
    ) -> Parsed<Expr> {
        let start = self.position;
        self.position += keyword.len();
        let iterators = self.separated(Self::iterator)?;
        self.need(before_body, expected)?;
        let body = self.expression()?;
        let (names, sources): (Vec<Name>, Vec<Expr>) = iterators.into_iter().unzip();
        let iteration = Loop { names, sources, body };
        Ok(Expr { kind: kind(Box::new(iteration)), span: self.span_from(start) })
    }

    /// `name "in" (arithmetic ".." arithmetic | value)`
    fn iterator(&mut self) -> Parsed<(Name, Expr)> {
        let name = self.name()?;
        self.need("in", Expected::In)?;
        self.skip_space()?;
        let start = self.position;
        let source = self.nested(Self::arithmetic)?;
        if self.take("..")? {
            let end = self.nested(Self::arithmetic)?;
            return Ok((
                name,
                Expr { kind: Kind::Steps(Box::new((source, end))), span: self.span_from(start) },
            ));
        }
        self.note(self.position, Expected::DotDot);
        if self.last_value.0 == start && self.last_value == self.last_operand {
            return Ok((name, source));
        }
        // Only a plain value may stand alone: what follows it here is one thing too many, as the caller will find.
        self.position = start;
        Ok((name, self.value()?))
    }

    /// `conjunction {"or" conjunction}`
    fn disjunction(&mut self) -> Parsed<Expr> {
        let first = self.conjunction()?;
        self.joined(first, "or", Expected::Or, Kind::Or, Self::conjunction)
    }

    /// `test {"and" test}`
    fn conjunction(&mut self) -> Parsed<Expr> {
        let first = self.comparison_or_test()?;
        self.joined(first, "and", Expected::And, Kind::And, Self::comparison_or_test)
    }

    #[inline]
    fn joined(
        &mut self,
        first: Expr,
        keyword: &str,
        expected: Expected,
        kind: fn(Vec<Expr>) -> Kind,
        operand: fn(&mut Self) -> Parsed<Expr>,
    ) -> Parsed<Expr> {
        // Most operands have no further one behind them.
        let end = self.position;
        let next = self.peek()?;
        let here = std::mem::replace(&mut self.position, end);
        if next != keyword.bytes().next() {
            self.note(here, expected);
            return Ok(first);
        }
        self.join_further(first, keyword, expected, kind, operand)
    }

    fn join_further(
        &mut self,
        first: Expr,
        keyword: &str,
        expected: Expected,
        kind: fn(Vec<Expr>) -> Kind,
        operand: fn(&mut Self) -> Parsed<Expr>,
    ) -> Parsed<Expr> {
        let start = first.span;
        let mut operands = vec![first];
        let further = |parser: &mut Self| {
            parser.need(keyword, expected)?;
            operand(parser)
        };
        while let Some(next) = self.attempt(further)? {
            operands.push(next);
        }
        let span = operands.last().map_or(start, |last| start.to(last.span));
        match operands.len() {
            1 => operands.pop().ok_or(super::Stop::Mismatch),
            _ => Ok(Expr { kind: kind(operands), span }),
        }
    }

    /// `arithmetic [comparison] | simple test`
    fn comparison_or_test(&mut self) -> Parsed<Expr> {
        self.skip_space()?;
        let start = self.position;
        match self.arithmetic() {
            Ok(operand) => self.comparison(operand),
            Err(super::Stop::Mismatch) => {
                self.position = start;
                self.simple_test()
            }
            Err(stop) => Err(stop),
        }
    }

    /// `operator arithmetic | between | instance of | in`, one at most.
    fn comparison(&mut self, left: Expr) -> Parsed<Expr> {
        let end = self.position;
        let next = self.peek()?;
        let here = self.position;
        let right = match next {
            Some(b'<' | b'>' | b'=' | b'!') => {
                self.attempt(Self::comparison_operand)?.map(Comparand::Operand)
            }
            Some(b'b') if self.rest().starts_with("between") => self.attempt(Self::between)?,
            Some(b'i') if self.rest().starts_with("in") => match self.attempt(Self::instance_of)? {
                Some(type_name) => Some(Comparand::Type(type_name)),
                None => self.attempt(Self::in_)?.map(Comparand::Test),
            },
            Some(_) | None => None,
        };
        let Some(right) = right else {
            self.note(here, Expected::Operator);
            self.position = end;
            return Ok(left);
        };
        let span = left.span.to(self.span_from(here));
        let kind = match right {
            Comparand::Operand((operator, right)) => {
                Kind::Compare(Box::new(Compare { operator, left, right }))
            }
            Comparand::Between(low, high) => Kind::Between(Box::new(Between { value: left, low, high })),
            Comparand::Type(type_name) => Kind::InstanceOf(Box::new(InstanceOf { value: left, type_name })),
            Comparand::Test(test) => Kind::In(Box::new(In { value: left, test })),
        };
        Ok(Expr { kind, span })
    }

    /// `("<=" | ">=" | "<" | ">" | "!=" | "=") arithmetic`
    fn comparison_operand(&mut self) -> Parsed<(Comparison, Expr)> {
        const OPERATORS: [(&str, Comparison); 6] = [
            ("<=", Comparison::LessOrEqual),
            (">=", Comparison::GreaterOrEqual),
            ("<", Comparison::Less),
            (">", Comparison::Greater),
            ("!=", Comparison::NotEqual),
            ("=", Comparison::Equal),
        ];
        for (token, operator) in OPERATORS {
            if self.take(token)? {
                return Ok((operator, self.arithmetic()?));
            }
        }
        self.mismatch(Expected::Operator)
    }

    /// `"between" arithmetic "and" arithmetic`
    fn between(&mut self) -> Parsed<Comparand> {
        self.need("between", Expected::Operator)?;
        let low = self.arithmetic()?;
        self.need("and", Expected::And)?;
        Ok(Comparand::Between(low, self.arithmetic()?))
    }

    /// `"instance" "of" type`
    fn instance_of(&mut self) -> Parsed<String> {
        const SPACED: [&str; 4] =
            ["years and months duration", "days and time duration", "date and time", "function"];
        self.need("instance", Expected::Operator)?;
        self.need("of", Expected::Of)?;
        self.skip_space()?;
        if let Some(name) = SPACED.into_iter().find(|name| self.rest().starts_with(name)) {
            self.position += name.len();
            return Ok(name.to_owned());
        }
        let names = self.qualified_name()?;
        Ok(names.iter().map(|name| name.text(self.source)).collect::<Vec<_>>().join("."))
    }

    /// `"in" ("(" tests ")" | test)`
    fn in_(&mut self) -> Parsed<Expr> {
        self.need("in", Expected::Operator)?;
        self.skip_space()?;
        if self.byte_at(self.position) == Some(b'(')
            && let Some(tests) = self.attempt(Self::tests_in_parentheses)?
        {
            return Ok(tests);
        }
        self.test()
    }

    /// `"(" test {"," test} ")"`
    fn tests_in_parentheses(&mut self) -> Parsed<Expr> {
        let start = self.position;
        self.position += 1;
        let mut tests = self.separated(Self::test)?;
        self.need(")", Expected::CloseParenthesis)?;
        if tests.len() == 1
            && let Some(test) = tests.pop()
        {
            return Ok(test);
        }
        Ok(Expr { kind: Kind::AnyTest(tests), span: self.span_from(start) })
    }

    /// `boolean at the end of the text | simple test | expression`
    fn test(&mut self) -> Parsed<Expr> {
        self.skip_space()?;
        let start = self.position;
        if let Some(boolean) = self.attempt(Self::boolean_at_end)? {
            return Ok(boolean);
        }
        if let Some(b'<' | b'>' | b']' | b'[' | b'(') = self.byte_at(start)
            && let Some(test) = self.attempt(Self::simple_test_first)?
        {
            return Ok(test);
        }
        let expression = self.first_in_bracket()?;
        let span = expression.span;
        Ok(Expr { kind: Kind::Test(Box::new(expression)), span })
    }

    fn boolean_at_end(&mut self) -> Parsed<Expr> {
        let start = self.position;
        let value = if self.take("true")? {
            true
        } else if self.take("false")? {
            false
        } else {
            return Err(super::Stop::Mismatch);
        };
        let span = self.span_from(start);
        self.skip_space()?;
        if self.position == self.source.len() {
            Ok(Expr { kind: Kind::InputEquals(value), span })
        } else {
            Err(super::Stop::Mismatch)
        }
    }

    /// `unary comparison | interval`, where the interval has not been looked at as a list or in parentheses.
    fn simple_test_first(&mut self) -> Parsed<Expr> {
        match self.byte_at(self.position) {
            Some(b'<' | b'>') => self.unary_comparison(),
            Some(_) | None => self.interval(),
        }
    }

    /// `unary comparison | interval`, after an operand has failed here. An interval that begins like a list or a
    /// parenthesis can match only if that one stopped at its dots, and then it has left its first operand in the stash.
    fn simple_test(&mut self) -> Parsed<Expr> {
        match self.byte_at(self.position) {
            Some(b'<' | b'>') => self.unary_comparison(),
            Some(b']') => self.interval(),
            Some(b'[' | b'(') => {
                let start = self.position;
                self.position += 1;
                self.skip_space()?;
                let stashed = self.stashed(self.position);
                self.position = start;
                if stashed.is_some() { self.interval() } else { Err(super::Stop::Mismatch) }
            }
            Some(_) | None => self.mismatch(Expected::Expression),
        }
    }

    /// `("<=" | ">=" | "<" | ">") arithmetic`
    fn unary_comparison(&mut self) -> Parsed<Expr> {
        let start = self.position;
        let (operator, operand) = self.comparison_operand()?;
        Ok(Expr { kind: Kind::InputCompare(operator, Box::new(operand)), span: self.span_from(start) })
    }

    fn interval(&mut self) -> Parsed<Expr> {
        let (range, span) = self.range()?;
        Ok(Expr { kind: Kind::InputInRange(Box::new(range)), span })
    }

    /// `("(" | "]" | "[") arithmetic ".." arithmetic (")" | "[" | "]")`
    pub(super) fn range(&mut self) -> Parsed<(Range, Span)> {
        let start = self.position;
        let start_closed = self.byte_at(start) == Some(b'[');
        self.position += 1;
        self.skip_space()?;
        let first = self.position;
        let low = self.nested(Self::arithmetic)?;
        if !self.take("..")? {
            self.stash.push((first, self.last_operand.1, low));
            return Err(super::Stop::Mismatch);
        }
        let high = self.nested(Self::arithmetic)?;
        let end_closed = match self.peek()? {
            Some(b']') => true,
            Some(b')' | b'[') => false,
            Some(_) | None => return self.mismatch(Expected::RangeEnd),
        };
        self.position += 1;
        Ok((Range { start: low, start_closed, end: high, end_closed }, self.span_from(start)))
    }

    /// The first expression behind a bracket. If it turns out to be the start of a range, it is kept for that.
    pub(super) fn first_in_bracket(&mut self) -> Parsed<Expr> {
        self.skip_space()?;
        let start = self.position;
        let expression = self.expression()?;
        let end = self.position;
        self.skip_space()?;
        if self.rest().starts_with("..") && self.last_operand == (start, end) {
            self.stash.push((start, end, expression));
            self.note(self.position, Expected::Operator);
            return Err(super::Stop::Mismatch);
        }
        Ok(expression)
    }

    pub(super) fn literal(&self, value: Value, start: usize) -> Expr {
        Expr { kind: Kind::Literal(value), span: self.span_from(start) }
    }
}

enum Comparand {
    Operand((Comparison, Expr)),
    Between(Expr, Expr),
    Type(String),
    Test(Expr),
}
