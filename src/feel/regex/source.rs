//! The pattern as Java's parser sees it: code points, with a cursor that skips white space where the flag x is set.

/// The flags of a pattern, which groups may change for a part of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub(super) struct Flags(u8);

impl Flags {
    pub(super) const IGNORE_CASE: Flags = Flags(1);
    pub(super) const MULTI_LINE: Flags = Flags(2);
    pub(super) const DOT_ALL: Flags = Flags(4);
    pub(super) const COMMENTS: Flags = Flags(8);
    pub(super) const UNIX_LINES: Flags = Flags(16);
    pub(super) const UNICODE_CASE: Flags = Flags(32);
    pub(super) const UNICODE_CLASSES: Flags = Flags(64);

    /// The flags among the letters s, m, i and x; the reference ignores all others.
    pub(super) fn from_letters(letters: &str) -> Flags {
        letters
            .chars()
            .filter(|letter| "smix".contains(*letter))
            .filter_map(Flags::of)
            .fold(Flags::default(), Flags::with)
    }

    /// What a letter stands for inside of a pattern.
    pub(super) fn of(letter: char) -> Option<Flags> {
        Some(match letter {
            'i' => Flags::IGNORE_CASE,
            'm' => Flags::MULTI_LINE,
            's' => Flags::DOT_ALL,
            'x' => Flags::COMMENTS,
            'd' => Flags::UNIX_LINES,
            'u' => Flags::UNICODE_CASE,
            'U' => Flags::UNICODE_CLASSES.with(Flags::UNICODE_CASE),
            _ => return None,
        })
    }

    pub(super) fn with(self, other: Flags) -> Flags {
        Flags(self.0 | other.0)
    }

    pub(super) fn without(self, other: Flags) -> Flags {
        Flags(self.0 & !other.0)
    }

    pub(super) fn has(self, other: Flags) -> bool {
        self.0 & other.0 != 0
    }
}

/// What stands at and behind the end.
const END: char = '\0';

/// The pattern and how far it is read. The methods are those of Java's parser, because what they skip is part of the
/// language.
#[derive(Debug)]
pub(super) struct Source {
    chars: Vec<char>,
    cursor: usize,
    pub(super) flags: Flags,
}

impl Source {
    pub(super) fn new(pattern: &str, flags: Flags) -> Source {
        Source { chars: without_quotes(pattern), cursor: 0, flags }
    }

    fn at(&self, index: usize) -> char {
        self.chars.get(index).copied().unwrap_or(END)
    }

    pub(super) fn len(&self) -> usize {
        self.chars.len()
    }

    /// The character before the cursor.
    pub(super) fn previous(&self) -> char {
        self.at(self.cursor.saturating_sub(1))
    }

    pub(super) fn is_at_end(&self) -> bool {
        self.cursor >= self.chars.len()
    }

    pub(super) fn is_past_end(&self) -> bool {
        self.cursor > self.chars.len()
    }

    /// The next character.
    pub(super) fn peek(&mut self) -> char {
        if self.flags.has(Flags::COMMENTS) {
            self.skip_comments();
        }
        self.at(self.cursor)
    }

    /// The character behind the next one, even if that is white space.
    pub(super) fn peek_second(&self) -> char {
        self.at(self.cursor + 1)
    }

    /// Steps over a character and looks at the one after it.
    pub(super) fn next(&mut self) -> char {
        self.cursor += 1;
        self.peek()
    }

    /// Steps over a character and looks at the one after it, even if that is white space.
    pub(super) fn next_raw(&mut self) -> char {
        self.cursor += 1;
        self.at(self.cursor)
    }

    /// Takes the next character.
    pub(super) fn read(&mut self) -> char {
        let char = self.peek();
        self.cursor += 1;
        char
    }

    /// Takes the next character, even if it is white space.
    pub(super) fn read_raw(&mut self) -> char {
        self.cursor += 1;
        self.at(self.cursor - 1)
    }

    /// Steps over a character and takes the one after it, even if that is white space.
    pub(super) fn skip(&mut self) -> char {
        self.cursor += 2;
        self.at(self.cursor - 1)
    }

    pub(super) fn unread(&mut self) {
        self.cursor = self.cursor.saturating_sub(1);
    }

    pub(super) fn position(&self) -> usize {
        self.cursor
    }

    pub(super) fn back_to(&mut self, position: usize) {
        self.cursor = position;
    }

    fn skip_comments(&mut self) {
        loop {
            match self.at(self.cursor) {
                ' ' | '\t'..='\r' => self.cursor += 1,
                '#' => {
                    while !self.is_at_end() && !is_line_end(self.at(self.cursor), self.flags) {
                        self.cursor += 1;
                    }
                }
                _ => return,
            }
        }
    }
}

fn is_line_end(char: char, flags: Flags) -> bool {
    char == '\n'
        || (!flags.has(Flags::UNIX_LINES) && matches!(char, '\r' | '\u{85}' | '\u{2028}' | '\u{2029}'))
}

/// Replaces `\Q…\E` by escaped characters.
fn without_quotes(pattern: &str) -> Vec<char> {
    let mut chars = Vec::with_capacity(pattern.len());
    let mut rest = pattern.chars().peekable();
    let mut quoted = false;
    while let Some(char) = rest.next() {
        match (char, rest.peek()) {
            ('\\', Some('E')) if quoted => {
                rest.next();
                quoted = false;
            }
            ('\\', Some('Q')) if !quoted => {
                rest.next();
                quoted = true;
                // A digit must not become part of an escape before the quote.
                if let Some(digit) = rest.next_if(char::is_ascii_digit) {
                    chars.extend(['\\', 'x', '3', digit]);
                }
            }
            ('\\', Some(_)) if !quoted => {
                chars.push(char);
                chars.extend(rest.next());
            }
            _ if quoted && char.is_ascii() && !char.is_ascii_alphanumeric() => chars.extend(['\\', char]),
            _ => chars.push(char),
        }
    }
    chars
}
