//! The tree of a parsed expression.
//!
//! Literals are values already, calls of built-ins are resolved, and chains of operators or path steps are flat, so that
//! the depth of the tree is the nesting of the text. Names are spans: a tree belongs to the text it was parsed from.

mod print;

use std::sync::Arc;

pub(super) use self::print::Printer;
use super::{builtins::Signature, span::Span, value::Value};

/// An expression and where it stands.
#[derive(Debug)]
pub(super) struct Expr {
    pub(super) kind: Kind,
    pub(super) span: Span,
}

/// A name as written, without backticks.
#[derive(Debug, Clone, Copy)]
pub(super) struct Name(pub(super) Span);

impl Name {
    pub(super) fn text(self, source: &str) -> &str {
        self.0.text(source)
    }
}

#[derive(Debug)]
pub(super) enum Kind {
    /// Null, a boolean, a number, a string, or `date("..")` and its like.
    Literal(Value),
    /// `?`
    Input,
    List(Vec<Expr>),
    Context(Vec<Entry>),
    /// `a.b.c`: a variable and entries of it.
    Variable(Vec<Name>),
    /// `x[1].b`: path steps and filters on any expression.
    Chain(Box<Chain>),
    Arithmetic(Box<Arithmetic>),
    Negate(Box<Expr>),
    Compare(Box<Compare>),
    Between(Box<Between>),
    In(Box<In>),
    InstanceOf(Box<InstanceOf>),
    And(Vec<Expr>),
    Or(Vec<Expr>),
    If(Box<If>),
    For(Box<Loop>),
    Some(Box<Loop>),
    Every(Box<Loop>),
    /// `1..3` after `for .. in`.
    Steps(Box<(Expr, Expr)>),
    /// `[1..3]` as an argument.
    Range(Box<Range>),
    /// `< 3` as a test of the input.
    InputCompare(Comparison, Box<Expr>),
    /// `[1..3]` as a test of the input.
    InputInRange(Box<Range>),
    /// `true` or `false` as a test, at the end of the text only.
    InputEquals(bool),
    /// An expression as a test of the input.
    Test(Box<Expr>),
    /// Several tests, one of which must hold.
    AnyTest(Vec<Expr>),
    Call(Box<Call>),
    /// `a.b.f(x)`: the function `f` of a context.
    QualifiedCall(Box<QualifiedCall>),
    Function(Arc<Definition>),
}

#[derive(Debug)]
pub(super) struct Entry {
    pub(super) key: Arc<str>,
    pub(super) value: Expr,
}

#[derive(Debug)]
pub(super) struct Chain {
    pub(super) base: Expr,
    pub(super) steps: Vec<Step>,
}

/// One step of a chain; its span reaches from the start of the chain.
#[derive(Debug)]
pub(super) enum Step {
    Path(Name),
    Filter(Expr, Span),
}

#[derive(Debug)]
pub(super) struct Arithmetic {
    pub(super) first: Expr,
    pub(super) rest: Vec<(Operator, Expr)>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Operator {
    Add,
    Subtract,
    Multiply,
    Divide,
    Power,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Comparison {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

#[derive(Debug)]
pub(super) struct Compare {
    pub(super) operator: Comparison,
    pub(super) left: Expr,
    pub(super) right: Expr,
}

#[derive(Debug)]
pub(super) struct Between {
    pub(super) value: Expr,
    pub(super) low: Expr,
    pub(super) high: Expr,
}

#[derive(Debug)]
pub(super) struct In {
    pub(super) value: Expr,
    pub(super) test: Expr,
}

#[derive(Debug)]
pub(super) struct InstanceOf {
    pub(super) value: Expr,
    pub(super) type_name: String,
}

#[derive(Debug)]
pub(super) struct If {
    pub(super) condition: Expr,
    pub(super) then: Expr,
    pub(super) otherwise: Expr,
}

/// `for`, `some` and `every`: names, what each goes through, and the body.
#[derive(Debug)]
pub(super) struct Loop {
    pub(super) names: Vec<Name>,
    pub(super) sources: Vec<Expr>,
    pub(super) body: Expr,
}

#[derive(Debug)]
pub(super) struct Range {
    pub(super) start: Expr,
    pub(super) start_closed: bool,
    pub(super) end: Expr,
    pub(super) end_closed: bool,
}

#[derive(Debug)]
pub(super) struct Call {
    pub(super) name: Name,
    pub(super) arguments: Arguments,
    /// The built-in that this name and these arguments select, if any.
    pub(super) builtin: Option<&'static Signature>,
}

#[derive(Debug)]
pub(super) struct QualifiedCall {
    pub(super) path: Vec<Name>,
    pub(super) name: Name,
    pub(super) arguments: Arguments,
}

#[derive(Debug)]
pub(super) enum Arguments {
    Positional(Vec<Expr>),
    /// Each name once; the last value given for a name counts.
    Named(Vec<(Name, Expr)>),
}

#[derive(Debug)]
pub(super) struct Definition {
    pub(super) parameters: Vec<Name>,
    /// None for an external (Java) function, which can be written but not called.
    pub(super) body: Option<Expr>,
}
