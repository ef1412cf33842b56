//! Arithmetic operators, by one table of precedence.

use super::{Expected, Parsed, Parser};
use crate::feel::ast::{Arithmetic, Expr, Kind, Operator};

/// Each level with its operators, loosest first. All bind to the left, `**` too.
const LEVELS: [&[(&str, Operator)]; 3] = [
    &[("+", Operator::Add), ("-", Operator::Subtract)],
    &[("*", Operator::Multiply), ("/", Operator::Divide)],
    &[("**", Operator::Power)],
];

impl Parser<'_> {
    /// `sum = product {("+" | "-") product}`, `product = power {("*" | "/") power}`, `power = negation {"**" negation}`
    pub(super) fn arithmetic(&mut self) -> Parsed<Expr> {
        self.skip_space()?;
        let start = self.position;
        if let Some(index) = self.stashed(start) {
            let (_, end, operand) = self.stash.remove(index);
            self.position = end;
            self.last_operand = (start, end);
            return Ok(operand);
        }
        let operand = self.level(0)?;
        self.last_operand = (start, self.position);
        Ok(operand)
    }

    /// Where in the stash the operand lies that was read at a place before. What lies deep is never asked for again.
    pub(super) fn stashed(&self, position: usize) -> Option<usize> {
        let deep = self.stash.len().saturating_sub(8);
        let recent = self.stash.iter().skip(deep).rposition(|(start, _, _)| *start == position)?;
        Some(deep + recent)
    }

    fn level(&mut self, level: usize) -> Parsed<Expr> {
        let Some(operators) = LEVELS.get(level) else { return self.negation() };
        let first = self.level(level + 1)?;
        let mut rest = Vec::new();
        while let Some(operator) = self.next_operator(operators)? {
            match self.attempt(|parser| parser.operator_and_operand(operator, level))? {
                Some(operand) => rest.push((operator.1, operand)),
                None => break,
            }
        }
        match rest.last() {
            None => Ok(first),
            Some((_, last)) => {
                let span = first.span.to(last.span);
                Ok(Expr { kind: Kind::Arithmetic(Box::new(Arithmetic { first, rest })), span })
            }
        }
    }

    fn next_operator(
        &mut self,
        operators: &[(&'static str, Operator)],
    ) -> Parsed<Option<(&'static str, Operator)>> {
        let Some(b'+' | b'-' | b'*' | b'/') = self.peek()? else {
            return Ok(None);
        };
        let rest = self.rest();
        Ok(operators.iter().copied().find(|(token, _)| rest.starts_with(token)))
    }

    fn operator_and_operand(&mut self, operator: (&str, Operator), level: usize) -> Parsed<Expr> {
        self.position += operator.0.len();
        self.level(level + 1)
    }

    /// `["-"] value`
    fn negation(&mut self) -> Parsed<Expr> {
        self.skip_space()?;
        let start = self.position;
        if self.byte_at(start) != Some(b'-') {
            return self.value();
        }
        self.position += 1;
        let operand = self.value()?;
        Ok(Expr { kind: Kind::Negate(Box::new(operand)), span: self.span_from(start) })
    }
}

impl Expected {
    /// Kept beside the table, so that a new operator is not forgotten in the message.
    pub(super) const OPERATORS: &'static str =
        "`+`, `-`, `*`, `/`, `**`, `=`, `!=`, `<`, `<=`, `>`, `>=`, `in`, `between`";
}
