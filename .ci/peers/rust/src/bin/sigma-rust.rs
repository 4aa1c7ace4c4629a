//! Tries Sigma rules on CloudTrail delivery files with sigma-rust.

use std::process::ExitCode;

use sigma_rust::{rule_from_yaml, Event, Rule};

fn main() -> ExitCode {
    peers::drive(
        |files| {
            let mut rules: Vec<(String, Rule)> = Vec::new();
            for file in files {
                match rule_from_yaml(&file.text) {
                    Ok(rule) => rules.push((file.name, rule)),
                    Err(e) => peers::refuse(&file.name, e),
                }
            }
            rules
        },
        |rules, record, found| {
            let Ok(event) = Event::try_from(record) else {
                return; // a record that is no object matches nothing
            };
            for (name, rule) in rules {
                if rule.is_match(&event) {
                    found(name);
                }
            }
        },
    )
}
