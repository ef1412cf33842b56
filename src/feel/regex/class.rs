//! Sets of characters, and how Java reads them between square brackets.

use super::{
    Error,
    escape::{self, Escape},
    property,
    source::{Flags, Source},
    translate,
};

/// A set of characters, written as the inside of a class of the regex crates.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Set {
    /// Ranges and properties.
    Text(String),
    Union(Vec<Set>),
    Intersection(Box<Set>, Box<Set>),
    Negation(Box<Set>),
    /// The single characters of the class that is being read, which Java collects apart and which are complete only at
    /// its end.
    Singles,
}

impl Set {
    pub(super) fn text(text: &str) -> Set {
        Set::Text(text.to_owned())
    }

    pub(super) fn any() -> Set {
        Set::text(r"\x00-\x{10FFFF}")
    }

    pub(super) fn empty() -> Set {
        Set::any().negated()
    }

    /// All from one code point to another, both included. Surrogates are left out, as no string of ours has any.
    pub(super) fn range(first: u32, last: u32) -> Set {
        let parts = [(first, last.min(0xD7FF)), (first.max(0xE000), last)];
        let text: String = parts
            .iter()
            .filter(|(first, last)| first <= last)
            .map(|(first, last)| format!(r"\x{{{first:X}}}-\x{{{last:X}}}"))
            .collect();
        if text.is_empty() { Set::empty() } else { Set::Text(text) }
    }

    pub(super) fn union(self, other: Set) -> Set {
        match self {
            Set::Union(mut sets) => {
                sets.push(other);
                Set::Union(sets)
            }
            Set::Text(_) | Set::Intersection(_, _) | Set::Negation(_) | Set::Singles => {
                Set::Union(vec![self, other])
            }
        }
    }

    pub(super) fn and(self, other: Set) -> Set {
        Set::Intersection(Box::new(self), Box::new(other))
    }

    pub(super) fn negated(self) -> Set {
        Set::Negation(Box::new(self))
    }

    /// Puts the collected characters in their place.
    fn with_singles(self, singles: &Set) -> Set {
        match self {
            Set::Singles => singles.clone(),
            Set::Text(_) => self,
            Set::Union(sets) => Set::Union(sets.into_iter().map(|set| set.with_singles(singles)).collect()),
            Set::Intersection(one, two) => one.with_singles(singles).and(two.with_singles(singles)),
            Set::Negation(set) => set.with_singles(singles).negated(),
        }
    }

    /// The class in brackets.
    pub(super) fn to_class(&self) -> String {
        match self {
            Set::Text(text) => format!("[{text}]"),
            Set::Union(sets) => format!("[{}]", sets.iter().map(Set::to_part).collect::<String>()),
            Set::Intersection(one, two) => format!("[{}&&{}]", one.to_class(), two.to_class()),
            Set::Negation(set) => match set.as_ref() {
                Set::Text(text) => format!("[^{text}]"),
                Set::Union(_) | Set::Intersection(_, _) | Set::Negation(_) | Set::Singles => {
                    format!("[^{}]", set.to_class())
                }
            },
            Set::Singles => String::new(),
        }
    }

    fn to_part(&self) -> String {
        match self {
            Set::Text(text) => text.clone(),
            Set::Union(_) | Set::Intersection(_, _) | Set::Negation(_) | Set::Singles => self.to_class(),
        }
    }
}

/// One code point, and its other case if that is ignored.
pub(super) fn single(code: u32, flags: Flags) -> Set {
    let set = Set::range(code, code);
    let other = char::from_u32(code).filter(char::is_ascii_alphabetic).map(|char| u32::from(char) ^ 0x20);
    match other {
        Some(other) if flags.has(Flags::IGNORE_CASE) => set.union(Set::range(other, other)),
        Some(_) | None => set,
    }
}

/// A range; where case is ignored, with the other case of the ASCII letters in it.
fn range(first: u32, last: u32, flags: Flags) -> Set {
    let mut set = Set::range(first, last);
    if flags.has(Flags::IGNORE_CASE) {
        for (low, high) in [('A', 'Z'), ('a', 'z')] {
            let (low, high) = (first.max(u32::from(low)), last.min(u32::from(high)));
            if low <= high {
                set = set.union(Set::range(low ^ 0x20, high ^ 0x20));
            }
        }
    }
    set
}

/// A class, from its opening bracket on. Java gives union, intersection and negation an order of their own: all of it
/// is kept, also that a single character behind `&&` brings back all those before it.
pub(super) fn class(source: &mut Source, consume: bool, depth: usize) -> Result<Set, Error> {
    if depth > translate::MAX_DEPTH {
        return Err(Error::Unsupported);
    }
    let mut reader = ClassReader { set: None, last: None, singles: Vec::new(), has_singles: false, depth };
    let mut char = source.next();
    // The caret only negates at the very start; with `&&` before it there is no bracket, and it is one of the members.
    let negated = char == '^' && source.position() > 0 && source.previous() == '[';
    if negated {
        char = source.next();
    }
    loop {
        match char {
            '[' => {
                let set = class(source, true, depth + 1)?;
                reader.add(set);
                char = source.peek();
                continue;
            }
            '&' => {
                if source.next() == '&' {
                    reader.intersection(source)?;
                    char = source.peek();
                    continue;
                }
                source.unread();
            }
            '\0' if source.is_at_end() => return Err(Error::InvalidPattern),
            ']' if reader.set.is_some() || reader.has_singles => {
                if consume {
                    source.next();
                }
                let set = reader.finish();
                return Ok(if negated { set.negated() } else { set });
            }
            _ => {}
        }
        reader.member(source)?;
        char = source.peek();
    }
}

struct ClassReader {
    set: Option<Set>,
    last: Option<Set>,
    singles: Vec<Set>,
    has_singles: bool,
    depth: usize,
}

impl ClassReader {
    fn add(&mut self, set: Set) {
        self.last = Some(set.clone());
        self.set = Some(match self.set.take() {
            None => set,
            Some(before) => before.union(set),
        });
    }

    fn intersection(&mut self, source: &mut Source) -> Result<(), Error> {
        let mut char = source.next();
        let mut right: Option<Set> = None;
        while char != ']' && char != '&' {
            let set = if char == '[' {
                class(source, true, self.depth + 1)?
            } else {
                source.unread();
                class(source, false, self.depth + 1)?
            };
            right = Some(match right {
                None => set,
                Some(before) => before.union(set),
            });
            char = source.peek();
        }
        if std::mem::take(&mut self.has_singles) {
            if self.set.is_none() {
                self.last = Some(Set::Singles);
            }
            self.set = Some(self.set.take().map_or(Set::Singles, |before| before.union(Set::Singles)));
        }
        if right.is_some() {
            self.last.clone_from(&right);
        }
        self.set = Some(match (self.set.take(), &self.last, right) {
            (None, _, Some(right)) => right,
            (Some(before), Some(last), _) => before.and(last.clone()),
            (None, _, None) | (Some(_), None, _) => return Err(Error::InvalidPattern),
        });
        Ok(())
    }

    /// A character, an escape or a range.
    fn member(&mut self, source: &mut Source) -> Result<(), Error> {
        let flags = source.flags;
        let mut char = u32::from(source.peek());
        if source.peek() == '\\' {
            let escaped = source.next_raw();
            if escaped == 'p' || escaped == 'P' {
                let set = family(source, escaped == 'P')?;
                self.add(set);
                return Ok(());
            }
            let is_range = source.peek_second() == '-';
            source.unread();
            match escape::escape(source, is_range)? {
                Escape::Set(set) => {
                    self.add(set);
                    return Ok(());
                }
                Escape::Char(code) => char = code,
            }
        } else {
            source.next();
        }
        if source.peek() == '-' && !matches!(source.peek_second(), '[' | ']') {
            let mut last = u32::from(source.next());
            if last == u32::from('\\') {
                match escape::escape(source, true)? {
                    Escape::Char(code) => last = code,
                    Escape::Set(_) => return Err(Error::InvalidPattern),
                }
            } else {
                source.next();
            }
            if last < char {
                return Err(Error::InvalidPattern);
            }
            self.add(range(char, last, flags));
        } else if char < 256 {
            self.singles.push(single(char, flags));
            self.has_singles = true;
            self.last = None;
        } else {
            self.add(single(char, flags));
        }
        Ok(())
    }

    fn finish(self) -> Set {
        let set = match self.set {
            None => Set::Singles,
            Some(set) if self.has_singles => set.union(Set::Singles),
            Some(set) => set,
        };
        set.with_singles(&Set::Union(self.singles))
    }
}

/// `\p{Name}` or `\pN`, from the letter p on.
pub(super) fn family(source: &mut Source, negated: bool) -> Result<Set, Error> {
    let mut name = String::new();
    if source.next() == '{' {
        source.next_raw();
        loop {
            match source.read_raw() {
                '}' => break,
                '\0' if source.is_past_end() => return Err(Error::InvalidPattern),
                char => name.push(char),
            }
        }
    } else {
        name.push(source.read());
    }
    let set = property::property(&name, source.flags)?;
    Ok(if negated { set.negated() } else { set })
}
