//! The documents of a message: a list of variables, or one file that is described here.

use crate::template::model::{Choice, Property, is};
use crate::template::property::input;

const MODE: &str = "data_newDocuments_documentMode";
const SOURCE: &str = "data_newDocuments_single_documentSource";

/// The worker puts the list together by itself when it is not given, so that no hidden expression has to do it.
pub(crate) fn fields() -> Vec<Property> {
    let single = |property: Property| property.when(is(MODE, "single"));
    let from = |source: &str, property: Property| single(property).when(is(SOURCE, source));
    vec![
        // Always shown: tasks of early versions of Camunda's template have this and no mode.
        input("data.newDocuments")
            .label("Documents")
            .expression()
            .placeholder("uploads")
            .tooltip("A variable with documents, as the upload in a form gives them, or a list of such. Leave it empty to send none, or to describe them below."),
        helper("documentMode")
            .label("Number of documents")
            .tooltip("For documents that no variable holds yet. It counts only if the field above is empty.")
            .one_of(vec![
                Choice::new("none", "None but those above"),
                Choice::new("single", "One, described here"),
                Choice::new("multiple", "Several, by an expression"),
            ]),
        helper("multiple_expression")
            .label("List of documents")
            .expression()
            .required()
            .placeholder("[contract, invoice]")
            .tooltip("A list of documents.")
            .when(is(MODE, "multiple")),
        single(
            helper("single_documentSource")
                .label("Document source")
                .tooltip("Where the document comes from.")
                .one_of(vec![
                    Choice::new("camunda", "A document of Camunda"),
                    Choice::new("inline", "A text written here"),
                    Choice::new("external", "An address on the web"),
                ]),
        ),
        from(
            "camunda",
            helper("single_camundaReference")
                .label("Camunda document")
                .expression()
                .required()
                .placeholder("contract")
                .tooltip("A variable with a document, as the upload in a form gives it."),
        ),
        from(
            "inline",
            helper("single_inline_content")
                .label("Document content")
                .long()
                .or_expression()
                .required()
                .tooltip("The text of the document. A context or list is sent as JSON."),
        ),
        from(
            "inline",
            helper("single_inline_fileName")
                .label("Document file name")
                .or_expression()
                .placeholder("terms.txt")
                .tooltip("The model sees it, and its ending tells the kind of document."),
        ),
        from(
            "inline",
            helper("single_inline_contentType")
                .label("Document content type")
                .or_expression()
                .placeholder("text/plain")
                .tooltip("The kind of document, where the file name does not tell it."),
        ),
        from(
            "external",
            helper("single_external_url")
                .label("URL")
                .or_expression()
                .required()
                .placeholder("https://example.com/terms.pdf")
                .tooltip("A public address, http or https. The worker fetches the document from there."),
        ),
        from(
            "external",
            helper("single_external_fileName")
                .label("Name of the file")
                .or_expression()
                .placeholder("terms.pdf")
                .tooltip("The model sees it, and its ending tells the kind of document."),
        ),
    ]
}

/// These have no dots in their ids, because Camunda's template names them so in its conditions.
fn helper(name: &str) -> Property {
    let id = format!("data_newDocuments_{name}");
    input(&format!("data.{id}")).id(id)
}
