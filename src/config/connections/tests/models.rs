//! What is looked at in models: their ids, kinds and parameters.

use std::sync::Arc;

use super::{SMALL, config, mistakes};
use crate::connections::Kind;

#[test]
fn models_of_hugging_face_have_owners() {
    let hub = |namespace: &str, id: &str| {
        format!(
            "[[connections]]\nname = \"hub\"\nprovider = \"huggingface\"\n{namespace}\naccess = [{{}}]\n\
             authentication = {{ kind = \"api-key\", api-key = {{ env = \"HF_TOKEN\" }} }}\n\
             [[connections.models]]\nid = \"{id}\"\nalias = \"m\"\n"
        )
    };
    let expected = "expected owner/name, or a name alone where the connection has a namespace";
    for id in ["gpt2", "a/b/c", "a/", "/a", "a/b?c", "a/..", "a/b:", "a/b c"] {
        let expected = match id.contains(' ') {
            true => "expected at most 2048 characters without spaces",
            false => expected,
        };
        assert_eq!(
            mistakes(&hub("", id)),
            [format!("connections.hub.models.m.id in FILE: found `{id}`, {expected}")]
        );
    }
    for (namespace, id, upstream, expected) in [
        ("namespace = \"acme\"", "gpt2", "gpt2-large", ["acme/gpt2", "acme/gpt2-large"]),
        ("", "a/b:groq", "c/d", ["a/b:groq", "c/d"]),
    ] {
        let upstream = format!("[[connections.models.upstreams]]\nname = \"u\"\nid = \"{upstream}\"\n");
        let config = config(&format!("{}{upstream}", hub(namespace, id)));
        let model = Arc::clone(&config.connections.connection("hub").unwrap().models[0]);
        assert_eq!([model.id.as_str(), model.upstreams[0].model_id.as_str()], expected);
    }
    let upstream = "[[connections.models.upstreams]]\nname = \"u\"\nid = \"alone\"\n";
    assert_eq!(
        mistakes(&format!("{}{upstream}", hub("", "a/b"))),
        [format!("connections.hub.models.m.upstreams.u.id in FILE: found `alone`, {expected}")]
    );
    for namespace in ["a b", "a/b", "-a", "a\\nb"] {
        let found = mistakes(&hub(&format!("namespace = \"{namespace}\""), "gpt2"));
        let expected = format!(
            "connections.hub.namespace in FILE: found `{namespace}`, expected the name of a user or an organization: at \
             most 96 letters, digits, dots, dashes and underscores"
        );
        assert_eq!(found, [expected]);
    }
}

#[test]
fn the_id_of_an_upstream_is_an_id() {
    let upstream = "[[connections.models.upstreams]]\nname = \"u\"\nid = \"a b\"\n";
    let expected = "connections.small.models[1].upstreams.u.id in FILE: found `a b`, expected at most 2048 characters \
                    without spaces";
    assert_eq!(mistakes(&format!("{SMALL}{upstream}")), [expected]);
}

#[test]
fn kind_and_task_go_together() {
    let hub = |lines: &str| {
        format!(
            "[[connections]]\nname = \"hub\"\nprovider = \"huggingface\"\naccess = [{{}}]\n\
             authentication = {{ kind = \"api-key\", api-key = {{ env = \"HF_TOKEN\" }} }}\n\
             [[connections.models]]\nid = \"a/b\"\nalias = \"m\"\n{lines}\n"
        )
    };
    for (kind, task, fitting) in [
        ("text", "feature-extraction", "chat or text-generation"),
        ("embedding", "chat", "feature-extraction"),
        ("embedding", "text-generation", "feature-extraction"),
    ] {
        let found = mistakes(&hub(&format!("kind = \"{kind}\"\ntask = \"{task}\"")));
        let expected = format!("found `{task}`, expected {fitting}, because the kind of the model is {kind}");
        assert_eq!(found, [format!("connections.hub.models.m.task in FILE: {expected}")]);
    }
    let found = mistakes(&hub("task = \"chats\""));
    let expected = "found `chats`, expected one of chat, text-generation, feature-extraction";
    assert_eq!(found, [format!("connections.hub.models.m.task in FILE: {expected}")]);
    let config = config(&hub("task = \"feature-extraction\""));
    assert_eq!(config.connections.connection("hub").unwrap().models[0].kind, Kind::Embedding);

    let preset = SMALL.replace("id = \"vendor.model-v1:0\"", "preset = \"titan-embed-v2\"\nkind = \"image\"");
    let expected = "found `image`, expected embedding, which the preset is, or nothing";
    let place = "connections.small.models.titan-embed-v2.kind in FILE";
    assert_eq!(mistakes(&preset), [format!("{place}: {expected}")]);
}

#[test]
fn parameters_that_no_task_has_are_listed_at_once() {
    let toml = format!(
        "{SMALL}{}",
        r#"alias = "m"
[connections.models.parameters]
maxToken = 10
temperature = "hot"
topP = "0.9"
stopSequences = "x"
modelId = "other"
streaming = "on"
dimensions = 512
outputSchema = [1, 2]
promptCaching = true
timeout = "soon"
something = 1
reasoning = { mode = "much", budget = 3, budgetTokens = 2048 }
guardrail = { id = "gr1", version = 1, trace = "enabled" }
"#
    );
    insta::assert_snapshot!(mistakes(&toml).join("\n"));
}

#[test]
fn parameters_go_with_the_kind_of_the_model() {
    for (kind, parameters) in [
        ("text", "{ maxTokens = 5, systemPrompt = \"Be brief.\", payload = { a = 1 } }"),
        ("embedding", "{ dimensions = 512, inputType = \"search_query\", timeout = \"PT5M\" }"),
        ("image", "{ imageResult = \"base64\", width = 512 }"),
    ] {
        config(&format!("{SMALL}kind = \"{kind}\"\nparameters = {parameters}\n"));
    }
    let found = mistakes(&format!("{SMALL}kind = \"embedding\"\nparameters = {{ maxTokens = 5 }}\n"));
    let expected = "expected nothing, because only converse reads it, for which models of the kind embedding are not asked";
    assert_eq!(found, [format!("connections.small.models[1].parameters.maxTokens in FILE: {expected}")]);
}
