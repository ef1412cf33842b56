//! What AWS takes as the ARN of a role, and as the names that its use is logged and trusted by.

/// The form of these texts, wherever they are written.
#[derive(Debug, Clone, Copy)]
pub struct RoleForm;

impl RoleForm {
    pub const ARN: &'static str = "the ARN of a role, such as arn:aws:iam::123456789012:role/bedrock";
    pub const SESSION_NAME: &'static str = "2 to 64 letters, digits and any of _+=,.@-";
    pub const EXTERNAL_ID: &'static str = "2 to 1224 letters, digits and any of _+=,.@:/-";

    pub fn is_arn(text: &str) -> bool {
        let mut parts = text.splitn(6, ':');
        let mut next = || parts.next().unwrap_or_default();
        next() == "arn"
            && next().starts_with("aws")
            && next() == "iam"
            && next().is_empty()
            && matches!(next(), account if account.len() == 12 && account.bytes().all(|byte| byte.is_ascii_digit()))
            && next().strip_prefix("role/").is_some_and(|name| !name.is_empty())
    }

    pub fn is_session_name(text: &str) -> bool {
        (2..=64).contains(&text.len()) && is_made_of(text, "_+=,.@-")
    }

    pub fn is_external_id(text: &str) -> bool {
        (2..=1224).contains(&text.len()) && is_made_of(text, "_+=,.@:/-")
    }
}

fn is_made_of(text: &str, signs: &str) -> bool {
    text.chars().all(|c| c.is_ascii_alphanumeric() || signs.contains(c))
}
