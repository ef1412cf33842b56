//! Documents that expressions make.

use tokio::sync::Mutex;

use super::*;
use crate::connector::{CreateDocument, Created};

/// Gives references that tell the documents apart, or refuses for a while.
#[derive(Debug, Default)]
struct Shelf {
    documents: Mutex<Vec<Created>>,
    is_closed: bool,
}

impl CreateDocument for Shelf {
    fn create(&self, document: Created) -> BoxFuture<'_, Result<Value, Error>> {
        async move {
            if self.is_closed {
                let message = "the store is closed".into();
                return Err(Error { retry: Retry::Spend, ..Error::never(Code::of("503"), message) });
            }
            let mut documents = self.documents.lock().await;
            documents.push(document);
            Ok(json!({ "documentId": documents.len() }))
        }
        .boxed()
    }
}

async fn concluded(shelf: &Arc<Shelf>, headers: Value, answer: Value) -> Outcome {
    let documents: Arc<dyn CreateDocument> = shelf.clone();
    let variables = json!({ "answer": answer }).to_string();
    play_with(runtime().with_documents(documents), JOB_TYPE, &headers.to_string(), &variables).await
}

#[tokio::test]
async fn documents_are_stored_wherever_they_stand_and_their_references_are_in_the_result() {
    for (expression, expected, stored) in [
        (r#"={doc: createDocument("aGk=")}"#, json!({"doc": {"documentId": 1}}), 1),
        (r#"=createDocument("aGk=")"#, json!({"documentId": 1}), 1),
        (
            r#"={a: [createDocument("aGk="), 5, {"b/c~d": createDocument(value: "")}]}"#,
            json!({"a": [{"documentId": 1}, 5, {"b/c~d": {"documentId": 2}}]}),
            2,
        ),
        (
            "={docs: for part in body.parts return createDocument(part)}",
            json!({"docs": [{"documentId": 1}, {"documentId": 2}]}),
            2,
        ),
        (r#"={doc: if false then createDocument("aGk=") else null}"#, json!({"doc": null}), 0),
    ] {
        let shelf = Arc::<Shelf>::default();
        let answer = json!({"body": {"parts": [
            {"content": "aGk=", "name": "a.txt", "contentType": "text/plain"}, {"data": "aGk=", "fileName": "b.txt"}
        ]}});
        let outcome = concluded(&shelf, json!({ "resultExpression": expression }), answer).await;
        assert_eq!(outcome, complete(expected), "{expression}");
        assert_eq!(shelf.documents.lock().await.len(), stored, "{expression}");
    }
}

#[tokio::test]
async fn content_name_and_type_are_stored() {
    let shelf = Arc::<Shelf>::default();
    let expression =
        r#"={doc: createDocument({content: to base64(text), name: "a.txt", contentType: "text/x"})}"#;
    concluded(&shelf, json!({ "resultExpression": expression }), json!({"text": "grün"})).await;
    let expected =
        Created { content: "grün".into(), name: Some("a.txt".into()), content_type: Some("text/x".into()) };
    assert_eq!(*shelf.documents.lock().await, [expected]);
}

#[tokio::test]
async fn an_answer_cannot_pass_for_a_call_of_the_function() {
    let shelf = Arc::<Shelf>::default();
    for mark in ["createDocument", "createDocument:TAG"] {
        let answer = json!({"x": {"connectorResultFunction": mark, "value": "aGk="}});
        let headers = json!({"resultExpression": r#"={x: x, doc: createDocument("aGk=")}"#});
        let outcome = concluded(&shelf, headers, answer.clone()).await;
        let Outcome::Complete { variables } = outcome else { panic!("{outcome:?}") };
        assert_eq!(variables["x"], answer["x"]);
    }
    assert_eq!(shelf.documents.lock().await.len(), 2, "one for each call of the function");
}

#[tokio::test]
async fn the_error_expression_sees_references_and_makes_documents() {
    let shelf = Arc::<Shelf>::default();
    let headers = json!({
        "resultExpression": r#"={doc: createDocument("aGk=")}"#,
        "errorExpression": r#"=bpmnError("A", "m", {seen: doc, made: createDocument("aGk=")})"#,
    });
    let outcome = concluded(&shelf, headers, json!({})).await;
    assert_eq!(outcome, throw("A", "m", json!({"seen": {"documentId": 1}, "made": {"documentId": 2}})));
}

#[tokio::test]
async fn what_cannot_be_stored_is_not_tried_again_and_stores_nothing() {
    let shelf = Arc::<Shelf>::default();
    for value in [r#"createDocument("no base64!")"#, "createDocument({})", "createDocument(5)"] {
        let expression = format!(r#"={{a: createDocument("aGk="), b: {value}}}"#);
        let failure = failure(concluded(&shelf, json!({ "resultExpression": expression }), json!({})).await);
        assert_eq!((failure.retries, failure.cause), (0, FailureCause::Mapping), "{value}");
        assert!(failure.message.starts_with("the value of createDocument cannot be stored: "), "{failure:?}");
    }
    let many = r#"={docs: for i in 1..101 return createDocument("aGk=")}"#;
    let failure = failure(concluded(&shelf, json!({ "resultExpression": many }), json!({})).await);
    assert!(failure.message.contains("it makes 101 documents, at most 100 are stored"), "{failure:?}");
    assert!(shelf.documents.lock().await.is_empty());
}

#[tokio::test]
async fn a_store_that_is_away_spends_a_retry_and_keeps_the_answer() {
    let shelf = Arc::new(Shelf { is_closed: true, ..Shelf::default() });
    for headers in [
        json!({"resultExpression": r#"={doc: createDocument("aGk=")}"#}),
        json!({"errorExpression": r#"=bpmnError("A", "m", {made: createDocument("aGk=")})"#}),
    ] {
        let failure = failure(concluded(&shelf, headers, json!({})).await);
        assert_eq!((failure.retries, failure.cause), (2, FailureCause::Mapping));
        assert_eq!(
            (failure.message.as_str(), &failure.variables["error"]["code"]),
            ("the store is closed", &json!("503"))
        );
    }
}

#[tokio::test]
async fn without_a_store_there_is_a_clear_error() {
    let headers = json!({"resultExpression": r#"={doc: createDocument("aGk=")}"#});
    let failure = failure(answered(headers, json!({})).await);
    assert_eq!(failure.message, "the value of createDocument cannot be stored: there is no document store");
}
