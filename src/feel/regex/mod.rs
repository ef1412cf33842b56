//! Regular expressions with the meaning of `java.util.regex`, for the built-ins `matches`, `replace`, `split` and
//! `extract`.
//!
//! A pattern is read as Java reads it and written anew for `fancy-regex`, with everything spelled out that differs
//! between the two: what `.`, `$`, `\d` and `\w` stand for, which letters differ in case only, character classes.

mod cache;
mod class;
mod escape;
mod property;
mod quantifier;
mod replacement;
mod source;
#[cfg(test)]
mod tests;
mod translate;

use fancy_regex::Captures;

use self::{cache::Pattern, replacement::Replacement};

/// Why a regular expression gives no result.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The replacement text is malformed or names a group that the pattern does not have. The built-in answers null.
    #[error(
        "invalid replacement: expected $ and a group's number or ${{name}}, or a backslash before a character"
    )]
    InvalidReplacement,
    /// The pattern is malformed. The built-in answers null.
    #[error("invalid regular expression")]
    InvalidPattern,
    /// The search was given up because it took too many steps.
    #[error("the regular expression takes too long on this text")]
    TooManySteps,
    /// The text with its replacements would be longer than allowed.
    #[error("the text with its replacements is too long")]
    TooLong,
    /// Java knows this pattern, or one so large, but this engine does not.
    #[error("the regular expression is too large or uses a construct that is not supported")]
    Unsupported,
}

/// The built-in `matches`: whether the pattern occurs in the text. Each of the letters s, m, i and x in `flags` sets a
/// flag, others are ignored.
pub fn matches(input: &str, pattern: &str, flags: &str) -> Result<bool, Error> {
    let pattern = cache::pattern(pattern, flags)?;
    pattern.regex(input)?.is_match(input).map_err(|_| Error::TooManySteps)
}

/// The built-in `replace`: every occurrence replaced, where `$1` and `${name}` stand for groups. The result has at most
/// `limit` bytes.
pub fn replace(
    input: &str,
    pattern: &str,
    replacement: &str,
    flags: &str,
    limit: usize,
) -> Result<String, Error> {
    let pattern = cache::pattern(pattern, flags)?;
    let replacement = Replacement::new(replacement, &pattern);
    let mut text = String::new();
    let mut end = 0;
    for_each_match(&pattern, input, |captures| {
        let Some(found) = captures.get(0) else { return Ok(()) };
        text += input.get(end..found.start()).unwrap_or_default();
        end = found.end();
        replacement.append(captures, &mut text, limit)
    })?;
    text += input.get(end..).unwrap_or_default();
    if text.len() > limit { Err(Error::TooLong) } else { Ok(text) }
}

/// The built-in `split`: the text between the occurrences, empty pieces included, except that there is no empty piece
/// before an empty occurrence at the start.
pub fn split(input: &str, delimiter: &str) -> Result<Vec<String>, Error> {
    let pattern = cache::pattern(delimiter, "")?;
    let mut pieces = Vec::new();
    let mut end = 0;
    for_each_match(&pattern, input, |captures| {
        if let Some(found) = captures.get(0).filter(|found| found.end() > 0) {
            pieces.push(input.get(end..found.start()).unwrap_or_default().to_owned());
            end = found.end();
        }
        Ok(())
    })?;
    pieces.push(input.get(end..).unwrap_or_default().to_owned());
    Ok(pieces)
}

/// The built-in `extract`: every occurrence.
pub fn extract(input: &str, pattern: &str) -> Result<Vec<String>, Error> {
    let pattern = cache::pattern(pattern, "")?;
    let mut found = Vec::new();
    for_each_match(&pattern, input, |captures| {
        found.extend(captures.get(0).map(|whole| whole.as_str().to_owned()));
        Ok(())
    })?;
    Ok(found)
}

/// Goes through the occurrences as Java does: after an empty one the search moves on by a character, and an empty one
/// may follow at once on another.
fn for_each_match(
    pattern: &Pattern,
    input: &str,
    mut visit: impl FnMut(&Captures<'_, str>) -> Result<(), Error>,
) -> Result<(), Error> {
    let regex = pattern.regex(input)?;
    let mut position = 0;
    while position <= input.len() {
        let captures = regex.captures_from_pos(input, position).map_err(|_| Error::TooManySteps)?;
        let Some(captures) = captures else { break };
        let Some(found) = captures.get(0) else { break };
        visit(&captures)?;
        position = found.end();
        if found.start() == found.end() {
            position += input.get(position..).and_then(|rest| rest.chars().next()).map_or(1, char::len_utf8);
        }
    }
    Ok(())
}
