//! Stores the documents that expressions make.

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use serde_json::Value;
use uuid::Uuid;

use super::kind::content_type;
use super::{Loader, NewDocument};
use crate::connector::{self, CreateDocument, Created};

impl CreateDocument for Loader {
    fn create(&self, document: Created) -> BoxFuture<'_, Result<Value, connector::Error>> {
        async move {
            let name = document.name.unwrap_or_else(|| Uuid::new_v4().to_string());
            let content_type = document.content_type.unwrap_or_else(|| content_type(&name).to_owned());
            let document = NewDocument { name, content_type, content: document.content.into() };
            Ok(Loader::create(self, document).await?.to_value())
        }
        .boxed()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use bytes::Bytes;
    use serde_json::json;

    use super::*;
    use crate::documents::{Budget, Error, External, ExternalOptions, Reference, Share, Store};

    /// Takes everything, and says in the reference what it was given.
    #[derive(Debug)]
    struct Shelf;

    impl Store for Shelf {
        fn fetch<'a>(&'a self, _: &'a Reference, _: &'a mut Share) -> BoxFuture<'a, Result<Bytes, Error>> {
            std::future::ready(Ok(Bytes::new())).boxed()
        }

        fn link<'a>(&'a self, _: &'a Reference, _: Option<&'a str>) -> BoxFuture<'a, Result<String, Error>> {
            std::future::ready(Ok(String::new())).boxed()
        }

        fn create(&self, document: NewDocument) -> BoxFuture<'_, Result<Reference, Error>> {
            let reference = Reference::Stored {
                store_id: Some("shelf".into()),
                document_id: String::from_utf8_lossy(&document.content).into_owned(),
                content_hash: None,
                metadata: json!({"fileName": document.name, "contentType": document.content_type}),
            };
            std::future::ready(Ok(reference)).boxed()
        }
    }

    async fn create(
        store: Option<Arc<dyn Store>>,
        name: Option<&str>,
        content_type: Option<&str>,
    ) -> Result<Value, connector::Error> {
        let fetch = External::new(ExternalOptions::default()).expect("a client");
        let loader = Loader::new(Arc::new(fetch), store, Budget::new(1));
        let document = Created {
            content: b"d1".to_vec(),
            name: name.map(str::to_owned),
            content_type: content_type.map(str::to_owned),
        };
        CreateDocument::create(&loader, document).await
    }

    #[tokio::test]
    async fn the_reference_is_one_for_a_process_variable() {
        for (name, content_type, expected) in [
            ("a.txt", Some("text/x"), "text/x"),
            ("a.PDF", None, "application/pdf"),
            ("a.json", None, "application/json"),
            ("a", None, "application/octet-stream"),
        ] {
            let reference = create(Some(Arc::new(Shelf)), Some(name), content_type).await;
            let expected = json!({
                "camunda.document.type": "camunda", "storeId": "shelf", "documentId": "d1",
                "metadata": {"fileName": name, "contentType": expected}
            });
            assert_eq!(reference, Ok(expected));
        }
    }

    #[tokio::test]
    async fn a_document_without_a_name_gets_one() {
        let reference = create(Some(Arc::new(Shelf)), None, None).await.expect("a reference");
        let name = reference["metadata"]["fileName"].as_str().expect("a name");
        assert!(Uuid::parse_str(name).is_ok(), "{name}");
    }

    #[tokio::test]
    async fn without_a_store_it_says_what_to_configure() {
        let error = create(None, None, None).await.expect_err("no store");
        assert_eq!(error.code.to_string(), "DOCUMENT_STORE_MISSING");
        assert_eq!(
            error.message,
            "a document cannot be stored, because no REST address of the engine is configured"
        );
    }
}
