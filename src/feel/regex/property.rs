//! The named character properties of Java, in terms of the regex crates.

use super::{Error, class::Set, source::Flags};

/// Words as `\w` means them when it is about all of Unicode.
pub(super) const UNICODE_WORD: &str = r"\p{Alphabetic}\p{M}\p{Nd}\p{Pc}\p{Join_Control}";
const CASED: &str = r"\p{Lu}\p{Ll}\p{Lt}";
const ANY_CASE: &str = r"\p{Lowercase}\p{Uppercase}\p{Lt}";

/// Blocks that patterns name at times. Java knows over 300; the others are not supported.
const BLOCKS: [(&str, u32, u32); 16] = [
    ("BASICLATIN", 0x0, 0x7F),
    ("LATIN1SUPPLEMENT", 0x80, 0xFF),
    ("LATINEXTENDEDA", 0x100, 0x17F),
    ("LATINEXTENDEDB", 0x180, 0x24F),
    ("GREEK", 0x370, 0x3FF),
    ("GREEKANDCOPTIC", 0x370, 0x3FF),
    ("CYRILLIC", 0x400, 0x4FF),
    ("HEBREW", 0x590, 0x5FF),
    ("ARABIC", 0x600, 0x6FF),
    ("THAI", 0xE00, 0xE7F),
    ("GENERALPUNCTUATION", 0x2000, 0x206F),
    ("CURRENCYSYMBOLS", 0x20A0, 0x20CF),
    ("HIRAGANA", 0x3040, 0x309F),
    ("KATAKANA", 0x30A0, 0x30FF),
    ("CJKUNIFIEDIDEOGRAPHS", 0x4E00, 0x9FFF),
    ("HANGULSYLLABLES", 0xAC00, 0xD7AF),
];

/// The set that `\p{name}` stands for.
pub(super) fn property(name: &str, flags: Flags) -> Result<Set, Error> {
    let ignore_case = flags.has(Flags::IGNORE_CASE);
    if let Some((key, value)) = name.split_once('=') {
        return match key.to_ascii_lowercase().as_str() {
            "sc" | "script" => script(value),
            "blk" | "block" => block(value),
            "gc" | "general_category" => plain(value, ignore_case).ok_or(Error::InvalidPattern)?,
            _ => Err(Error::InvalidPattern),
        };
    }
    if let Some(name) = name.strip_prefix("In") {
        return block(name);
    }
    if let Some(name) = name.strip_prefix("Is") {
        return unicode(&name.to_uppercase(), ignore_case)
            .map(Ok)
            .or_else(|| plain(name, ignore_case))
            .unwrap_or_else(|| script(name));
    }
    if flags.has(Flags::UNICODE_CLASSES)
        && let Some(set) = posix(&name.to_uppercase(), ignore_case)
    {
        return Ok(set);
    }
    plain(name, ignore_case).ok_or(Error::InvalidPattern)?
}

/// General categories, POSIX classes of ASCII, and the methods of `java.lang.Character`.
fn plain(name: &str, ignore_case: bool) -> Option<Result<Set, Error>> {
    let text = match name {
        "Lu" | "Ll" | "Lt" if ignore_case => CASED,
        "javaLowerCase" | "javaUpperCase" | "javaTitleCase" if ignore_case => ANY_CASE,
        "Lower" | "Upper" if ignore_case => "A-Za-z",
        "Cn" | "Lu" | "Ll" | "Lt" | "Lm" | "Lo" | "Mn" | "Me" | "Mc" | "Nd" | "Nl" | "No" | "Zs" | "Zl"
        | "Zp" | "Cc" | "Cf" | "Co" | "Pd" | "Ps" | "Pe" | "Pc" | "Po" | "Sm" | "Sc" | "Sk" | "So" | "Pi"
        | "Pf" | "L" | "M" | "N" | "Z" | "C" | "P" | "S" => {
            return Some(Ok(Set::text(&format!(r"\p{{{name}}}"))));
        }
        // There are no surrogates in our strings.
        "Cs" => return Some(Ok(Set::empty())),
        "LC" => CASED,
        "LD" | "javaLetterOrDigit" => r"\p{L}\p{Nd}",
        "L1" => r"\x00-\x{FF}",
        "all" => return Some(Ok(Set::any())),
        "ASCII" => r"\x00-\x7F",
        "Alnum" => "0-9A-Za-z",
        "Alpha" => "A-Za-z",
        "Blank" => r"\x20\t",
        "Cntrl" => r"\x00-\x1F\x7F",
        "Digit" => "0-9",
        "Graph" => r"\x21-\x7E",
        "Lower" => "a-z",
        "Print" => r"\x20-\x7E",
        "Punct" => r"\x21-\x2F\x3A-\x40\x5B-\x60\x7B-\x7E",
        "Space" => r"\x20\t-\r",
        "Upper" => "A-Z",
        "XDigit" => "0-9A-Fa-f",
        "javaLowerCase" => r"\p{Lowercase}",
        "javaUpperCase" => r"\p{Uppercase}",
        "javaTitleCase" => r"\p{Lt}",
        "javaAlphabetic" => r"\p{Alphabetic}",
        "javaIdeographic" => r"\p{Ideographic}",
        "javaDigit" => r"\p{Nd}",
        "javaDefined" => return Some(Ok(Set::text(r"\p{Cn}").negated())),
        "javaLetter" => r"\p{L}",
        "javaSpaceChar" => r"\p{Z}",
        "javaWhitespace" => {
            let breaking = Set::text(r"\xA0\x{2007}\x{202F}").negated().and(Set::text(r"\p{Z}"));
            return Some(Ok(breaking.union(Set::text(r"\t-\r\x1C-\x1F"))));
        }
        "javaISOControl" => r"\x00-\x1F\x7F-\x{9F}",
        "javaJavaIdentifierStart" => r"\p{L}\p{Nl}\p{Sc}\p{Pc}",
        "javaJavaIdentifierPart" => {
            r"\p{L}\p{Nl}\p{Sc}\p{Pc}\p{Nd}\p{Mc}\p{Mn}\p{Cf}\x00-\x08\x0E-\x1B\x7F-\x{9F}"
        }
        "javaIdentifierIgnorable" => r"\p{Cf}\x00-\x08\x0E-\x1B\x7F-\x{9F}",
        "javaUnicodeIdentifierStart" => r"\p{ID_Start}",
        "javaUnicodeIdentifierPart" => r"\p{ID_Continue}\p{Cf}\x00-\x08\x0E-\x1B\x7F-\x{9F}",
        "javaMirrored" => return Some(Err(Error::Unsupported)),
        _ => return None,
    };
    Some(Ok(Set::text(text)))
}

/// The binary properties of Unicode, by their names in upper case.
fn unicode(name: &str, ignore_case: bool) -> Option<Set> {
    let text = match name {
        "LOWERCASE" | "UPPERCASE" | "TITLECASE" if ignore_case => ANY_CASE,
        "ALPHABETIC" => r"\p{Alphabetic}",
        "ASSIGNED" => return Some(Set::text(r"\p{Cn}").negated()),
        "CONTROL" => r"\p{Cc}",
        "EMOJI" => r"\p{Emoji}",
        "EMOJI_PRESENTATION" => r"\p{Emoji_Presentation}",
        "EMOJI_MODIFIER" => r"\p{Emoji_Modifier}",
        "EMOJI_MODIFIER_BASE" => r"\p{Emoji_Modifier_Base}",
        "EMOJI_COMPONENT" => r"\p{Emoji_Component}",
        "EXTENDED_PICTOGRAPHIC" => r"\p{Extended_Pictographic}",
        "HEXDIGIT" | "HEX_DIGIT" => r"\p{Nd}\p{Hex_Digit}",
        "IDEOGRAPHIC" => r"\p{Ideographic}",
        "JOINCONTROL" | "JOIN_CONTROL" => r"\p{Join_Control}",
        "LETTER" => r"\p{L}",
        "LOWERCASE" => r"\p{Lowercase}",
        "NONCHARACTERCODEPOINT" | "NONCHARACTER_CODE_POINT" => r"\p{Noncharacter_Code_Point}",
        "TITLECASE" => r"\p{Lt}",
        "PUNCTUATION" => r"\p{P}",
        "UPPERCASE" => r"\p{Uppercase}",
        "WHITESPACE" | "WHITE_SPACE" => r"\p{White_Space}",
        "WORD" => UNICODE_WORD,
        _ => return posix(name, ignore_case),
    };
    Some(Set::text(text))
}

/// The POSIX classes as they are for all of Unicode, by their names in upper case.
fn posix(name: &str, ignore_case: bool) -> Option<Set> {
    let text = match name {
        "LOWER" | "UPPER" if ignore_case => ANY_CASE,
        "ALPHA" => r"\p{Alphabetic}",
        "LOWER" => r"\p{Lowercase}",
        "UPPER" => r"\p{Uppercase}",
        "SPACE" => r"\p{White_Space}",
        "PUNCT" => r"\p{P}",
        "XDIGIT" => r"\p{Nd}\p{Hex_Digit}",
        "ALNUM" => r"\p{Alphabetic}\p{Nd}",
        "CNTRL" => r"\p{Cc}",
        "DIGIT" => r"\p{Nd}",
        "BLANK" => r"\p{Zs}\t",
        "GRAPH" => return Some(Set::text(r"\p{Z}\t-\r\x{85}\p{Cc}\p{Cn}").negated()),
        "PRINT" => return Some(Set::text(r"\p{Zl}\p{Zp}\p{Cc}\p{Cn}").negated()),
        _ => return None,
    };
    Some(Set::text(text))
}

fn script(name: &str) -> Result<Set, Error> {
    let is_name = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    let text = format!(r"\p{{Script={name}}}");
    // Only the crate knows whether there is such a script.
    if is_name && fancy_regex::Regex::new(&text).is_ok() {
        Ok(Set::text(&text))
    } else {
        Err(Error::InvalidPattern)
    }
}

/// Java takes a block's name with spaces, hyphens and underscores, or without them.
fn block(name: &str) -> Result<Set, Error> {
    let name = name.replace([' ', '-', '_'], "").to_uppercase();
    if !name.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
        return Err(Error::InvalidPattern);
    }
    let (_, first, last) = BLOCKS.iter().find(|(block, _, _)| *block == name).ok_or(Error::Unsupported)?;
    Ok(Set::range(*first, *last))
}
