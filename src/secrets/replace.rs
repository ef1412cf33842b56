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
}

const KEYWORD: &str = "secrets.";

/// Cuts a text into plain pieces and placeholders.
pub(super) fn pieces(text: &str) -> Vec<Piece<'_>> {
    let mut pieces = Vec::new();
    let mut rest = text;
    while let Some((before, written, name, after)) = next_placeholder(rest) {
        if !before.is_empty() {
            pieces.push(Piece::Text(before));
        }
        pieces.push(Piece::Placeholder { written, name });
        rest = after;
    }
    if !rest.is_empty() {
        pieces.push(Piece::Text(rest));
    }
    pieces
}

/// The text before the next placeholder, the placeholder, its name, and the text after it.
fn next_placeholder(text: &str) -> Option<(&str, &str, &str, &str)> {
    let mut from = 0;
    while let Some(found) = text.get(from..)?.find(KEYWORD) {
        let keyword = from + found;
        let after_keyword = keyword + KEYWORD.len();
        let span = braced(text, keyword, after_keyword).or_else(|| bare(text, keyword, after_keyword));
        if let Some(span) = span {
            return Some((
                text.get(..span.start)?,
                text.get(span.start..span.end)?,
                text.get(after_keyword..span.name_end)?,
                text.get(span.end..)?,
            ));
        }
        from = after_keyword;
    }
    None
}

struct Span {
    start: usize,
    name_end: usize,
    end: usize,
}

/// `{{ secrets.NAME }}`; the name is anything without blanks and braces.
fn braced(text: &str, keyword: usize, after_keyword: usize) -> Option<Span> {
    let start = text.get(..keyword)?.trim_end().strip_suffix("{{")?.len();
    let after = text.get(after_keyword..)?;
    let length = after.find(|c: char| c.is_whitespace() || c == '{' || c == '}')?;
    let closing = after.get(length..)?.trim_start();
    let behind = closing.strip_prefix("}}")?;
    (length > 0).then(|| Span { start, name_end: after_keyword + length, end: text.len() - behind.len() })
}

/// `secrets.NAME`, where the name is letters and digits, joined by single `/`, `.`, `_` or `-`.
fn bare(text: &str, keyword: usize, after_keyword: usize) -> Option<Span> {
    let after = text.get(after_keyword..)?;
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
    let name_end = after_keyword + length;
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
    fn braces_that_are_not_closed_leave_a_bare_placeholder() {
        check("{{secrets.TOKEN}", "{{<TOKEN>}");
        check("{{secrets.MY NAME}}", "{{<MY> NAME}}");
        check("{{secrets.A {{secrets.B}}", "{{<A> <B>");
    }
}
