//! Finds the placeholders of secrets in a text, in one scan: what is put in is never read again.

/// A piece of a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Piece<'a> {
    Text(&'a str),
    /// `{{secrets.NAME}}` or bare `secrets.NAME`.
    Placeholder {
        /// The placeholder as it is written.
        written: &'a str,
        name: &'a str,
    },
    /// `{{secrets.NAME` without its `}}`.
    Unclosed {
        written: &'a str,
        name: &'a str,
    },
}

const KEYWORD: &str = "secrets.";

/// Cuts a text into plain pieces and placeholders.
pub(super) fn pieces(text: &str) -> Vec<Piece<'_>> {
    let mut pieces = Vec::new();
    let mut rest = text;
    while let Some((before, placeholder, after)) = next_placeholder(rest) {
        if !before.is_empty() {
            pieces.push(Piece::Text(before));
        }
        pieces.push(placeholder);
        rest = after;
    }
    if !rest.is_empty() {
        pieces.push(Piece::Text(rest));
    }
    pieces
}

/// The text before the next placeholder, the placeholder, and the text after it.
fn next_placeholder(text: &str) -> Option<(&str, Piece<'_>, &str)> {
    let mut from = 0;
    while let Some(found) = text.get(from..)?.find(KEYWORD) {
        let keyword = from + found;
        let name_start = keyword + KEYWORD.len();
        let opening = text.get(..keyword)?.trim_end().strip_suffix("{{").map(str::len);
        let closed = opening.and_then(|start| braced(text, start, name_start));
        if let Some(span) = closed.or_else(|| bare(text, keyword, name_start)) {
            let start = opening.unwrap_or(span.start);
            let (written, name) = (text.get(start..span.end)?, text.get(name_start..span.name_end)?);
            let placeholder = if opening.is_some() && !written.ends_with("}}") {
                Piece::Unclosed { written, name }
            } else {
                Piece::Placeholder { written, name }
            };
            return Some((text.get(..start)?, placeholder, text.get(span.end..)?));
        }
        from = name_start;
    }
    None
}

struct Span {
    start: usize,
    name_end: usize,
    end: usize,
}

/// `{{ secrets.NAME }}`; the name is anything without blanks and braces.
fn braced(text: &str, start: usize, name_start: usize) -> Option<Span> {
    let after = text.get(name_start..)?;
    let length = after.find(|c: char| c.is_whitespace() || c == '{' || c == '}')?;
    let behind = after.get(length..)?.trim_start().strip_prefix("}}")?;
    (length > 0).then(|| Span { start, name_end: name_start + length, end: text.len() - behind.len() })
}

/// `secrets.NAME`, where the name is letters and digits, joined by single `/`, `.`, `_` or `-`.
fn bare(text: &str, keyword: usize, name_start: usize) -> Option<Span> {
    let after = text.get(name_start..)?;
    let mut length = 0;
    let mut joined = false;
    for (at, c) in after.char_indices() {
        match c {
            'a'..='z' | 'A'..='Z' | '0'..='9' => {
                length = at + 1;
                joined = false;
            }
            '/' | '.' | '_' | '-' if !joined && length > 0 => joined = true,
            _ => break,
        }
    }
    let name_end = name_start + length;
    (length > 0).then_some(Span { start: keyword, name_end, end: name_end })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The text with `<NAME>` for each placeholder.
    fn check(text: &str, expected: &str) {
        let found: String = pieces(text)
            .into_iter()
            .map(|piece| match piece {
                Piece::Text(text) => text.to_owned(),
                Piece::Placeholder { name, .. } => format!("<{name}>"),
                Piece::Unclosed { name, .. } => format!("!{name}!"),
            })
            .collect();
        assert_eq!(found, expected, "{text:?}");
    }

    #[test]
    fn placeholders_in_braces() {
        check("{{secrets.A_B}}", "<A_B>");
        check("{{ secrets.A_B }}", "<A_B>");
        check("{{secrets.A_B }}x{{ secrets.C}}", "<A_B>x<C>");
        check("{{\tsecrets.A\n}}", "<A>");
        check("{{secrets.TOKEN;}}", "<TOKEN;>");
        check("{{secrets.schlüssel}}", "<schlüssel>");
    }

    #[test]
    fn bare_placeholders() {
        check("secrets.TOKEN", "<TOKEN>");
        check("Use secrets.TOKEN, please.", "Use <TOKEN>, please.");
        check("Use secrets.TOKEN. Then stop", "Use <TOKEN>. Then stop");
        check("secrets.a/b-c.d_e", "<a/b-c.d_e>");
        check("secrets.a--b", "<a>--b");
        check("{secrets.A}", "{<A>}");
        check("mysecrets.A", "my<A>");
        check("secrets.MY NAME", "<MY> NAME");
    }

    #[test]
    fn what_is_no_placeholder_stays() {
        for text in [
            "",
            "secrets",
            "secrets.",
            "secrets. A",
            "{{secrets.}} {{ secrets.  }}",
            "SECRETS.A",
            "secrets.-A",
        ] {
            check(text, text);
        }
    }

    #[test]
    fn braces_that_are_not_closed_are_told_apart() {
        check("{{secrets.TOKEN}", "!TOKEN!}");
        check("{{secrets.MY NAME}}", "!MY! NAME}}");
        check("{{secrets.A {{secrets.B}}", "!A! <B>");
        check("{{x secrets.A", "{{x <A>");
    }
}
