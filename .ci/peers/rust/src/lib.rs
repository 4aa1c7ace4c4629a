//! What the drivers of the Rust engines share: a directory of rules, delivery files,
//! and the lines that they print.

use std::ffi::OsString;
use std::fs;
use std::io::{self, BufWriter, Read, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use flate2::read::MultiGzDecoder;
use serde::Deserialize;
use serde_json::Value;

/// An error with what it is about.
pub type Result<T> = std::result::Result<T, String>;

/// A rule file: its name without the ending, and its text.
pub struct RuleFile {
    pub name: String,
    pub text: String,
}

#[derive(Deserialize)]
struct Delivery {
    #[serde(rename = "Records")]
    records: Vec<Value>,
}

/// Says once on standard error that an engine does not take a rule.
pub fn refuse(name: &str, reason: impl ToString) {
    let reason = reason.to_string();
    let words: Vec<&str> = reason.split_whitespace().collect();
    eprintln!("refused\t{name}\t{}", words.join(" "));
}

/// Runs a driver: `DRIVER RULES_DIR FILE.json.gz...`. `load` makes an engine of the
/// rules, which are in order of their names; `matches` calls its last argument with
/// the name of each rule that matches the record, in the same order.
pub fn drive<E>(
    load: impl Fn(Vec<RuleFile>) -> E,
    matches: impl Fn(&E, Value, &mut dyn FnMut(&str)),
) -> ExitCode {
    let arguments: Vec<OsString> = std::env::args_os().skip(1).collect();
    let Some((rules, files)) = arguments.split_first() else {
        eprintln!("usage: DRIVER RULES_DIR FILE.json.gz...");
        return ExitCode::from(3);
    };
    let run = || -> Result<()> {
        let engine = load(read_rules(Path::new(rules))?);
        let mut out = BufWriter::new(io::stdout().lock());
        for file in files {
            let path = Path::new(file);
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            let mut printed = Ok(());
            for (index, record) in read_records(path)?.into_iter().enumerate() {
                matches(&engine, record, &mut |rule| {
                    if printed.is_ok() {
                        printed = writeln!(out, "{name}\t{index}\t{rule}");
                    }
                });
            }
            printed.map_err(|e| format!("standard output: {e}"))?;
        }
        out.flush().map_err(|e| format!("standard output: {e}"))
    };
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("{message}");
            ExitCode::FAILURE
        }
    }
}

fn read_rules(dir: &Path) -> Result<Vec<RuleFile>> {
    let about = |path: &Path, e: io::Error| format!("{}: {e}", path.display());
    let mut paths: Vec<PathBuf> = Vec::new();
    for entry in fs::read_dir(dir).map_err(|e| about(dir, e))? {
        let path = entry.map_err(|e| about(dir, e))?.path();
        if path.extension().is_some_and(|extension| extension == "yml") {
            paths.push(path);
        }
    }
    paths.sort();
    paths
        .into_iter()
        .map(|path| {
            let name = path
                .file_stem()
                .unwrap_or_default()
                .to_string_lossy()
                .into_owned();
            let text = fs::read_to_string(&path).map_err(|e| about(&path, e))?;
            Ok(RuleFile { name, text })
        })
        .collect()
}

fn read_records(path: &Path) -> Result<Vec<Value>> {
    let file = fs::File::open(path).map_err(|e| format!("{}: {e}", path.display()))?;
    let mut text = Vec::new();
    MultiGzDecoder::new(file)
        .read_to_end(&mut text)
        .map_err(|e| format!("{}: {e}", path.display()))?;
    let delivery: Delivery =
        serde_json::from_slice(&text).map_err(|e| format!("{}: {e}", path.display()))?;
    Ok(delivery.records)
}
