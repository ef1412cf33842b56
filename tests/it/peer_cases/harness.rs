//! Proves the harness itself: that it agrees with what was recorded and notices each kind of difference.

use std::collections::BTreeSet;

use bedrock_connector::emulator::gateway::Delivery;
use serde_json::{Value, json};

use super::case::{Case, id_in};
use super::fake;
use super::ledger::Ledger;
use super::report::{Report, Verdict, judge};

fn no_ledger() -> Ledger {
    Ledger::parse("[]").expect("a ledger without entries")
}

/// Plays one case by the recording with a change, and gives the differences that are found.
async fn noticed(id: &str, change: impl Fn(&mut Value)) -> Vec<String> {
    let script = |case: &Case| {
        let mut script = fake::recorded(case);
        change(&mut script);
        script
    };
    let played = fake::play(vec![Case::by_id(id)], Delivery::Poll, script).await;
    let [(case, played)] = played.as_slice() else { panic!("one case was played") };
    match judge(case, played, &no_ledger()) {
        Verdict::Agreed => Vec::new(),
        Verdict::Differing { differences, .. } => differences.iter().map(ToString::to_string).collect(),
        other => panic!("{other:?} without a ledger"),
    }
}

#[test]
fn each_path_names_its_case() {
    for case in Case::all() {
        let requests = case.seen["bedrock"].as_array().unwrap();
        let paths = requests.iter().map(|request| request["path"].as_str().unwrap());
        for path in paths.chain(case.files.keys().map(String::as_str)) {
            assert_eq!(id_in(path), Some(case.id.as_str()), "{path}");
        }
    }
}

#[test]
fn cases_have_ids_of_their_own() {
    let cases = Case::all();
    assert_eq!(cases.len(), 551);
    assert_eq!(cases.iter().map(|case| &case.id).collect::<BTreeSet<_>>().len(), 551);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_that_does_what_was_recorded_agrees_with_every_case() {
    for delivery in [Delivery::Poll, Delivery::Push] {
        let played = fake::play(Case::all(), delivery, fake::recorded).await;
        let report = Report::of(&played, &no_ledger());
        assert!(report.is_clean(), "{delivery:?}\n{report}");
    }
}

#[tokio::test]
async fn other_variables_are_noticed() {
    let found = noticed("c001", |script| script["variables"]["r"][1]["role"] = json!("user")).await;
    assert_eq!(found, [r#"/variables/r/1/role: expected "assistant", got "user""#]);
}

#[tokio::test]
async fn another_command_is_noticed() {
    let found = noticed("c001", |script| script["command"] = json!("throw")).await;
    assert_eq!(
        found,
        [
            r#"/command: expected "complete", got "throw""#,
            r#"/errorCode: expected nothing, got """#,
            r#"/errorMessage: expected nothing, got """#,
        ]
    );
}

#[tokio::test]
async fn other_retries_and_back_off_are_noticed() {
    let found = noticed("c148", |script| {
        script["retries"] = json!(0);
        script["retryBackOff"] = json!(5_000);
    })
    .await;
    assert_eq!(found, ["/retries: expected 2, got 0", "/retryBackOff: expected 0, got 5000"]);
}

#[tokio::test]
async fn a_missing_message_is_noticed_but_not_its_wording() {
    assert!(noticed("c148", |script| script["errorMessage"] = json!("whatever it says")).await.is_empty());
    let found = noticed("c148", |script| script["errorMessage"] = json!("")).await;
    assert_eq!(found, ["/has_message: expected true, got nothing"]);
}

#[tokio::test]
async fn a_message_that_the_modeler_wrote_is_compared() {
    let found = noticed("c644", |script| script["errorMessage"] = json!("other")).await;
    assert_eq!(found, [r#"/errorMessage: expected "text", got "other""#]);
}

#[tokio::test]
async fn a_missing_and_an_extra_request_are_noticed() {
    let found = noticed("c001", |script| script["bedrock"] = json!([])).await;
    assert_eq!(found.len(), 1);
    assert!(found[0].starts_with(r#"/bedrock/0: expected {"method":"POST""#), "{found:?}");
    let twice = |script: &mut Value| {
        let request = script["bedrock"][0].clone();
        script["bedrock"] = json!([request, request]);
    };
    let found = noticed("c001", twice).await;
    assert_eq!(found.len(), 1);
    assert!(found[0].starts_with("/bedrock/1: expected nothing, got {"), "{found:?}");
}

#[tokio::test]
async fn each_compared_part_of_a_request_is_noticed() {
    let found = noticed("c001", |script| {
        let request = &mut script["bedrock"][0];
        request["method"] = json!("PUT");
        request["path"] = json!("/model/plain.c001/converse?x");
        request["accessKey"] = json!("AKIDOTHER");
        request["region"] = json!("eu-west-1");
        request["sessionToken"] = json!(true);
        request["body"]["inferenceConfig"] = json!({"maxTokens": "512"});
    })
    .await;
    assert_eq!(
        found,
        [
            r#"/bedrock/0/accessKey: expected "AKIDTEST", got "AKIDOTHER""#,
            r#"/bedrock/0/body/inferenceConfig/maxTokens: expected 512, got "512""#,
            r#"/bedrock/0/method: expected "POST", got "PUT""#,
            r#"/bedrock/0/path: expected "/model/plain.c001/converse", got "/model/plain.c001/converse?x""#,
            r#"/bedrock/0/region: expected "us-east-1", got "eu-west-1""#,
            "/bedrock/0/sessionToken: expected nothing, got true",
        ]
    );
}

#[tokio::test]
async fn later_commands_and_changed_locks_are_noticed() {
    let found = noticed("c789", |script| {
        script["more"] = json!(["complete"]);
        script["timeouts"] = json!([90_000]);
    })
    .await;
    assert_eq!(
        found,
        [r#"/more: expected nothing, got ["complete"]"#, "/timeouts: expected nothing, got [90000]"]
    );
}

#[tokio::test]
async fn the_ledger_must_say_what_happens_and_nothing_that_does_not() {
    let retries = |retries: i32| {
        move |case: &Case| {
            let mut script = fake::recorded(case);
            script["retries"] = json!(retries);
            script
        }
    };
    let text =
        r#"[{"reason": "better", "peer": "", "ours": "", "why": "", "cases": {"c148": {"/retries": 0}}}]"#;
    let ledger = Ledger::parse(text).unwrap();
    let mut verdicts = Vec::new();
    for left in [0, 1, 2] {
        let played = fake::play(vec![Case::by_id("c148")], Delivery::Poll, retries(left)).await;
        verdicts.push(judge(&played[0].0, &played[0].1, &ledger));
    }
    assert_eq!(verdicts[0], Verdict::Ledgered);
    let Verdict::Differing { ledgered: true, differences, .. } = &verdicts[1] else {
        panic!("{:?}", verdicts[1])
    };
    assert_eq!(differences[0].to_string(), "/retries: expected 0, got 1");
    assert_eq!(verdicts[2], Verdict::Stale);
}
