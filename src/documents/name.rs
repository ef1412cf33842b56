//! Names that Bedrock takes: letters, digits, hyphens, brackets and single blanks, at most 200 characters.

use super::kind::extension;

const MAX_LENGTH: usize = 200;

/// The name for a document block, made from a file name without its extension.
pub fn clean(file_name: Option<&str>) -> String {
    let file_name = file_name.unwrap_or_default();
    let stem = match extension(file_name) {
        Some(extension) => file_name
            .trim_end()
            .strip_suffix(extension)
            .and_then(|rest| rest.strip_suffix('.'))
            .unwrap_or(file_name),
        None => file_name,
    };
    let allowed = |c: char| if c.is_ascii_alphanumeric() || "-()[]".contains(c) { c } else { ' ' };
    let spaced: String = stem.chars().map(allowed).collect();
    let words: Vec<_> = spaced.split_ascii_whitespace().collect();
    let cut: String = words.join(" ").chars().take(MAX_LENGTH).collect();
    match cut.trim_end() {
        "" => "document".to_owned(),
        name => name.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_keep_to_the_rule() {
        for (file_name, expected) in [
            ("report.pdf", "report"),
            ("my.report.v2.pdf", "my report v2"),
            ("my  report.pdf", "my report"),
            ("dir/report.pdf", "dir report"),
            ("report_1.pdf", "report 1"),
            ("Bericht (2) [neu]-a.pdf", "Bericht (2) [neu]-a"),
            ("größe.txt", "gr e"),
            (".pdf", "document"),
            ("report.pdf ", "report"),
            ("", "document"),
            ("報告.pdf", "document"),
            ("no extension", "no extension"),
        ] {
            assert_eq!(clean(Some(file_name)), expected, "{file_name:?}");
        }
        assert_eq!(clean(None), "document");
    }

    #[test]
    fn long_names_are_cut() {
        assert_eq!(clean(Some(&format!("{}.pdf", "a".repeat(300)))).len(), 200);
        let words = "ab ".repeat(100);
        assert!(clean(Some(&words)).len() <= 200 && !clean(Some(&words)).ends_with(' '));
    }
}
