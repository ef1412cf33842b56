//! The program from outside: what it prints, and the code it ends with.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{Ipv4Addr, TcpListener};
use std::process::{Command, Output, Stdio};

use bedrock_connector::emulator::{bedrock, gateway, issuer};
use serde_json::{Value, json};

/// What the program left behind.
#[derive(Debug)]
struct Ended {
    code: Option<i32>,
    output: String,
    errors: String,
}

impl Ended {
    /// The output as one JSON value.
    #[track_caller]
    fn json(&self) -> Value {
        serde_json::from_str(&self.output).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }
}

fn command(arguments: &[&str], environment: &[(&str, &str)]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_bedrock-connector"));
    command
        .args(arguments)
        .env_clear()
        .env("AWS_EC2_METADATA_DISABLED", "true")
        .envs(environment.iter().copied());
    command
}

/// Runs it to its end, with nothing of our own environment.
fn run_with(arguments: &[&str], environment: &[(&str, &str)]) -> Ended {
    ended(command(arguments, environment).stdin(Stdio::null()).output().unwrap())
}

fn run(arguments: &[&str]) -> Ended {
    run_with(arguments, &[])
}

/// As `run_with`, from inside a tokio runtime that serves what the program asks.
async fn run_beside(arguments: &[&str], environment: &[(&str, &str)]) -> Ended {
    let mut command = tokio::process::Command::from(command(arguments, environment));
    ended(command.stdin(Stdio::null()).output().await.unwrap())
}

fn run_with_input(arguments: &[&str], input: &str) -> Ended {
    let mut command = command(arguments, &[]);
    let mut child =
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let input = input.to_owned();
    let writer = std::thread::spawn(move || stdin.write_all(input.as_bytes()));
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap().unwrap();
    ended(output)
}

fn ended(output: Output) -> Ended {
    Ended {
        code: output.status.code(),
        output: String::from_utf8(output.stdout).unwrap(),
        errors: String::from_utf8(output.stderr).unwrap(),
    }
}

#[test]
fn the_version_is_that_of_the_package() {
    let ended = run(&["--version"]);
    assert_eq!(
        (ended.code, ended.output.trim()),
        (Some(0), concat!("bedrock-connector ", env!("CARGO_PKG_VERSION")))
    );
}

#[test]
fn help_has_the_exit_codes_and_every_command_has_examples() {
    let help = run(&["--help"]).output;
    assert!(help.contains("Exit codes:"));
    let (_, commands) = help.split_once("Commands:\n").unwrap();
    let (commands, _) = commands.split_once("\n\n").unwrap();
    let names = commands.lines().filter(|line| line.starts_with("  ") && !line.starts_with("   "));
    let names: Vec<&str> = names.filter_map(|line| line.split_whitespace().next()).collect();
    assert!(names.contains(&"run") && names.contains(&"eval") && names.contains(&"check"), "{names:?}");
    for command in names.into_iter().filter(|name| *name != "help") {
        let ended = run(&[command, "--help"]);
        assert_eq!(ended.code, Some(0), "{command}");
        assert!(ended.output.contains("Examples:\n"), "{command}: {}", ended.output);
    }
}

#[test]
fn help_lists_every_setting_with_all_its_names() {
    let help = run(&["run", "--help"]).output;
    let help: String = help.split_whitespace().collect::<Vec<_>>().join(" ");
    for setting in bedrock_connector::config::env::settings() {
        assert!(help.contains(&format!("--{} ", setting.flag())), "{}", setting.key);
        assert!(
            help.contains(&format!("File: {} Environment: {}", setting.key, setting.variable)),
            "{}",
            setting.key
        );
        for name in setting.others {
            assert!(help.contains(&name.shown()), "{}", name.shown());
        }
    }
}

#[test]
fn a_command_line_that_cannot_be_read_ends_with_64() {
    for arguments in
        [&["bogus"][..], &["eval"], &["eval", "1", "--context", "{"], &["run", "--no-such-flag", "1"]]
    {
        let ended = run(arguments);
        assert_eq!((ended.code, ended.output.as_str()), (Some(64), ""), "{arguments:?}");
    }
}

#[test]
fn mistakes_of_the_configuration_are_listed_together_and_end_with_64() {
    let environment =
        [("SERVER_PORT", "x"), ("ZEEBE_CLIENT_SECRET", "hidden"), ("HTTPS_PROXY", "ftp://hidden@x")];
    for arguments in [&[][..], &["run", "--lock", "soon"], &["check", "--lock", "soon"]] {
        let ended = run_with(arguments, &environment);
        assert_eq!(ended.code, Some(64), "{ended:?}");
        let expected =
            ["SERVER_PORT: found `x`", "BEDROCK_CONNECTOR_CLIENT_ID: expected", "HTTPS_PROXY: expected"];
        assert!(expected.iter().all(|text| ended.errors.contains(text)), "{ended:?}");
        assert_eq!(ended.errors.contains("--lock: found `soon`"), !arguments.is_empty());
        assert!(!ended.errors.contains("hidden"), "{ended:?}");
    }
}

#[test]
fn the_configuration_is_dumped_with_its_origins_and_without_its_secrets() {
    let environment = [("CAMUNDA_CLIENT_ID", "me"), ("CAMUNDA_CLIENT_SECRET", "hidden")];
    let ended = run_with(&["run", "--dump-config", "--lock", "PT30S"], &environment);
    assert_eq!(ended.code, Some(0), "{ended:?}");
    for line in [
        "lock = \"PT30S\" # flag --lock\n",
        "client-id = \"me\" # environment variable CAMUNDA_CLIENT_ID\n",
        "client-secret = \"***\" # environment variable CAMUNDA_CLIENT_SECRET\n",
        "method = \"oidc\" # from what is set\n",
        "port = 8080 # default\n",
    ] {
        assert!(ended.output.contains(line), "{line}{}", ended.output);
    }
}

#[test]
fn eval_prints_the_value_alone_so_that_it_can_be_piped() {
    let ended = run(&["eval", "= {sum: a + 1}", "--context", r#"{"a": 41}"#]);
    assert_eq!((ended.code, ended.json()), (Some(0), json!({ "sum": 42 })));
    assert!(
        !ended.output.contains('\u{1b}') && !ended.errors.contains('\u{1b}'),
        "colours in a pipe: {ended:?}"
    );
}

#[test]
fn eval_reads_the_context_from_a_file() {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(br#"{"a": [1, 2]}"#).unwrap();
    let context = format!("@{}", file.path().display());
    assert_eq!(run(&["eval", "sum(a)", "--context", &context]).output, "3\n");
    let missing = run(&["eval", "1", "--context", "@/does/not/exist"]);
    assert_eq!(missing.code, Some(64));
    assert!(missing.errors.contains("/does/not/exist cannot be read"), "{missing:?}");
}

#[test]
fn eval_says_why_a_null_is_null() {
    let ended = run(&["eval", "a.b", "--context", r#"{"a": {}}"#]);
    assert_eq!((ended.code, ended.output.as_str()), (Some(0), "null\n"));
    assert!(ended.errors.contains("why: `a.b` counts as null\n"), "{}", ended.errors);
    assert!(ended.errors.contains("1 | a.b\n  | ^^^ "), "{}", ended.errors);
}

#[test]
fn eval_shows_the_place_of_an_error_and_ends_with_1() {
    let ended = run(&["eval", "1 +\n  * 2"]);
    assert_eq!((ended.code, ended.output.as_str()), (Some(1), ""));
    assert!(
        ended.errors.starts_with("error: ") && ended.errors.contains("2 |   * 2\n  |   ^"),
        "{}",
        ended.errors
    );
}

#[test]
fn eval_traces_the_parts_from_the_inside_out() {
    let ended = run(&["eval", "1 + 2 * 3", "--trace"]);
    let parts: Vec<&str> = ended.errors.lines().filter(|line| line.contains(" = ")).collect();
    assert_eq!(parts, ["1         = 1", "2         = 2", "3         = 3", "2 * 3     = 6", "1 + 2 * 3 = 7"]);
}

#[test]
fn eval_takes_the_time_that_it_is_given() {
    let ended = run(&["eval", "today()", "--now", "2026-03-15T10:20:30.123Z"]);
    assert_eq!(ended.output, "\"2026-03-15\"\n");
}

#[test]
fn eval_answers_machines_in_json() {
    let ended = run(&["eval", "[1, x]", "--json"]).json();
    assert_eq!((&ended["result"], &ended["type"]), (&json!([1, null]), &json!("list")));
    assert_eq!(ended["failures"][0]["kind"], json!("NO_VARIABLE_FOUND"));
    assert_eq!((&ended["failures"][0]["line"], &ended["failures"][0]["column"]), (&json!(1), &json!(5)));
    let failed = run(&["eval", "1 +", "--json"]);
    assert_eq!((failed.code, &failed.json()["phase"]), (Some(1), &json!("parse")));
}

#[test]
fn each_line_gets_one_line_and_a_bad_one_stops_nothing() {
    let input = [
        r#"{"id": 1, "expr": "a + 1", "ctx": {"a": 1}}"#,
        "no JSON",
        "",
        r#"{"id": "two", "expr": "= {"}"#,
        r#"{"id": 3}"#,
        r#"{"id": 4, "expr": "x", "ctx": null}"#,
        r#"{"id": 5, "expr": "x", "ctx": [1]}"#,
        r#"{"id": 6, "expr": "assert(null, false)"}"#,
        r#"["id"]"#,
        r#"{"id": {"seven": 7}, "expr": "0.1 + 0.2"}"#,
    ];
    let ended = run_with_input(&["eval", "--jsonl"], &input.join("\n"));
    assert_eq!(ended.code, Some(0), "{ended:?}");
    let answers: Vec<Value> = ended.output.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let ids: Vec<&Value> = answers.iter().map(|answer| &answer["id"]).collect();
    let nothing = Value::Null;
    assert_eq!(
        ids,
        [
            &json!(1),
            &nothing,
            &json!("two"),
            &json!(3),
            &json!(4),
            &json!(5),
            &json!(6),
            &nothing,
            &json!({ "seven": 7 })
        ]
    );
    assert_eq!(answers[0], json!({ "id": 1, "result": 2 }));
    assert_eq!(answers[4], json!({ "id": 4, "result": null, "suppressed": ["NO_VARIABLE_FOUND"] }));
    assert_eq!(answers[8]["result"].to_string(), "0.3");
    let phases: Vec<&Value> = [1, 2, 3, 5, 6, 7].iter().map(|&at| &answers[at]["phase"]).collect();
    assert_eq!(phases, ["input", "parse", "input", "input", "eval", "input"]);
    assert!(answers.iter().all(|answer| answer.get("result").is_some() != answer.get("error").is_some()));
}

#[test]
fn a_line_is_answered_before_the_next_one_is_written() {
    let mut child =
        command(&["eval", "--jsonl"], &[]).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let mut input = child.stdin.take().unwrap();
    let mut output = BufReader::new(child.stdout.take().unwrap());
    for number in 0..3 {
        writeln!(input, r#"{{"id": {number}, "expr": "{number}"}}"#).unwrap();
        let mut line = String::new();
        output.read_line(&mut line).unwrap();
        assert_eq!(line, format!("{{\"id\":{number},\"result\":{number}}}\n"));
    }
    drop(input);
    assert!(child.wait().unwrap().success());
}

#[test]
fn a_reader_that_has_seen_enough_is_no_error() {
    let mut child = command(&["eval", "--jsonl"], &[])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut input = child.stdin.take().unwrap();
    drop(child.stdout.take());
    let mut written = Ok(());
    // More than any pipe holds, so the program meets the closed end while it still has input.
    for _ in 0..100_000 {
        written = writeln!(input, r#"{{"id": 1, "expr": "1"}}"#);
        if written.is_err() {
            break;
        }
    }
    drop(input);
    assert!(written.is_err(), "the program went on reading though nobody reads its answers");
    let ended = ended(child.wait_with_output().unwrap());
    assert_eq!((ended.code, ended.errors.as_str()), (Some(0), ""));
}

#[tokio::test]
async fn check_is_content_when_everything_answers() {
    let gateway = gateway::Gateway::start(gateway::Options::default()).await.unwrap();
    let bedrock = bedrock::Bedrock::start(bedrock::Options::default()).await.unwrap();
    let issuer = issuer::Issuer::start(issuer::Options::default()).await.unwrap();
    let environment = [
        ("ZEEBE_ADDRESS", gateway.url()),
        ("AWS_ENDPOINT_URL_BEDROCK_RUNTIME", bedrock.url()),
        ("AWS_ENDPOINT_URL_STS", issuer.url()),
        ("AWS_ACCESS_KEY_ID", "AKID".to_owned()),
        ("AWS_SECRET_ACCESS_KEY", "hidden".to_owned()),
        ("AWS_REGION", "eu-central-1".to_owned()),
    ];
    let environment = environment.each_ref().map(|(name, value)| (*name, value.as_str()));
    let ended =
        run_beside(&["check", "--model", "anthropic.claude-3-haiku-20240307-v1:0", "--json"], &environment)
            .await;
    assert_eq!(ended.code, Some(0), "{ended:?}");
    let report = ended.json();
    let message = |name: &str| {
        let checks = report["checks"].as_array().unwrap();
        let check = checks.iter().find(|check| check["name"] == name);
        check.unwrap_or_else(|| panic!("{name} is not in {report}"))["message"].as_str().unwrap().to_owned()
    };
    assert!(message("gateway").contains("healthy partitions: 1 of 1"), "{report}");
    assert_eq!(message("credentials"), "arn:aws:iam::123456789012:user/AKID (account 123456789012)");
    assert_eq!(message("model anthropic.claude-3-haiku-20240307-v1:0"), "answers in eu-central-1");
    assert!(!ended.output.contains("hidden"));
}

#[test]
fn check_says_what_to_do_when_nothing_answers() {
    let closed = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap();
    let address = format!("http://{closed}");
    let ended = run_with(&["check"], &[("CAMUNDA_CLIENT_GRPCADDRESS", &address)]);
    assert_eq!(ended.code, Some(1), "{ended:?}");
    let lines: Vec<&str> = ended.output.lines().collect();
    assert!(lines[1].starts_with("gateway        failed   ") && lines[1].contains(&address), "{ended:?}");
    assert!(lines[2].trim_start().starts_with("→ check BEDROCK_CONNECTOR_GRPC_ADDRESS"), "{ended:?}");
    assert!(lines[3].starts_with("credentials    warning  "), "{ended:?}");
}

#[test]
fn a_port_in_use_is_named_with_its_setting() {
    let taken = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let ended = run_with(&[], &[("SERVER_PORT", &port), ("SERVER_ADDRESS", "127.0.0.1")]);
    assert_eq!(ended.code, Some(70), "{ended:?}");
    assert!(
        ended.errors.contains(&format!("127.0.0.1:{port}")) && ended.errors.contains("SERVER_PORT"),
        "{ended:?}"
    );
}

#[test]
fn health_fails_when_no_worker_answers() {
    let closed = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap();
    let ended = run_with(&["health"], &[("SERVER_PORT", &closed.port().to_string())]);
    assert_eq!(ended.code, Some(1));
    assert!(ended.output.contains(&format!("no worker answers on {closed}")), "{ended:?}");
}

#[tokio::test]
async fn health_says_what_the_worker_answers() {
    let router = axum::Router::new()
        .route(
            "/actuator/health/readiness",
            axum::routing::get(|| async { (http::StatusCode::SERVICE_UNAVAILABLE, "DOWN!") }),
        )
        .route("/actuator/health/liveness", axum::routing::get(|| async { "UP!" }));
    let listener = tokio::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let port = listener.local_addr().unwrap().port().to_string();
    tokio::spawn(async move { axum::serve(listener, router).await });
    let ready = run_beside(&["health"], &[("SERVER_PORT", &port)]).await;
    assert_eq!((ready.code, ready.output.as_str()), (Some(1), "DOWN!\n"));
    let live = run_beside(&["health", "liveness", "--server-port", &port], &[]).await;
    assert_eq!((live.code, live.output.as_str()), (Some(0), "UP!\n"));
}

const CONNECTIONS: &str = r#"
[[connections]]
name = "sales"
provider = "bedrock"
region = "eu-central-1"
[[connections.access]]
processes = ["order-*"]
description = "Orders"
[[connections.models]]
id = "vendor.model-v1:0"
alias = "nova"
[[connections.models.access]]
tenants = ["acme"]
"#;

#[test]
fn access_explain_says_which_rule_misses_by_what() {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(CONNECTIONS.as_bytes()).unwrap();
    let path = file.path().display().to_string();
    let explain = |more: &[&str]| {
        let arguments = ["access", "explain", "--config", &path, "--connection", "sales", "--model", "nova"];
        run(&[&arguments, more].concat())
    };
    let granted = explain(&["--process", "order-1", "--tenant", "acme"]);
    assert_eq!(granted.code, Some(0), "{granted:?}");
    assert!(granted.output.contains("connection sales, rule 1 (Orders): grants it"), "{granted:?}");

    let refused = explain(&["--process", "claim"]);
    assert_eq!(refused.code, Some(1), "{refused:?}");
    for line in [
        "refused  ACCESS_REFUSED: the connection \"sales\" may not be used by the process \"claim\"",
        "connection sales, rule 1 (Orders): does not match: process \"claim\" is none of order-*",
        "model nova, rule 1: does not match: tenant \"<default>\" is none of acme",
    ] {
        assert!(refused.output.contains(line), "{line} is not in {}", refused.output);
    }
    let json = explain(&["--process", "order-1", "--json"]).json();
    assert_eq!((&json["granted"], &json["code"]), (&json!(false), &json!("ACCESS_REFUSED")));
    assert_eq!(json["connectionRules"][0]["grants"], json!(true));
}

/// What a cluster has and a desk has not: variables, mounted files and folders, the secret of a login.
const ELSEWHERE: &str = r#"
[auth]
client-id = "worker"
[bedrock]
ca-certificate-path = "/does/not/exist/ca.pem"
[secrets]
folder = "/does/not/exist"

[[connections]]
name = "sales"
provider = "bedrock"
region = "eu-central-1"
authentication = { kind = "assume-role", role-arn = "arn:aws:iam::123456789012:role/bedrock", external-id = "sales-7", base = { kind = "keys", access-key = { env = "NOT_SET" }, secret-key = { file = "/does/not/exist" } } }
[[connections.access]]
[[connections.models]]
id = "vendor.model-v1:0"
alias = "nova"
"#;

#[test]
fn questions_about_a_configuration_need_no_secrets() {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(ELSEWHERE.as_bytes()).unwrap();
    let path = file.path().display().to_string();
    let asked = |arguments: &[&str]| run(&[arguments, &["--config", &path]].concat());
    for (question, expected) in [
        (&["policy"][..], "arn:aws:bedrock:eu-central-1::foundation-model/vendor.model-v1:0"),
        (&["policy", "--trust", "external-id", "--principal", "arn:aws:iam::123456789012:role/w"], "sales-7"),
        (&["templates", "converse"], "\"nova\""),
        (&["access", "explain", "--process", "p", "--connection", "sales", "--model", "nova"], "granted"),
    ] {
        let ended = asked(question);
        assert_eq!(
            (ended.code, ended.errors.contains("mistake")),
            (Some(0), false),
            "{question:?} {ended:?}"
        );
        assert!(ended.output.contains(expected), "{expected} is not in {ended:?}");
    }
    let worker = asked(&["run", "--dump-config"]);
    assert_eq!(worker.code, Some(64), "{worker:?}");
    for place in ["CLIENT_SECRET", "NOT_SET", "/does/not/exist/ca.pem", "folder", "secret-key.file"] {
        assert!(worker.errors.contains(place), "{place} is not in {worker:?}");
    }
}

#[test]
fn templates_are_held_against_what_would_be_written() {
    let shipped = concat!(env!("CARGO_MANIFEST_DIR"), "/element-templates");
    assert_eq!(run(&["templates", "--check", "--out", shipped]).code, Some(0));

    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().to_str().unwrap();
    assert_eq!(run(&["templates", "--out", out]).code, Some(0));
    std::fs::write(folder.path().join("converse.json"), "{}").unwrap();
    std::fs::remove_file(folder.path().join("image.json")).unwrap();
    let checked = run(&["templates", "--check", "--json", "--out", out]);
    assert_eq!(checked.code, Some(1), "{checked:?}");
    let files = checked.json()["files"].as_array().unwrap().clone();
    let wrong: Vec<_> =
        files.iter().filter(|file| file["state"] != "ok").map(|file| &file["state"]).collect();
    assert_eq!(wrong, [&json!("differs"), &json!("missing")]);
}

#[test]
fn templates_offer_the_connections_of_the_file() {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/.ci/modeler/connections.toml");
    let offered = |template: &str| {
        let ended = run(&["templates", template, "--config", file]);
        let properties = ended.json()["properties"].as_array().unwrap().clone();
        let choices = properties.iter().filter(|field| {
            field["id"].as_str().is_some_and(|id| id == "connection" || id.starts_with("data.modelId."))
        });
        let values = choices.flat_map(|field| field["choices"].as_array().cloned().unwrap_or_default());
        values.map(|choice| choice["value"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(
        offered("converse"),
        ["", "titan", "cohere", "hugging-face", "(other)", "titan-text-express", "cohere-command-r", "llama"]
    );
    assert_eq!(
        offered("embeddings"),
        ["titan", "cohere", "hugging-face", "(other)", "", "titan-embed-v2", "cohere-embed-v4", "minilm"]
    );
    assert_eq!(offered("image"), ["titan", "(other)", "", "titan-image-v2"]);
}
