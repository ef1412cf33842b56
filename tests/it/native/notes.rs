//! What is paid on the way to an answer, and not asked for again by the next attempt at the job.

use std::sync::{Arc, Mutex};

use bedrock_connector::connector::{Error, Notebook, Response, Retry, Scope, json};
use bedrock_connector::documents::{self, NewDocument, Reference, Share, Store};
use bedrock_connector::emulator::bedrock::{Act, Canned, ErrorCode, Said, Step, Target};
use bytes::Bytes;
use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use serde_json::{Value, json};

use super::{Bench, CLAUDE, cost};

/// Notes as the journal keeps them: as text.
#[derive(Debug, Default)]
struct Pad {
    earlier: Option<Value>,
    /// None: what was kept is discarded.
    kept: Mutex<Vec<Option<String>>>,
}

impl Notebook for Pad {
    fn notes(&self) -> Option<&Value> {
        self.earlier.as_ref()
    }

    fn keep<'a>(&'a self, notes: &'a Value) -> BoxFuture<'a, ()> {
        self.kept.lock().unwrap().push(Some(notes.to_string()));
        std::future::ready(()).boxed()
    }

    fn discard(&self) -> BoxFuture<'_, ()> {
        self.kept.lock().unwrap().push(None);
        std::future::ready(()).boxed()
    }
}

impl Pad {
    /// For the next attempt.
    fn next(self) -> Self {
        let earlier = match self.kept.into_inner().unwrap().pop() {
            Some(kept) => kept.map(|text| json::parse(text.as_bytes()).expect("JSON")),
            None => self.earlier,
        };
        Self { earlier, kept: Mutex::default() }
    }

    /// How many answers were kept each time.
    fn sizes(&self) -> Vec<usize> {
        let kept = self.kept.lock().unwrap();
        let kept = kept.iter().flatten().map(|text| json::parse(text.as_bytes()).expect("JSON"));
        kept.map(|notes| notes["answers"].as_array().expect("a list").len()).collect()
    }

    fn times_kept(&self) -> usize {
        self.kept.lock().unwrap().len()
    }
}

async fn attempt(bench: &Bench, action: &str, data: &Value, pad: &Pad) -> Result<Value, Error> {
    let call = bench.bind(&Scope::default(), action, data.clone())?;
    call.execute_with(pad).await.map(|Response(value)| value)
}

/// A store that is away until it is told otherwise.
#[derive(Debug, Default)]
struct Shelf {
    is_open: Mutex<bool>,
    stored: Mutex<Vec<NewDocument>>,
}

impl Store for Shelf {
    fn fetch<'a>(
        &'a self,
        _: &'a Reference,
        _: &'a mut Share,
    ) -> BoxFuture<'a, Result<Bytes, documents::Error>> {
        unreachable!("nothing is read")
    }

    fn link<'a>(
        &'a self,
        _: &'a Reference,
        _: Option<&'a str>,
    ) -> BoxFuture<'a, Result<String, documents::Error>> {
        unreachable!("nothing is read")
    }

    fn create(&self, document: NewDocument) -> BoxFuture<'_, Result<Reference, documents::Error>> {
        let result = if *self.is_open.lock().unwrap() {
            let (document_id, metadata) = (document.name.clone(), json!({}));
            self.stored.lock().unwrap().push(document);
            Ok(Reference::Stored { store_id: None, document_id, content_hash: None, metadata })
        } else {
            Err(documents::Error::NotStored { status: 503 })
        };
        std::future::ready(result).boxed()
    }
}

#[tokio::test]
async fn an_image_that_could_not_be_stored_is_stored_by_the_next_attempt() {
    let shelf = Arc::new(Shelf::default());
    let bench = Bench::with(|_| {}, Some(Arc::clone(&shelf) as Arc<dyn Store>)).await;
    let bench = cost::priced(bench);
    let data = json!({"modelId": "amazon.nova-canvas-v1:0", "prompt": "A lighthouse", "count": 2});

    let first = Pad::default();
    let error = attempt(&bench, "image", &data, &first).await.expect_err("the store is away");
    assert_eq!(error.retry, Retry::Spend, "{error:?}");
    let second = first.next();
    attempt(&bench, "image", &data, &second).await.expect_err("the store is still away");
    assert_eq!(second.times_kept(), 0, "there is nothing new");
    *shelf.is_open.lock().unwrap() = true;
    let response = Bench::expect(attempt(&bench, "image", &data, &second.next()).await);

    assert_eq!(bench.asked().len(), 1, "the images are paid once");
    assert_eq!(response["images"][1]["documentId"], "image-2.png");
    assert_eq!(shelf.stored.lock().unwrap().len(), 2);
    assert!(shelf.stored.lock().unwrap()[0].content.starts_with(b"\x89PNG"));
    assert_eq!((&response["cached"], &response["attempts"]), (&json!(true), &json!(1)));
    assert_eq!(response["cost"]["total"].to_string(), "0.08", "what they cost when they were paid");
    assert!(response["requestId"].is_string() && response["region"] == "eu-central-1", "{response}");
}

#[tokio::test]
async fn only_images_that_can_be_stored_are_kept() {
    let shelf = Arc::new(Shelf::default());
    let bench = Bench::with(|_| {}, Some(Arc::clone(&shelf) as Arc<dyn Store>)).await;
    let data = json!({"modelId": "amazon.nova-canvas-v1:0", "prompt": "A lighthouse"});
    let canned = Canned::json(200, r#"{"images": ["no base64"]}"#);
    bench.emulator.script(Target::Any, [Step::new(Act::Respond(canned))]);
    let pad = Pad::default();
    let error = attempt(&bench, "image", &data, &pad).await.expect_err("it is no image");
    assert_eq!((error.code.to_string().as_str(), pad.times_kept()), ("IMAGE_MISSING", 0));

    *shelf.is_open.lock().unwrap() = true;
    Bench::expect(attempt(&bench, "image", &data, &pad.next()).await);
    assert_eq!(bench.asked().len(), 2, "a new one is asked for");
    let base64 = json!({"modelId": "amazon.nova-canvas-v1:0", "prompt": "A door", "imageResult": "base64"});
    let pad = Pad::default();
    Bench::expect(attempt(&bench, "image", &base64, &pad).await);
    assert_eq!(pad.times_kept(), 0, "the answer is whole at once");
}

fn texts(count: usize) -> Value {
    (0..count).map(|number| format!("text {number};")).collect()
}

#[tokio::test]
async fn vectors_are_paid_once_although_one_request_fails() {
    let bench = cost::priced(Bench::start().await);
    let data = json!({"modelId": "amazon.titan-embed-text-v2:0", "texts": texts(12), "dimensions": 256});
    let whole = Bench::expect(bench.run("embed", data.clone()).await);
    let asked = bench.asked().len();
    assert_eq!(asked, 12);

    let fail = || Step::fail(ErrorCode::AccessDenied);
    bench.emulator.script(Target::BodyContains("text 7;".to_owned()), [fail(), fail()]);
    let first = Pad::default();
    let error = attempt(&bench, "embed", &data, &first).await.expect_err("one fails");
    assert_eq!(error.code.to_string(), "AccessDeniedException");
    let paid = bench.asked().len() - asked - 1;
    assert!((7..12).contains(&paid), "{paid}: those before it, and those under way with it");

    let second = first.next();
    attempt(&bench, "embed", &data, &second).await.expect_err("it fails again");
    let response = Bench::expect(attempt(&bench, "embed", &data, &second.next()).await);
    assert_eq!(bench.asked().len(), asked + 12 + 2, "each is answered once, and one failed twice");
    for key in ["embeddings", "dimensions", "usage", "cost", "attempts"] {
        assert_eq!(response[key], whole[key], "{key}");
    }
    assert_eq!(response["cached"], false, "some of it is new");
}

#[tokio::test]
async fn no_further_request_begins_after_one_that_failed() {
    let bench = Bench::start().await;
    let data = json!({"modelId": "amazon.titan-embed-text-v2:0", "texts": texts(12), "dimensions": 256});
    bench.emulator.script(Target::Any, [Step::fail(ErrorCode::AccessDenied).times(12)]);
    attempt(&bench, "embed", &data, &Pad::default()).await.expect_err("all fail");
    assert_eq!(bench.asked().len(), 4, "as many as are under way together");
}

#[tokio::test]
async fn an_answer_whose_correction_fails_is_not_asked_for_again() {
    let schema =
        json!({"type": "object", "properties": {"n": {"type": "integer", "minimum": 10}}, "required": ["n"]});
    let data = json!({"modelId": CLAUDE, "newMessage": "We need 2 chairs", "outputSchema": schema});
    let bench = Bench::start().await;
    let whole = Bench::expect(bench.run("converse", data.clone()).await);
    let correction = Target::BodyContains("does not fit the JSON schema".to_owned());
    bench.emulator.script(correction, [Step::fail(ErrorCode::Validation)]);
    let first = Pad::default();
    attempt(&bench, "converse", &data, &first).await.expect_err("the correction fails");
    let response = Bench::expect(attempt(&bench, "converse", &data, &first.next()).await);
    assert_eq!(bench.asked().len(), 2 + 2 + 1, "only the correction is asked for again");
    for key in ["json", "messages", "usage", "attempts", "cached"] {
        assert_eq!(response[key], whole[key], "{key}");
    }
}

#[tokio::test]
async fn a_conversation_that_leads_nowhere_begins_anew() {
    let schema = json!({"type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"]});
    let data = json!({"modelId": CLAUDE, "newMessage": "How many?", "outputSchema": schema});
    let bench = Bench::start().await;
    let wrong = || Step::new(Act::Say(Said::Data(json!({"n": "many"})))).times(2);
    bench.emulator.script(Target::Any, [wrong()]);
    let first = Pad::default();
    let error = attempt(&bench, "converse", &data, &first).await.expect_err("it never fits");
    assert_eq!(error.code.to_string(), "OUTPUT_INVALID");
    let second = first.next();
    assert_eq!(second.earlier, None, "nothing is left of it");
    let response = Bench::expect(attempt(&bench, "converse", &data, &second).await);
    assert_eq!((&response["attempts"], &response["cached"]), (&json!(1), &json!(false)));
    assert_eq!(bench.asked().len(), 3);
}

#[tokio::test]
async fn many_vectors_are_kept_meanwhile() {
    let bench = Bench::start().await;
    let data = json!({"modelId": "amazon.titan-embed-text-v2:0", "texts": texts(70), "dimensions": 256});
    let pad = Pad::default();
    Bench::expect(attempt(&bench, "embed", &data, &pad).await);
    let sizes = pad.sizes();
    assert!(sizes.len() >= 3, "when they have doubled, and on a slow machine now and then: {sizes:?}");
    assert!(sizes.is_sorted_by(|one, next| one < next), "{sizes:?}");
    let kept = *sizes.last().expect("a size");
    assert!(kept >= 64, "{kept}");
    let next = pad.next();
    Bench::expect(attempt(&bench, "embed", &data, &next).await);
    assert_eq!(bench.asked().len(), 70 + 70 - kept, "as if the first process had been killed at its end");
    assert!(next.sizes().iter().all(|size| *size > kept), "{:?}: notes never become fewer", next.sizes());
}

#[tokio::test]
async fn vectors_that_do_not_fit_are_not_kept() {
    let bench = Bench::start().await;
    let data = json!({"modelId": "amazon.titan-embed-text-v2:0", "texts": texts(3)});
    let empty = || Step::new(Act::Respond(Canned::json(200, r#"{"inputTextTokenCount": 1}"#)));
    bench.emulator.script(Target::BodyContains("text 1;".to_owned()), [empty()]);
    bench.emulator.script(Target::BodyContains("text 2;".to_owned()), [Step::fail(ErrorCode::AccessDenied)]);
    let first = Pad::default();
    attempt(&bench, "embed", &data, &first).await.expect_err("one fails");
    let second = first.next();
    let error = attempt(&bench, "embed", &data, &second).await.expect_err("a vector is missing");
    assert_eq!(error.code.to_string(), "ANSWER_INCOMPLETE");
    let third = second.next();
    assert_eq!(third.earlier, None);
    Bench::expect(attempt(&bench, "embed", &data, &third).await);
}
