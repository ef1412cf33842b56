//! `templates`: the forms that modelers import, fitted to this worker's configuration.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use bedrock_connector::config::{Config, ProcessEnvironment};
use bedrock_connector::template::{self, Entry};
use serde_json::{Value, json};

use super::output::{BAD, BOLD, DIM, GOOD, WARN};
use super::{Exit, Usage};
use crate::cli::TemplatesArgs;

/// Where `--check` looks when no folder is named.
const FOLDER: &str = "element-templates";

/// Lists, prints, writes or compares the templates.
pub(crate) fn run(arguments: &TemplatesArgs) -> anyhow::Result<Exit> {
    let config = Config::load_without_secrets(&ProcessEnvironment, &arguments.settings.0)?;
    let entries = template::all(&config.templates);
    if let Some(name) = &arguments.name {
        return print(name, &entries);
    }
    let folder = arguments.out.clone().or_else(|| {
        let is_default = arguments.check && arguments.docs.is_none();
        is_default.then(|| FOLDER.into())
    });
    let mut files = Vec::new();
    if let Some(folder) = &folder {
        files.extend(entries.iter().map(|entry| File::template(folder, entry)));
    }
    if let Some(folder) = &arguments.docs {
        files.extend(entries.iter().map(|entry| File::page(folder, entry)));
        files.push(File::new(folder.join("README.md"), template::index(&entries)));
    }
    let mut output = anstream::stdout().lock();
    if files.is_empty() {
        list(&entries, arguments.json, &mut output)?;
        return Ok(Exit::Done);
    }
    for file in &mut files {
        file.compare()?;
        if !arguments.check {
            file.write()?;
        }
    }
    tell(&files, arguments, &mut output)?;
    let differs = arguments.check && files.iter().any(|file| file.state != State::Same);
    Ok(if differs { Exit::Failed } else { Exit::Done })
}

fn print(name: &str, entries: &[Entry]) -> anyhow::Result<Exit> {
    let wanted = name.trim_end_matches(".json");
    let Some(entry) = entries.iter().find(|entry| entry.name == wanted) else {
        let names: Vec<_> = entries.iter().map(|entry| entry.name).collect();
        return Err(Usage(format!("no template is called {name:?}; there are {}", names.join(", "))).into());
    };
    io::stdout().lock().write_all(entry.template.to_json().as_bytes())?;
    Ok(Exit::Done)
}

fn list(entries: &[Entry], json: bool, output: &mut impl Write) -> io::Result<()> {
    if json {
        let templates: Vec<_> = entries.iter().map(about).collect();
        return writeln!(output, "{:#}", json!({ "templates": templates }));
    }
    let width = entries.iter().map(|entry| entry.name.len()).max().unwrap_or(0);
    for entry in entries {
        let (template, name) = (&entry.template, entry.name);
        writeln!(output, "{BOLD}{name:width$}{BOLD:#}  {}", template.name())?;
        writeln!(output, "{:width$}  {}", "", template.description())?;
        let facts = format!("version {}, job type {}", template.version(), entry.job_type());
        writeln!(output, "{:width$}  {DIM}{facts}{DIM:#}", "")?;
    }
    writeln!(output, "\n{DIM}→ templates NAME prints one, templates --out DIR writes all{DIM:#}")
}

fn about(entry: &Entry) -> Value {
    let template = &entry.template;
    json!({
        "name": entry.name,
        "id": template.id(),
        "version": template.version(),
        "title": template.name(),
        "description": template.description(),
        "jobType": entry.job_type(),
    })
}

/// A file to be written or compared.
#[derive(Debug)]
struct File {
    path: PathBuf,
    content: String,
    state: State,
}

/// What stands at the path of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Same,
    Differs,
    Missing,
}

impl File {
    fn new(path: PathBuf, content: String) -> Self {
        Self { path, content, state: State::Missing }
    }

    fn template(folder: &Path, entry: &Entry) -> Self {
        Self::new(folder.join(format!("{}.json", entry.name)), entry.template.to_json())
    }

    fn page(folder: &Path, entry: &Entry) -> Self {
        Self::new(folder.join(format!("{}.md", entry.name)), entry.page())
    }

    fn compare(&mut self) -> anyhow::Result<()> {
        self.state = match fs::read(&self.path) {
            Ok(found) if found == self.content.as_bytes() => State::Same,
            Ok(_) => State::Differs,
            Err(error) if error.kind() == io::ErrorKind::NotFound => State::Missing,
            Err(error) => return Err(error).with_context(|| format!("cannot read {}", self.path.display())),
        };
        Ok(())
    }

    fn write(&self) -> anyhow::Result<()> {
        if self.state == State::Same {
            return Ok(());
        }
        let folder = self.path.parent().unwrap_or(Path::new("."));
        fs::create_dir_all(folder)
            .and_then(|()| fs::write(&self.path, &self.content))
            .with_context(|| format!("cannot write {}", self.path.display()))
    }
}

fn tell(files: &[File], arguments: &TemplatesArgs, output: &mut impl Write) -> io::Result<()> {
    let check = arguments.check;
    if arguments.json {
        let entry =
            |file: &File| json!({ "path": file.path.display().to_string(), "state": file.state.word(check) });
        let files: Vec<_> = files.iter().map(entry).collect();
        return writeln!(output, "{:#}", json!({ "files": files }));
    }
    for file in files {
        let style = match (file.state, check) {
            (State::Same, _) => DIM,
            (_, true) => BAD,
            (State::Differs, false) => WARN,
            (State::Missing, false) => GOOD,
        };
        let path = file.path.display();
        writeln!(output, "{style}{:9}{style:#}  {path}", file.state.word(check))?;
    }
    if check && files.iter().any(|file| file.state != State::Same) {
        writeln!(output, "{DIM}→ the same command without --check writes them{DIM:#}")?;
    }
    Ok(())
}

impl State {
    fn word(self, check: bool) -> &'static str {
        match (self, check) {
            (Self::Same, true) => "ok",
            (Self::Same, false) => "unchanged",
            (Self::Differs, true) => "differs",
            (Self::Differs, false) => "changed",
            (Self::Missing, true) => "missing",
            (Self::Missing, false) => "new",
        }
    }
}
