//! Bad input: the message names the field as the template labels it, says what was found and what was expected.

use bedrock_connector::bedrock::{Flavour, INPUTS, Makes};
use bedrock_connector::connector::{Connector as _, Retry, Scope};
use serde_json::{Value, json};

use super::{Bench, CLAUDE, NOVA, OLD_CLAUDE, hello, variables, with};

/// The action, what is laid over a good input of it, and the message.
type Case = (&'static str, Value, &'static str);

fn good(action: &str) -> Value {
    match action {
        "converse" | "countTokens" => json!({"modelId": CLAUDE, "newMessage": "Hello"}),
        "invokeModel" => json!({"modelId": CLAUDE, "payload": {}}),
        "embed" => json!({"modelId": "amazon.titan-embed-text-v2:0", "texts": "Hello"}),
        "image" => json!({"modelId": "amazon.nova-canvas-v1:0", "prompt": "Hello", "imageResult": "base64"}),
        "applyGuardrail" => json!({"guardrail": {"id": "g1"}, "texts": "Hello"}),
        other => panic!("{other}"),
    }
}

#[allow(clippy::too_many_lines, reason = "it is a table")]
fn cases() -> Vec<Case> {
    let tool = json!([{"name": "f"}]);
    vec![
        (
            "converse",
            json!({"modelId": " "}),
            "Model (data.modelId) is missing or empty; name a model, an inference profile or an ARN",
        ),
        ("converse", json!({"modelId": {}}), "Model (data.modelId) is a context, expected a text"),
        (
            "converse",
            json!({"systemPrompt": ["a", "b"]}),
            "System prompt (data.systemPrompt) is a list, expected a text",
        ),
        (
            "converse",
            json!({"newMessage": ""}),
            "Message (data.newMessage) is missing or empty; write what the model is to be asked",
        ),
        ("converse", json!({"newMessage": {}}), "Message (data.newMessage) is a context, expected a text"),
        (
            "converse",
            json!({"messagesHistory": "hi"}),
            "Message history (data.messagesHistory) is a text, expected a context",
        ),
        (
            "converse",
            json!({"messagesHistory": [{"role": "user"}]}),
            "Message history (data.messagesHistory[1].contentList) is missing or null, expected a list",
        ),
        (
            "converse",
            json!({"toolResults": [1]}),
            "Tool results (data.toolResults[1]) is a number, expected a context",
        ),
        (
            "converse",
            json!({"toolResults": [{"content": "x"}]}),
            "Tool results (data.toolResults[1].toolUseId) is missing or empty; give the id of the tool call that it answers",
        ),
        (
            "converse",
            json!({"toolResults": [{"toolUseId": "t", "status": "fine"}]}),
            "Tool results (data.toolResults[1].status) is \"fine\", expected one of success, error",
        ),
        (
            "converse",
            json!({"newDocuments": [{"name": "x"}]}),
            "Documents (data.newDocuments[1]) is no reference to a document: expected an object with the key \"camunda.document.type\"",
        ),
        (
            "converse",
            composed(json!({"documentMode": {}})),
            "Number of documents (data.data_newDocuments_documentMode) is a context, expected a text",
        ),
        (
            "converse",
            composed(json!({"documentMode": "multiple", "multiple_expression": ["a.pdf"]})),
            "List of documents (data.data_newDocuments_multiple_expression[1]) is no reference to a document: expected an object",
        ),
        (
            "converse",
            composed(json!({"single_documentSource": ["inline", "external"]})),
            "Document source (data.data_newDocuments_single_documentSource) is a list, expected a text",
        ),
        (
            "converse",
            composed(json!({"single_documentSource": "camunda", "single_camundaReference": "a.pdf"})),
            "Camunda document (data.data_newDocuments_single_camundaReference) is no reference to a document: expected an object",
        ),
        (
            "converse",
            composed(json!({"single_documentSource": "inline", "single_inline_fileName": {}})),
            "Document file name (data.data_newDocuments_single_inline_fileName) is a context, expected a text",
        ),
        (
            "converse",
            composed(json!({"single_documentSource": "inline", "single_inline_contentType": {}})),
            "Document content type (data.data_newDocuments_single_inline_contentType) is a context, expected a text",
        ),
        (
            "converse",
            composed(json!({"single_documentSource": "external", "single_external_url": {}})),
            "URL (data.data_newDocuments_single_external_url) is a context, expected a text",
        ),
        (
            "converse",
            composed(json!({
                "single_documentSource": "external", "single_external_url": "https://example.com/a.pdf",
                "single_external_fileName": {},
            })),
            "Name of the file (data.data_newDocuments_single_external_fileName) is a context, expected a text",
        ),
        (
            "converse",
            json!({"maxTokens": "many"}),
            "Maximum tokens (data.maxTokens) is \"many\", expected a whole number",
        ),
        (
            "converse",
            json!({"temperature": true}),
            "Temperature (data.temperature) is a boolean, expected a number",
        ),
        ("converse", json!({"topP": "0,5"}), "Top P (data.topP) is \"0,5\", expected a number"),
        (
            "converse",
            json!({"stopSequences": [{}]}),
            "Stop sequences (data.stopSequences[1]) is a context, expected a text",
        ),
        ("converse", json!({"tools": "weather"}), "Tools (data.tools) is a text, expected a list of tools"),
        (
            "converse",
            json!({"tools": [{"description": "x"}]}),
            "Tools (data.tools[1].name) is missing or empty; every tool needs one",
        ),
        (
            "converse",
            json!({"tools": [{"name": "f"}, {"name": "my tool"}]}),
            "Tools (data.tools[2].name) is \"my tool\", expected at most 64 letters, digits, hyphens and underscores",
        ),
        (
            "converse",
            json!({"tools": [{"name": "f", "description": {}}]}),
            "Tools (data.tools[1].description) is a context, expected a text",
        ),
        (
            "converse",
            json!({"tools": [{"name": "f", "inputSchema": 7}]}),
            "Tools (data.tools[1].inputSchema) is a number, expected a context, or a text that is a JSON object",
        ),
        (
            "converse",
            json!({"tools": [{"name": "f", "strict": "very"}]}),
            "Tools (data.tools[1].strict) is \"very\", expected true or false",
        ),
        (
            "converse",
            json!({"toolChoice": "maybe"}),
            "Tool choice (data.toolChoice) is \"maybe\", expected one of auto, any, tool",
        ),
        (
            "converse",
            json!({"toolChoice": "any"}),
            "Tools (data.tools) is missing or empty; a model that has to use a tool needs one",
        ),
        (
            "converse",
            json!({"tools": tool, "toolChoice": "tool"}),
            "Tool to use (data.toolChoiceName) is missing or empty; name the tool that the model has to use",
        ),
        (
            "converse",
            json!({"tools": tool, "toolChoice": "tool", "toolChoiceName": "g"}),
            "Tool to use (data.toolChoiceName) is \"g\", expected the name of one of the tools",
        ),
        (
            "converse",
            json!({"outputSchema": "a schema"}),
            "Answer schema (data.outputSchema) is a text, expected a context, or a text that is a JSON object",
        ),
        (
            "converse",
            json!({"outputSchema": {"type": "thing"}}),
            "Answer schema (data.outputSchema) is no JSON schema: ",
        ),
        (
            "converse",
            json!({"outputMode": "magic"}),
            "Structured output by (data.outputMode) is \"magic\", expected one of auto, native, tool",
        ),
        (
            "converse",
            json!({"outputSchema": {}, "outputName": "my answer"}),
            "Schema name (data.outputName) is \"my answer\", expected at most 64 letters, digits, hyphens and underscores",
        ),
        (
            "converse",
            json!({"outputDescription": {}}),
            "Schema description (data.outputDescription) is a context, expected a text",
        ),
        (
            "converse",
            json!({"outputCorrections": 9}),
            "Corrections (data.outputCorrections) is 9, expected 0 to 5",
        ),
        (
            "converse",
            json!({"reasoning": "much"}),
            "Reasoning (data.reasoning) is a text, expected a context",
        ),
        (
            "converse",
            json!({"reasoning": {"mode": "deep"}}),
            "Reasoning (data.reasoning.mode) is \"deep\", expected one of off, budget, effort",
        ),
        (
            "converse",
            json!({"reasoning": {"mode": "budget"}}),
            "Reasoning budget (data.reasoning.budgetTokens) is missing or empty; say how many tokens the model may think",
        ),
        (
            "converse",
            json!({"reasoning": {"budgetTokens": "few"}}),
            "Reasoning budget (data.reasoning.budgetTokens) is \"few\", expected a whole number",
        ),
        (
            "converse",
            json!({"reasoning": {"mode": "effort"}}),
            "Reasoning effort (data.reasoning.effort) is missing or empty; say how hard the model is to think",
        ),
        (
            "converse",
            json!({"reasoning": {"effort": "little"}}),
            "Reasoning effort (data.reasoning.effort) is \"little\", expected one of low, medium, high, xhigh, max",
        ),
        (
            "converse",
            json!({"modelId": NOVA, "reasoning": {"budgetTokens": 1024}}),
            "Reasoning budget (data.reasoning.budgetTokens) is for models of Anthropic only; use Reasoning effort (data.reasoning.effort) with this one",
        ),
        ("converse", json!({"guardrail": "g1"}), "Guardrail (data.guardrail) is a text, expected a context"),
        (
            "converse",
            json!({"guardrail": {"id": ["a", "b"]}}),
            "Guardrail (data.guardrail.id) is a list, expected a text",
        ),
        (
            "converse",
            json!({"guardrail": {"id": "g1", "version": "first"}}),
            "Guardrail version (data.guardrail.version) is \"first\", expected a number or DRAFT",
        ),
        (
            "converse",
            json!({"guardrail": {"id": "g1", "trace": "yes"}}),
            "Guardrail trace (data.guardrail.trace) is \"yes\", expected one of disabled, enabled, enabled_full",
        ),
        (
            "converse",
            json!({"promptCaching": [1, 2]}),
            "Prompt caching (data.promptCaching) is a list, expected a context",
        ),
        (
            "converse",
            json!({"promptCaching": {"system": "yes"}}),
            "Cache the system prompt (data.promptCaching.system) is \"yes\", expected true or false",
        ),
        (
            "converse",
            json!({"promptCaching": {"tools": 1}}),
            "Cache the tools (data.promptCaching.tools) is a number, expected true or false",
        ),
        (
            "converse",
            json!({"promptCaching": {"messages": []}}),
            "Cache the messages (data.promptCaching.messages) is a list, expected true or false",
        ),
        (
            "converse",
            json!({"promptCaching": {"ttl": "1d"}}),
            "Cache lifetime (data.promptCaching.ttl) is \"1d\", expected one of 5m, 1h",
        ),
        (
            "converse",
            json!({"promptVariables": [1, 2]}),
            "Prompt variables (data.promptVariables) is a list, expected a context, or a text that is a JSON object",
        ),
        (
            "converse",
            json!({"additionalModelRequestFields": "top_k"}),
            "Additional request fields (data.additionalModelRequestFields) is a text, expected a context, or a text that is a JSON object",
        ),
        (
            "converse",
            json!({"additionalModelResponseFieldPaths": "stop"}),
            "Additional response fields (data.additionalModelResponseFieldPaths) has \"stop\", expected JSON pointers such as /stop_sequence",
        ),
        (
            "converse",
            json!({"requestMetadata": {"a": {}}}),
            "the entry \"a\" of Request metadata (data.requestMetadata) is a context, expected a text",
        ),
        (
            "converse",
            json!({"latency": "fast"}),
            "Latency (data.latency) is \"fast\", expected one of standard, optimized",
        ),
        (
            "converse",
            json!({"serviceTier": "gold"}),
            "Service tier (data.serviceTier) is \"gold\", expected one of default, priority, flex, reserved",
        ),
        (
            "converse",
            json!({"streaming": "on"}),
            "Streaming (data.streaming) is \"on\", expected one of auto, off",
        ),
        (
            "converse",
            json!({"timeout": "5 minutes"}),
            "Time limit (data.timeout) is \"5 minutes\", expected a duration such as PT5M",
        ),
        (
            "converse",
            json!({"timeout": "PT0S"}),
            "Time limit (data.timeout) is \"PT0S\", expected a duration such as PT5M",
        ),
        (
            "converse",
            json!({"citations": "some"}),
            "Cite the documents (data.citations) is \"some\", expected true or false",
        ),
        // What does not go together.
        (
            "converse",
            json!({"citations": true, "outputSchema": {}}),
            "Cite the documents (data.citations) and Answer schema (data.outputSchema) do not go together; an answer that has to fit a schema has no room for citations",
        ),
        (
            "converse",
            json!({"modelId": OLD_CLAUDE, "outputSchema": {}, "tools": tool, "toolChoice": "any"}),
            "Tool choice (data.toolChoice) and Answer schema (data.outputSchema) do not go together; with a schema, this model has to answer by a tool of ours",
        ),
        (
            "converse",
            json!({"modelId": OLD_CLAUDE, "outputSchema": {}, "outputName": "f", "tools": tool}),
            "Schema name (data.outputName) and Tools (data.tools) do not go together; no tool may have the name of the schema",
        ),
        (
            "converse",
            json!({"modelId": OLD_CLAUDE, "outputSchema": {}, "reasoning": {"budgetTokens": 1024}}),
            "Answer schema (data.outputSchema) and Reasoning (data.reasoning) do not go together; this model cannot be made to use a tool while it reasons; take one with structured output",
        ),
        (
            "converse",
            json!({"tools": tool, "toolChoice": "any", "reasoning": {"budgetTokens": 1024}}),
            "Tool choice (data.toolChoice) and Reasoning (data.reasoning) do not go together; a model that reasons chooses its tools by itself; set the choice to auto",
        ),
        (
            "converse",
            json!({"maxTokens": 1024, "reasoning": {"budgetTokens": 1024}}),
            "Maximum tokens (data.maxTokens) and Reasoning budget (data.reasoning.budgetTokens) do not go together; the tokens of the budget count as tokens of the answer, so the maximum must be larger",
        ),
        // The other actions.
        (
            "invokeModel",
            json!({"payload": null}),
            "Payload (data.payload) is missing or null; write the request in the form that the model expects",
        ),
        (
            "invokeModel",
            json!({"contentType": "text/plain\r\nx-evil: 1"}),
            "Content type (data.contentType) has characters that no HTTP header may have",
        ),
        ("invokeModel", json!({"accept": {}}), "Accepted type (data.accept) is a context, expected a text"),
        (
            "embed",
            json!({"texts": []}),
            "Texts (data.texts) is missing or empty; give a text or a list of texts",
        ),
        ("embed", json!({"texts": [{}]}), "Texts (data.texts[1]) is a context, expected a text"),
        (
            "embed",
            json!({"inputType": "search"}),
            "Purpose (data.inputType) is \"search\", expected one of search_document, search_query, classification, clustering",
        ),
        ("embed", json!({"dimensions": 0}), "Dimensions (data.dimensions) is 0, expected 1 to 2147483647"),
        (
            "embed",
            json!({"modelId": "cohere.embed-english-v3", "dimensions": 256}),
            "Dimensions (data.dimensions) is not for the model \"cohere.embed-english-v3\"; Titan Text Embeddings V2, Titan and Nova Multimodal Embeddings and Cohere Embed 4 can choose it",
        ),
        (
            "embed",
            json!({"normalize": "often"}),
            "Normalize (data.normalize) is \"often\", expected true or false",
        ),
        (
            "embed",
            json!({"modelId": "cohere.embed-english-v3", "normalize": true}),
            "Normalize (data.normalize) is not for the model \"cohere.embed-english-v3\"; Titan Text Embeddings V2 can choose it",
        ),
        (
            "embed",
            json!({"truncate": "MIDDLE"}),
            "Truncation (data.truncate) is \"MIDDLE\", expected one of NONE, START, END",
        ),
        (
            "embed",
            json!({"modelId": NOVA}),
            "Model (data.modelId) is \"amazon.nova-lite-v1:0\", expected a model of Titan Embeddings, Nova Embeddings or Cohere Embed; the action invokeModel asks any other",
        ),
        (
            "image",
            json!({"prompt": " "}),
            "Prompt (data.prompt) is missing or empty; say what the image is to show",
        ),
        (
            "image",
            json!({"negativePrompt": {}}),
            "Negative prompt (data.negativePrompt) is a context, expected a text",
        ),
        ("image", json!({"count": 0}), "Number of images (data.count) is 0, expected 1 to 2147483647"),
        ("image", json!({"width": "wide"}), "Width (data.width) is \"wide\", expected a whole number"),
        ("image", json!({"height": -1}), "Height (data.height) is -1, expected 1 to 2147483647"),
        (
            "image",
            json!({"quality": "best"}),
            "Quality (data.quality) is \"best\", expected one of standard, premium",
        ),
        ("image", json!({"guidance": "strong"}), "Guidance (data.guidance) is \"strong\", expected a number"),
        ("image", json!({"seed": -1}), "Seed (data.seed) is -1, expected 0 to 2147483647"),
        (
            "image",
            json!({"aspectRatio": "16:9"}),
            "Aspect ratio (data.aspectRatio) is not for the model \"amazon.nova-canvas-v1:0\"; set width and height instead",
        ),
        (
            "image",
            json!({"imageFormat": "bmp"}),
            "Image format (data.imageFormat) is \"bmp\", expected one of png, jpeg",
        ),
        (
            "image",
            json!({"imageResult": "file"}),
            "Image result (data.imageResult) is \"file\", expected one of document, base64",
        ),
        ("image", json!({"fileName": {}}), "File name (data.fileName) is a context, expected a text"),
        (
            "image",
            json!({"modelId": "stability.sd3-5-large-v1:0", "width": 512}),
            "Width (data.width) is not for the model \"stability.sd3-5-large-v1:0\"; this model takes a prompt, an aspect ratio, a seed and a format",
        ),
        (
            "image",
            json!({"modelId": "stability.sd3-5-large-v1:0", "quality": "premium"}),
            "Quality (data.quality) is not for the model \"stability.sd3-5-large-v1:0\"; this model takes",
        ),
        (
            "image",
            json!({"modelId": CLAUDE}),
            "Model (data.modelId) is \"eu.anthropic.claude-haiku-4-5-20251001-v1:0\", expected a model of Amazon (Titan, Nova Canvas) or Stability that draws from a prompt alone; the action invokeModel asks any other",
        ),
        (
            "image",
            json!({"modelId": "us.stability.stable-image-inpaint-v1:0"}),
            "Model (data.modelId) is \"us.stability.stable-image-inpaint-v1:0\", expected a model of Amazon",
        ),
        (
            "embed",
            json!({"modelId": "amazon.nova-2-multimodal-embeddings-v1:0", "normalize": true}),
            "Normalize (data.normalize) is not for the model \"amazon.nova-2-multimodal-embeddings-v1:0\"",
        ),
        (
            "applyGuardrail",
            json!({"guardrail": null}),
            "Guardrail (data.guardrail.id) is missing or empty; name the guardrail that is to look at the texts",
        ),
        (
            "applyGuardrail",
            json!({"source": "both"}),
            "Source (data.source) is \"both\", expected one of INPUT, OUTPUT",
        ),
        (
            "applyGuardrail",
            json!({"outputScope": "SOME"}),
            "Details (data.outputScope) is \"SOME\", expected one of INTERVENTIONS, FULL",
        ),
    ]
}

/// Fields that describe one document, as the template writes them.
fn composed(helpers: Value) -> Value {
    let all = with(json!({"documentMode": "single"}), &helpers);
    let named = |(name, value): (&String, &Value)| (format!("data_newDocuments_{name}"), value.clone());
    all.as_object().expect("entries").iter().map(named).collect::<serde_json::Map<_, _>>().into()
}

/// What is laid over the variables of a good task, and the message.
fn cases_outside_the_data() -> Vec<(Value, &'static str)> {
    let signs_in = |authentication: Value| json!({ "authentication": authentication });
    let assumes = |more: Value| {
        let role = json!({"type": "assumeRole", "roleArn": "arn:aws:iam::123456789012:role/bedrock"});
        json!({ "authentication": with(role, &more) })
    };
    vec![
        (
            json!({"action": "dance"}),
            "Action (action) is \"dance\", expected \"converse\" or \"invokeModel\" or \"embed\" or \"image\" or \"countTokens\" or \"applyGuardrail\"",
        ),
        (json!({"awsCredential": "sales"}), "AWS credential (awsCredential) is a text, expected a context"),
        (
            json!({"awsCredential": {"region": "eu-central-1"}}),
            "AWS credential (awsCredential.authentication) is missing or empty; choose how the task signs in to AWS",
        ),
        (
            signs_in(Value::Null),
            "Authentication (authentication) is missing or empty; choose how the task signs in to AWS",
        ),
        (signs_in(json!("keys")), "Authentication (authentication) is a text, expected a context"),
        (
            signs_in(json!({"type": "magic"})),
            "Authentication (authentication.type) is \"magic\", expected one of credentials, ",
        ),
        (
            signs_in(json!({"type": "credentials", "secretKey": "SK"})),
            "Access key (authentication.accessKey) is missing or empty; the type \"credentials\" needs it",
        ),
        (
            signs_in(json!({"type": "credentials", "accessKey": "AKID"})),
            "Secret key (authentication.secretKey) is missing or empty; the type \"credentials\" needs it",
        ),
        (
            signs_in(json!({"accessKey": "AKID", "secretKey": "SK", "sessionToken": {}})),
            "Session token (authentication.sessionToken) is a context, expected a text",
        ),
        (
            assumes(json!({"roleArn": "bedrock"})),
            "Role (authentication.roleArn) cannot be used, expected the ARN of a role",
        ),
        (
            assumes(json!({"externalId": "!"})),
            "External id (authentication.externalId) cannot be used, expected 2 to 1224 letters",
        ),
        (
            assumes(json!({"sessionName": "a b"})),
            "Session name (authentication.sessionName) cannot be used, expected 2 to 64 letters",
        ),
        (
            assumes(json!({"base": "somebody"})),
            "Base identity (authentication.base) is \"somebody\", expected one of defaultCredentialsChain, ",
        ),
        (
            signs_in(json!({"type": "profile"})),
            "Profile (authentication.profile) is missing or empty; name a profile of the installation",
        ),
        (
            signs_in(json!({"type": "apiKey"})),
            "API key (authentication.apiKey) is missing or empty; the type \"apiKey\" needs it",
        ),
        (
            json!({"configuration": {}}),
            "Region (configuration.region) is missing or empty; name the AWS region of the model",
        ),
        (
            json!({"configuration": {"region": "Frankfurt"}}),
            "Region (configuration.region) is \"Frankfurt\", expected the name of an AWS region in lower case",
        ),
        (
            json!({"configuration": {"region": "eu-central-1", "endpoint": "https://bedrock.example"}}),
            "Endpoint (configuration.endpoint) is at no host of Bedrock, expected one such as",
        ),
    ]
}

#[tokio::test]
async fn wrong_input_is_named_as_the_template_labels_it() {
    let bench = Bench::start().await;
    let in_the_data = cases()
        .into_iter()
        .map(|(action, patch, expected)| (variables(action, with(good(action), &patch)), expected));
    let outside = cases_outside_the_data()
        .into_iter()
        .map(|(patch, expected)| (with(variables("converse", hello()), &patch), expected));
    for (variables, expected) in in_the_data.chain(outside) {
        let error = bench.connector.bind(&variables, &Scope::default()).expect_err(expected);
        assert!(error.message.starts_with(expected), "{variables}:\n  {}\n  {expected}", error.message);
        assert_eq!(error.retry, Retry::Never, "{expected}");
    }
    assert_eq!(bench.asked().len(), 0, "nothing is sent for wrong input");
}

/// Inputs that cannot be wrong, or whose mistakes are told elsewhere.
const NEVER_WRONG: &[&str] = &["data.toolResults[].content", "data.data_newDocuments_single_inline_content"];

#[test]
fn every_input_has_a_mistake_in_the_table() {
    let data = cases().into_iter().map(|(_, _, message)| message);
    let messages: Vec<_> =
        data.chain(cases_outside_the_data().into_iter().map(|(_, message)| message)).collect();
    let named = |path: &str| {
        let shown = format!("({}", path.replace("[]", "[1]"));
        let ends = |rest: &str| rest.starts_with([')', '[']);
        messages.iter().any(|message| message.split(&shown).skip(1).any(ends))
    };
    let untried: Vec<_> = INPUTS
        .iter()
        .map(|input| input.path)
        .filter(|path| !NEVER_WRONG.contains(path) && !named(path))
        .collect();
    assert!(untried.is_empty(), "no mistake is tried for {untried:?}");
}

/// What is wrong with a document is found when it is fetched; of several, a person has to know which it is.
#[tokio::test]
async fn a_document_that_cannot_be_had_is_named_by_its_field() {
    let bench = Bench::start().await;
    let fine = json!({"camunda.document.type": "inline", "name": "a.txt", "content": "a"});
    let private =
        json!({"camunda.document.type": "external", "url": "http://127.0.0.1:9/b.pdf", "name": "b.pdf"});
    let stored =
        json!({"camunda.document.type": "camunda", "documentId": "d1", "metadata": {"fileName": "c.pdf"}});
    let said = json!([{"role": "user", "contentList": [{"text": "Look."}, {"document": private}]}]);
    for (data, expected) in [
        (
            json!({"newDocuments": [fine, private]}),
            "Documents (data.newDocuments[2]), \"b.pdf\": the document's host \"127.0.0.1\"",
        ),
        (
            json!({"newDocuments": stored}),
            "Documents (data.newDocuments), \"c.pdf\": document \"d1\" is in the engine's store",
        ),
        (
            json!({"newDocuments": [{"camunda.document.type": "inline", "name": "a.zip", "content": "a"}]}),
            "Documents (data.newDocuments[1]) has no format that Bedrock reads: its name is \"a.zip\"",
        ),
        (
            json!({"messagesHistory": said}),
            "Message history (data.messagesHistory[1].contentList[2].document), \"b.pdf\": the document's host",
        ),
        (
            composed(
                json!({"single_documentSource": "external", "single_external_url": "ftp://example.com/a.pdf"}),
            ),
            "URL (data.data_newDocuments_single_external_url): the URL of a document cannot be used",
        ),
        (
            composed(
                json!({"single_documentSource": "inline", "single_inline_content": "a", "single_inline_fileName": "a.exe"}),
            ),
            "Document content (data.data_newDocuments_single_inline_content) has no format that Bedrock reads",
        ),
        (
            composed(json!({"documentMode": "multiple", "multiple_expression": [fine, stored]})),
            "List of documents (data.data_newDocuments_multiple_expression[2]), \"c.pdf\": ",
        ),
    ] {
        let error = bench.run("converse", with(hello(), &data)).await.expect_err(expected);
        assert!(error.message.starts_with(expected), "{}\n{expected}", error.message);
        assert_eq!(error.retry, Retry::Never, "{expected}");
    }
    assert_eq!(bench.asked().len(), 0, "nothing is asked without the documents");
}

/// Templates offer a model by what it makes, so the action has to take it.
#[tokio::test]
async fn an_action_takes_the_models_that_are_offered_for_it_and_no_others() {
    let bench = Bench::start().await;
    for model_id in [
        CLAUDE,
        NOVA,
        "amazon.titan-embed-text-v1",
        "amazon.titan-embed-text-v2:0",
        "amazon.titan-embed-image-v1",
        "amazon.nova-2-multimodal-embeddings-v1:0",
        "arn:aws:bedrock:eu-west-1::foundation-model/cohere.embed-multilingual-v3",
        "us.cohere.embed-v4:0",
        "cohere.command-r-plus-v1:0",
        "amazon.titan-image-generator-v2:0",
        "amazon.nova-canvas-v1:0",
        "stability.sd3-5-large-v1:0",
        "stability.stable-image-ultra-v1:1",
        "us.stability.stable-image-inpaint-v1:0",
        "us.stability.stable-conservative-upscale-v1:0",
    ] {
        let makes = Makes::of(model_id);
        for (action, made) in [("embed", Makes::Embeddings), ("image", Makes::Images)] {
            let data = with(good(action), &json!({ "modelId": model_id }));
            let taken = bench.bind(&Scope::default(), action, data).is_ok();
            assert_eq!(taken, makes == made, "{action} by {model_id}, which makes {makes:?}");
        }
    }
}

/// The compat job type serves Camunda's template and ours; only ours has our labels on the screen.
#[tokio::test]
async fn a_task_of_the_compat_type_is_told_the_labels_of_its_own_template() {
    let bench = Bench::of_flavour(Flavour::Compat).await;
    let wrong = json!({"modelId": " ", "newMessage": "Hello"});
    // What is wrong behind a function is found only when that has run.
    let hidden = json!({"camunda.function.type": "base64", "params": ["Hello"]});
    for data in [wrong.clone(), with(wrong, &json!({ "newMessage": hidden }))] {
        for (template_id, expected) in [
            (None, "data.modelId is missing"),
            (Some("io.camunda.connectors.AWSBEDROCK.v1"), "data.modelId is missing"),
            (Some("bedrock-connector.aws-bedrock.v1"), "Model (data.modelId) is missing"),
        ] {
            let scope = Scope { template_id: template_id.map(str::to_owned), ..Scope::default() };
            let error = bench.run_as(&scope, "converse", data.clone()).await.expect_err(expected);
            assert!(error.message.starts_with(expected), "{template_id:?}: {}", error.message);
        }
    }
}
