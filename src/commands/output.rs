//! Writing for people: the same colours everywhere, and none when nobody sees them.

use std::io::{self, ErrorKind};

use anstyle::{AnsiColor, Style};

pub(crate) const GOOD: Style = AnsiColor::Green.on_default();
pub(crate) const BAD: Style = AnsiColor::Red.on_default().bold();
pub(crate) const WARN: Style = AnsiColor::Yellow.on_default().bold();
pub(crate) const DIM: Style = Style::new().dimmed();
pub(crate) const BOLD: Style = Style::new().bold();

/// Whether the error is that the reader of our output has gone.
pub(crate) fn is_closed_pipe(error: &anyhow::Error) -> bool {
    error.chain().any(|cause| {
        cause.downcast_ref::<io::Error>().is_some_and(|error| error.kind() == ErrorKind::BrokenPipe)
    })
}

/// An error with its causes, as the last thing that a command says.
pub(crate) fn report(error: &anyhow::Error) -> String {
    let mut text = format!("{BAD}error{BAD:#}: {error}");
    for cause in error.chain().skip(1) {
        text.push_str(&format!("\n  {DIM}because{DIM:#} {cause}"));
    }
    text
}
