//! Connections: whether tasks may go without, and how a changed file is noticed. The connections themselves are tables of
//! the file.

use crate::config::setting::Form::{Choice, Duration};
use crate::config::setting::{Section, Setting};

pub(super) const ACCESS: Section = Section {
    title: "Connections",
    settings: &[Setting {
        key: "access.inline-credentials",
        variable: "BEDROCK_CONNECTOR_INLINE_CREDENTIALS",
        form: Choice(&["allowed", "refused"]),
        default: "allowed",
        others: &[],
        doc: "Whether tasks may go without a connection, with credentials of their own or with those of the process",
    }],
};

pub(super) const RELOAD: Section = Section {
    title: "Changed configuration",
    settings: &[Setting {
        key: "reload.check-every",
        variable: "BEDROCK_CONNECTOR_RELOAD_CHECK",
        form: Duration,
        default: "PT5S",
        others: &[],
        doc: "How often the file is looked at for changed connections; PT0S leaves it to SIGHUP",
    }],
};
