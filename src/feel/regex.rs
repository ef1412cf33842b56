use fancy_regex::Regex;
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("pattern")]
    Pattern,
    #[error("steps")]
    StepLimit,
}
fn re(p: &str, f: &str) -> Result<Regex, Error> {
    let p = if f.is_empty() { p.to_owned() } else { format!("(?{f}){p}") };
    Regex::new(&p).map_err(|_| Error::Pattern)
}
pub fn matches(i: &str, p: &str, f: &str) -> Result<bool, Error> {
    re(p, f)?.is_match(i).map_err(|_| Error::StepLimit)
}
pub fn replace(i: &str, p: &str, r: &str, f: &str, _l: usize) -> Result<String, Error> {
    Ok(re(p, f)?.replace_all(i, r).into_owned())
}
pub fn split(i: &str, p: &str) -> Result<Vec<String>, Error> {
    Ok(re(p, "")?.split(i).filter_map(|x| x.ok()).map(str::to_owned).collect())
}
pub fn extract(i: &str, p: &str) -> Result<Vec<String>, Error> {
    Ok(re(p, "")?.find_iter(i).filter_map(|x| x.ok()).map(|m| m.as_str().to_owned()).collect())
}
