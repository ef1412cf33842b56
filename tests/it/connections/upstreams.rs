//! Several places behind one model, when one of them is in trouble: who answers, what is paid, what is told.

use std::time::Duration;

use bedrock_connector::emulator::Gate;
use bedrock_connector::emulator::bedrock::{self, Act, Bedrock, Canned, ErrorCode, Step, Target};
use bedrock_connector::emulator::issuer::{self, Issuer, Operation, Role};

use super::{File, answer, ask, failure, paid, stage, task, two};
use crate::support::stage::Stage;

const ROLE: &str = "arn:aws:iam::210987654321:role/bedrock";

async fn bedrocks() -> [Bedrock; 2] {
    let start = || Bedrock::start(bedrock::Options::default());
    [start().await.expect("a Bedrock on a free port"), start().await.expect("a Bedrock on a free port")]
}

/// The file of [`two`], where this upstream is somebody else.
fn two_as(upstreams: &[Bedrock; 2], name: &str, authentication: &str) -> String {
    let name = format!("name = \"{name}\"\n");
    two(&upstreams[0], &upstreams[1]).replace(&name, &format!("{name}authentication = {authentication}\n"))
}

fn assumed_role() -> String {
    format!("{{ kind = \"assume-role\", role-arn = \"{ROLE}\" }}")
}

fn called(upstream: &str, code: &str) -> String {
    format!(
        "bedrock_connector_upstream_calls_total{{connection=\"pool\",model=\"nova\",upstream=\"{upstream}\",code=\"{code}\"}} "
    )
}

fn open(upstream: &str) -> String {
    format!("bedrock_connector_upstream_open{{connection=\"pool\",model=\"nova\",upstream=\"{upstream}\"}} ")
}

async fn told(stage: &Stage, line: &str) {
    stage.page("/actuator/prometheus", |page| page.body.contains(line)).await;
}

#[tokio::test]
async fn an_upstream_whose_role_is_denied_takes_no_job_down_while_another_is_well() {
    let issuer = Issuer::start(issuer::Options::default()).await.expect("an STS on a free port");
    let upstreams = bedrocks().await;
    let file = File::new(&two_as(&upstreams, "first", &assumed_role()));
    let variables = [("AWS_ENDPOINT_URL_STS", &*issuer.url()), ("AWS_REGION", "eu-central-1")];
    let stage = stage(&file, &variables).await;

    // One after the other, so that the one that fails would be the next one, too, if it had no part in the load.
    for round in 0..12 {
        assert_eq!(ask(&stage, &format!("alone {round}"), 1).await, ["second"]);
    }
    assert_eq!(ask(&stage, "together", 20).await, vec!["second"; 20]);
    assert_eq!(upstreams[0].exchanges().all().len(), 0);
    told(&stage, &called("first", "CREDENTIALS_REFUSED")).await;
    told(&stage, &format!("{}1", open("first"))).await;

    // It is mended, and takes its part again.
    issuer.trust(Role::new(ROLE));
    let mut round = 0;
    let returned = async {
        while !ask(&stage, &format!("back {round}"), 4).await.contains(&"first".to_owned()) {
            round += 1;
        }
    };
    tokio::time::timeout(Duration::from_secs(60), returned).await.expect("load returns");
    told(&stage, &format!("{}0", open("first"))).await;
}

#[tokio::test]
async fn only_when_no_upstream_has_an_identity_does_the_job_fail() {
    let issuer = Issuer::start(issuer::Options::default()).await.expect("an STS on a free port");
    let upstreams = bedrocks().await;
    let first = two_as(&upstreams, "first", &assumed_role());
    let both = first
        .replace("name = \"second\"\n", &format!("name = \"second\"\nauthentication = {}\n", assumed_role()));
    let file = File::new(&both);
    let variables = [("AWS_ENDPOINT_URL_STS", &*issuer.url()), ("AWS_REGION", "eu-central-1")];
    let stage = stage(&file, &variables).await;
    let key = stage.gateway.create_job(task("pool", "nova", "Hello?"));
    let (retries, message) = failure(&stage, key).await;
    assert_eq!(retries, 0, "{message}");
    assert!(message.contains("AWS gives no credentials: AccessDenied"), "{message}");
    assert_eq!(issuer.count(Operation::AssumeRole), 1, "both are the same role");
}

#[tokio::test]
async fn an_upstream_whose_key_is_gone_or_not_known_takes_no_job_down() {
    let upstreams = bedrocks().await;
    let key = tempfile::NamedTempFile::new().expect("a file");
    std::fs::write(key.path(), "AKIDFILE").expect("it is written");
    let authentication = format!(
        "{{ kind = \"keys\", access-key = {{ file = \"{}\" }}, secret-key = {{ env = \"SALES_KEY\" }} }}",
        key.path().display()
    );
    let file = File::new(&two_as(&upstreams, "first", &authentication));
    let stage = stage(&file, &super::SALES).await;
    drop(key);
    for round in 0..6 {
        assert_eq!(ask(&stage, &format!("gone {round}"), 1).await, ["second"]);
    }
    assert_eq!(upstreams[0].exchanges().all().len(), 0);
    told(&stage, &called("first", "CREDENTIALS_UNAVAILABLE")).await;

    // A key that AWS does not know, this time at the other one, whose trial it is not.
    upstreams[1].know(Some(Vec::new()));
    let (_, message) = failure(&stage, stage.gateway.create_job(task("pool", "nova", "nobody"))).await;
    assert!(message.contains("no AWS credentials") || message.contains("security token"), "{message}");
    told(&stage, &called("second", "UnrecognizedClientException")).await;
}

#[tokio::test]
async fn an_upstream_that_throttles_is_waited_for_when_the_other_lets_nobody_in() {
    let upstreams = bedrocks().await;
    upstreams[0].know(Some(Vec::new()));
    upstreams[1].script(Target::Any, [Step::fail(ErrorCode::Throttling).times(2)]);
    let file = File::new(&two(&upstreams[0], &upstreams[1]));
    for patience in ["PT0S", "PT60S"] {
        let stage = stage(&file, &[("BEDROCK_CONNECTOR_THROTTLE_PATIENCE", patience)]).await;
        assert_eq!(ask(&stage, &format!("patient {patience}"), 3).await, vec!["second"; 3]);
    }
}

#[tokio::test]
async fn an_upstream_that_fails_with_5xx_hands_the_call_on() {
    let upstreams = bedrocks().await;
    let bad_gateway = Act::Respond(Canned::json(502, "<html>"));
    upstreams[0].script(
        Target::Any,
        [
            Step::fail(ErrorCode::InternalServer).times(4),
            Step::fail(ErrorCode::ServiceUnavailable).times(4),
            Step::new(bad_gateway).always(),
        ],
    );
    let file = File::new(&two(&upstreams[0], &upstreams[1]));
    let stage = stage(&file, &[]).await;
    for number in 0..4 {
        assert_eq!(ask(&stage, &format!("failing {number}"), 10).await, vec!["second"; 10]);
    }
    for number in 0..4 {
        for question in 0..10 {
            let question = format!("failing {number} question {question}.");
            assert_eq!(paid([&upstreams[0], &upstreams[1]], &question), 1, "{question}");
        }
    }
    told(&stage, &called("first", "InternalServerException")).await;
    told(&stage, &format!("{}40", called("second", "OK"))).await;
    told(&stage, &format!("{}1", open("first"))).await;
}

#[tokio::test]
async fn calls_in_flight_at_an_upstream_that_dies_are_answered_by_the_other() {
    let upstreams = bedrocks().await;
    let gate = Gate::new();
    upstreams[0].script(Target::Any, [Step::answer().behind(&gate).always()]);
    let file = File::new(&two(&upstreams[0], &upstreams[1]));
    let stage = stage(&file, &[]).await;
    let question = |number: usize| format!("dying question {number}.");
    let keys: Vec<_> =
        (0..10).map(|number| stage.gateway.create_job(task("pool", "nova", &question(number)))).collect();
    upstreams[0].wait_for_calls(3).await.expect("calls under way");
    upstreams[0].refuse_connections().await.expect("the port is shut");
    upstreams[0].cut_connections();
    for key in keys {
        assert_eq!(answer(&stage, key).await["upstream"], "second");
    }
    for number in 0..10 {
        assert_eq!(paid([&upstreams[0], &upstreams[1]], &question(number)), 1, "{}", question(number));
    }
    told(&stage, &called("first", "CONNECTION_FAILED")).await;
}

#[tokio::test]
async fn connections_that_break_are_asked_anew_four_times_at_all_places_together() {
    let upstreams = bedrocks().await;
    for upstream in &upstreams {
        upstream.script(Target::Any, [Step::new(Act::Reset).always()]);
    }
    let file = File::new(&two(&upstreams[0], &upstreams[1]));
    let stage = stage(&file, &[]).await;
    let key = stage.gateway.create_job(task("pool", "nova", "Hello?").retries(1));
    let (_, message) = failure(&stage, key).await;
    assert!(message.contains("no answer from Bedrock"), "{message}");
    let asked = upstreams.each_ref().map(|upstream| upstream.exchanges().all().len());
    assert_eq!(asked, [2, 2], "as often as at one place, since each may have been paid");
}

#[tokio::test]
async fn a_third_upstream_makes_it_no_more_than_four() {
    let [first, second] = bedrocks().await;
    let third = Bedrock::start(bedrock::Options::default()).await.expect("a Bedrock on a free port");
    let also =
        format!("[[connections.models.upstreams]]\nname = \"third\"\nendpoint = \"{}\"\n", third.url());
    let file = File::new(&format!("{}{also}", two(&first, &second)));
    let upstreams = [first, second, third];
    for upstream in &upstreams {
        upstream.script(Target::Any, [Step::new(Act::Reset).always()]);
    }
    let stage = stage(&file, &[]).await;
    let key = stage.gateway.create_job(task("pool", "nova", "Hello?").retries(1));
    let (_, message) = failure(&stage, key).await;
    assert!(message.contains("no answer from Bedrock"), "{message}");
    let mut asked = upstreams.map(|upstream| upstream.exchanges().all().len());
    asked.sort_unstable();
    assert_eq!(asked, [1, 1, 2], "each of them once, and one more");
}

#[tokio::test]
async fn calls_wait_where_some_are_granted_and_not_where_none_is() {
    let upstreams = bedrocks().await;
    upstreams[0].script(Target::Any, [Step::fail(ErrorCode::Throttling).always()]);
    upstreams[1].grant(Target::Any, 10.0, 10.0);
    let file = File::new(&two(&upstreams[0], &upstreams[1]));
    // A lane where none is granted lets one call in each half minute, so whoever waits there runs out of patience.
    let stage = stage(&file, &[("BEDROCK_CONNECTOR_THROTTLE_PATIENCE", "PT25S")]).await;
    assert_eq!(ask(&stage, "burst", 40).await, vec!["second"; 40]);
    for question in 0..40 {
        let question = format!("burst question {question}.");
        assert_eq!(paid([&upstreams[0], &upstreams[1]], &question), 1, "{question}");
    }
}

#[tokio::test]
async fn an_upstream_that_hangs_or_goes_silent_is_left_alone() {
    for (step, variable, code) in [
        (Step::new(Act::Hang), "BEDROCK_CONNECTOR_CALL_TIMEOUT", "CALL_TIMED_OUT"),
        (
            Step::new(Act::Stall { at: 1, pause: Duration::from_secs(600) }),
            "BEDROCK_CONNECTOR_STREAM_IDLE",
            "STREAM_SILENT",
        ),
    ] {
        let upstreams = bedrocks().await;
        upstreams[0].script(Target::Any, [step.always()]);
        let file = File::new(&two(&upstreams[0], &upstreams[1]));
        // Long enough for a busy machine to ask at all.
        let stage = stage(&file, &[(variable, "PT2S")]).await;
        // It may have answered, so the call is not made elsewhere; but it is not asked for ever.
        let mut jobs = 0;
        let left_alone = async {
            loop {
                let key = stage.gateway.create_job(task("pool", "nova", "Hello?").retries(1));
                stage.end_of_attempt(key).await;
                jobs += 1;
                let page = stage.get("/actuator/prometheus").await.expect("a page");
                if page.body.contains(&format!("{}1", open("first"))) {
                    return;
                }
            }
        };
        tokio::time::timeout(Duration::from_secs(60), left_alone).await.expect("it is left alone");
        told(&stage, &called("first", code)).await;
        let asked = |upstream: &Bedrock| upstream.exchanges().all().len();
        assert!(asked(&upstreams[0]) >= 5);
        assert_eq!(asked(&upstreams[0]) + asked(&upstreams[1]), jobs, "each is asked once");
        assert_eq!(ask(&stage, "left alone", 2).await, ["second", "second"]);
    }
}

#[tokio::test]
async fn an_upstream_in_trouble_that_leaves_the_file_is_told_no_longer() {
    let upstreams = bedrocks().await;
    upstreams[0].refuse_connections().await.expect("the port is shut");
    let toml = two(&upstreams[0], &upstreams[1]);
    let file = File::new(&toml);
    let stage = stage(&file, &[]).await;
    for round in 0..2 {
        assert_eq!(ask(&stage, &format!("dead {round}"), 10).await, vec!["second"; 10]);
    }
    told(&stage, &format!("{}1", open("first"))).await;

    let (head, rest) = toml.split_once("[[connections.models.upstreams]]").expect("two upstreams");
    let (_, second) = rest.split_once("[[connections.models.upstreams]]").expect("two upstreams");
    file.replace(&format!("{head}[[connections.models.upstreams]]{second}"));
    let line = open("first");
    stage.page("/actuator/prometheus", |page| !page.body.contains(&line)).await;
    assert_eq!(ask(&stage, "left", 4).await, vec!["second"; 4]);
}
