//! Reads a pattern as Java does and writes it for `fancy-regex`.

use std::collections::HashMap;

use super::{
    Error,
    class::{self, Set},
    escape::{self, Escape, VERTICAL},
    quantifier::Piece,
    source::{Flags, Source},
};

/// How deep groups and classes may nest. Java's stack ends somewhere, too.
pub(super) const MAX_DEPTH: usize = 100;

const LINE_ENDS: &str = r"\n\r\x{85}\x{2028}\x{2029}";

/// Assertions that are simpler for plain text stand as marks in the output until it is complete.
const MARKS: [(char, &str, &str); 4] = [
    // The end, also before a last line break, but never inside of one.
    ('\u{1}', r"\z", r"(?:\z|(?=\r\n\z)|(?<!\r)(?=\n\z)|(?=[\r\x{85}\x{2028}\x{2029}]\z))"),
    // The start of a line, which the end of the text is not.
    ('\u{2}', r"\A", r"(?:(?:\A|(?<=[\n\x{85}\x{2028}\x{2029}])|(?<=\r)(?!\n))(?!\z))"),
    ('\u{3}', r"\b", r"(?:(?<=[0-9A-Z_a-z])(?![0-9A-Z_a-z])|(?<![0-9A-Z_a-z])(?=[0-9A-Z_a-z]))"),
    ('\u{4}', r"\B", r"(?:(?<=[0-9A-Z_a-z])(?=[0-9A-Z_a-z])|(?<![0-9A-Z_a-z])(?![0-9A-Z_a-z]))"),
];
/// The end of the text, and of a line, where only `\n` ends lines.
const UNIX_ENDS: [&str; 2] = [r"(?:(?=\n?\z))", r"(?:(?=\n|\z))"];
const LAST_END: &str = r"(?:\G)";
const END: char = '\u{1}';
const LINE_START: char = '\u{2}';
const WORD_EDGE: char = '\u{3}';
const NO_WORD_EDGE: char = '\u{4}';
/// Stand around the number of a group that is referred to.
const REFERENCE: char = '\u{5}';

/// A pattern for `fancy-regex`.
#[derive(Debug)]
pub(super) struct Translation {
    pub(super) for_any_text: String,
    /// For text in ASCII that is not empty and has no line breaks, if that makes a difference.
    pub(super) for_plain_text: Option<String>,
    pub(super) group_count: usize,
    pub(super) names: HashMap<String, usize>,
}

/// What an escape outside of a class stands for.
enum Atom {
    Char(u32),
    Set(Set),
    /// An assertion or reference.
    Assertion(String),
}

pub(super) fn translate(pattern: &str, flags: Flags) -> Result<Translation, Error> {
    let source = Source::new(pattern, flags);
    let mut translator = Translator {
        source,
        out: String::new(),
        group_count: 0,
        names: HashMap::new(),
        unbounded: 0,
        depth: 0,
    };
    translator.alternatives()?;
    if translator.source.position() != translator.source.len() {
        return Err(Error::InvalidPattern);
    }
    let Translator { out, group_count, names, .. } = translator;
    let out = with_references(&out, group_count);
    let replaced = |plain: bool| {
        MARKS.iter().fold(out.clone(), |out, (mark, for_plain, for_any)| {
            out.replace(*mark, if plain { for_plain } else { for_any })
        })
    };
    let has_marks = MARKS.iter().any(|(mark, _, _)| out.contains(*mark));
    Ok(Translation {
        for_any_text: replaced(false),
        for_plain_text: has_marks.then(|| replaced(true)),
        group_count,
        names,
    })
}

/// A reference to a group that is nowhere in the pattern matches nothing.
fn with_references(out: &str, group_count: usize) -> String {
    let mut parts = out.split(REFERENCE);
    let mut text = parts.next().unwrap_or_default().to_owned();
    while let (Some(group), Some(rest)) = (parts.next(), parts.next()) {
        let exists = group.parse::<usize>().is_ok_and(|group| group <= group_count);
        text += &if exists { format!(r"(?:\{group})") } else { "[a&&b]".to_owned() };
        text += rest;
    }
    text
}

/// What a group is for.
enum Group {
    /// It sets flags for what follows.
    Flags,
    LookAround,
    Part,
}

pub(super) struct Translator {
    pub(super) source: Source,
    pub(super) out: String,
    group_count: usize,
    names: HashMap<String, usize>,
    /// How many parts so far have no greatest length, which Java forbids in a look-behind.
    pub(super) unbounded: usize,
    depth: usize,
}

impl Translator {
    fn has(&self, flag: Flags) -> bool {
        self.source.flags.has(flag)
    }

    fn alternatives(&mut self) -> Result<(), Error> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(Error::Unsupported);
        }
        loop {
            self.sequence()?;
            if self.source.peek() != '|' {
                self.depth -= 1;
                return Ok(());
            }
            self.source.next();
            self.out.push('|');
        }
    }

    fn sequence(&mut self) -> Result<(), Error> {
        loop {
            let start = self.out.len();
            let mut piece = Piece::Char;
            match self.source.peek() {
                '(' => match self.group()? {
                    Group::Flags => continue,
                    Group::LookAround => piece = Piece::Assertion,
                    Group::Part => piece = Piece::Part,
                },
                '[' => {
                    let set = class::class(&mut self.source, true, 0)?;
                    self.push_set(&set);
                }
                '\\' => {
                    let escaped = self.source.next_raw();
                    if escaped == 'p' || escaped == 'P' {
                        let set = class::family(&mut self.source, escaped == 'P')?;
                        self.push_set(&set);
                    } else {
                        self.source.unread();
                        match self.escape()? {
                            Atom::Char(code) => self.push_char(code),
                            Atom::Set(set) => self.push_set(&set),
                            Atom::Assertion(node) => {
                                piece = match node.as_str() {
                                    LAST_END => Piece::Assertion,
                                    _ if node.contains(REFERENCE) || node.contains(VERTICAL) => Piece::Part,
                                    _ => Piece::Anchor,
                                };
                                self.out += &node;
                            }
                        }
                    }
                }
                '^' => {
                    self.source.next();
                    piece = Piece::Anchor;
                    self.out += &self.caret();
                }
                '$' => {
                    self.source.next();
                    piece = Piece::Anchor;
                    self.out += &self.dollar(self.has(Flags::MULTI_LINE));
                }
                '.' => {
                    self.source.next();
                    let set = if self.has(Flags::DOT_ALL) {
                        Set::any()
                    } else if self.has(Flags::UNIX_LINES) {
                        Set::text(r"\n").negated()
                    } else {
                        Set::text(LINE_ENDS).negated()
                    };
                    self.out += &set.to_class();
                }
                '|' | ')' => return Ok(()),
                '?' | '*' | '+' => return Err(Error::InvalidPattern),
                '\0' if self.source.is_at_end() => return Ok(()),
                // A count with nothing before it repeats the empty text.
                '{' => piece = Piece::Assertion,
                char => {
                    self.source.next();
                    self.push_char(u32::from(char));
                }
            }
            if self.out.get(start..).is_some_and(|written| written == "(?:)" || UNIX_ENDS.contains(&written))
            {
                piece = Piece::Assertion;
            }
            self.quantifier(start, piece)?;
        }
    }

    fn push_char(&mut self, code: u32) {
        let plain = char::from_u32(code).filter(char::is_ascii_alphanumeric);
        match plain {
            Some(char) if !self.has(Flags::IGNORE_CASE) => self.out.push(char),
            Some(_) | None => self.push_set(&class::single(code, self.source.flags)),
        }
    }

    fn push_set(&mut self, set: &Set) {
        let class = set.to_class();
        if self.has(Flags::IGNORE_CASE) && self.has(Flags::UNICODE_CASE) {
            self.out += &format!("(?i:{class})");
        } else {
            self.out += &class;
        }
    }

    fn caret(&self) -> String {
        match (self.has(Flags::MULTI_LINE), self.has(Flags::UNIX_LINES)) {
            (false, _) => r"(?:\A)".to_owned(),
            (true, false) => format!("(?:{LINE_START})"),
            (true, true) => r"(?:(?:\A|(?<=\n))(?!\z))".to_owned(),
        }
    }

    fn dollar(&self, multi_line: bool) -> String {
        match (multi_line, self.has(Flags::UNIX_LINES)) {
            (false, false) => format!("(?:{END})"),
            (true, false) => r"(?:\z|(?=[\r\x{85}\x{2028}\x{2029}])|(?<!\r)(?=\n))".to_owned(),
            (false, true) => UNIX_ENDS[0].to_owned(),
            (true, true) => UNIX_ENDS[1].to_owned(),
        }
    }

    /// A group, from its opening parenthesis on.
    fn group(&mut self) -> Result<Group, Error> {
        let flags = self.source.flags;
        let unbounded = self.unbounded;
        let (mut is_look_around, mut is_look_behind) = (false, false);
        if self.source.next() == '?' {
            match self.source.skip() {
                ':' => self.out += "(?:",
                '>' => self.out += "(?:(?>",
                kind @ ('=' | '!') => {
                    is_look_around = true;
                    self.out += &format!("(?:(?{kind}");
                }
                '<' => match self.source.read() {
                    kind @ ('=' | '!') => {
                        (is_look_around, is_look_behind) = (true, true);
                        self.out += &format!("(?:(?<{kind}");
                    }
                    first => {
                        let name = self.group_name(first)?;
                        self.group_count += 1;
                        if self.names.insert(name, self.group_count).is_some() {
                            return Err(Error::InvalidPattern);
                        }
                        self.out.push('(');
                    }
                },
                '$' | '@' => return Err(Error::InvalidPattern),
                _ => {
                    self.source.unread();
                    self.flags()?;
                    match self.source.read() {
                        ')' => return Ok(Group::Flags),
                        ':' => self.out += "(?:",
                        _ => return Err(Error::InvalidPattern),
                    }
                }
            }
        } else {
            self.group_count += 1;
            self.out.push('(');
        }
        let is_wrapped = self.out.ends_with("(?>") || is_look_around;
        self.alternatives()?;
        if self.source.read() != ')' {
            return Err(Error::InvalidPattern);
        }
        self.out += if is_wrapped { "))" } else { ")" };
        if is_look_behind && self.unbounded > unbounded {
            return Err(Error::InvalidPattern);
        }
        if is_look_around {
            self.unbounded = unbounded;
        }
        self.source.flags = flags;
        Ok(if is_look_around { Group::LookAround } else { Group::Part })
    }

    /// Letters that set flags, and behind a minus sign those that clear them.
    fn flags(&mut self) -> Result<(), Error> {
        let mut clear = false;
        let mut char = self.source.peek();
        loop {
            match Flags::of(char) {
                Some(flag) if clear => self.source.flags = self.source.flags.without(flag),
                Some(flag) => self.source.flags = self.source.flags.with(flag),
                None if char == '-' && !clear => clear = true,
                // Canonical equivalence.
                None if char == 'c' => return Err(Error::Unsupported),
                None => return Ok(()),
            }
            char = self.source.next();
        }
    }

    fn group_name(&mut self, first: char) -> Result<String, Error> {
        if !first.is_ascii_alphabetic() {
            return Err(Error::InvalidPattern);
        }
        let mut name = String::from(first);
        loop {
            match self.source.read() {
                '>' => return Ok(name),
                char if char.is_ascii_alphanumeric() => name.push(char),
                _ => return Err(Error::InvalidPattern),
            }
        }
    }

    /// An escape outside of a class, from its backslash on.
    fn escape(&mut self) -> Result<Atom, Error> {
        let unicode = self.has(Flags::UNICODE_CLASSES);
        let before = self.source.position();
        Ok(Atom::Assertion(match self.source.skip() {
            digit @ '1'..='9' => self.reference(digit),
            'A' => r"(?:\A)".to_owned(),
            'B' if unicode => r"(?:\B)".to_owned(),
            'B' => format!("(?:{NO_WORD_EDGE})"),
            'G' => LAST_END.to_owned(),
            'N' | 'X' => return Err(Error::Unsupported),
            'R' => format!(r"(?:\r\n|[{VERTICAL}])"),
            'Z' => self.dollar(false),
            'b' if self.source.peek() == '{' && self.source.peek_second() == 'g' => {
                return Err(Error::Unsupported);
            }
            'b' if unicode => r"(?:\b)".to_owned(),
            'b' => format!("(?:{WORD_EDGE})"),
            'k' => {
                if self.source.read() != '<' {
                    return Err(Error::InvalidPattern);
                }
                let first = self.source.read();
                let name = self.group_name(first)?;
                let group = *self.names.get(&name).ok_or(Error::InvalidPattern)?;
                self.reference_to(group)
            }
            'z' => r"(?:\z)".to_owned(),
            _ => {
                self.source.back_to(before);
                return Ok(match escape::escape(&mut self.source, false)? {
                    Escape::Char(code) => Atom::Char(code),
                    Escape::Set(set) => Atom::Set(set),
                });
            }
        }))
    }

    /// Further digits belong to the number as long as there are that many groups so far.
    fn reference(&mut self, digit: char) -> String {
        let mut group = digit as usize - '0' as usize;
        while let Some(digit) = self.source.peek().to_digit(10) {
            let longer = group * 10 + digit as usize;
            if longer > self.group_count {
                break;
            }
            group = longer;
            self.source.read();
        }
        self.reference_to(group)
    }

    fn reference_to(&mut self, group: usize) -> String {
        self.unbounded += 1;
        let reference = format!("{REFERENCE}{group}{REFERENCE}");
        if self.has(Flags::IGNORE_CASE) { format!("(?i:{reference})") } else { reference }
    }
}
