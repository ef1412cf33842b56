//! Judges played cases against the recording and the ledger, and says what came of it.

use std::collections::BTreeMap;
use std::fmt;

use serde_json::{Map, Value, json};

use super::case::Case;
use super::compare::{Difference, differences};
use super::ledger::{self, Changes, Ledger};
use super::seen;
use super::stage::Played;

#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Verdict {
    /// As recorded.
    Agreed,
    /// Different, as the ledger states it.
    Ledgered,
    /// Different, and not so as the ledger states it, if the case stands there at all.
    Differing {
        ledgered: bool,
        differences: Vec<Difference>,
        /// What the ledger would say of it.
        draft: Changes,
    },
    /// As recorded, and yet in the ledger.
    Stale,
}

/// Compares what was played with the recording, and with the ledger where the case stands there.
pub(crate) fn judge(case: &Case, played: &Played, ledger: &Ledger) -> Verdict {
    let recorded = seen::recorded(case);
    let observed = seen::observed(played, &case.loose);
    let found = differences(&recorded, &observed);
    let Some(group) = ledger.entry(&case.id) else {
        return match found.is_empty() {
            true => Verdict::Agreed,
            false => {
                let draft = ledger::draft(&recorded, &observed);
                Verdict::Differing { ledgered: false, differences: found, draft }
            }
        };
    };
    if found.is_empty() {
        return Verdict::Stale;
    }
    let draft = ledger::draft(&recorded, &observed);
    let loose = [case.loose.clone(), group.loose(&case.id)].concat();
    let observed = seen::observed(played, &loose);
    match differences(&group.own_outcome(&case.id, &recorded), &observed) {
        found if found.is_empty() => Verdict::Ledgered,
        found => Verdict::Differing { ledgered: true, differences: found, draft },
    }
}

/// All verdicts of one run.
#[derive(Debug, Default)]
pub(crate) struct Report {
    families: BTreeMap<String, Count>,
    complaints: Vec<String>,
    /// Differences in the form of the ledger, to be pasted there once they have a reason.
    drafts: Map<String, Value>,
}

#[derive(Debug, Default)]
struct Count {
    agreed: usize,
    ledgered: usize,
    differing: usize,
}

impl Report {
    pub(crate) fn of(played: &[(Case, Played)], ledger: &Ledger) -> Self {
        let mut report = Self::default();
        for (case, played) in played {
            report.add(case, judge(case, played, ledger));
        }
        report
    }

    fn add(&mut self, case: &Case, verdict: Verdict) {
        let count = self.families.entry(case.family.clone()).or_default();
        match verdict {
            Verdict::Agreed => count.agreed += 1,
            Verdict::Ledgered => count.ledgered += 1,
            Verdict::Stale => {
                count.differing += 1;
                self.complaints.push(format!("{}\n    agrees, so it must leave the ledger", title(case)));
            }
            Verdict::Differing { ledgered, differences, draft } => {
                count.differing += 1;
                let mut complaint = title(case);
                if ledgered {
                    complaint.push_str("\n    does not do what the ledger states:");
                }
                for difference in &differences {
                    complaint.push_str(&format!("\n    {difference}"));
                }
                self.complaints.push(complaint);
                self.drafts.insert(case.id.clone(), json!(draft));
            }
        }
    }

    /// Nothing differs without a reason.
    pub(crate) fn is_clean(&self) -> bool {
        self.complaints.is_empty()
    }

    pub(crate) fn drafts(&self) -> Value {
        Value::Object(self.drafts.clone())
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{:<22} {:>7} {:>9} {:>10}", "family", "agreed", "ledgered", "differing")?;
        let mut total = Count::default();
        for (family, count) in &self.families {
            writeln!(f, "{family:<22} {:>7} {:>9} {:>10}", count.agreed, count.ledgered, count.differing)?;
            total.agreed += count.agreed;
            total.ledgered += count.ledgered;
            total.differing += count.differing;
        }
        writeln!(f, "{:<22} {:>7} {:>9} {:>10}", "all", total.agreed, total.ledgered, total.differing)?;
        self.complaints.iter().try_for_each(|complaint| write!(f, "\n{complaint}\n"))
    }
}

fn title(case: &Case) -> String {
    let quirk = case.quirk.as_ref().map(|quirk| format!("\n    quirk of the peer: {quirk}"));
    format!("{} {} | {}{}", case.id, case.family, case.note, quirk.unwrap_or_default())
}
