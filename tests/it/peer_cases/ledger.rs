//! The ledger of differences, `tests/fixtures/peer-ledger.json`: where we differ from the recording on purpose, why,
//! and what we do instead. It states our own outcome as a few changes to the recorded one, so a change of our
//! behaviour is noticed in a ledgered case as well.

use std::collections::BTreeMap;
use std::fmt;

use serde::Deserialize;
use serde_json::{Value, json};

use super::compare::differences;

const LEDGER: &str = include_str!("../../fixtures/peer-ledger.json");

/// In place of a value: the recorded member is not there.
const ABSENT: &str = "(absent)";

/// In place of a value: a text of our own wording, as for the pointers that a case itself lists as loose.
const WORDED: &str = "(worded)";

#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Ledger(Vec<Group>);

/// Cases that differ for one reason.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Group {
    pub(crate) reason: Reason,
    /// What the recorded runtime does.
    pub(crate) peer: String,
    /// What we do.
    pub(crate) ours: String,
    pub(crate) why: String,
    /// Changes that all cases of the group share.
    #[serde(default)]
    all: Changes,
    /// Further changes by case.
    pub(crate) cases: BTreeMap<String, Changes>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Reason {
    /// Later versions of the runtime behave otherwise too, and the newest one wins.
    Newest,
    /// What was recorded gives away secrets or money, or loses work.
    Unsafe,
    /// We can do better without breaking anybody.
    Better,
}

/// JSON pointers into the recorded outcome, and what stands there in ours.
///
/// Some mean more than the value: another `/command` starts from nothing but the recorded requests, a number for
/// `/bedrock` keeps that many of the requests (repeating the last), `"(absent)"` removes a member, and `"(worded)"`
/// is any text.
pub(crate) type Changes = BTreeMap<String, Value>;

impl Reason {
    pub(crate) const ALL: [Self; 3] = [Self::Newest, Self::Unsafe, Self::Better];
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Newest => "newest peer differs",
            Self::Unsafe => "unsafe",
            Self::Better => "better on purpose",
        })
    }
}

impl Ledger {
    pub(crate) fn read() -> Self {
        Self::parse(LEDGER).unwrap_or_else(|error| panic!("the ledger: {error}"))
    }

    pub(crate) fn parse(text: &str) -> serde_json::Result<Self> {
        serde_json::from_str(text)
    }

    /// The groups of one reason, in the order of the file.
    pub(crate) fn groups(&self, reason: Reason) -> impl Iterator<Item = &Group> {
        self.0.iter().filter(move |group| group.reason == reason)
    }

    /// The ids of all entries; one that stands there twice comes twice.
    pub(crate) fn ids(&self) -> Vec<&str> {
        self.0.iter().flat_map(|group| group.cases.keys().map(String::as_str)).collect()
    }

    /// The group in which a case stands.
    pub(crate) fn entry(&self, id: &str) -> Option<&Group> {
        self.0.iter().find(|group| group.cases.contains_key(id))
    }
}

impl Group {
    fn changes(&self, id: &str) -> Changes {
        let own = self.cases.get(id).into_iter().flatten();
        self.all.iter().chain(own).map(|(at, to)| (at.clone(), to.clone())).collect()
    }

    /// Pointers into our own outcome to texts of our own wording.
    pub(crate) fn loose(&self, id: &str) -> Vec<String> {
        self.changes(id).into_iter().filter(|(_, to)| to == WORDED).map(|(at, _)| at).collect()
    }

    /// Our own outcome of a case of this group, made from the recorded one.
    pub(crate) fn own_outcome(&self, id: &str, recorded: &Value) -> Value {
        let mut outcome = recorded.clone();
        let changes = self.changes(id);
        if changes.contains_key("/command") {
            outcome = json!({"variables": {}, "bedrock": recorded["bedrock"]});
        }
        // Shorter pointers come first, so a change can add a member below what another one has put there. What is
        // taken away goes last and from the end, so that the places in a list stay what they were.
        let (removals, others): (Vec<_>, Vec<_>) = changes.iter().partition(|(_, value)| *value == ABSENT);
        for (pointer, value) in others.into_iter().chain(removals.into_iter().rev()) {
            change(&mut outcome, pointer, value)
                .unwrap_or_else(|| panic!("{id}: there is no place {pointer}"));
        }
        outcome
    }
}

/// The changes that make our outcome of the recorded one, with our own wording left open.
pub(crate) fn draft(recorded: &Value, observed: &Value) -> Changes {
    let mut changes = Changes::new();
    let mut base = recorded.clone();
    if recorded["command"] != observed["command"] {
        base = json!({"variables": {}, "bedrock": recorded["bedrock"]});
    }
    if let Some(count) = same_requests_but_fewer_or_more(&recorded["bedrock"], &observed["bedrock"]) {
        change(&mut base, "/bedrock", &json!(count));
        changes.insert("/bedrock".to_owned(), json!(count));
    }
    for difference in differences(&base, observed) {
        changes.insert(difference.pointer, difference.got.unwrap_or_else(|| Value::from(ABSENT)));
    }
    if observed["command"] == "fail" && changes.contains_key("/command") {
        changes.insert("/errorMessage".to_owned(), json!(WORDED));
        changes.insert("/variables/error/message".to_owned(), json!(WORDED));
    }
    if let Some(error) = changes.get_mut("/variables/error").and_then(Value::as_object_mut) {
        error.remove("message");
    }
    changes
}

/// The number of our requests when nothing but that differs.
fn same_requests_but_fewer_or_more(recorded: &Value, observed: &Value) -> Option<usize> {
    let (recorded, observed) = (recorded.as_array()?, observed.as_array()?);
    let expected = recorded.iter().chain(std::iter::repeat(recorded.last()?));
    let same = expected.zip(observed).all(|(left, right)| differences(left, right).is_empty());
    (same && recorded.len() != observed.len()).then_some(observed.len())
}

fn change(outcome: &mut Value, pointer: &str, to: &Value) -> Option<()> {
    if let ("/bedrock", Some(count)) = (pointer, to.as_u64()) {
        let requests = outcome.get_mut("bedrock")?.as_array_mut()?;
        let last = requests.last().cloned().unwrap_or_default();
        requests.resize(usize::try_from(count).ok()?, last);
        return Some(());
    }
    let (parent, name) = pointer.rsplit_once('/')?;
    let name = name.replace("~1", "/").replace("~0", "~");
    match outcome.pointer_mut(parent)? {
        Value::Object(members) if to == ABSENT => {
            members.remove(&name)?;
        }
        Value::Object(members) if to == WORDED => {
            members.insert("has_message".to_owned(), json!(true));
        }
        Value::Object(members) => {
            members.insert(name, to.clone());
        }
        Value::Array(items) if to == ABSENT => {
            items.remove(name.parse().ok().filter(|at| *at < items.len())?);
        }
        Value::Array(items) => match name.parse::<usize>().ok()? {
            at if at == items.len() => items.push(to.clone()),
            at => *items.get_mut(at)? = to.clone(),
        },
        _ => return None,
    }
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn own_outcome(changes: &str, recorded: &Value) -> Value {
        own_outcome_with("{\"/retries\": 0}", changes, recorded)
    }

    fn own_outcome_of(changes: &Value, recorded: &Value) -> Value {
        own_outcome_with("{}", &changes.to_string(), recorded)
    }

    fn own_outcome_with(all: &str, changes: &str, recorded: &Value) -> Value {
        let text = format!(
            r#"[{{"reason":"better","peer":"","ours":"","why":"","all":{all},"cases":{{"c001":{changes}}}}}]"#
        );
        Ledger::parse(&text).unwrap().entry("c001").unwrap().own_outcome("c001", recorded)
    }

    #[test]
    fn an_entry_states_our_outcome_as_changes_to_the_recorded_one() {
        let recorded =
            json!({"command": "fail", "retries": 2, "variables": {"error": {"a": 1}}, "bedrock": [1, 2, 3]});
        assert_eq!(
            own_outcome(
                r#"{"/variables/error/a": "(absent)", "/variables/error/b": [null], "/bedrock": 1}"#,
                &recorded
            ),
            json!({"command": "fail", "retries": 0, "variables": {"error": {"b": [null]}}, "bedrock": [1]})
        );
        assert_eq!(
            own_outcome(r#"{"/command": "complete", "/bedrock/1": 5, "/bedrock/0": "(absent)"}"#, &recorded),
            json!({"command": "complete", "retries": 0, "variables": {}, "bedrock": [5, 3]}),
            "another command starts from nothing; removals come last"
        );
    }

    #[test]
    fn a_draft_makes_the_observed_outcome_of_the_recorded_one() {
        let request = |n: u8| json!({"path": n});
        let complete =
            json!({"command": "complete", "variables": {"r": [1, {"a": null}]}, "bedrock": [request(1)]});
        let fail = json!({
            "command": "fail", "retries": 2, "retryBackOff": 0, "has_message": true,
            "variables": {"error": {"type": "T", "has_message": true}}, "bedrock": [request(1), request(1)],
        });
        let worded = json!({
            "command": "fail", "retries": 0, "retryBackOff": 0, "errorMessage": "x",
            "variables": {"error": {"type": "T", "message": "x", "code": "C"}}, "bedrock": [],
        });
        let other =
            json!({"command": "complete", "variables": {"r": [2]}, "bedrock": [request(3), request(4)]});
        for (recorded, observed, open) in [
            (&complete, &fail, &fail),
            (&fail, &complete, &complete),
            (&complete, &other, &other),
            (&other, &complete, &complete),
            (
                &complete,
                &worded,
                &json!({
                    "command": "fail", "retries": 0, "retryBackOff": 0, "has_message": true,
                    "variables": {"error": {"type": "T", "has_message": true, "code": "C"}}, "bedrock": [],
                }),
            ),
        ] {
            let changes = json!(draft(recorded, observed));
            assert_eq!(differences(open, &own_outcome_of(&changes, recorded)), [], "{changes}");
        }
    }
}
