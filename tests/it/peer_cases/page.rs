//! The page of the documentation that lists where we differ on purpose is made from the ledger.

use std::collections::BTreeSet;
use std::fmt::Write;
use std::path::Path;

use super::case::Case;
use super::ledger::{Group, Ledger, Reason};

const PAGE: &str = "docs/differences.md";

#[test]
fn the_page_of_differences_says_what_the_ledger_says() {
    let expected = page(&Ledger::read());
    let written =
        std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(PAGE)).unwrap_or_default();
    if written != expected {
        let fresh = Path::new(env!("CARGO_TARGET_TMPDIR")).join("differences.md");
        std::fs::write(&fresh, expected).expect("the page can be written");
        panic!("{PAGE} is not what the ledger yields; look at {} and copy it there", fresh.display());
    }
}

#[test]
fn each_entry_of_the_ledger_is_a_case_and_stands_there_once() {
    let known: BTreeSet<_> = Case::all().into_iter().map(|case| case.id).collect();
    let ledger = Ledger::read();
    let mut seen = BTreeSet::new();
    for id in ledger.ids() {
        assert!(known.contains(id), "{id} is no case");
        assert!(seen.insert(id), "{id} stands in the ledger twice");
    }
}

fn page(ledger: &Ledger) -> String {
    let mut page = String::from(HEAD);
    for reason in Reason::ALL {
        let groups: Vec<_> = ledger.groups(reason).collect();
        if groups.is_empty() {
            continue;
        }
        write!(page, "\n## {}\n\n{}\n\n", heading(reason), introduction(reason)).expect("text has room");
        page.push_str("| the peer | this worker | why | cases |\n| --- | --- | --- | --- |\n");
        for group in groups {
            writeln!(page, "{}", row(group)).expect("text has room");
        }
    }
    page
}

fn row(group: &Group) -> String {
    let ids: Vec<_> = group.cases.keys().map(String::as_str).collect();
    format!("| {} | {} | {} | {} |", cell(&group.peer), cell(&group.ours), cell(&group.why), ids.join(" "))
}

fn cell(text: &str) -> String {
    text.replace('|', "\\|")
}

const HEAD: &str = "# Where this worker differs from Camunda's connector runtime

«The peer» is Camunda's connector runtime with its Bedrock connector. 551 jobs were recorded from its version 8.8.7 and
are played against this worker with each test run. What is not listed here ends the same way: same command, same
variables, same requests to Bedrock. The cases are those of `tests/fixtures/peer-cases.jsonl`; this page is made from
`tests/fixtures/peer-ledger.json`, and a test keeps the two together.

The recording was played with `BEDROCK_CONNECTOR_SECRETS=peer` and `BEDROCK_CONNECTOR_THROTTLE_PATIENCE=PT0S`. With the
defaults secrets are resolved in fewer places, and a throttled call waits longer before it fails.
";

fn heading(reason: Reason) -> &'static str {
    match reason {
        Reason::Newest => "The newest peer differs as well",
        Reason::Unsafe => "Unsafe to copy",
        Reason::Better => "Better on purpose",
    }
}

fn introduction(reason: Reason) -> &'static str {
    match reason {
        Reason::Newest => {
            "Later versions of the runtime behave otherwise than the recorded one, and the newest wins."
        }
        Reason::Unsafe => "What was recorded gives away secrets, pays for an answer twice or loses work.",
        Reason::Better => {
            "What failed works, what cannot succeed is not tried again, and what failed says why."
        }
    }
}
