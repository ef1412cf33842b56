//! Escapes that stand for a character or a set, wherever they are.

use super::{
    Error,
    class::Set,
    property,
    source::{Flags, Source},
};

const HORIZONTAL: &str = r"\x20\t\xA0\x{1680}\x{180E}\x{2000}-\x{200A}\x{202F}\x{205F}\x{3000}";
pub(super) const VERTICAL: &str = r"\n-\r\x{85}\x{2028}\x{2029}";
const WORD: &str = "0-9A-Z_a-z";

/// What an escape stands for.
pub(super) enum Escape {
    Char(u32),
    Set(Set),
}

/// An escape that stands for a character or a set, from its backslash on.
pub(super) fn escape(source: &mut Source, is_range: bool) -> Result<Escape, Error> {
    let unicode = source.flags.has(Flags::UNICODE_CLASSES);
    let set = |text: &str, in_unicode: &str| Set::text(if unicode { in_unicode } else { text });
    let digits = set("0-9", r"\p{Nd}");
    let spaces = set(r"\x20\t-\r", r"\p{White_Space}");
    let words = set(WORD, property::UNICODE_WORD);
    Ok(Escape::Set(match source.skip() {
        'd' => digits,
        'D' => digits.negated(),
        's' => spaces,
        'S' => spaces.negated(),
        'w' => words,
        'W' => words.negated(),
        'h' => Set::text(HORIZONTAL),
        'H' => Set::text(HORIZONTAL).negated(),
        'v' if is_range => return Ok(Escape::Char(0x0B)),
        'v' => Set::text(VERTICAL),
        'V' => Set::text(VERTICAL).negated(),
        char => return escaped_char(source, char).map(Escape::Char),
    }))
}

fn escaped_char(source: &mut Source, char: char) -> Result<u32, Error> {
    Ok(match char {
        '0' => return octal(source),
        'a' => 0x07,
        'c' => {
            if source.is_at_end() {
                return Err(Error::InvalidPattern);
            }
            u32::from(source.read()) ^ 64
        }
        'e' => 0x1B,
        'f' => 0x0C,
        'n' => 0x0A,
        'r' => 0x0D,
        't' => 0x09,
        'u' => return utf16(source),
        'x' => return hexadecimal(source),
        '\0' if source.is_past_end() => return Err(Error::InvalidPattern),
        'N' => return Err(Error::Unsupported),
        _ if char.is_ascii_alphanumeric() => return Err(Error::InvalidPattern),
        _ => u32::from(char),
    })
}

/// One to three octal digits, up to 377.
fn octal(source: &mut Source) -> Result<u32, Error> {
    let mut code = source.read().to_digit(8).ok_or(Error::InvalidPattern)?;
    for most in [0o37, 0o37] {
        match source.read().to_digit(8) {
            Some(digit) if code <= most => code = code * 8 + digit,
            Some(_) | None => {
                source.unread();
                break;
            }
        }
    }
    Ok(code)
}

/// Two hexadecimal digits, or any number of them in braces.
fn hexadecimal(source: &mut Source) -> Result<u32, Error> {
    let first = source.read();
    if let Some(high) = first.to_digit(16) {
        let low = source.read().to_digit(16).ok_or(Error::InvalidPattern)?;
        return Ok(high * 16 + low);
    }
    if first != '{' || !source.peek().is_ascii_hexdigit() {
        return Err(Error::InvalidPattern);
    }
    let mut code = 0;
    loop {
        match source.read() {
            '}' => return Ok(code),
            char => code = code * 16 + char.to_digit(16).ok_or(Error::InvalidPattern)?,
        }
        if code > u32::from(char::MAX) {
            return Err(Error::InvalidPattern);
        }
    }
}

/// Four hexadecimal digits, or twice that for a surrogate pair.
fn utf16(source: &mut Source) -> Result<u32, Error> {
    let unit = |source: &mut Source| {
        (0..4)
            .try_fold(0, |code, _| Some(code * 16 + source.read().to_digit(16)?))
            .ok_or(Error::InvalidPattern)
    };
    let high = unit(source)?;
    if (0xD800..0xDC00).contains(&high) {
        let position = source.position();
        if source.read() == '\\' && source.read() == 'u' {
            let low = unit(source)?;
            if (0xDC00..0xE000).contains(&low) {
                return Ok(0x10000 + ((high - 0xD800) << 10) + (low - 0xDC00));
            }
        }
        source.back_to(position);
    }
    Ok(high)
}
