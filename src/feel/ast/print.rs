//! Expressions as text again, in one style. Literals are printed as they were written.

use std::fmt::{self, Formatter, Result, Write};

use super::{Arguments, Chain, Comparison, Definition, Entry, Expr, Kind, Loop, Name, Operator, Range, Step};
use crate::feel::parser::is_plain;

/// Writes an expression that was parsed from `source`.
pub(in crate::feel) struct Printer<'p, 'f> {
    source: &'p str,
    out: &'p mut Formatter<'f>,
}

/// How tightly an expression binds. What binds more loosely than its place allows is put in parentheses.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Binding {
    Control,
    Or,
    And,
    Comparison,
    Sum,
    Product,
    Power,
    Negation,
    Chain,
    Value,
    /// Tighter than anything: what stands here is always put in parentheses.
    Parenthesis,
}

impl<'p, 'f> Printer<'p, 'f> {
    pub(in crate::feel) fn new(source: &'p str, out: &'p mut Formatter<'f>) -> Printer<'p, 'f> {
        Printer { source, out }
    }

    /// The whole expression.
    pub(in crate::feel) fn expression(&mut self, expr: &Expr) -> Result {
        self.at_least(Binding::Control, expr)
    }

    fn at_least(&mut self, binding: Binding, expr: &Expr) -> Result {
        if self.binding(expr) >= binding {
            return self.bare(expr);
        }
        self.out.write_char('(')?;
        self.bare(expr)?;
        self.out.write_char(')')
    }

    fn binding(&self, expr: &Expr) -> Binding {
        match &expr.kind {
            Kind::If(_) | Kind::For(_) | Kind::Some(_) | Kind::Every(_) | Kind::Function(_) => {
                Binding::Control
            }
            Kind::Or(_) => Binding::Or,
            Kind::And(_) => Binding::And,
            Kind::Compare(_) | Kind::Between(_) | Kind::In(_) | Kind::InstanceOf(_) => Binding::Comparison,
            Kind::InputCompare(..) | Kind::InputInRange(_) | Kind::InputEquals(_) => Binding::Comparison,
            Kind::Test(test) => self.binding(test).min(Binding::Comparison),
            Kind::AnyTest(_) | Kind::Steps(_) => Binding::Comparison,
            Kind::Arithmetic(arithmetic) => match arithmetic.rest.first() {
                Some((Operator::Add | Operator::Subtract, _)) => Binding::Sum,
                Some((Operator::Multiply | Operator::Divide, _)) => Binding::Product,
                Some((Operator::Power, _)) | None => Binding::Power,
            },
            Kind::Negate(_) => Binding::Negation,
            // Before `and` and `or` these names would read as the start of a function's name.
            Kind::Variable(names) if names.len() == 1 && self.begins_a_function(names) => Binding::Control,
            // A number that was written with its sign reads as a negation elsewhere.
            Kind::Literal(_) if expr.span.text(self.source).starts_with('-') => Binding::Power,
            Kind::Chain(_) => Binding::Chain,
            Kind::Literal(_)
            | Kind::Input
            | Kind::List(_)
            | Kind::Context(_)
            | Kind::Variable(_)
            | Kind::Range(_)
            | Kind::Call(_)
            | Kind::QualifiedCall(_) => Binding::Value,
        }
    }

    fn bare(&mut self, expr: &Expr) -> Result {
        match &expr.kind {
            Kind::Literal(_) => self.out.write_str(expr.span.text(self.source)),
            Kind::Input => self.out.write_char('?'),
            Kind::List(items) => self.enclosed("[", items, "]"),
            Kind::Context(entries) => self.context(entries),
            Kind::Variable(names) => self.names(names),
            Kind::Chain(chain) => self.chain(chain),
            Kind::Arithmetic(arithmetic) => self.arithmetic(expr, arithmetic),
            Kind::Negate(operand) => {
                self.out.write_char('-')?;
                if operand.span.text(self.source).starts_with('-') && matches!(operand.kind, Kind::Literal(_))
                {
                    return self.bare(operand);
                }
                self.at_least(Binding::Chain, operand)
            }
            Kind::Compare(compare) => {
                self.operand(&compare.left)?;
                write!(self.out, " {} ", comparison(compare.operator))?;
                self.at_least(Binding::Sum, &compare.right)
            }
            Kind::Between(between) => {
                self.operand(&between.value)?;
                self.out.write_str(" between ")?;
                self.at_least(Binding::Sum, &between.low)?;
                self.out.write_str(" and ")?;
                self.at_least(Binding::Sum, &between.high)
            }
            Kind::In(membership) => {
                self.operand(&membership.value)?;
                self.out.write_str(" in ")?;
                self.test(&membership.test)
            }
            Kind::InstanceOf(test) => {
                self.operand(&test.value)?;
                write!(self.out, " instance of {}", test.type_name)
            }
            Kind::And(operands) => self.joined(operands, " and ", Binding::Comparison),
            Kind::Or(operands) => self.joined(operands, " or ", Binding::And),
            Kind::If(branches) => {
                self.out.write_str("if ")?;
                self.expression(&branches.condition)?;
                self.out.write_str(" then ")?;
                self.expression(&branches.then)?;
                self.out.write_str(" else ")?;
                self.expression(&branches.otherwise)
            }
            Kind::For(iteration) => self.iteration("for", "return", iteration),
            Kind::Some(iteration) => self.iteration("some", "satisfies", iteration),
            Kind::Every(iteration) => self.iteration("every", "satisfies", iteration),
            Kind::Steps(bounds) => {
                self.at_least(Binding::Sum, &bounds.0)?;
                self.out.write_str("..")?;
                self.at_least(Binding::Sum, &bounds.1)
            }
            Kind::Range(range) | Kind::InputInRange(range) => self.range(range),
            Kind::InputCompare(operator, operand) => {
                write!(self.out, "{} ", comparison(*operator))?;
                self.at_least(Binding::Sum, operand)
            }
            Kind::InputEquals(value) => write!(self.out, "{value}"),
            Kind::Test(test) => self.expression(test),
            Kind::AnyTest(tests) => self.enclosed("(", tests, ")"),
            Kind::Call(call) => {
                self.function_name(call.name)?;
                self.arguments(&call.arguments)
            }
            Kind::QualifiedCall(call) => {
                self.names(&call.path)?;
                self.out.write_char('.')?;
                self.name(call.name)?;
                self.arguments(&call.arguments)
            }
            Kind::Function(definition) => self.definition(definition),
        }
    }

    fn begins_a_function(&self, names: &[Name]) -> bool {
        names.iter().any(|name| matches!(name.text(self.source), "date" | "years" | "get"))
    }

    /// The left side of a comparison. A single name before a keyword and a parenthesis would read as a function's name.
    fn operand(&mut self, expr: &Expr) -> Result {
        let name = matches!(expr.kind, Kind::Variable(_));
        self.at_least(if name { Binding::Parenthesis } else { Binding::Sum }, expr)
    }

    /// A test behind `in`. Tests that are read before expressions stand bare, expressions in parentheses.
    fn test(&mut self, test: &Expr) -> Result {
        if let Kind::Test(inner) = &test.kind {
            self.at_least(Binding::Parenthesis, inner)
        } else {
            self.bare(test)
        }
    }

    fn arithmetic(&mut self, expr: &Expr, arithmetic: &super::Arithmetic) -> Result {
        let binding = self.binding(expr);
        let tighter = if binding == Binding::Sum {
            Binding::Product
        } else if binding == Binding::Product {
            Binding::Power
        } else {
            Binding::Negation
        };
        self.at_least(tighter, &arithmetic.first)?;
        for (operator, operand) in &arithmetic.rest {
            let sign = match operator {
                Operator::Add => "+",
                Operator::Subtract => "-",
                Operator::Multiply => "*",
                Operator::Divide => "/",
                Operator::Power => "**",
            };
            write!(self.out, " {sign} ")?;
            self.at_least(tighter, operand)?;
        }
        Ok(())
    }

    fn chain(&mut self, chain: &Chain) -> Result {
        self.at_least(Binding::Value, &chain.base)?;
        for step in &chain.steps {
            match step {
                Step::Path(name) => {
                    self.out.write_char('.')?;
                    self.name(*name)?;
                }
                Step::Filter(filter, _) => self.enclosed("[", std::slice::from_ref(filter), "]")?,
            }
        }
        Ok(())
    }

    fn iteration(&mut self, keyword: &str, before_body: &str, iteration: &Loop) -> Result {
        write!(self.out, "{keyword} ")?;
        for (index, (name, source)) in iteration.names.iter().zip(&iteration.sources).enumerate() {
            self.out.write_str(if index > 0 { ", " } else { "" })?;
            self.name(*name)?;
            self.out.write_str(" in ")?;
            let binding =
                if matches!(source.kind, Kind::Steps(_)) { Binding::Comparison } else { Binding::Chain };
            self.at_least(binding, source)?;
        }
        write!(self.out, " {before_body} ")?;
        self.expression(&iteration.body)
    }

    fn range(&mut self, range: &Range) -> Result {
        self.out.write_char(if range.start_closed { '[' } else { '(' })?;
        self.at_least(Binding::Sum, &range.start)?;
        self.out.write_str("..")?;
        self.at_least(Binding::Sum, &range.end)?;
        self.out.write_char(if range.end_closed { ']' } else { ')' })
    }

    fn context(&mut self, entries: &[Entry]) -> Result {
        self.out.write_char('{')?;
        for (index, entry) in entries.iter().enumerate() {
            self.out.write_str(if index > 0 { ", " } else { "" })?;
            self.key(&entry.key)?;
            self.out.write_str(": ")?;
            self.expression(&entry.value)?;
        }
        self.out.write_char('}')
    }

    /// A key can be a name, a string with its escapes as written, a name in backticks or free text.
    fn key(&mut self, key: &str) -> Result {
        if is_plain(key) {
            self.out.write_str(key)
        } else if is_inside_of_string(key) {
            write!(self.out, "\"{key}\"")
        } else if key.contains('`') || key.is_empty() {
            self.out.write_str(key)
        } else {
            write!(self.out, "`{key}`")
        }
    }

    fn arguments(&mut self, arguments: &Arguments) -> Result {
        match arguments {
            Arguments::Positional(values) => self.enclosed("(", values, ")"),
            Arguments::Named(values) => {
                self.out.write_char('(')?;
                for (index, (name, value)) in values.iter().enumerate() {
                    self.out.write_str(if index > 0 { ", " } else { "" })?;
                    self.parameter(*name)?;
                    self.out.write_str(": ")?;
                    self.expression(value)?;
                }
                self.out.write_char(')')
            }
        }
    }

    fn definition(&mut self, definition: &Definition) -> Result {
        self.out.write_str("function(")?;
        for (index, name) in definition.parameters.iter().enumerate() {
            self.out.write_str(if index > 0 { ", " } else { "" })?;
            self.parameter(*name)?;
        }
        self.out.write_str(") ")?;
        match &definition.body {
            Some(body) => self.expression(body),
            None => self.out.write_str("external {java: {class: \"\", method signature: \"\"}}"),
        }
    }

    fn enclosed(&mut self, open: &str, items: &[Expr], close: &str) -> Result {
        self.out.write_str(open)?;
        self.joined(items, ", ", Binding::Control)?;
        self.out.write_str(close)
    }

    fn joined(&mut self, items: &[Expr], between: &str, binding: Binding) -> Result {
        for (index, item) in items.iter().enumerate() {
            self.out.write_str(if index > 0 { between } else { "" })?;
            self.at_least(binding, item)?;
        }
        Ok(())
    }

    fn names(&mut self, names: &[Name]) -> Result {
        for (index, name) in names.iter().enumerate() {
            self.out.write_str(if index > 0 { "." } else { "" })?;
            self.name(*name)?;
        }
        Ok(())
    }

    fn name(&mut self, name: Name) -> Result {
        let text = name.text(self.source);
        // `time offset` also begins longer names, which then must not stand bare.
        if is_plain(text) || text == "time offset" {
            self.out.write_str(text)
        } else {
            write!(self.out, "`{text}`")
        }
    }

    /// The name of a function may hold spaces and reserved words, and needs backticks only for signs.
    fn function_name(&mut self, name: Name) -> Result {
        self.parameter(name)
    }

    fn parameter(&mut self, name: Name) -> Result {
        let text = name.text(self.source);
        let spaced = text.split(' ').all(|word| word.is_empty() || word.chars().all(char::is_alphanumeric));
        if spaced && text.starts_with(char::is_alphabetic) {
            self.out.write_str(text)
        } else {
            self.name(name)
        }
    }
}

fn comparison(operator: Comparison) -> &'static str {
    match operator {
        Comparison::Equal => "=",
        Comparison::NotEqual => "!=",
        Comparison::Less => "<",
        Comparison::LessOrEqual => "<=",
        Comparison::Greater => ">",
        Comparison::GreaterOrEqual => ">=",
    }
}

/// Whether the text can stand between quotes as it is.
fn is_inside_of_string(text: &str) -> bool {
    let mut chars = text.chars();
    while let Some(char) = chars.next() {
        match char {
            '"' => return false,
            '\\' if chars.next().is_none() => return false,
            _ => {}
        }
    }
    true
}

impl fmt::Debug for Printer<'_, '_> {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> Result {
        formatter.write_str("Printer")
    }
}
