//! Tries Sigma rules on CloudTrail delivery files with rsigma-eval.

use std::process::ExitCode;

use rsigma_eval::event::JsonEvent;
use rsigma_eval::Engine;
use rsigma_parser::parse_sigma_yaml;

fn main() -> ExitCode {
    peers::drive(
        |files| {
            let mut rules = Vec::new();
            for file in files {
                match parse_sigma_yaml(&file.text) {
                    Ok(parsed) if parsed.has_errors() => {
                        peers::refuse(&file.name, parsed.errors.join("; "));
                    }
                    Ok(parsed) => {
                        for mut rule in parsed.rules {
                            // A match carries the title of its rule, and two rules of
                            // the set share one: the file's name stands in for it.
                            rule.title.clone_from(&file.name);
                            rules.push(rule);
                        }
                    }
                    Err(e) => peers::refuse(&file.name, e),
                }
            }
            let mut engine = Engine::new();
            for (index, e) in engine.add_rules(&rules) {
                peers::refuse(&rules[index].title, e);
            }
            engine
        },
        |engine, record, found| {
            for result in engine.evaluate(&JsonEvent::borrow(&record)) {
                found(&result.header.rule_title);
            }
        },
    )
}
