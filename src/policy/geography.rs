//! The regions behind inference profiles.

/// The regions to which the profiles of a geography send calls, as AWS lists them. A profile may use fewer; what is
/// allowed is bound to the profile anyhow.
const GEOGRAPHIES: &[(&str, &[&str])] = &[
    ("us", &["us-east-1", "us-east-2", "us-west-1", "us-west-2"]),
    ("us-gov", &["us-gov-east-1", "us-gov-west-1"]),
    ("ca", &["ca-central-1", "ca-west-1"]),
    ("eu", &["eu-central-1", "eu-north-1", "eu-south-1", "eu-south-2", "eu-west-1", "eu-west-3"]),
    (
        "apac",
        &[
            "ap-northeast-1",
            "ap-northeast-2",
            "ap-northeast-3",
            "ap-south-1",
            "ap-south-2",
            "ap-southeast-1",
            "ap-southeast-2",
            "ap-southeast-3",
            "ap-southeast-4",
        ],
    ),
    ("jp", &["ap-northeast-1", "ap-northeast-3"]),
    ("au", &["ap-southeast-2", "ap-southeast-4"]),
];

/// Splits the id of a profile into its geography and the model's own id. AWS adds geographies, so the form counts: two
/// letters, or one of the longer words.
pub(super) fn split(id: &str) -> Option<(&str, &str)> {
    let (prefix, model) = id.split_once('.')?;
    let is_short = prefix.len() == 2 && prefix.bytes().all(|byte| byte.is_ascii_lowercase());
    let is_geography = is_short || matches!(prefix, "apac" | "us-gov" | "global");
    (is_geography && model.contains('.')).then_some((prefix, model))
}

/// The regions of a geography together with the one that is called; any where the geography is not known here.
pub(super) fn regions(geography: &str, called: &str) -> Vec<String> {
    let Some((_, known)) = GEOGRAPHIES.iter().find(|(name, _)| *name == geography) else {
        return vec!["*".to_owned()];
    };
    let mut regions: Vec<String> = known.iter().map(|region| (*region).to_owned()).collect();
    if !known.contains(&called) {
        regions.push(called.to_owned());
        regions.sort();
    }
    regions
}

/// The partition of a region.
pub(super) fn partition(region: &str) -> &'static str {
    match region.split('-').next().unwrap_or_default() {
        "cn" => "aws-cn",
        "eusc" => "aws-eusc",
        "us" if region.starts_with("us-gov-") => "aws-us-gov",
        _ => "aws",
    }
}
