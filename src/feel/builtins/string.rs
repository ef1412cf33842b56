//! Strings. Lengths and positions count UTF-16 units, as in Java.

use base64::Engine;

use super::{Builtin, Signature, argument, refused, thrown};
use crate::feel::{
    eval::Evaluator,
    failure::{EvaluationErrorKind, Outcome, Stop},
    regex,
    value::Value,
};

pub(super) const TABLE: &[Builtin] = &[
    Builtin {
        name: "substring",
        doc: "The text from a position on, from the end if negative, of a length if one is given.",
        signatures: &[
            Signature::new(&["string", "start position"], substring),
            Signature::new(&["string", "start position", "length"], substring_of_length),
        ],
        examples: &[("substring(\"foobar\", 3)", "\"obar\""), ("substring(\"foobar\", -2, 1)", "\"a\"")],
    },
    Builtin {
        name: "string length",
        doc: "The number of UTF-16 units.",
        signatures: &[Signature::new(&["string"], string_length)],
        examples: &[("string length(\"foo\")", "3")],
    },
    Builtin {
        name: "upper case",
        doc: "The text in capitals.",
        signatures: &[Signature::new(&["string"], upper_case)],
        examples: &[("upper case(\"aBc4\")", "\"ABC4\"")],
    },
    Builtin {
        name: "lower case",
        doc: "The text in small letters.",
        signatures: &[Signature::new(&["string"], lower_case)],
        examples: &[("lower case(\"aBc4\")", "\"abc4\"")],
    },
    Builtin {
        name: "substring before",
        doc: "The text before the first match; empty if there is none.",
        signatures: &[Signature::new(&["string", "match"], substring_before)],
        examples: &[("substring before(\"foobar\", \"bar\")", "\"foo\"")],
    },
    Builtin {
        name: "substring after",
        doc: "The text behind the first match; empty if there is none.",
        signatures: &[Signature::new(&["string", "match"], substring_after)],
        examples: &[("substring after(\"foobar\", \"ob\")", "\"ar\"")],
    },
    Builtin {
        name: "replace",
        doc: "The text with each match of a pattern replaced; `$1` stands for a group.",
        signatures: &[
            Signature::new(&["input", "pattern", "replacement"], replace),
            Signature::new(&["input", "pattern", "replacement", "flags"], replace_with_flags),
        ],
        examples: &[
            ("replace(\"abc\", \"(b)\", \"[$1]\")", "\"a[b]c\""),
            ("replace(\"aB\", \"b\", \"-\", \"i\")", "\"a-\""),
        ],
    },
    Builtin {
        name: "contains",
        doc: "Whether the text holds another.",
        signatures: &[Signature::new(&["string", "match"], contains)],
        examples: &[("contains(\"foobar\", \"of\")", "false")],
    },
    Builtin {
        name: "starts with",
        doc: "Whether the text begins with another.",
        signatures: &[Signature::new(&["string", "match"], starts_with)],
        examples: &[("starts with(\"foobar\", \"fo\")", "true")],
    },
    Builtin {
        name: "ends with",
        doc: "Whether the text ends with another.",
        signatures: &[Signature::new(&["string", "match"], ends_with)],
        examples: &[("ends with(\"foobar\", \"r\")", "true")],
    },
    Builtin {
        name: "matches",
        doc: "Whether a pattern matches somewhere in the text.",
        signatures: &[
            Signature::new(&["input", "pattern"], matches),
            Signature::new(&["input", "pattern", "flags"], matches_with_flags),
        ],
        examples: &[("matches(\"foobar\", \"^fo*b\")", "true"), ("matches(\"FOO\", \"foo\", \"i\")", "true")],
    },
    Builtin {
        name: "split",
        doc: "The parts of the text between the matches of a pattern.",
        signatures: &[Signature::new(&["string", "delimiter"], split)],
        examples: &[("split(\"a;b\", \";\")", "[\"a\", \"b\"]")],
    },
    Builtin {
        name: "extract",
        doc: "All matches of a pattern.",
        signatures: &[Signature::new(&["input", "pattern"], extract)],
        examples: &[("extract(\"a1b22\", \"[0-9]+\")", "[\"1\", \"22\"]")],
    },
    Builtin {
        name: "trim",
        doc: "The text without white space at its ends.",
        signatures: &[Signature::new(&["string"], trim)],
        examples: &[("trim(\"  hello \")", "\"hello\"")],
    },
    Builtin {
        name: "uuid",
        doc: "A new UUID, of version 7.",
        signatures: &[Signature::new(&[], uuid)],
        examples: &[("string length(uuid())", "36")],
    },
    Builtin {
        name: "to base64",
        doc: "The UTF-8 bytes of the text in base64.",
        signatures: &[Signature::new(&["value"], to_base64)],
        examples: &[("to base64(\"FEEL\")", "\"RkVFTA==\"")],
    },
    Builtin {
        name: "is blank",
        doc: "Whether the text holds only white space.",
        signatures: &[Signature::new(&["string"], is_blank)],
        examples: &[("is blank(\" \")", "true")],
    },
];

/// The UTF-16 index that a position means.
fn index(length: i32, position: i32) -> i32 {
    if position > 0 { position - 1 } else { length.wrapping_add(position) }
}

fn utf16_length(text: &str) -> i32 {
    let length = if text.is_ascii() { text.len() } else { text.encode_utf16().count() };
    i32::try_from(length).unwrap_or(i32::MAX)
}

/// The units between two indexes. Half of a surrogate pair becomes a question mark, as when Java writes it out.
fn cut(text: &str, from: i32, to: i32) -> Outcome {
    let bounds = (usize::try_from(from), usize::try_from(to));
    let part = match bounds {
        (Ok(from), Ok(to)) if text.is_ascii() => text.get(from..to).map(str::to_owned),
        (Ok(from), Ok(to)) if from <= to => {
            let units: Vec<u16> = text.encode_utf16().skip(from).take(to - from).collect();
            let complete = units.len() == to - from && from <= utf16_length(text) as usize;
            complete.then(|| char::decode_utf16(units).map(|char| char.unwrap_or('?')).collect())
        }
        _ => None,
    };
    let beyond = || argument(format!("the substring from {from} to {to} lies outside of the string"));
    part.map(Value::from).ok_or_else(beyond)
}

fn substring(_: &mut Evaluator<'_>, arguments: &[Value]) -> Outcome {
    let [Value::String(text), Value::Number(start)] = arguments else { return refused(arguments) };
    let length = utf16_length(text);
    cut(text, index(length, start.int_value()), length)
}

fn substring_of_length(_: &mut Evaluator<'_>, arguments: &[Value]) -> Outcome {
    let [Value::String(text), Value::Number(start), Value::Number(count)] = arguments else {
        return refused(arguments);
    };
    let length = utf16_length(text);
    let from = index(length, start.int_value());
    cut(text, from, from.wrapping_add(count.int_value()).min(length))
}

fn of_text(arguments: &[Value], answer: impl FnOnce(&str) -> Value) -> Outcome {
    match arguments {
        [Value::String(text)] => Ok(answer(text)),
        _ => refused(arguments),
    }
}

fn of_texts(arguments: &[Value], answer: impl FnOnce(&str, &str) -> Value) -> Outcome {
    match arguments {
        [Value::String(one), Value::String(two)] => Ok(answer(one, two)),
        _ => refused(arguments),
    }
}

fn string_length(_: &mut Evaluator<'_>, arguments: &[Value]) -> Outcome {
    of_text(arguments, |text| i64::from(utf16_length(text)).into())
}

fn upper_case(_: &mut Evaluator<'_>, arguments: &[Value]) -> Outcome {
    of_text(arguments, |text| text.to_uppercase().into())
}

fn lower_case(_: &mut Evaluator<'_>, arguments: &[Value]) -> Outcome {
    of_text(arguments, |text| text.to_lowercase().into())
}

fn substring_before(_: &mut Evaluator<'_>, arguments: &[Value]) -> Outcome {
    of_texts(arguments, |text, part| text.split_once(part).map_or("", |(before, _)| before).into())
}

fn substring_after(_: &mut Evaluator<'_>, arguments: &[Value]) -> Outcome {
    of_texts(arguments, |text, part| text.split_once(part).map_or("", |(_, after)| after).into())
}

fn contains(_: &mut Evaluator<'_>, arguments: &[Value]) -> Outcome {
    of_texts(arguments, |text, part| text.contains(part).into())
}

fn starts_with(_: &mut Evaluator<'_>, arguments: &[Value]) -> Outcome {
    of_texts(arguments, |text, part| text.starts_with(part).into())
}

fn ends_with(_: &mut Evaluator<'_>, arguments: &[Value]) -> Outcome {
    of_texts(arguments, |text, part| text.ends_with(part).into())
}

fn trim(_: &mut Evaluator<'_>, arguments: &[Value]) -> Outcome {
    of_text(arguments, |text| text.trim_matches(|char| char <= ' ').into())
}

/// Java's white space has the separators that do not break, but not these.
fn is_blank(_: &mut Evaluator<'_>, arguments: &[Value]) -> Outcome {
    let is_space = |char: char| match char {
        '\u{a0}' | '\u{2007}' | '\u{202f}' | '\u{85}' => false,
        '\u{1c}'..='\u{1f}' => true,
        char => char.is_whitespace(),
    };
    of_text(arguments, |text| text.chars().all(is_space).into())
}

fn to_base64(evaluator: &mut Evaluator<'_>, arguments: &[Value]) -> Outcome {
    if let [Value::String(text)] = arguments {
        evaluator.check_text(text.len() / 3 * 4)?;
    }
    of_text(arguments, |text| base64::engine::general_purpose::STANDARD.encode(text).into())
}

fn uuid(evaluator: &mut Evaluator<'_>, _: &[Value]) -> Outcome {
    let since = evaluator.options.now.duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    let millis = u64::try_from(since.as_millis()).unwrap_or_default();
    let mut random = [0; 10];
    fastrand::fill(&mut random);
    Ok(uuid::Builder::from_unix_timestamp_millis(millis, &random).into_uuid().to_string().into())
}

/// A bad pattern or replacement makes the call null. What passes a limit ends the evaluation.
fn failed(error: regex::Error) -> Stop {
    match error {
        regex::Error::TooManySteps => thrown(EvaluationErrorKind::Steps, error),
        regex::Error::TooLong | regex::Error::Unsupported => thrown(EvaluationErrorKind::Size, error),
        regex::Error::InvalidPattern | regex::Error::InvalidReplacement => Stop::error(error.to_string()),
    }
}

fn matches(evaluator: &mut Evaluator<'_>, arguments: &[Value]) -> Outcome {
    match arguments {
        [Value::String(input), Value::String(pattern)] => matched(evaluator, input, pattern, ""),
        _ => refused(arguments),
    }
}

fn matches_with_flags(evaluator: &mut Evaluator<'_>, arguments: &[Value]) -> Outcome {
    match arguments {
        [Value::String(input), Value::String(pattern), Value::String(flags)] => {
            matched(evaluator, input, pattern, flags)
        }
        _ => refused(arguments),
    }
}

fn matched(evaluator: &mut Evaluator<'_>, input: &str, pattern: &str, flags: &str) -> Outcome {
    charge(evaluator, input, pattern)?;
    regex::matches(input, pattern, flags).map(Value::Boolean).map_err(failed)
}

/// Searching takes steps for the text and for the pattern.
fn charge(evaluator: &mut Evaluator<'_>, input: &str, pattern: &str) -> Outcome<()> {
    evaluator.charge(10 + (input.len() + pattern.len()) / 16)
}

fn replace(evaluator: &mut Evaluator<'_>, arguments: &[Value]) -> Outcome {
    match arguments {
        [Value::String(input), Value::String(pattern), Value::String(replacement)] => {
            replaced(evaluator, [input, pattern, replacement, ""])
        }
        _ => refused(arguments),
    }
}

fn replace_with_flags(evaluator: &mut Evaluator<'_>, arguments: &[Value]) -> Outcome {
    match arguments {
        [Value::String(input), Value::String(pattern), Value::String(replacement), Value::String(flags)] => {
            replaced(evaluator, [input, pattern, replacement, flags])
        }
        _ => refused(arguments),
    }
}

fn replaced(evaluator: &mut Evaluator<'_>, [input, pattern, replacement, flags]: [&str; 4]) -> Outcome {
    charge(evaluator, input, pattern)?;
    let limit = evaluator.options.limits.text;
    let text = regex::replace(input, pattern, replacement, flags, limit).map_err(failed)?;
    Ok(text.into())
}

fn split(evaluator: &mut Evaluator<'_>, arguments: &[Value]) -> Outcome {
    let [Value::String(text), Value::String(delimiter)] = arguments else { return refused(arguments) };
    charge(evaluator, text, delimiter)?;
    let parts = regex::split(text, delimiter).map_err(failed)?;
    texts(evaluator, parts)
}

fn extract(evaluator: &mut Evaluator<'_>, arguments: &[Value]) -> Outcome {
    let [Value::String(input), Value::String(pattern)] = arguments else { return refused(arguments) };
    charge(evaluator, input, pattern)?;
    let found = regex::extract(input, pattern).map_err(failed)?;
    texts(evaluator, found)
}

fn texts(evaluator: &Evaluator<'_>, texts: Vec<String>) -> Outcome {
    evaluator.check_items(texts.len() as u64)?;
    Ok(Value::list(texts.into_iter().map(Value::from).collect()))
}
