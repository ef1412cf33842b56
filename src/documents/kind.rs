//! Which format Bedrock is to read a document in.

/// How a document goes into a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A document block of this format.
    Document(&'static str),
    /// An image block of this format.
    Image(&'static str),
}

/// Format, extensions and content types. The extension decides first, because that is what people see.
const KINDS: &[(Kind, &[&str], &[&str])] = &[
    (Kind::Document("pdf"), &["pdf"], &["application/pdf", "application/x-pdf"]),
    (Kind::Document("csv"), &["csv"], &["text/csv", "application/csv"]),
    (Kind::Document("doc"), &["doc"], &["application/msword"]),
    (
        Kind::Document("docx"),
        &["docx"],
        &["application/vnd.openxmlformats-officedocument.wordprocessingml.document"],
    ),
    (Kind::Document("xls"), &["xls"], &["application/vnd.ms-excel"]),
    (
        Kind::Document("xlsx"),
        &["xlsx"],
        &["application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"],
    ),
    (Kind::Document("html"), &["html", "htm", "xhtml"], &["text/html", "application/xhtml+xml"]),
    (Kind::Document("md"), &["md", "markdown"], &["text/markdown", "text/x-markdown"]),
    (Kind::Document("txt"), &["txt", "text", "log"], &["text/plain"]),
    (Kind::Image("png"), &["png"], &["image/png"]),
    (Kind::Image("jpeg"), &["jpeg", "jpg", "jpe"], &["image/jpeg", "image/jpg"]),
    (Kind::Image("gif"), &["gif"], &["image/gif"]),
    (Kind::Image("webp"), &["webp"], &["image/webp"]),
];

impl Kind {
    /// The kind by the extension of a file name, else by the content type; both without regard to case.
    pub fn of(name: Option<&str>, content_type: Option<&str>) -> Option<Self> {
        let by_name = name.and_then(extension).and_then(Self::by_extension);
        by_name.or_else(|| content_type.and_then(Self::by_content_type))
    }

    fn by_extension(extension: &str) -> Option<Self> {
        let extension = extension.to_ascii_lowercase();
        KINDS
            .iter()
            .find(|(_, extensions, _)| extensions.contains(&extension.as_str()))
            .map(|(kind, ..)| *kind)
    }

    fn by_content_type(content_type: &str) -> Option<Self> {
        let essence = content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        KINDS.iter().find(|(_, _, types)| types.contains(&essence.as_str())).map(|(kind, ..)| *kind)
    }

    /// The formats that there are, for messages.
    pub fn all() -> String {
        let names: Vec<_> = KINDS
            .iter()
            .map(|(kind, ..)| match kind {
                Self::Document(format) | Self::Image(format) => *format,
            })
            .collect();
        names.join(", ")
    }
}

/// Types of files that no model reads as a document, but processes store.
const OTHER_TYPES: &[(&str, &str)] = &[
    ("json", "application/json"),
    ("xml", "application/xml"),
    ("yaml", "application/yaml"),
    ("yml", "application/yaml"),
    ("zip", "application/zip"),
    ("pptx", "application/vnd.openxmlformats-officedocument.presentationml.presentation"),
    ("svg", "image/svg+xml"),
    ("mp3", "audio/mpeg"),
    ("wav", "audio/wav"),
    ("mp4", "video/mp4"),
];

/// The content type that a file of this name has.
pub(super) fn content_type(name: &str) -> &'static str {
    let extension = extension(name).unwrap_or_default().to_ascii_lowercase();
    let known = KINDS.iter().find(|(_, extensions, _)| extensions.contains(&extension.as_str()));
    let other =
        || OTHER_TYPES.iter().find(|(other, _)| *other == extension).map(|(_, content_type)| content_type);
    let found = known.and_then(|(_, _, types)| types.first()).or_else(other);
    found.copied().unwrap_or("application/octet-stream")
}

/// What follows the last dot, when something does.
pub(super) fn extension(name: &str) -> Option<&str> {
    name.trim_end().rsplit_once('.').map(|(_, extension)| extension).filter(|extension| !extension.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_extension_decides_before_the_content_type() {
        for (name, content_type, expected) in [
            (Some("report.pdf"), None, Some(Kind::Document("pdf"))),
            (Some("report.txt"), Some("application/pdf"), Some(Kind::Document("txt"))),
            (Some("report.PDF "), None, Some(Kind::Document("pdf"))),
            (Some("my.report.v2.pdf"), None, Some(Kind::Document("pdf"))),
            (Some("photo.jpg"), None, Some(Kind::Image("jpeg"))),
            (Some("page.htm"), None, Some(Kind::Document("html"))),
            (Some("report"), Some("text/plain; charset=utf-8"), Some(Kind::Document("txt"))),
            (Some("data.bin"), Some("IMAGE/JPEG"), Some(Kind::Image("jpeg"))),
            (None, Some("text/markdown"), Some(Kind::Document("md"))),
            (Some("data.json"), Some("application/json"), None),
            (Some("report."), None, None),
            (None, Some("application/octet-stream"), None),
            (None, None, None),
        ] {
            assert_eq!(Kind::of(name, content_type), expected, "{name:?} {content_type:?}");
        }
    }
}
