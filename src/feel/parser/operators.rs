//! Arithmetic operators, by precedence climbing.

use super::{Expected, Parsed, Parser};
use crate::feel::ast::{Arithmetic, Expr, Kind, Operator};

/// The operators with their precedence; all bind to the left, `**` too. What begins like another comes first.
const OPERATORS: [(&str, Operator, u8); 5] = [
    ("**", Operator::Power, 2),
    ("*", Operator::Multiply, 1),
    ("/", Operator::Divide, 1),
    ("+", Operator::Add, 0),
    ("-", Operator::Subtract, 0),
];

impl Expected {
    /// Kept beside the table, so that a new operator is not forgotten in the message.
    pub(super) const OPERATORS: &'static str =
        "`+`, `-`, `*`, `/`, `**`, `=`, `!=`, `<`, `<=`, `>`, `>=`, `in`, `between`";
}

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
        let operand = self.climb(0)?;
        self.last_operand = (start, self.position);
        Ok(operand)
    }

    /// Where in the stash the operand lies that was read at a place before. What lies deep is never asked for again.
    pub(super) fn stashed(&self, position: usize) -> Option<usize> {
        if self.stash.is_empty() {
            return None;
        }
        let deep = self.stash.len().saturating_sub(8);
        let recent = self.stash.iter().skip(deep).rposition(|(start, _, _)| *start == position)?;
        Some(deep + recent)
    }

    /// Operands joined by operators of at least a precedence. A chain of one precedence becomes one flat node.
    fn climb(&mut self, least: u8) -> Parsed<Expr> {
        let mut left = self.negation()?;
        while let Some((_, _, precedence)) = self.next_operator(least)? {
            let mut rest = Vec::new();
            while let Some((token, operator, _)) = self.next_operator(precedence)? {
                let operand = self.attempt(|parser| {
                    parser.position += token.len();
                    parser.climb(precedence + 1)
                })?;
                match operand {
                    Some(operand) => rest.push((operator, operand)),
                    None => break,
                }
            }
            let Some((_, last)) = rest.last() else { break };
            let span = left.span.to(last.span);
            left = Expr { kind: Kind::Arithmetic(Box::new(Arithmetic { first: left, rest })), span };
        }
        Ok(left)
    }

    /// Looks for an operator of at least a precedence. Without one the place stays right behind the operand.
    fn next_operator(&mut self, least: u8) -> Parsed<Option<(&'static str, Operator, u8)>> {
        let end = self.position;
        if let Some(b'+' | b'-' | b'*' | b'/') = self.peek()? {
            let rest = self.rest();
            let operator = OPERATORS.into_iter().find(|(token, _, _)| rest.starts_with(token));
            if let Some(operator) = operator.filter(|(_, _, precedence)| *precedence >= least) {
                return Ok(Some(operator));
            }
        }
        self.position = end;
        Ok(None)
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
