//! Java's replacement texts: `$1`, `${name}` and backslashes.

use fancy_regex::Captures;

use super::{Error, cache::Pattern};

/// A replacement text, taken apart. What is wrong with it only matters once there is something to replace.
#[derive(Debug)]
pub(super) struct Replacement(Result<Vec<Part>, Error>);

#[derive(Debug)]
enum Part {
    Char(char),
    Group(usize),
}

impl Replacement {
    pub(super) fn new(text: &str, pattern: &Pattern) -> Replacement {
        Replacement(parse(text, pattern).ok_or(Error::InvalidReplacement))
    }

    /// Appends the text for an occurrence. A group that took no part is empty.
    pub(super) fn append(
        &self,
        captures: &Captures<'_, str>,
        text: &mut String,
        limit: usize,
    ) -> Result<(), Error> {
        for part in self.0.as_ref().map_err(|error| *error)? {
            match part {
                Part::Char(char) => text.push(*char),
                Part::Group(group) => *text += captures.get(*group).map_or("", |group| group.as_str()),
            }
            if text.len() > limit {
                return Err(Error::TooLong);
            }
        }
        Ok(())
    }
}

fn parse(text: &str, pattern: &Pattern) -> Option<Vec<Part>> {
    let mut parts = Vec::with_capacity(text.len());
    let mut chars = text.chars().peekable();
    while let Some(char) = chars.next() {
        parts.push(match char {
            '\\' => Part::Char(chars.next()?),
            '$' => Part::Group(match chars.next()? {
                '{' => {
                    let mut name = String::new();
                    loop {
                        match chars.next()? {
                            '}' => break pattern.group(&name)?,
                            char if char.is_ascii_alphanumeric() => name.push(char),
                            _ => return None,
                        }
                    }
                }
                first => {
                    let mut group = first.to_digit(10)? as usize;
                    if group > pattern.group_count() {
                        return None;
                    }
                    // Further digits belong to the number as long as there are that many groups.
                    while let Some(digit) = chars.peek().and_then(|char| char.to_digit(10)) {
                        let longer = group * 10 + digit as usize;
                        if longer > pattern.group_count() {
                            break;
                        }
                        group = longer;
                        chars.next();
                    }
                    group
                }
            }),
            char => Part::Char(char),
        });
    }
    Some(parts)
}
