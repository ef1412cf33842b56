//! A parsed expression.

use std::{fmt, str::FromStr, sync::Arc};

use super::{
    ast::{Expr, Printer},
    context::Context,
    eval,
    options::{EvaluationResult, Options},
    parser::{self, ParseError},
};

/// A parsed expression. Cloning is cheap, and threads can share it.
///
/// ```
/// use std::time::SystemTime;
///
/// use bedrock_connector::feel::{Context, Expression, Options};
/// use serde_json::json;
///
/// let expression = Expression::parse("= upper case(response.text)")?;
/// let variables = json!({"response": {"text": "hello"}});
/// let options = Options::new(SystemTime::UNIX_EPOCH);
/// let evaluation = expression.evaluate(&Context::from(&variables), &options)?;
/// assert_eq!(evaluation.value.to_json(), json!("HELLO"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct Expression(Arc<Parsed>);

struct Parsed {
    source: Arc<str>,
    root: Expr,
    defines_functions: bool,
}

impl Expression {
    /// Parses a text. A leading `=`, which marks an expression in a template, is not part of it.
    ///
    /// # Errors
    ///
    /// The text is no expression; the error says where, and what was expected.
    pub fn parse(text: &str) -> Result<Expression, ParseError> {
        let tree = parser::parse(text)?;
        let parsed =
            Parsed { source: text.into(), root: tree.root, defines_functions: tree.defines_functions };
        Ok(Expression(Arc::new(parsed)))
    }

    /// The text it was parsed from, into which all spans point.
    pub fn source(&self) -> &str {
        &self.0.source
    }

    /// The value for these variables.
    ///
    /// # Errors
    ///
    /// The evaluation fails as a whole: where the reference throws, where an assertion does not hold, and where a limit
    /// is passed. Everything else that goes wrong makes a part null and is told in [`super::Evaluation::failures`].
    pub fn evaluate(&self, context: &Context<'_>, options: &Options<'_>) -> EvaluationResult {
        eval::evaluate(&self.0.root, &self.0.source, self.0.defines_functions, context, options)
    }
}

impl FromStr for Expression {
    type Err = ParseError;

    fn from_str(text: &str) -> Result<Expression, ParseError> {
        Expression::parse(text)
    }
}

/// The expression in one style of writing. What is printed parses to the same expression.
impl fmt::Display for Expression {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        Printer::new(&self.0.source, formatter).expression(&self.0.root)
    }
}

impl fmt::Debug for Expression {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Expression({:?})", self.source())
    }
}
