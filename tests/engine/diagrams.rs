//! Diagrams that were drawn in a modeler with Camunda's element template. They hold parts of that template, so
//! they are not in this repository: `BEDROCK_CONNECTOR_DIAGRAMS` names a folder of them.

use std::path::PathBuf;

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};

use crate::documents;
use crate::scenarios::Stage;

/// A diagram with one service task, whose process reads `prompt`, `history` and `documents`.
#[derive(Debug)]
pub(crate) struct Diagram {
    path: PathBuf,
}

/// All diagrams of the folder, or none when no folder is named.
pub(crate) fn given() -> Result<Vec<Diagram>> {
    let Some(folder) = std::env::var_os("BEDROCK_CONNECTOR_DIAGRAMS").map(PathBuf::from) else {
        println!("BEDROCK_CONNECTOR_DIAGRAMS names no folder, so no diagrams of a modeler are run");
        return Ok(Vec::new());
    };
    let entries =
        std::fs::read_dir(&folder).with_context(|| format!("no diagrams in {}", folder.display()))?;
    let mut diagrams: Vec<_> = entries
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "bpmn"))
        .map(|path| Diagram { path })
        .collect();
    diagrams.sort_by(|a, b| a.path.cmp(&b.path));
    ensure!(!diagrams.is_empty(), "{} holds no .bpmn file", folder.display());
    Ok(diagrams)
}

impl Diagram {
    pub(crate) fn name(&self) -> String {
        self.path.file_stem().map_or_else(String::new, |name| name.to_string_lossy().into_owned())
    }

    /// Runs an instance and asserts what the engine has in its variables afterwards.
    pub(crate) async fn run(&self, stage: &Stage, rest_address: &str) {
        let process = stage.deploy_file(&self.path).await;
        let prompt = "What is the number of the invoice?";
        let document = documents::upload(rest_address, "note.txt", "The invoice number is 4711.").await;
        let variables = json!({"prompt": prompt, "history": [], "documents": [document]});
        let variables = stage.run(&process, variables).await;
        let body = stage.bedrock.exchanges().all().pop().expect("a call was made").body;
        if self.name().contains("invokeModel") {
            assert_text(&variables["answer"]);
            assert!(variables["tokensOut"].as_u64().is_some_and(|tokens| tokens > 0), "{variables}");
            assert_eq!(body["messages"][0]["content"][0]["text"], json!(prompt));
        } else {
            self.check_conversation(prompt, &variables, &body);
        }
    }

    fn check_conversation(&self, prompt: &str, variables: &Value, body: &Value) {
        assert_text(&variables["reply"]);
        assert_eq!(variables["turns"], json!(2), "{variables}");
        assert_eq!(variables["bedrockResult"].as_array().map(Vec::len), Some(2), "{variables}");
        assert_eq!(body["inferenceConfig"], json!({"maxTokens": 256, "temperature": 0.2, "topP": 0.9}));
        let content = body["messages"][0]["content"].as_array().expect("the message has content");
        assert!(content.contains(&json!({"text": prompt})), "{body}");
        let has_document = content.iter().any(|block| block.get("document").is_some());
        assert_eq!(has_document, self.name().contains("document"), "{body}");
        if has_document {
            let answer = variables["reply"].as_str().unwrap_or_default();
            assert!(answer.contains("4711"), "the model has read the document: {answer}");
        }
    }
}

fn assert_text(value: &Value) {
    assert!(value.as_str().is_some_and(|text| !text.is_empty()), "expected a text, found {value}");
}
