//! Secrets in files, as Kubernetes and Docker mount them: a file is named as its secret and holds its value.

use std::io;
use std::path::{Path, PathBuf};

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use tokio::fs::{self, File};
use tokio::io::AsyncReadExt;

use super::source::Naming;
use super::{Scope, Secret, SecretProvider, SourceError};

/// As large as a secret of AWS Secrets Manager may be. No credential is anywhere near it.
const MAX_BYTES: u64 = 64 * 1024;

/// Where the files are and how they are named.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FolderOptions {
    pub folder: PathBuf,
    pub naming: Naming,
}

/// Secrets in the files of a folder.
///
/// A file is read whenever its secret is asked for: they are small and mostly in memory, and a changed value, which
/// Kubernetes swaps in while the process runs, counts from the next job on.
#[derive(Debug)]
pub struct FolderSecrets(FolderOptions);

impl FolderSecrets {
    /// Reads nothing yet.
    pub fn new(options: FolderOptions) -> Self {
        Self(options)
    }

    async fn read(&self, name: &str, scope: &Scope) -> Result<Option<Secret>, SourceError> {
        let name = self.0.naming.full_name(name, scope);
        if !is_file_name(&name) {
            return Ok(None);
        }
        let path = self.0.folder.join(&name);
        match read_bounded(&path).await {
            Ok(content) => text(content).map(Some).map_err(|reason| self.failed(&name, reason)),
            // Without the folder every secret would seem to be missing, and jobs would raise incidents.
            Err(error) if error.kind() == io::ErrorKind::NotFound => match fs::metadata(&self.0.folder).await
            {
                Ok(_) => Ok(None),
                Err(error) => Err(SourceError::new(self.place(), error.to_string())),
            },
            Err(error) => Err(self.failed(&name, error.to_string())),
        }
    }

    fn failed(&self, name: &str, reason: String) -> SourceError {
        SourceError::new(self.place(), format!("the file {name:?}: {reason}"))
    }

    fn place(&self) -> String {
        format!("the folder {}", self.0.folder.display())
    }
}

impl SecretProvider for FolderSecrets {
    fn get<'a>(
        &'a self,
        name: &'a str,
        scope: &'a Scope,
    ) -> BoxFuture<'a, Result<Option<Secret>, SourceError>> {
        self.read(name, scope).boxed()
    }

    fn remedy(&self, name: &str, scope: &Scope) -> String {
        format!("put it into the file {}", self.0.folder.join(self.0.naming.full_name(name, scope)).display())
    }
}

/// Names come from process models, so they must not lead out of the folder. Hidden files are what Kubernetes keeps its
/// own copies under.
fn is_file_name(name: &str) -> bool {
    !name.is_empty() && !name.starts_with('.') && name.len() <= 255 && !name.contains(['/', '\\', '\0'])
}

async fn read_bounded(path: &Path) -> io::Result<Vec<u8>> {
    // Opening a pipe would wait for its writer.
    if !fs::metadata(path).await?.is_file() {
        return Err(io::Error::other("it is no regular file"));
    }
    let mut content = Vec::new();
    File::open(path).await?.take(MAX_BYTES + 1).read_to_end(&mut content).await?;
    Ok(content)
}

/// The value without the line's end that editors and `echo` leave behind.
fn text(content: Vec<u8>) -> Result<Secret, String> {
    if content.len() as u64 > MAX_BYTES {
        return Err(format!("it holds more than {MAX_BYTES} bytes, which is no secret"));
    }
    let text = String::from_utf8(content).map_err(|_| "it is not UTF-8 text".to_owned())?;
    let line = text.strip_suffix('\n').unwrap_or(&text);
    Ok(Secret::from(line.strip_suffix('\r').unwrap_or(line)))
}

#[cfg(test)]
mod tests {
    use std::fs::{create_dir, write};

    use super::*;

    struct Mounted {
        folder: tempfile::TempDir,
        secrets: FolderSecrets,
    }

    fn mounted(files: &[(&str, &[u8])], naming: Naming) -> Mounted {
        let folder = tempfile::tempdir().unwrap();
        let inner = folder.path().join("secrets");
        create_dir(&inner).unwrap();
        for (name, content) in files {
            write(inner.join(name), content).unwrap();
        }
        let secrets = FolderSecrets::new(FolderOptions { folder: inner, naming });
        Mounted { folder, secrets }
    }

    impl Mounted {
        async fn get(&self, name: &str) -> Result<Option<String>, SourceError> {
            let scope =
                Scope { tenant_id: "acme".into(), bpmn_process_id: "order".into(), ..Scope::default() };
            let found = self.secrets.get(name, &scope).await?;
            Ok(found.map(|secret| secret.expose().to_owned()))
        }
    }

    #[tokio::test]
    async fn a_file_is_a_secret_without_its_last_line_end() {
        let files: &[(&str, &[u8])] =
            &[("KEY", b"value\n"), ("windows", b"value\r\n"), ("lines", b"a\nb\n\n"), ("empty", b"")];
        let mounted = mounted(files, Naming::default());
        for (name, expected) in [("KEY", "value"), ("windows", "value"), ("lines", "a\nb\n"), ("empty", "")] {
            assert_eq!(mounted.get(name).await, Ok(Some(expected.to_owned())), "{name}");
        }
        assert_eq!(mounted.get("key").await, Ok(None));
    }

    #[tokio::test]
    async fn a_changed_file_counts_at_once() {
        let mounted = mounted(&[("KEY", b"old")], Naming::default());
        assert_eq!(mounted.get("KEY").await, Ok(Some("old".to_owned())));
        write(mounted.secrets.0.folder.join("KEY"), "new").unwrap();
        assert_eq!(mounted.get("KEY").await, Ok(Some("new".to_owned())));
    }

    #[tokio::test]
    async fn a_name_does_not_lead_out_of_the_folder() {
        let mounted = mounted(&[(".hidden", b"no")], Naming::default());
        write(mounted.folder.path().join("outside"), "no").unwrap();
        let absolute = mounted.folder.path().join("outside").display().to_string();
        for name in ["../outside", "..", ".", ".hidden", "a/../../outside", absolute.as_str(), "a\0b", ""] {
            let found = mounted.get(name).await;
            assert!(!matches!(found, Ok(Some(_))), "{name:?}: {found:?}");
        }
    }

    #[tokio::test]
    async fn tenants_and_processes_have_files_of_their_own() {
        let naming = Naming { by_tenant: true, by_process: true };
        let mounted = mounted(&[("acme_order_KEY", b"theirs"), ("KEY", b"everyone's")], naming);
        assert_eq!(mounted.get("KEY").await, Ok(Some("theirs".to_owned())));
        let escape = Scope { tenant_id: "../acme".into(), ..Scope::default() };
        assert_eq!(mounted.secrets.get("order_KEY", &escape).await, Ok(None));
    }

    #[tokio::test]
    async fn what_cannot_be_a_secret_is_a_failure_and_not_a_missing_one() {
        let large = vec![b'a'; MAX_BYTES as usize + 1];
        let mounted = mounted(&[("large", &large), ("bytes", &[0xff, 0xfe])], Naming::default());
        create_dir(mounted.secrets.0.folder.join("folder")).unwrap();
        for (name, reason) in
            [("large", "more than 65536 bytes"), ("bytes", "not UTF-8"), ("folder", "no regular file")]
        {
            let error = mounted.get(name).await.unwrap_err();
            assert!(error.reason.contains(reason), "{error}");
        }
    }

    #[tokio::test]
    async fn a_folder_that_is_gone_is_a_failure_and_not_a_missing_secret() {
        let mounted = mounted(&[], Naming::default());
        std::fs::remove_dir(&mounted.secrets.0.folder).unwrap();
        let error = mounted.get("KEY").await.unwrap_err();
        assert!(error.place.starts_with("the folder "), "{error}");
    }
}
