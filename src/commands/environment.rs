//! The environment that the AWS SDK reads by itself.

use std::os::unix::process::CommandExt as _;
use std::process::Command;

/// Starts the program anew without those of AWS's variables that are set and empty.
///
/// Compose files and charts leave things out by leaving them empty, and everywhere here an empty variable counts as not
/// set. The SDK reads the environment by itself, and takes an empty one at its word: an empty endpoint makes it panic, an
/// empty path of a token makes it look for a file without a name. A process cannot safely change its own environment, but it
/// can take its own place with another one; its id, its open files and its arguments stay.
pub(crate) fn without_empty_variables_of_aws() {
    let is_empty = |value: &std::ffi::OsString| value.to_str().is_some_and(|value| value.trim().is_empty());
    let empty: Vec<_> = std::env::vars_os()
        .filter(|(name, value)| name.to_string_lossy().starts_with("AWS_") && is_empty(value))
        .map(|(name, _)| name)
        .collect();
    let (false, Ok(program)) = (empty.is_empty(), std::env::current_exe()) else { return };
    let mut arguments = std::env::args_os();
    let mut anew = Command::new(program);
    if let Some(name) = arguments.next() {
        anew.arg0(name);
    }
    anew.args(arguments);
    for name in empty {
        anew.env_remove(name);
    }
    // It only returns when it has failed, which leaves everything as it was.
    drop(anew.exec());
}
